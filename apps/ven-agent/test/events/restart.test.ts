import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { hours, instant, minutes, seconds, seededRandom } from '@venfleet/core';
import { FakeClock, sequenceRandom } from '@venfleet/core/testing';
import type { GridEvent } from '@venfleet/openadr';
import fc from 'fast-check';
import { Definitions } from '../../src/events/definitions.js';
import { drawFor, heldOf } from '../../src/events/record.js';
import { EventStore } from '../../src/events/store.js';
import { gridEvent, MemoryEvents, pass, type Scene, START, scene, unreachable, VTN } from './support.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'venfleet-events-'));
  path = join(folder, 'events.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** One life of an agent on the same database. */
async function life(clock: FakeClock, vtn: MemoryEvents, live: (scene: Scene) => Promise<void>, seed = 1): Promise<void> {
  const now = scene({ path, clock, random: seededRandom(seed) });
  try {
    now.feed.start(vtn);
    await live(now);
  } finally {
    await now.feed.stop();
    now.store.close();
  }
}

const randomized = gridEvent('e1', {
  randomizeStart: minutes(10),
  intervals: [
    { id: 0, start: START, duration: minutes(30), payloads: [] },
    { id: 1, start: 'next', duration: minutes(30), randomizeStart: minutes(5), payloads: [] },
  ],
});

describe('line 72: one random offset is kept per event', () => {
  test('over polls, modifications and restarts; each interval with a range of its own has its own', async () => {
    const clock = new FakeClock(START);
    const vtn = new MemoryEvents().put(randomized);
    const drawn: unknown[] = [];
    const note = ({ feed }: Scene) => drawn.push(feed.held().map(({ shift, intervalShifts }) => [shift, [...intervalShifts]]));
    await life(clock, vtn, async (now) => {
      await pass(clock, seconds(1));
      note(now);
      vtn.put({ ...randomized, priority: 1 });
      await pass(clock, minutes(1));
      note(now);
    });
    await life(
      clock,
      vtn,
      async (now) => {
        note(now);
        await pass(clock, minutes(1));
        note(now);
      },
      2,
    );
    expect(drawn).toHaveLength(4);
    expect(new Set(drawn.map((each) => JSON.stringify(each))).size).toBe(1);
    const [[[shift, [[index, own]]]]] = drawn as [[[number, [[number, number]]]]];
    expect(shift).not.toBe(0);
    expect(index).toBe(1);
    expect(own).not.toBe(0);
  });

  test('also by an event that was gone for a while', async () => {
    const clock = new FakeClock(START);
    const vtn = new MemoryEvents().put(randomized);
    await life(clock, vtn, async ({ feed }) => {
      await pass(clock, seconds(1));
      const before = feed.held()[0];
      vtn.all.clear();
      await pass(clock, minutes(1));
      expect(feed.held()).toEqual([]);
      vtn.put(randomized);
      await pass(clock, minutes(1));
      expect(feed.held()[0]).toEqual(before);
    });
  });

  test('within ±R, or from 0 to R where a delay is meant, and in all of that range', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: hours(24) }), fc.integer(), (range, seed) => {
        const event = gridEvent('e1', { randomizeStart: range as GridEvent['randomizeStart'] });
        const random = seededRandom(seed);
        const shifts = (way: 'either' | 'later') =>
          Array.from({ length: 64 }, () => heldOf(recordOf(event, random), undefined, way).shift as number);
        const either = shifts('either');
        expect(either.every((shift) => Math.abs(shift) <= range)).toBe(true);
        if (range > 100) expect([Math.min(...either) < 0, Math.max(...either) > 0]).toEqual([true, true]);
        expect(shifts('later').every((shift) => shift >= 0 && shift <= range)).toBe(true);
      }),
    );
  });

  test('a narrower range narrows the offset in proportion', () => {
    const record = recordOf(randomized, sequenceRandom(0.75));
    expect(heldOf(record, undefined, 'either').shift).toBe(minutes(5));
    const narrower = { ...record, event: { ...randomized, randomizeStart: minutes(2) } };
    expect(heldOf(narrower, undefined, 'either').shift).toBe(minutes(1));
  });

  test('without a range there is none', () => {
    const held = heldOf(recordOf(gridEvent('e1'), sequenceRandom(0.9)), undefined, 'either');
    expect([held.shift, held.intervalShifts.size]).toEqual([0, 0]);
  });
});

const recordOf = (event: GridEvent, random: ReturnType<typeof seededRandom>) => ({
  event,
  definition: { event, json: '' },
  seenAt: START,
  changedAt: START,
  goneAt: undefined,
  draws: drawFor(event, random),
  optOuts: [],
  firstActionAt: undefined,
  lastActionAt: undefined,
});

