import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, describe, expect, test } from '@jest/globals';
import { instant, minutes, seededRandom, uniformInt } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import { Outbox } from '../src/reporting/outbox.js';
import type { ReportPort } from '../src/reporting/sender.js';
import type { VenOutbox } from '../src/reporting/ven-outbox.js';
import { engineOf, hourlyEvent, MemoryVtn, MIDNIGHT, type PortFault, request } from './support/reporting.js';

const folder = mkdtempSync(join(tmpdir(), 'venfleet-chaos-'));
afterAll(() => rmSync(folder, { recursive: true }));

const EVENTS = [
  hourlyEvent('steady', 0, [request('USAGE', { repeat: -1 })], { length: minutes(5) }),
  hourlyEvent('once', 1, [request('USAGE'), request('DEMAND', { readingType: 'PEAK', units: 'KW', aggregate: true })]),
  hourlyEvent('forecast', 2, [
    request('USAGE', { startInterval: 0, numIntervals: 1, frequency: 1, repeat: -1, historical: false }),
  ]),
];
const END = MIDNIGHT + minutes(125);
const EXPECTED = { steady: 25, once: 1, forecast: 2 };

/** When a process dies: at its `nth` step, or its `nth` call of one operation, before or after that has its effect. */
interface Death {
  readonly operation?: string;
  readonly nth: number;
  readonly when: 'before' | 'after';
}

/** A process that dies: from then on nothing it does has any effect. */
class Mortal {
  dead = false;
  #counted = 0;
  readonly #death: Death;

  constructor(death: Death) {
    this.#death = death;
  }

  wrap<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (object, key) => {
        const value = Reflect.get(object, key) as unknown;
        if (typeof value !== 'function') return value;
        return (...parameters: unknown[]) => {
          const { operation, nth, when } = this.#death;
          const killing = (operation === undefined || operation === key) && ++this.#counted === nth;
          if (this.dead || (killing && when === 'before')) throw this.#die();
          const result: unknown = value.apply(object, parameters);
          if (killing) {
            if (result instanceof Promise) result.catch(() => undefined);
            throw this.#die();
          }
          return result;
        };
      },
    });
  }

  #die(): Error {
    this.dead = true;
    return new Error('killed');
  }
}

/** Runs the engine until it is killed or the time is over. @returns whether it came to the end */
async function live(file: string, clock: FakeClock, vtn: ReportPort, mortal: Mortal): Promise<boolean> {
  const outbox = Outbox.open(file, clock);
  const { engine } = engineOf(mortal.wrap<VenOutbox>(outbox.forVen('http://vtn.example', 'Aalborg')), clock, mortal.wrap(vtn));
  try {
    engine.start();
    engine.update(EVENTS);
    while (!mortal.dead && clock.now() < END) {
      await clock.advance(minutes(1));
      for (let i = 0; i < 20; i++) await setImmediate();
    }
  } catch {
    // Killed in a call of ours.
  }
  await engine.stop();
  outbox.close();
  return !mortal.dead;
}

function expectEachOnce(vtn: MemoryVtn): void {
  const counts: Record<string, number> = {};
  for (const { report } of vtn.reports) counts[report.eventId] = (counts[report.eventId] ?? 0) + 1;
  expect(new Set(vtn.reports.map(({ name }) => name)).size).toBe(vtn.reports.length);
  expect(counts).toEqual(EXPECTED);
  const order = vtn.reports
    .filter(({ report }) => report.eventId === 'steady')
    .map(({ report }) => report.content.resources[0]?.intervals[0]?.id);
  expect(order).toEqual(Array.from({ length: EXPECTED.steady }, (_, i) => i));
}

let files = 0;
async function liveThrough(vtn: MemoryVtn, deaths: readonly Death[]): Promise<void> {
  const file = join(folder, `${++files}.db`);
  const clock = new FakeClock(instant(MIDNIGHT - minutes(3)));
  for (const death of deaths) if (await live(file, clock, vtn, new Mortal(death))) break;
  await live(file, clock, vtn, new Mortal({ nth: 0, when: 'before' }));
  const outbox = Outbox.openReadonly(file, clock);
  const audit = outbox.audit({}, 60_000);
  expect(audit.map(({ acknowledged, lost, unwanted, late }) => ({ acknowledged, lost, unwanted, late }))).toEqual(
    audit.map(({ event }) => ({ acknowledged: EXPECTED[event as keyof typeof EXPECTED], lost: 0, unwanted: 0, late: 0 })),
  );
  expect(outbox.doubles()).toEqual([]);
  outbox.close();
}

describe('killed at any step and started again: each report arrives once, in order', () => {
  const operations = ['rememberEvent', 'revise', 'next', 'plan', 'unbuilt', 'keepContent', 'nextToSend', 'content'];
  const sending = ['markSent', 'create', 'acknowledge'];
  test.each([...operations, ...sending].flatMap((operation) => [1, 2, 7].map((nth) => ({ operation, nth }))))(
    'at $operation number $nth',
    async (step) => {
      for (const when of ['before', 'after'] as const) {
        const vtn = new MemoryVtn();
        await liveThrough(vtn, [{ ...step, when }]);
        expectEachOnce(vtn);
      }
    },
  );
});

test.each(['a', 'b', 'c'])(
  'killed twenty times at random, with a VTN that fails in every way: each report once (seed %s)',
  async (seed) => {
    const random = seededRandom(seed);
    const faults: (PortFault | undefined)[] = ['unreachable', 'lost', 'busy', 'conflict', undefined, undefined, undefined];
    const vtn = new MemoryVtn();
    vtn.fault = () => faults[uniformInt(random, 0, faults.length - 1)];
    const deaths = Array.from({ length: 20 }, () => ({
      nth: uniformInt(random, 1, 60),
      when: random.next() < 0.5 ? ('before' as const) : ('after' as const),
    }));
    await liveThrough(vtn, deaths);
    expectEachOnce(vtn);
  },
);
