import { describe, expect, test } from '@jest/globals';
import { instant, minutes, seconds } from '@venfleet/core';
import fc from 'fast-check';
import type { Reading } from '../src/readings/reading.js';
import { ReadingFlag } from '../src/readings/reading.js';
import {
  chargeLevel,
  counterReading,
  importEnergy,
  lastPower,
  meanPower,
  peakPower,
  type Window,
} from '../src/reporting/measure.js';
import { sumOf } from '../src/reporting/quality.js';
import { at, MIDNIGHT, reading } from './support/reporting.js';

const window = (from: string, to: string): Window => ({ from: at(from), to: at(to), maxGap: seconds(30) });
/** Every ten seconds from just before 10:00 to just after 11:00. */
const readEvery = (stepS: number, valuesAt: (s: number) => Partial<Reading>, from = -5, to = 3605): Reading[] => {
  const readings: Reading[] = [];
  for (let s = from; s <= to; s += stepS)
    readings.push(reading(instant(at('10:00') + s * 1000), undefined, undefined, valuesAt(s)));
  return readings;
};
const W = (power: number) => ({ power: power as Reading['power'] });
const Wh = (energy: number) => ({ importEnergy: energy as Reading['importEnergy'] });

describe('energy over an interval', () => {
  test('is what the counter gained, interpolated between the readings around each edge', () => {
    const readings = [
      reading(at('09:59:50'), 3600, 1000),
      reading(at('10:00:10'), 3600, 1020),
      reading(at('11:00:20'), 3600, 4630),
    ];
    const { value, quality } = importEnergy([...readings], { ...window('10:00', '11:00'), maxGap: minutes(90) as never });
    expect(value).toBeCloseTo(10 + (3590 / 3610) * 3610, 6);
    expect(quality).toBe('OK');
  });
  test('needs no power, and a gap inside costs nothing: the counter kept counting', () => {
    const readings = [
      reading(at('09:59:55'), undefined, 0),
      reading(at('10:00:05'), undefined, 10),
      reading(at('10:59:55'), undefined, 990),
      reading(at('11:00:05'), undefined, 1010),
    ];
    expect(importEnergy(readings, window('10:00', '11:00'))).toEqual({ value: 995, quality: 'OK' });
  });
  test('with an edge inside a wide gap is an estimate', () => {
    const readings = [
      reading(at('09:00'), undefined, 0),
      reading(at('10:30'), undefined, 900),
      reading(at('11:00'), undefined, 1000),
    ];
    expect(importEnergy(readings, window('10:00', '11:00'))).toEqual({ value: 400, quality: 'ESTIMATED' });
  });
  test('across a counter reset is bridged by the power, and an estimate', () => {
    const readings = readEvery(10, (s) => ({
      ...W(3600),
      ...Wh(s < 1800 ? 50_000 + s : s - 1800),
      flags: s >= 1800 && s < 1810 ? ReadingFlag.COUNTER_RESET : 0,
    }));
    const { value, quality } = importEnergy(readings, window('10:00', '11:00'));
    expect(value).toBeCloseTo(3600, 6);
    expect(quality).toBe('ESTIMATED');
  });
  test('never is negative where a reset was not flagged', () => {
    const readings = readEvery(10, (s) => ({ ...W(3600), ...Wh(s < 1800 ? 50_000 + s : s - 1800) }));
    expect(importEnergy(readings, window('10:00', '11:00')).value).toBeCloseTo(3600, 6);
  });
  test('of a meter without a counter is reckoned from its power: an estimate, exports left out', () => {
    const readings = readEvery(10, (s) => W(s < 1795 ? 3000 : -3000));
    const { value, quality } = importEnergy(readings, window('10:00', '11:00'));
    expect(value).toBeGreaterThan(1490);
    expect(value).toBeLessThan(1510);
    expect(quality).toBe('ESTIMATED');
  });
  test('of a meter that began in mid-interval is scaled up from more than half, and an estimate', () => {
    const readings = readEvery(10, (s) => Wh(s), 900);
    expect(importEnergy(readings, window('10:00', '11:00'))).toEqual({ value: 3600, quality: 'ESTIMATED' });
  });
  test('is missing, not 0, when less than half of it is known', () => {
    expect(
      importEnergy(
        readEvery(10, (s) => Wh(s), 2000),
        window('10:00', '11:00'),
      ),
    ).toEqual({ value: undefined, quality: 'MISSING' });
    expect(importEnergy([], window('10:00', '11:00'))).toEqual({ value: undefined, quality: 'MISSING' });
  });
  test('leaves out counter values that jumped', () => {
    const readings = readEvery(10, (s) => ({ ...Wh(s === 1795 ? 9e9 : s), flags: s === 1795 ? ReadingFlag.COUNTER_JUMP : 0 }));
    expect(importEnergy(readings, window('10:00', '11:00'))).toEqual({ value: 3600, quality: 'OK' });
  });
});

