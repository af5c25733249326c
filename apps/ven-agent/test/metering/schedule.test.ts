import { describe, expect, test } from '@jest/globals';
import { type HasMonotonic, type HasSleep, instant, milliseconds, seconds } from '@venfleet/core';
import fc from 'fast-check';
import { phases, runSchedule } from '../../src/metering/schedule.js';
import { FakeClock } from './support.js';

function setUp(count: number) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const begun: { item: number; due: number; at: number }[] = [];
  const missed: { item: number; slots: number }[] = [];
  const done = runSchedule(
    Array.from({ length: count }, (_, i) => i),
    seconds(10),
    {
      begin: (item, due) => begun.push({ item, due, at: clock.monotonic() }),
      missed: (item, slots) => missed.push({ item, slots }),
    },
    { clock, signal: stop.signal },
  );
  return { clock, stop, begun, missed, done };
}

/** Runs a schedule of 10 s by a clock that a test has made, until that aborts it. */
async function untilAborted<T>(
  items: readonly T[],
  makeClock: (stop: AbortController, begun: () => readonly unknown[]) => HasMonotonic & HasSleep,
) {
  const stop = new AbortController();
  const begun: { item: T; due: number; at: number }[] = [];
  let missed = 0;
  const clock = { now: () => instant(0), ...makeClock(stop, () => begun) };
  await runSchedule(
    items,
    seconds(10),
    {
      begin: (item, due) => begun.push({ item, due, at: clock.monotonic() }),
      missed: (_, slots) => {
        missed += slots;
      },
    },
    { clock, signal: stop.signal },
  );
  return { begun, missed };
}

describe('the schedule', () => {
  test('gives each item one slot an interval, at its own phase', async () => {
    const { clock, begun, stop, done } = setUp(7);
    await clock.advance(seconds(60));
    for (let item = 0; item < 7; item++) {
      const dues = begun.filter((slot) => slot.item === item).map(({ due }) => due);
      expect(dues.length).toBeGreaterThanOrEqual(6);
      for (const [i, due] of dues.entries()) expect(due - (dues[0] as number)).toBeCloseTo(i * 10_000);
    }
    stop.abort();
    await done;
  });

  test('meets very many items in the course of some intervals, spread evenly over them', async () => {
    const { clock, begun, stop, done } = setUp(24_000);
    for (const round of [1, 2, 3]) {
      await clock.advance(seconds(10));
      expect(begun.filter(({ due }) => due >= (round - 1) * 10_000 && due < round * 10_000)).toHaveLength(8000 * round);
    }
    const firstRound = begun.slice(0, 8000).map(({ due }) => due);
    for (let second = 0; second < 10; second++) {
      const met = firstRound.filter((due) => Math.floor(due / 1000) === second).length;
      expect(met).toBeGreaterThanOrEqual(780);
      expect(met).toBeLessThanOrEqual(820);
    }
    await clock.advance(seconds(10));
    expect(new Set(begun.map(({ item }) => item)).size).toBe(24_000);
    stop.abort();
    await done;
  });

  test('begins no slot early, nor more than a tick late', async () => {
    const { clock, begun, stop, done } = setUp(100);
    await clock.advance(seconds(30));
    for (const { due, at } of begun) {
      expect(at).toBeGreaterThanOrEqual(due);
      expect(at - due).toBeLessThanOrEqual(10);
    }
    stop.abort();
    await done;
  });

  test('neither shortens nor repeats a slot when the wall clock is stepped', async () => {
    const { clock, begun, stop, done } = setUp(10);
    await clock.advance(seconds(20));
    clock.step(3_600_000);
    await clock.advance(seconds(20));
    clock.step(-7_200_000);
    await clock.advance(milliseconds(19_900));
    expect(begun).toHaveLength(60);
    stop.abort();
    await done;
  });

  test('tells of the slots that passed while the process stood still, instead of making up for them', async () => {
    let now = 0;
    let pauses = 0;
    const { begun, missed } = await untilAborted(['a'], (stop) => ({
      monotonic: () => now,
      // The machine sleeps for 95 s in its third pause.
      sleep: async (ms: number) => {
        now += ++pauses === 3 ? 95_000 : ms;
        if (now > 200_000) stop.abort();
      },
    }));
    // Each slot is told of or begun.
    expect(missed).toBeGreaterThanOrEqual(7);
    expect(begun.length + missed).toBeGreaterThanOrEqual(20);
    expect(begun.length + missed).toBeLessThanOrEqual(21);
  });

  test('lets slots go that would begin half an interval late, and begins the others in small heaps', async () => {
    let now = 0;
    let pauses = 0;
    const heaps: number[] = [];
    const { begun, missed } = await untilAborted(
      Array.from({ length: 1000 }, (_, i) => i),
      (stop, soFar) => ({
        monotonic: () => now,
        // All that the machine does takes long: each heap of slots, two seconds.
        sleep: async (ms: number) => {
          heaps.push(soFar().length);
          now += ++pauses < 20 ? 2000 : ms;
          if (now > 60_000) stop.abort();
        },
      }),
    );
    for (const { due, at } of begun) expect(at - due).toBeLessThan(5000);
    for (const [i, total] of heaps.entries()) expect(total - (heaps[i - 1] ?? 0)).toBeLessThanOrEqual(50);
    expect(missed).toBeGreaterThan(2000);
    // As soon as it has the time again, all are begun.
    expect(new Set(begun.filter(({ due }) => due >= 50_000 && due < 60_000).map(({ item }) => item)).size).toBe(1000);
  });

  test('begins all in a process whose turns are slow, but not too slow for it', async () => {
    let now = 0;
    const { begun, missed } = await untilAborted(
      Array.from({ length: 9000 }, (_, i) => i),
      (stop) => ({
        monotonic: () => now,
        sleep: async (ms: number) => {
          now += ms + 400;
          if (now > 120_000) stop.abort();
        },
      }),
    );
    expect(missed).toBe(0);
    // Met in the course of 40 s, and then each in each interval.
    expect(begun.filter(({ due }) => due >= 100_000 && due < 110_000)).toHaveLength(9000);
  });

  test('ends when it is aborted', async () => {
    const { clock, stop, done } = setUp(3);
    await clock.advance(milliseconds(5));
    stop.abort();
    await done;
    expect(clock.sleeping).toBe(0);
  });

  test('spreads any run of neighbours evenly: no gap is above three times the mean', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 2, max: 247 }), (from, count) => {
        const run = phases(from + count)
          .slice(from)
          .sort((a, b) => a - b);
        const gaps = run.map((phase, i) => (run[i + 1] ?? (run[0] as number) + 1) - phase);
        return Math.max(...gaps) <= 3 / count;
      }),
    );
  });
});
