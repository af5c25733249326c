import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { hours, minutes, seconds, seededRandom } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import { VtnError } from '@venfleet/openadr';
import fc from 'fast-check';
import { gridEvent, MemoryEvents, scene as makeScene, pass, type Scene, START, unreachable } from './support.js';

const id = fc.constantFrom('e1', 'e2', 'e3');
/** What can happen to a VTN, its notifications, the network, the agent and its clock. */
const action = fc.oneof(
  fc.record({ do: fc.constant('write' as const), id, priority: fc.nat(2), told: fc.nat(3) }),
  fc.record({ do: fc.constant('delete' as const), id, told: fc.nat(3) }),
  fc.record({ do: fc.constant('forge' as const), id }),
  fc.record({ do: fc.constant('break' as const), how: fc.constantFrom('unreachable', 'busy', 'nonsense') }),
  fc.record({ do: fc.constant('mend' as const) }),
  fc.record({ do: fc.constant('push' as const), on: fc.boolean() }),
  fc.record({ do: fc.constant('restart' as const) }),
  fc.record({ do: fc.constant('step' as const), hours: fc.constantFrom(-1, 1) }),
  fc.record({ do: fc.constant('wait' as const), seconds: fc.nat(90) }),
);

const FAULTS = {
  unreachable,
  busy: new VtnError('VTN_PROBLEM', 'busy', { status: 429, retryAfter: seconds(20) }),
  nonsense: new VtnError('VTN_PROTOCOL', 'no list'),
};

test('whatever happens, in the end the agent holds what the VTN has, with the draws that it made first', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 25 }), fc.integer(), async (actions, seed) => {
      const folder = mkdtempSync(join(tmpdir(), 'venfleet-chaos-'));
      const clock = new FakeClock(START);
      const random = seededRandom(seed);
      const vtn = new MemoryEvents();
      const begin = (): Scene => {
        const scene = makeScene({ path: join(folder, 'events.db'), clock, random });
        scene.feed.start(vtn);
        return scene;
      };
      const end = async ({ feed, store }: Scene) => {
        await feed.stop();
        store.close();
      };
      const drawn = new Map<string, number>();
      let scene = begin();
      const note = () => {
        for (const { event, shift } of scene.feed.held()) {
          const first = drawn.get(event.id);
          if (first === undefined) drawn.set(event.id, shift);
          else expect([event.id, shift]).toEqual([event.id, first]);
        }
      };
      try {
        for (const each of actions) {
          if (each.do === 'write')
            vtn.put(
              gridEvent(each.id, { priority: each.priority, randomizeStart: minutes(30), length: 'forever', intervals: ENDLESS }),
            );
          if (each.do === 'delete') vtn.all.delete(each.id);
          // Not at all, once, or several times: notifications are lost and doubled.
          if (each.do === 'write' || each.do === 'delete')
            for (let i = 0; i < each.told; i++) scene.feed.hint({ kind: 'event', id: each.id });
          if (each.do === 'forge') scene.feed.hint({ kind: 'event', id: each.id });
          if (each.do === 'break') vtn.fault = FAULTS[each.how as keyof typeof FAULTS];
          if (each.do === 'mend') vtn.fault = undefined;
          if (each.do === 'push') scene.feed.setPush(each.on ? () => undefined : undefined);
          if (each.do === 'step') clock.step(hours(each.hours));
          if (each.do === 'wait') await pass(clock, seconds(each.seconds));
          if (each.do === 'restart') {
            await end(scene);
            scene = begin();
          }
          note();
        }
        vtn.fault = undefined;
        await pass(clock, minutes(8));
        note();
        const held = scene.feed.held().map(({ event }) => [event.id, event.priority]);
        expect(held.sort()).toEqual([...vtn.all.values()].map((event) => [event.id, event.priority]).sort());
        expect(scene.feed.lostSince).toBeUndefined();
      } finally {
        await end(scene);
        rmSync(folder, { recursive: true });
      }
    }),
    { numRuns: 60 },
  );
});

const ENDLESS = [{ id: 0, start: START, duration: 'forever', payloads: [{ type: 'SIMPLE', values: [1] }] }] as const;
