import { describe, expect, test } from '@jest/globals';
import { instant, kilowatts, wattHours, watts } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import fc from 'fast-check';
import { judge, type MeterLimits, type MeterMemory, recall, type Sample } from '../../src/readings/judge.js';
import { JudgingSink } from '../../src/readings/judging-sink.js';
import { flagNames, hasGoodEnergy, hasGoodPower, type Reading, ReadingFlag } from '../../src/readings/reading.js';

const START = Date.parse('2026-03-01T00:00:00Z');
const limits: MeterLimits = { pMax: kilowatts(25), counterResolution: wattHours(10) };
const HOUR_MS = 3_600_000;

interface Said extends Partial<Omit<Sample, 'at' | 'monotonicMs'>> {
  /** Seconds since the sample before. */
  readonly after?: number;
  /** By how many seconds the wall clock was stepped in that time. */
  readonly step?: number;
}

/** Judges what a meter says, one sample after the other. */
function judgeAll(said: readonly Said[], over: Partial<MeterLimits> = {}, before?: MeterMemory): Reading[] {
  let memory = before;
  let [at, monotonicMs] = [START, 5000];
  return said.map(({ after = 10, step = 0, ...values }) => {
    monotonicMs += after * 1000;
    at += (after + step) * 1000;
    const verdict = judge(memory, { resource: 7, at: instant(at), monotonicMs, ...values }, { ...limits, ...over });
    memory = verdict.memory;
    return verdict.reading;
  });
}

const flagsOf = (readings: readonly Reading[]) => readings.map(({ flags }) => flagNames(flags).join('+'));
const counters = (...values: (number | undefined)[]): Said[] => values.map((importEnergy) => ({ importEnergy }));

/** A site as it can be: power by load 0…1, and a counter in steps of 10 Wh from some beginning. */
const possibleRun = fc
  .record({
    begin: fc.integer({ min: 0, max: 10_000_000 }),
    steps: fc.array(
      fc.record({ after: fc.integer({ min: 1, max: 7200 }), load: fc.double({ min: 0.01, max: 1, noNaN: true }) }),
      {
        minLength: 1,
        maxLength: 40,
      },
    ),
  })
  .map(({ begin, steps }) => {
    let energy = begin;
    return steps.map(({ after, load }, i) => {
      // A little noise, as each real meter has.
      const power = 25_000 * load + (i % 3) / 100;
      energy += (power * after) / 3600;
      return { after, power, energy, importEnergy: Math.floor(energy / 10) * 10 };
    });
  });

test('what a site can do is good, however it runs and however long the gaps between readings are', () => {
  fc.assert(fc.property(possibleRun, (run) => expect(flagsOf(judgeAll(run))).toEqual(run.map(() => ''))));
});

test('of whatever a meter says: no throw, no NaN, and good counters never gain what the site cannot take', () => {
  const number = fc.option(fc.oneof(fc.double(), fc.integer({ min: -100, max: 3000 }), fc.integer()), { nil: undefined });
  const said = fc.record({
    after: fc.integer({ min: 1, max: 600 }),
    power: number,
    importEnergy: number,
    exportEnergy: number,
    stateOfCharge: number,
  });
  fc.assert(
    fc.property(fc.array(said, { maxLength: 60 }), (run) => {
      const readings = judgeAll(run);
      for (const { power, importEnergy, exportEnergy, stateOfCharge } of readings) {
        for (const value of [power, importEnergy, exportEnergy, stateOfCharge]) expect(value ?? 0).not.toBeNaN();
      }
      for (const reading of readings) {
        if (hasGoodPower(reading)) expect(Math.abs(reading.power ?? 0)).toBeLessThanOrEqual(50_000);
      }
      const good = readings.filter((reading) => hasGoodEnergy(reading) && reading.importEnergy !== undefined);
      good.slice(1).forEach((reading, i) => {
        const previous = good[i] as Reading;
        const gained = (reading.importEnergy ?? 0) - (previous.importEnergy ?? 0);
        const possible = 2 * (25_000 * ((reading.at - previous.at) / HOUR_MS) + 10);
        if ((reading.flags & ReadingFlag.COUNTER_RESET) !== 0) return;
        expect(gained).toBeGreaterThanOrEqual(0);
        expect(gained).toBeLessThanOrEqual(possible * (1 + 1e-9));
      });
    }),
  );
});

