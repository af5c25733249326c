import { describe, expect, test } from '@jest/globals';
import { hours, type Instant, instant, minutes, seconds, watts } from '@venfleet/core';
import type { BaselineValue, LoadChanges } from '../src/baseline/baseline.js';
import { meterBefore, orElse } from '../src/baseline/meter-before.js';

const never: Pick<LoadChanges, 'usualBefore'> = { usualBefore: (at) => ({ from: instant(0), to: at }) };
const anchor = instant(Date.UTC(2026, 5, 19, 12));
const question = { resource: 1, from: instant(anchor + minutes(10)), to: instant(anchor + minutes(20)), anchor };
/** A meter that draws 100 W an hour before the anchor and 1 W more each minute, and was put up `known` before it. */
const since = (known: number) => ({
  meanPower: (_resource: number, from: Instant, to: Instant) =>
    from < anchor - known ? undefined : watts(160 + ((from + to) / 2 - anchor) / minutes(1)),
});

describe('the baseline of a meter without similar days', () => {
  test('is what was drawn in the quarter of an hour before the event', () => {
    expect(meterBefore(since(hours(1)), never).value(question)?.power).toBe(152.5);
  });

  test('goes by the five minutes or the minute before it where the meter is new', () => {
    expect(meterBefore(since(minutes(14)), never).value(question)?.power).toBe(157.5);
    expect(meterBefore(since(minutes(4)), never).value(question)?.power).toBe(159.5);
  });

  test('is the last reading of a meter that is known for seconds', () => {
    expect(meterBefore(since(seconds(20)), never).value(question)?.power).toBe(160);
  });

  test('goes by the time before another event that came just before, and no further back than one before that', () => {
    const history = since(hours(2));
    const before = (from: number, to: number) => ({
      usualBefore: () => ({ from: instant(anchor - minutes(from)), to: instant(anchor - minutes(to)) }),
    });
    expect(meterBefore(history, before(90, 30)).value(question)?.power).toBe(122.5);
    expect(meterBefore(history, before(40, 30)).value(question)?.power).toBe(125);
  });

  test('is always an estimate, of no days', () => {
    expect(meterBefore(since(hours(1)), never).value(question)).toMatchObject({ days: 0, tooFewDays: true, adjustment: 1 });
  });

  test('is unknown where nothing was metered before the event', () => {
    expect(meterBefore(since(-1), never).value(question)).toBeUndefined();
  });

  test('is asked only where the first method knows nothing', () => {
    const found: BaselineValue = { power: watts(7), days: 3, tooFewDays: true, adjustment: 1 };
    const days = { value: ({ resource }: { resource: number }) => (resource === 1 ? found : undefined) };
    const both = orElse(days, meterBefore(since(hours(1)), never));
    expect(both.value(question)).toBe(found);
    expect(both.value({ ...question, resource: 2 })?.power).toBe(152.5);
  });
});
