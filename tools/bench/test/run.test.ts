import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from '@jest/globals';
import { FakeClock } from '@venfleet/core/testing';
import { notMeasured } from '../src/row.js';
import { exitStatus, judge, measureRow } from '../src/run.js';
import type { Workplace } from '../src/workplace.js';
import { rowOf } from './rows.js';

const options = (signal = new AbortController().signal) => ({
  smoke: false,
  clock: new FakeClock('2026-01-01T00:00:00Z'),
  signal,
});

test('ours and the peer are measured in turn, and the first pair only warms up', async () => {
  const calls: string[] = [];
  const contest = {
    ours: async () => calls.push('ours'),
    peer: async () => calls.push('peer'),
  };
  const { figures } = await measureRow(rowOf({}, contest), 2, options());
  expect(calls).toEqual(['ours', 'peer', 'ours', 'peer', 'ours', 'peer']);
  expect(figures?.rounds).toEqual([
    { ours: 3, peer: 4 },
    { ours: 5, peer: 6 },
  ]);
});

test('the median of the ratios decides', () => {
  const rounds = [0.7, 0.85, 0.9].map((ours) => ({ ours, peer: 1 }));
  expect(judge(rowOf(), rounds, []).verdict).toBe('holds');
  expect(judge(rowOf({ target: { atLeast: 0.86 } }), rounds, []).verdict).toBe('misses');
});

test('a peer that is not installed makes a row not measured, with the reason', async () => {
  const row = rowOf({ prepare: () => Promise.reject(notMeasured('needs wrk (Debian package wrk)')) });
  expect(await measureRow(row, 1, options())).toMatchObject({
    verdict: 'not measured',
    reason: 'needs wrk (Debian package wrk)',
  });
});

test('a row that breaks has failed and does not stop the others', async () => {
  const row = rowOf({}, { ours: async () => 1, peer: () => Promise.reject(new Error('12 answers were not 201')) });
  expect(await measureRow(row, 1, options())).toMatchObject({ verdict: 'failed', reason: '12 answers were not 201' });
});

test('a figure that is no number is a failure, not a result', async () => {
  const row = rowOf({}, { ours: async () => Number.NaN, peer: async () => 1 });
  expect((await measureRow(row, 1, options())).verdict).toBe('failed');
});

test('an interrupted run ends with the reason of the interruption', async () => {
  const controller = new AbortController();
  const reason = new DOMException('stopped by SIGINT', 'AbortError');
  const ours = async () => {
    controller.abort(reason);
    return 1;
  };
  const row = rowOf({}, { ours, peer: async () => 1 });
  await expect(measureRow(row, 3, options(controller.signal))).rejects.toBe(reason);
});

test('files and processes of a row are gone when it is done, also when it broke', async () => {
  let place: Workplace | undefined;
  let pid = 0;
  const row = rowOf({
    async prepare(given) {
      place = given;
      const child = await given.start(process.execPath, ['-e', 'console.log(process.pid); setInterval(() => {}, 1000)']);
      pid = Number(child.firstLine);
      throw new Error('broken');
    },
  });
  expect((await measureRow(row, 1, options())).verdict).toBe('failed');
  expect(existsSync(dirname(place?.path('x') ?? ''))).toBe(false);
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

test('a program that fails is told with what it said', async () => {
  const row = rowOf({
    async prepare(place) {
      await place.run(process.execPath, ['-e', 'console.error("no such thing"); process.exit(3)']);
      throw new Error('it did not fail');
    },
  });
  const { reason } = await measureRow(row, 1, options());
  expect(reason).toContain('status 3: no such thing');
});

test('a missed target fails the run unless it is a smoke test; a broken row fails it always; a peer not installed never', () => {
  const result = (verdict: 'holds' | 'misses' | 'failed' | 'not measured') => ({ row: rowOf(), verdict, notes: [] });
  const status = (smoke: boolean) =>
    (['holds', 'misses', 'failed', 'not measured'] as const).map((verdict) =>
      exitStatus([result('holds'), result(verdict)], smoke),
    );
  expect(status(false)).toEqual([0, 1, 1, 0]);
  expect(status(true)).toEqual([0, 0, 1, 0]);
});

test('what a row has opened is ended, the latest first, also when the row breaks', async () => {
  const ended: string[] = [];
  const row = rowOf({
    prepare: async (place) => {
      place.atEnd(() => ended.push('store'));
      place.atEnd(() => ended.push('client'));
      throw new Error('no device answers');
    },
  });
  expect((await measureRow(row, 1, options())).verdict).toBe('failed');
  expect(ended).toEqual(['client', 'store']);
});