describe('power over an interval', () => {
  test('the mean is weighted by time, not by the number of readings', () => {
    // Ten seconds apart for half an hour at 1 kW, then thirty seconds apart at 2 kW.
    const readings = [...readEvery(10, () => W(1000), -5, 1795), ...readEvery(30, () => W(2000), 1805, 3635)];
    const { value, quality } = meanPower(readings, window('10:00', '11:00'));
    expect(value).toBeCloseTo(1500, 0);
    expect(quality).toBe('OK');
  });
  test('a gap makes it an estimate, more than half missing makes it missing', () => {
    const quarter = readEvery(10, () => W(1000)).filter(({ at: t }) => t < at('10:15') || t > at('10:30'));
    expect(meanPower(quarter, window('10:00', '11:00'))).toEqual({ value: expect.closeTo(1000), quality: 'ESTIMATED' });
    const most = readEvery(10, () => W(1000)).filter(({ at: t }) => t < at('10:15'));
    expect(meanPower(most, window('10:00', '11:00')).value).toBeUndefined();
  });
  test('the peak is the highest reading inside', () => {
    const readings = readEvery(10, (s) => W(s === 1795 ? 9000 : s === -5 ? 99_000 : 1000));
    expect(peakPower(readings, window('10:00', '11:00'))).toEqual({ value: 9000, quality: 'OK' });
  });
  test('implausible and stale values count for nothing; where there is nothing else it is BAD', () => {
    const spiked = readEvery(10, (s) => ({ ...W(s === 1795 ? 1e9 : 1000), flags: s === 1795 ? ReadingFlag.IMPLAUSIBLE : 0 }));
    expect(meanPower(spiked, window('10:00', '11:00'))).toEqual({ value: expect.closeTo(1000), quality: 'OK' });
    const stale = readEvery(10, () => ({ ...W(1000), flags: ReadingFlag.STALE }));
    expect(meanPower(stale, window('10:00', '11:00'))).toEqual({ value: undefined, quality: 'BAD' });
    const absent = readEvery(10, () => ({ flags: ReadingFlag.MISSING }));
    expect(meanPower(absent, window('10:00', '11:00'))).toEqual({ value: undefined, quality: 'MISSING' });
  });
  test('values of a clock that was stepped are estimates', () => {
    const readings = readEvery(10, () => ({ ...W(1000), flags: ReadingFlag.CLOCK_SUSPECT }));
    expect(meanPower(readings, window('10:00', '11:00'))).toEqual({ value: expect.closeTo(1000), quality: 'ESTIMATED' });
  });
});

describe('values at the end of an interval', () => {
  test('the last power is never older than a reading may be', () => {
    expect(lastPower([reading(at('10:59:50'), 700)], window('10:00', '11:00'))).toEqual({ value: 700, quality: 'OK' });
    expect(lastPower([reading(at('10:59:00'), 700)], window('10:00', '11:00')).value).toBeUndefined();
  });
  test('the counter is interpolated to the moment', () => {
    const readings = [reading(at('10:59:55'), undefined, 1000), reading(at('11:00:05'), undefined, 1010)];
    expect(counterReading(readings, window('10:00', '11:00'))).toEqual({ value: 1005, quality: 'OK' });
  });
  test('a state of charge that the device does not tell is missing', () => {
    expect(chargeLevel([reading(at('10:59:55'), 7000, undefined, { stateOfCharge: 0.42 })], window('10:00', '11:00')).value).toBe(
      0.42,
    );
    expect(chargeLevel([reading(at('10:59:55'), 7000)], window('10:00', '11:00'))).toEqual({
      value: undefined,
      quality: 'MISSING',
    });
  });
});

test('the sum of what the parts of an interval say is what the whole says', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 25 }), fc.integer({ min: 0, max: 100 })), { minLength: 60, maxLength: 90 }),
      fc.integer({ min: 1, max: 199 }),
      (steps, middleS) => {
        let [time, energy] = [MIDNIGHT - 30_000, 0];
        const readings = steps.map(([step, gain]) => {
          time += step * 1000;
          energy += gain;
          return reading(instant(time), undefined, energy);
        });
        fc.pre(time > MIDNIGHT + 200_000);
        const part = (from: number, to: number) =>
          importEnergy(readings, {
            from: instant(MIDNIGHT + from * 1000),
            to: instant(MIDNIGHT + to * 1000),
            maxGap: seconds(30),
          }).value as number;
        expect(part(0, middleS) + part(middleS, 200)).toBeCloseTo(part(0, 200), 6);
      },
    ),
  );
});

describe('sums over resources', () => {
  test('are as good as the worst part', () => {
    expect(
      sumOf([
        { value: 1, quality: 'OK' },
        { value: 2, quality: 'ESTIMATED' },
      ]),
    ).toEqual({ value: 3, quality: 'ESTIMATED' });
  });
  test('with a part missing are estimates, with half of them or more BAD, with all MISSING', () => {
    const gap = { value: undefined, quality: 'MISSING' } as const;
    const one = { value: 1, quality: 'OK' } as const;
    expect(sumOf([one, one, gap])).toEqual({ value: 2, quality: 'ESTIMATED' });
    expect(sumOf([one, gap])).toEqual({ value: 1, quality: 'BAD' });
    expect(sumOf([gap, gap])).toEqual(gap);
  });
});
