import { describe, expect, test } from '@jest/globals';
import {
  after,
  hours,
  instant,
  kilowattHours,
  kilowatts,
  milliseconds,
  minutes,
  seconds,
  toKilowattHours,
  toKilowatts,
  toSeconds,
  wattHours,
  watts,
} from '@venfleet/core';

describe('units', () => {
  test('power is kept in watts, whichever unit it was given in', () => {
    expect(kilowatts(22)).toBe(22_000);
    expect(kilowatts(22)).toBe(watts(22_000));
    expect(toKilowatts(watts(-1500))).toBe(-1.5);
  });

  test('energy is kept in watt-hours, whichever unit it was given in', () => {
    expect(kilowattHours(0.4)).toBe(wattHours(400));
    expect(toKilowattHours(wattHours(100_000))).toBe(100);
  });

  test('spans of time are kept in milliseconds, whichever unit they were given in', () => {
    expect([milliseconds(1), seconds(1), minutes(1), hours(1)]).toEqual([1, 1000, 60_000, 3_600_000]);
    expect(toSeconds(minutes(2))).toBe(120);
  });

  test('an instant moves by a duration, forwards and back', () => {
    expect(after(instant(1000), seconds(5))).toBe(6000);
    expect(after(instant(1000), seconds(-5))).toBe(-4000);
  });

  test.each([NaN, Infinity, -Infinity])('no unit takes %p', (value) => {
    for (const unit of [watts, kilowatts, wattHours, kilowattHours, milliseconds, seconds, minutes, hours, instant]) {
      expect(() => unit(value)).toThrow(RangeError);
    }
  });

  test('a conversion that overflows is refused, not infinite', () => {
    expect(() => kilowatts(Number.MAX_VALUE)).toThrow('power in W must be a finite number');
  });
});
