import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { keeps, ratioOf, spread } from '../src/statistics.js';

describe('spread', () => {
  test('the median of an odd number of values is the middle one, of an even number the mean of the two', () => {
    expect(spread([9, 1, 5])).toEqual({ median: 5, min: 1, max: 9 });
    expect(spread([4, 1, 2, 9])).toEqual({ median: 3, min: 1, max: 9 });
    expect(spread([7])).toEqual({ median: 7, min: 7, max: 7 });
  });

  test('as many values lie on either side of the median, whatever their order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), { minLength: 1 }),
        (values) => {
          const { median, min, max } = spread(values);
          const below = values.filter((v) => v < median).length;
          const above = values.filter((v) => v > median).length;
          expect(below).toBeLessThanOrEqual(values.length / 2);
          expect(above).toBeLessThanOrEqual(values.length / 2);
          expect(min).toBe(Math.min(...values));
          expect(max).toBe(Math.max(...values));
          expect(spread([...values].reverse())).toEqual({ median, min, max });
        },
      ),
    );
  });

  test('nothing measured, or something that is no number, is never a figure', () => {
    expect(() => spread([])).toThrow(RangeError);
    expect(() => spread([1, Number.NaN])).toThrow(RangeError);
  });
});

test('a ratio compares within a round, so a slow moment of the machine falls out', () => {
  const rounds = [
    { ours: 80, peer: 100 },
    { ours: 8, peer: 10 },
    { ours: 81, peer: 90 },
  ];
  expect(ratioOf(rounds)).toEqual({ median: 0.8, min: 0.8, max: 0.9 });
});

test('a target is kept at its bound and missed beyond it', () => {
  expect([5.9, 6, 6.01].map((ratio) => keeps({ atMost: 6 }, ratio))).toEqual([true, true, false]);
  expect([0.81, 0.8, 0.79].map((ratio) => keeps({ atLeast: 0.8 }, ratio))).toEqual([true, true, false]);
});
