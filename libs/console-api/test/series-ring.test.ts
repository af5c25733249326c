import { describe, expect, test } from '@jest/globals';
import { seconds } from '@venfleet/core';
import fc from 'fast-check';
import { SeriesRing } from '../src/server/index.js';

const ring = (size = 5) => new SeriesRing(seconds(10), size);

describe('a ring of values', () => {
  test('an empty one has no values', () => {
    expect(ring().series()).toEqual({ startAt: 0, stepMs: 10_000, loadW: [], baselineW: [] });
    expect(ring().newest).toBeUndefined();
  });

  test('what is not known between two values is null, not 0', () => {
    const values = ring();
    values.setLoad(100, 5);
    values.setBaseline(102, 7);
    expect(values.series()).toEqual({ startAt: 1_000_000, stepMs: 10_000, loadW: [5, null, null], baselineW: [null, null, 7] });
  });

  test('a newer step lets the oldest go', () => {
    const values = ring();
    for (let step = 100; step < 107; step++) values.setLoad(step, step);
    expect(values.series().loadW).toEqual([102, 103, 104, 105, 106]);
    expect(values.loadAt(101)).toBeNaN();
  });

  test('what comes too late for its step is dropped, and changes no other', () => {
    const values = ring();
    values.setLoad(200, 1);
    values.setLoad(195, 9);
    expect(values.series()).toMatchObject({ startAt: 2_000_000, loadW: [1] });
  });

  test('a jump over more than its length leaves nothing of before', () => {
    const values = ring();
    for (let step = 100; step < 105; step++) values.setLoad(step, 1);
    values.setLoad(1000, 2);
    expect(values.series()).toMatchObject({ startAt: 10_000_000, loadW: [2] });
  });

  test('it holds exactly the newest values, whatever order they come in', () => {
    const writes = fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 1000 })), { minLength: 1 });
    fc.assert(
      fc.property(writes, (all) => {
        const values = ring(8);
        const kept = new Map<number, number>();
        let newest = -1;
        for (const [step, value] of all) {
          values.setLoad(step, value);
          if (step > newest - 8) kept.set(step, value);
          newest = Math.max(newest, step);
        }
        for (let step = 0; step <= 40; step++) {
          const expected = step > newest - 8 ? kept.get(step) : undefined;
          expect(values.pointAt(step).loadW).toBe(expected ?? null);
        }
      }),
    );
  });
});
