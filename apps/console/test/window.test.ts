import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { rowByKey, scrollTo, windowOf } from '../src/list/window.js';

describe('a long list', () => {
  test('draws few of 9,714 rows', () => {
    const { first, end } = windowOf(9714, 44, 44 * 5000, 600);
    expect(end - first).toBeLessThan(40);
    expect(first).toBeLessThanOrEqual(5000);
    expect(end).toBeGreaterThanOrEqual(5014);
  });

  test('draws every row that shows, and is always as high as all of them', () => {
    fc.assert(
      fc.property(fc.nat(20_000), fc.nat(1_000_000), fc.integer({ min: 1, max: 2000 }), (count, top, height) => {
        const { first, end, before, after } = windowOf(count, 44, top, height);
        expect(before + (end - first) * 44 + after).toBe(count * 44);
        const shows = [...Array(Math.ceil(height / 44) + 1).keys()].map((i) => Math.floor(top / 44) + i);
        for (const row of shows.filter((one) => one < count && one * 44 < top + height)) {
          expect(row >= first && row < end).toBe(true);
        }
      }),
    );
  });

  test('scrolls no further than it must to show a row whole', () => {
    expect(scrollTo(3, 44, 0, 440)).toBe(0);
    expect(scrollTo(10, 44, 0, 440)).toBe(44);
    expect(scrollTo(2, 44, 200, 440)).toBe(88);
  });

  test('is walked through by keys', () => {
    expect(rowByKey('ArrowDown', 3, 10, 5)).toBe(4);
    expect(rowByKey('ArrowUp', 0, 10, 5)).toBe(0);
    expect(rowByKey('PageDown', 7, 10, 5)).toBe(9);
    expect(rowByKey('PageUp', 7, 10, 5)).toBe(2);
    expect(rowByKey('Home', 7, 10, 5)).toBe(0);
    expect(rowByKey('End', 7, 10, 5)).toBe(9);
    expect(rowByKey('x', 7, 10, 5)).toBeUndefined();
    expect(rowByKey('End', 0, 0, 5)).toBeUndefined();
  });
});
