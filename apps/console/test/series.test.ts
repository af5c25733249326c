import { describe, expect, test } from '@jest/globals';
import { chartData, newestKnown, shadesOf } from '../src/chart/chart-data.js';
import { EMPTY, withPoints } from '../src/fleet/series.js';
import { event } from './support.js';

const MINUTE = 60_000;
const series = (loadW: (number | null)[], startAt = 0) => ({ startAt, stepMs: MINUTE, loadW, baselineW: loadW.map(() => null) });
const point = (minute: number, loadW: number | null, baselineW: number | null = null) => ({
  startAt: minute * MINUTE,
  loadW,
  baselineW,
});

describe('a series', () => {
  test('has a gap where steps are missing', () => {
    expect(withPoints(series([1]), [point(3, 4)]).loadW).toEqual([1, null, null, 4]);
  });

  test('takes a point of a step that is there in its place', () => {
    expect(withPoints(series([1, 2]), [point(1, 9)]).loadW).toEqual([1, 9]);
  });

  test('leaves out what is from before it, or from another age', () => {
    expect(withPoints(series([1], 10 * MINUTE), [point(9, 5), point(1_000_000, 6)]).loadW).toEqual([1]);
  });

  test('begins with its first point when there was none', () => {
    expect(withPoints(EMPTY, [point(7, 1)])).toMatchObject({ startAt: 7 * MINUTE, loadW: [1] });
  });

  test('is not touched by what is made of it', () => {
    const before = series([1]);
    withPoints(before, [point(1, 2)]);
    expect(before.loadW).toEqual([1]);
  });

  test('does not grow for ever, and keeps its times', () => {
    let long = series([0]);
    for (let minute = 1; minute < 4000; minute++) long = withPoints(long, [point(minute, minute)]) as typeof long;
    expect(long.loadW).toHaveLength(2880);
    expect(long.startAt).toBe((4000 - 2880) * MINUTE);
    expect(long.loadW[0]).toBe(4000 - 2880);
  });

  test('is drawn in the middle of its steps, in seconds', () => {
    expect(chartData({ ...series([5, null]), baselineW: [6, 7] })).toEqual([
      [30, 90],
      [6, 7],
      [5, null],
    ]);
  });

  test('tells the newest load that is known, and nothing where none is', () => {
    expect(newestKnown(series([5, 7, null]))).toEqual({ at: 2 * MINUTE, loadW: 7, baselineW: null });
    expect(newestKnown(series([null]))).toBeUndefined();
    expect(newestKnown(EMPTY)).toBeUndefined();
  });
});

describe('what is shaded', () => {
  const on = (startAt: number, endAt: number | null) => event('e', { periods: [{ startAt, endAt, label: '' }] });

  test('are the events that change load, as far as they show', () => {
    const reports = event('r', { changesLoad: false, periods: [{ startAt: 0, endAt: 100, label: '' }] });
    expect(shadesOf([on(-5, 20), on(90, null), on(200, 300), reports], 0, 100)).toEqual([
      { startAt: 0, endAt: 20 },
      { startAt: 90, endAt: 100 },
    ]);
  });

  test('is one where events overlap or follow each other', () => {
    expect(shadesOf([on(50, 60), on(10, 30), on(30, 40), on(15, 20)], 0, 100)).toEqual([
      { startAt: 10, endAt: 40 },
      { startAt: 50, endAt: 60 },
    ]);
  });

  test('ends where an event was cancelled', () => {
    expect(shadesOf([event('c', { endAt: 30, periods: [{ startAt: 10, endAt: 80, label: '' }] })], 0, 100)).toEqual([
      { startAt: 10, endAt: 30 },
    ]);
  });
});
