import { expect, test } from '@jest/globals';
import { ROWS } from '../src/rows/index.js';
import { selectRows } from '../src/select.js';
import { rowOf } from './rows.js';

const rows = [
  rowOf({ name: 'a' }),
  rowOf({ name: 'b-1', family: 'b', slow: true }),
  rowOf({ name: 'b-2', family: 'b', slow: true }),
];
const select = (names: string[], { all = false, smoke = false } = {}) =>
  selectRows(rows, names, { all, smoke }).map(({ name }) => name);

test('slow rows are measured only when asked for, and in a smoke test only by their own names', () => {
  expect(select([])).toEqual(['a']);
  expect(select([], { all: true })).toEqual(['a', 'b-1', 'b-2']);
  expect(select(['b-2'])).toEqual(['b-2']);
  expect(select(['b'], { smoke: true })).toEqual([]);
  expect(select(['b-2', 'a'], { smoke: true })).toEqual(['a', 'b-2']);
  expect(select([], { all: true, smoke: true })).toEqual(['a']);
});

test('the name of a family stands for its rows', () => {
  expect(select(['b'])).toEqual(['b-1', 'b-2']);
});

test('an unknown row is refused with the names that there are', () => {
  expect(() => select(['a', 'c'])).toThrow(expect.objectContaining({ code: 'USAGE', hint: 'the rows are a, b-1, b-2' }));
});

test('the rows have names of their own', () => {
  expect(new Set(ROWS.map(({ name }) => name)).size).toBe(ROWS.length);
});
