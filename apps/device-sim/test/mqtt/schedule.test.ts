import { expect, test } from '@jest/globals';
import { milliseconds, seconds, silentLogger } from '@venfleet/core';
import { FakeClock, MemoryLogger } from '@venfleet/core/testing';
import fc from 'fast-check';
import { Schedule } from '../../src/mqtt/schedule.js';

const start = '2026-01-15T06:00:00Z';
const since = (now: number) => (now - Date.parse(start)) / 1000;

test('each job comes at its own beat, whatever the others do', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ periodMs: fc.integer({ min: 100, max: 5000 }), firstMs: fc.nat(5000) }), {
        minLength: 1,
        maxLength: 12,
      }),
      async (jobs) => {
        const clock = new FakeClock(start);
        const schedule = new Schedule(clock, silentLogger);
        const runs = jobs.map((): number[] => []);
        for (const [i, { periodMs, firstMs }] of jobs.entries()) {
          const run = (now: number) => void runs[i]?.push(now - Date.parse(start));
          schedule.add({ periodMs, run: (now) => run(now) as undefined }, firstMs);
        }
        schedule.start();
        await clock.advance(seconds(6));
        await schedule.stop();
        for (const [i, { periodMs, firstMs }] of jobs.entries()) {
          const due = Array.from({ length: 1000 }, (_, k) => firstMs + k * periodMs).filter((t) => t <= 5900);
          const at = runs[i] as number[];
          expect(at.length).toBeGreaterThanOrEqual(due.length);
          for (const [k, t] of due.entries()) expect((at[k] as number) - t).toBeLessThanOrEqual(50);
        }
      },
    ),
    { numRuns: 20 },
  );
});

test('a job that is late skips what it missed', async () => {
  const clock = new FakeClock(start);
  const schedule = new Schedule(clock, silentLogger);
  const runs: number[] = [];
  let release = () => {};
  schedule.add(
    {
      periodMs: 1000,
      run: (now) => {
        runs.push(since(now));
        return runs.length === 2 ? new Promise((done) => (release = done)) : undefined;
      },
    },
    1000,
  );
  schedule.start();
  await clock.advance(milliseconds(5500));
  release();
  await clock.advance(seconds(2));
  await schedule.stop();
  // 3 comes late, 4 and 5 not at all; then it is back on its beat.
  expect(runs).toEqual([1, 2, 5.55, 6, 7]);
});

test('a job that fails is told of and comes again, one that says false does not', async () => {
  const clock = new FakeClock(start);
  const logger = new MemoryLogger();
  const schedule = new Schedule(clock, logger);
  let [failures, once] = [0, 0];
  schedule.add({ periodMs: 1000, run: () => Promise.reject(new Error(`failure ${++failures}`)) }, 0);
  schedule.add(
    {
      periodMs: 1000,
      run: () => {
        once++;
        return false;
      },
    },
    0,
  );
  schedule.start();
  await clock.advance(milliseconds(2500));
  await schedule.stop();
  expect(failures).toBe(3);
  expect(once).toBe(1);
  expect(logger.lines.map(({ fields }) => fields.reason)).toEqual(['failure 1', 'failure 2', 'failure 3']);
});

test('a job that is added meanwhile is not kept waiting for the others', async () => {
  const clock = new FakeClock(start);
  const schedule = new Schedule(clock, silentLogger);
  schedule.add({ periodMs: 100_000, run: () => undefined }, 100_000);
  schedule.start();
  await clock.advance(seconds(1));
  const runs: number[] = [];
  schedule.add({ periodMs: 1000, run: (now) => void runs.push(since(now)) as undefined }, 1000);
  await clock.advance(seconds(2));
  await schedule.stop();
  expect(runs).toEqual([2, 3]);
});
