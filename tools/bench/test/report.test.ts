import { expect, test } from '@jest/globals';
import { busyNote, describeMachine, headLine, listText, resultLine, summaryLine, toJson } from '../src/report.js';
import { judge, type Result } from '../src/run.js';
import { rowOf } from './rows.js';

const rounds = [
  { ours: 8_000, peer: 10_000 },
  { ours: 8_500, peer: 10_000 },
  { ours: 9_000, peer: 10_000 },
];
const held = judge(rowOf({ name: 'vtn' }), rounds, ['3.0.1']);
const missed = judge(rowOf({ name: 'prepare', unit: 'ms', target: { atMost: 6 } }), [{ ours: 700, peer: 54 }], []);
const unmeasured: Result = {
  row: rowOf({ name: 'register' }),
  verdict: 'not measured',
  reason: 'needs wrk (Debian package wrk)',
  notes: [],
};

test('a line has both figures with their unit, the ratio with its range, the target and the verdict', () => {
  const words = resultLine(held)
    .split('\n')[0]
    ?.split(/\s{2,}/);
  expect(words).toEqual(['vtn', '8,500 requests/s', '10,000 requests/s', '0.85 (0.80–0.90)', '≥ 0.8×', 'holds']);
  expect(resultLine(held)).toMatch(/\n +3\.0\.1$/);
  expect(resultLine(missed)).toMatch(/700 ms +54\.0 ms +13\.0 \(13\.0–13\.0\) +≤ 6× +misses$/);
});

test('the head stands above the columns', () => {
  expect(headLine().indexOf('target')).toBe(resultLine(missed).indexOf('≤ 6×'));
});

test('a row that was not measured says why, and the summary never counts it as holding', () => {
  expect(resultLine(unmeasured)).toMatch(/^register +not measured: needs wrk \(Debian package wrk\)$/);
  expect(summaryLine([held, missed, unmeasured], false)).toBe('1 of 3 hold, 1 misses (prepare), 1 not measured (register)');
});

test('a smoke test says that its figures prove nothing', () => {
  expect(summaryLine([held], true)).toBe('1 of 1 hold; a smoke test: its figures say nothing');
});

test('the JSON has each row, its rounds and the class of the machine', () => {
  const machine = describeMachine();
  const json = JSON.parse(
    JSON.stringify(toJson([held, unmeasured], { date: '2026-01-01T00:00:00.000Z', smoke: false, machine })),
  );
  expect(json).toMatchObject({
    date: '2026-01-01T00:00:00.000Z',
    smoke: false,
    machine: { cpus: expect.any(Number), node: process.versions.node },
    rows: [
      { name: 'vtn', target: { atLeast: 0.8 }, verdict: 'holds', ratio: { median: 0.85, min: 0.8, max: 0.9 }, rounds },
      { name: 'register', verdict: 'not measured', reason: 'needs wrk (Debian package wrk)' },
    ],
  });
});

test('a busy machine is told, an idle one is not', () => {
  const machine = { ...describeMachine(), cpus: 2 };
  expect(busyNote({ ...machine, load: 0.9 })).toBeUndefined();
  expect(busyNote({ ...machine, load: 6.94 })).toContain('load 6.9 on 2 cores');
});

test('the list tells the slow rows', () => {
  const text = listText([rowOf({ name: 'quick' }), rowOf({ name: 'long', slow: true })]);
  expect(text.split('\n').filter((line) => line.includes('--all'))).toHaveLength(1);
});
