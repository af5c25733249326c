import { describe, expect, test } from '@jest/globals';
import { Deltas, type Seen } from '../src/server/index.js';
import { TOTALS, VEN } from './support/fakes.js';

const seen = (more: Partial<Seen> = {}): Seen => ({ now: 5, totals: TOTALS, vens: [VEN], events: [], points: [], ...more });

describe('what has changed', () => {
  test('the first time everything is new', () => {
    expect(new Deltas().next(seen())).toMatchObject({ serverAt: 5, vens: [VEN], goneVens: [] });
  });

  test('nothing is told where all is as before, whatever the time', () => {
    const deltas = new Deltas();
    deltas.next(seen());
    expect(deltas.next(seen({ now: 6 }))).toBeUndefined();
  });

  test('only the VENs that changed are told, whole', () => {
    const deltas = new Deltas();
    const other = { ...VEN, id: 'v2' };
    deltas.next(seen({ vens: [VEN, other] }));
    expect(deltas.next(seen({ vens: [{ ...VEN, loadW: 1 }, other] }))?.vens).toEqual([{ ...VEN, loadW: 1 }]);
  });

  test('what is gone is told once, by its id', () => {
    const deltas = new Deltas();
    deltas.next(seen());
    expect(deltas.next(seen({ vens: [] }))).toMatchObject({ vens: [], goneVens: ['v1'] });
    expect(deltas.next(seen({ vens: [] }))).toBeUndefined();
  });

  test('totals alone are reason enough', () => {
    const deltas = new Deltas();
    deltas.next(seen());
    expect(deltas.next(seen({ totals: { ...TOTALS, reports: 8 } }))).toMatchObject({ vens: [], totals: { reports: 8 } });
  });

  test('a value of the series that was corrected is told again', () => {
    const deltas = new Deltas();
    const point = { startAt: 10, loadW: 1, baselineW: null };
    deltas.next(seen({ points: [point] }));
    expect(deltas.next(seen({ points: [{ ...point, loadW: 2 }] }))?.points).toEqual([{ ...point, loadW: 2 }]);
  });
});