describe('counters', () => {
  test('a counter that starts again from 0 is a reset, and from then on good', () => {
    expect(flagsOf(judgeAll(counters(5000, 5010, 0, 10, 20)))).toEqual(['', '', 'COUNTER_RESET', '', '']);
  });

  test('a meter exchanged for one that stands elsewhere is a reset once three readings agree', () => {
    const flags = flagsOf(judgeAll(counters(5000, 5010, 900_000, 900_010, 900_020, 900_030)));
    expect(flags).toEqual(['', '', 'COUNTER_JUMP', 'COUNTER_JUMP', 'COUNTER_RESET', '']);
    expect(flagsOf(judgeAll(counters(500_000, 90_000, 90_010, 90_020, 90_030)))).toEqual([
      '',
      'COUNTER_JUMP',
      'COUNTER_JUMP',
      'COUNTER_RESET',
      '',
    ]);
  });

  test('one wrong value is a jump, and the values after it are good again', () => {
    expect(flagsOf(judgeAll(counters(5000, 5010, 4_294_967, 5030, 5040)))).toEqual(['', '', 'COUNTER_JUMP', '', '']);
  });

  test('a 0 read by mistake costs the steps to it and from it, no more', () => {
    expect(flagsOf(judgeAll(counters(5000, 0, 5020, 5030)))).toEqual(['', 'COUNTER_RESET', 'COUNTER_RESET', '']);
  });

  test('a value kept as flagged is kept as it was said', () => {
    expect(judgeAll(counters(5000, 4_294_967)).at(-1)?.importEnergy).toBe(4_294_967);
  });

  test.each([2 ** 32, 2 ** 31 * 100, 1e8, 1e9])(
    'a roll-over at %d Wh is unrolled: the counter goes on rising by what was used, unflagged',
    (modulus) => {
      fc.assert(
        fc.property(possibleRun, fc.integer({ min: 10, max: 2_000_000 }), (run, before) => {
          const origin = modulus - before - (run[0]?.importEnergy ?? 0);
          const actual = run.map(({ importEnergy }) => origin + importEnergy);
          const readings = judgeAll(run.map((said, i) => ({ ...said, importEnergy: (actual[i] as number) % modulus })));
          expect(readings.map((reading) => reading.importEnergy)).toEqual(actual);
          expect(flagsOf(readings)).toEqual(run.map(() => ''));
        }),
      );
    },
  );

  test('after a roll-over it goes on so through a restart, and a start from 0 is still a reset', () => {
    const modulus = 2 ** 32;
    const before = judgeAll(counters(modulus - 20, 10, 40));
    expect(before.map((reading) => reading.importEnergy)).toEqual([modulus - 20, modulus + 10, modulus + 40]);
    const later = (after: number, importEnergy: number) => ({ after, importEnergy });
    const readings = judgeAll([later(60, 90), later(10, 100), later(10, 0), later(10, 10)], {}, recall(before));
    expect(readings.map((reading) => reading.importEnergy)).toEqual([modulus + 90, modulus + 100, 0, 10]);
    expect(flagsOf(readings).slice(1)).toEqual(['', 'COUNTER_RESET', '']);
  });

  test('a start from 0 in the middle is a reset, not a roll-over', () => {
    expect(flagsOf(judgeAll(counters(500_000_000, 500_000_010, 0, 10)))).toEqual(['', '', 'COUNTER_RESET', '']);
  });

  test('import and export are judged apart', () => {
    const [, reading] = judgeAll([
      { importEnergy: 100, exportEnergy: 70 },
      { importEnergy: 110, exportEnergy: 9_000_000 },
    ]);
    expect(reading).toMatchObject({ importEnergy: 110, exportEnergy: 9_000_000, flags: ReadingFlag.COUNTER_JUMP });
  });

  test('without a capacity only running backwards is noticed', () => {
    expect(flagsOf(judgeAll(counters(0, 9e9, 8e9, 8e9 + 5), { pMax: watts(0) }))).toEqual(['', '', 'COUNTER_RESET', '']);
  });
});