describe('after a restart', () => {
  test('events are in force before the VTN is heard, with the time at which they were first seen', async () => {
    const clock = new FakeClock(START);
    const vtn = new MemoryEvents().put(gridEvent('e1', { start: 'now' }));
    await life(clock, vtn, async () => pass(clock, seconds(1)));
    vtn.fault = unreachable;
    await pass(clock, minutes(10));
    await life(clock, vtn, async ({ feed }) => {
      expect(feed.held().map(({ event, seenAt }) => [event.id, seenAt])).toEqual([['e1', START]]);
      expect(feed.isCurrent).toBe(false);
      await pass(clock, minutes(1));
      expect(feed.held()).toHaveLength(1);
      expect(feed.lostSince).toBeDefined();
    });
  });

  test('what the VTN deleted meanwhile ends with the first look', async () => {
    const clock = new FakeClock(START);
    const vtn = new MemoryEvents().put(gridEvent('e1'));
    await life(clock, vtn, async () => pass(clock, seconds(1)));
    vtn.all.clear();
    await life(clock, vtn, async ({ feed, updates }) => {
      await pass(clock, seconds(1));
      expect(feed.held()).toEqual([]);
      expect(updates[0]?.events).toEqual(['e1']);
    });
  });

  test('what did not change is no news, so that nothing is done twice', async () => {
    const clock = new FakeClock(START);
    const vtn = new MemoryEvents().put(gridEvent('e1'));
    await life(clock, vtn, async ({ feed }) => {
      await pass(clock, seconds(1));
      feed.noteAction('e1');
      await pass(clock, seconds(1));
    });
    await life(clock, vtn, async ({ feed, updates }) => {
      await pass(clock, minutes(1));
      expect(updates.flatMap(({ events }) => events)).toEqual([]);
      expect(feed.known()[0]).toMatchObject({ firstActionAt: START + seconds(1), lastActionAt: START + seconds(1) });
    });
  });

  test('programs and targets are known', async () => {
    const clock = new FakeClock(START);
    const vtn = new MemoryEvents().put(gridEvent('e1', { targets: ['north'] }));
    vtn.venTargets = { ven: [], resources: { 'resource-2': ['north'] } };
    await life(clock, vtn, async () => pass(clock, seconds(1)));
    vtn.fault = unreachable;
    await life(clock, vtn, async ({ feed }) => {
      expect(feed.targets).toEqual(vtn.venTargets);
      expect([...feed.programIds()]).toEqual(['program-1']);
    });
  });
});

test('an event that many VENs have is kept once', () => {
  const definitions = new Definitions();
  const first = definitions.of(gridEvent('e1'));
  expect(definitions.of(gridEvent('e1'))).toBe(first);
  expect(definitions.parse(first.json)).toBe(first);
  expect(definitions.parse(JSON.stringify(gridEvent('e2'))).event).toEqual(gridEvent('e2'));
});

describe('the database', () => {
  test('has one agent only', () => {
    const clock = new FakeClock(START);
    const store = EventStore.open(path, clock);
    expect(() => EventStore.open(path, clock)).toThrow(expect.objectContaining({ code: 'DB_IN_USE' }));
    store.close();
  });

  test('keeps the VENs and VTNs apart', async () => {
    const clock = new FakeClock(START);
    const vtn = new MemoryEvents().put(gridEvent('e1'));
    await life(clock, vtn, async ({ store }) => {
      await pass(clock, seconds(1));
      expect(store.forVen(VTN, 'Aarhus').current()).toEqual([]);
      expect(store.forVen('http://other.example', 'Aalborg').current()).toEqual([]);
      expect(store.forVen(VTN, 'Aalborg').current()).toHaveLength(1);
    });
  });

  test('forgets what is gone for a week, but never what the VTN still lists', async () => {
    const clock = new FakeClock(START);
    const vtn = new MemoryEvents().put(gridEvent('over'), gridEvent('gone'));
    await life(clock, vtn, async ({ store }) => {
      await pass(clock, seconds(1));
      vtn.all.delete('gone');
      await pass(clock, minutes(1));
      clock.step(hours(24 * 6));
      store.prune();
      expect(store.list().map(({ event }) => event.id)).toEqual(['gone', 'over']);
      clock.step(hours(24 * 2));
      store.prune();
      expect(store.list().map(({ event }) => event.id)).toEqual(['over']);
    });
  });

  test('knows where the VTN called back in earlier lives, of the last twenty', () => {
    const store = EventStore.open(path, new FakeClock(START));
    for (let i = 0; i < 30; i++) store.noteCallbackBase(`http://127.0.0.1:${i}/`);
    const bases = store.noteCallbackBase('http://127.0.0.1:29/');
    expect(bases).toHaveLength(20);
    expect(bases).toEqual(expect.arrayContaining(['http://127.0.0.1:10/', 'http://127.0.0.1:29/']));
    store.close();
  });

  test('notes actions at most each minute, however often they are told', async () => {
    const clock = new FakeClock(START);
    const vtn = new MemoryEvents().put(gridEvent('e1'));
    await life(clock, vtn, async ({ feed, store }) => {
      await pass(clock, seconds(1));
      for (let i = 0; i < 90; i++) {
        feed.noteAction('e1');
        await pass(clock, seconds(1));
      }
      const [{ firstActionAt, lastActionAt } = { firstActionAt: undefined, lastActionAt: undefined }] = store.list();
      expect([firstActionAt, lastActionAt]).toEqual([instant(START + seconds(1)), instant(START + seconds(61))]);
    });
  });
});