describe('power, charge and absence', () => {
  test('power beyond twice the capacity, either way, is implausible and kept', () => {
    const readings = judgeAll([{ power: 50_000 }, { power: 50_001 }, { power: -50_001 }]);
    expect(flagsOf(readings)).toEqual(['', 'IMPLAUSIBLE', 'IMPLAUSIBLE']);
    expect(readings[1]?.power).toBe(50_001);
  });

  test('a charge outside of 0…1 is implausible', () => {
    expect(flagsOf(judgeAll([0, 1, 1.01, -0.01].map((stateOfCharge) => ({ stateOfCharge }))))).toEqual([
      '',
      '',
      'IMPLAUSIBLE',
      'IMPLAUSIBLE',
    ]);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('%p is left out; the other values hold', (bad) => {
    const [, reading] = judgeAll([
      { power: 1, importEnergy: 100 },
      { power: bad, importEnergy: 110 },
    ]);
    expect(reading).toMatchObject({ power: undefined, importEnergy: 110, flags: ReadingFlag.INVALID });
    expect(hasGoodEnergy(reading as Reading)).toBe(true);
  });

  test('absent is neither 0 nor an error; nothing at all is missing', () => {
    const [powerOnly, nothing] = judgeAll([{ power: 5 }, {}]);
    expect(powerOnly).toMatchObject({ importEnergy: undefined, exportEnergy: undefined, flags: 0 });
    expect(flagsOf([nothing as Reading])).toEqual(['MISSING']);
  });

  test('what the driver knows is kept', () => {
    expect(flagsOf(judgeAll([{ power: 5, flags: ReadingFlag.STALE }]))).toEqual(['STALE']);
  });
});

describe('frozen meters', () => {
  const hanging = { power: 12_000, importEnergy: 5000 };

  test('power without counted energy for five minutes is frozen, until something moves', () => {
    const said = [...Array.from({ length: 32 }, () => hanging), { power: 12_000, importEnergy: 5010 }];
    const flags = flagsOf(judgeAll(said));
    expect(flags.slice(0, 30).every((f) => f === '')).toBe(true);
    expect(flags.slice(30)).toEqual(['FROZEN', 'FROZEN', '']);
  });

  test('a site that draws nothing, or too little for its counter to move, is not frozen', () => {
    for (const power of [0, 20]) {
      const said = Array.from({ length: 60 }, () => ({ power, importEnergy: 5000, after: 60 }));
      const calm = said.filter((_, i) => power * (i / 60) < 30);
      expect(flagsOf(judgeAll(calm))).toEqual(calm.map(() => ''));
    }
  });

  test('constant power is no sign where no counter can contradict it', () => {
    const said = Array.from({ length: 100 }, () => ({ power: -12_000, importEnergy: 5000, after: 60 }));
    expect(flagsOf(judgeAll(said))).toEqual(said.map(() => ''));
  });
});

describe('the clock', () => {
  test('a step forward is suspect once; the counter is judged by the time that really passed', () => {
    const said = [{ importEnergy: 100 }, { importEnergy: 110, step: 3600 }, { importEnergy: 120 }, { importEnergy: 9000 }];
    expect(flagsOf(judgeAll(said))).toEqual(['', 'CLOCK_SUSPECT', '', 'COUNTER_JUMP']);
  });

  test('after a step back each reading of a time that was there before is suspect', () => {
    const said = [{ power: 1 }, { power: 2, step: -60 }, { power: 3 }, { power: 4, after: 30 }, { power: 5, after: 20 }];
    expect(flagsOf(judgeAll(said))).toEqual(['', 'CLOCK_SUSPECT', 'CLOCK_SUSPECT', 'CLOCK_SUSPECT', '']);
  });

  test('a clock that was a year ahead does not spoil the year to come', () => {
    const year = 365 * 86_400;
    expect(flagsOf(judgeAll([{ power: 1 }, { power: 1, step: -year }, { power: 2 }]))).toEqual(['', 'CLOCK_SUSPECT', '']);
  });

  test('an hour of NTP slewing is no step', () => {
    expect(flagsOf(judgeAll([{ power: 1 }, { power: 2, after: 3600, step: 1.7 }]))).toEqual(['', '']);
  });
});

describe('after a restart', () => {
  const stored = judgeAll(counters(5000, 5010, 4_294_967));

  test('a reading is judged by the last good one stored', () => {
    const at = stored.at(-1)?.at ?? 0;
    const next = (importEnergy: number) =>
      judge(recall(stored), { resource: 7, at: instant(at + 60_000), monotonicMs: 1, importEnergy }, limits).reading;
    expect(next(5100).flags).toBe(0);
    expect(flagNames(next(0).flags)).toEqual(['COUNTER_RESET']);
    expect(flagNames(next(4_294_980).flags)).toEqual(['COUNTER_JUMP']);
  });

  test('where no stored counter can be believed, no energy is taken across', () => {
    const memory = recall(stored.slice(2));
    expect(flagsOf(judgeAll(counters(4_294_970, 4_294_980), {}, memory))[0]).toContain('COUNTER_RESET');
  });

  test('each meter is judged by its own past, looked up once; historical values by their own times alone', () => {
    const clock = new FakeClock(instant((stored[1]?.at ?? 0) + 10_000));
    const asked: number[] = [];
    const judged: Reading[] = [];
    const sink = new JudgingSink({
      source: {
        latest(resource) {
          asked.push(resource);
          return resource === 7 ? stored[1] : undefined;
        },
        around: () => stored.slice(0, 2),
      },
      sink: { add: (readings) => judged.push(...readings) },
      limitsOf: () => limits,
      clock,
    });
    const say = (resource: number, secondsLater: number, importEnergy: number) =>
      sink.add([
        {
          resource,
          at: instant(clock.now() + secondsLater * 1000),
          power: undefined,
          importEnergy: wattHours(importEnergy),
          exportEnergy: undefined,
          flags: 0,
        },
      ]);
    for (const [resource, later, energy] of [
      [7, 0, 5020],
      [8, 0, 1],
      [7, 5, 1],
      [8, 5, 2],
      // A file of last month: an hour between its values, and none between reading them.
      [9, -2_592_000, 100],
      [9, -2_588_400, 9000],
      [9, -2_584_800, 900_000],
    ] as const) {
      say(resource, later, energy);
    }
    expect(flagsOf(judged)).toEqual(['', '', 'COUNTER_RESET', '', '', '', 'COUNTER_JUMP']);
    expect(asked).toEqual([7, 8, 9]);
  });
});
