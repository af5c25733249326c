import { describe, expect, test } from '@jest/globals';
import { type Clock, hours, milliseconds, seconds, systemClock } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import fc from 'fast-check';

describe('FakeClock', () => {
  test('sleepers wake in order of their due times, each with the clock at exactly that time', async () => {
    const clock = new FakeClock('2026-01-01T00:00:00Z');
    const woken: [string, number][] = [];
    const sleeper = async (name: string, ms: number) => {
      await clock.sleep(milliseconds(ms));
      woken.push([name, clock.monotonic()]);
    };
    const all = [sleeper('late', 300), sleeper('early', 100), sleeper('also late', 300), sleeper('at once', 0)];
    await clock.advance(seconds(1));
    await Promise.all(all);
    expect(woken).toEqual([
      ['at once', 0],
      ['early', 100],
      ['late', 300],
      ['also late', 300],
    ]);
    expect(clock.now()).toBe(Date.parse('2026-01-01T00:00:01Z'));
  });

  test('those who fall asleep on the way wake on the way', async () => {
    const clock = new FakeClock();
    const ticks: number[] = [];
    const ticking = (async () => {
      for (let i = 0; i < 3; i++) {
        await clock.sleep(milliseconds(400));
        ticks.push(clock.monotonic());
      }
    })();
    await clock.advance(seconds(1));
    expect(ticks).toEqual([400, 800]);
    expect(clock.sleeping).toBe(1);
    await clock.advance(seconds(1));
    await ticking;
    expect(ticks).toEqual([400, 800, 1200]);
  });

  test('any number of sleepers wake sorted by due time, and those who were aborted never', async () => {
    const nap = fc.record({ ms: fc.integer({ min: 0, max: 50 }), aborted: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(nap, { maxLength: 30 }), async (naps) => {
        const clock = new FakeClock();
        const woken: number[] = [];
        const controller = new AbortController();
        const all = naps.map(async ({ ms, aborted }, i) => {
          await clock.sleep(milliseconds(ms), aborted ? controller.signal : undefined);
          woken.push(i);
        });
        const settled = Promise.allSettled(all);
        controller.abort();
        await clock.advance(milliseconds(50));
        await settled;
        const expected = naps.map((n, i) => ({ ...n, i })).filter((n) => !n.aborted);
        expect(woken).toEqual(expected.sort((a, b) => a.ms - b.ms || a.i - b.i).map((n) => n.i));
        expect(clock.sleeping).toBe(0);
      }),
    );
  });

  test('step moves the wall clock alone, either way, and wakes nobody', async () => {
    const clock = new FakeClock(instantOf('2026-01-01T12:00:00Z'));
    const sleeping = clock.sleep(seconds(10));
    clock.step(-3_600_000);
    expect(clock.now()).toBe(Date.parse('2026-01-01T11:00:00Z'));
    expect(clock.monotonic()).toBe(0);
    expect(clock.sleeping).toBe(1);
    await clock.advance(seconds(10));
    await sleeping;
  });

  test('a start that is no time is refused', () => {
    expect(() => new FakeClock('yesterday')).toThrow(RangeError);
  });

  const instantOf = (iso: string) => new FakeClock(iso).now();
});

describe.each<[string, () => Clock]>([
  ['systemClock', () => systemClock],
  ['FakeClock', () => new FakeClock()],
])('%s', (_name, make) => {
  test('an abort ends a sleep at once with the reason', async () => {
    const controller = new AbortController();
    const sleeping = make().sleep(hours(1000), controller.signal);
    controller.abort(new Error('stopped'));
    await expect(sleeping).rejects.toThrow('stopped');
  });

  test('with an aborted signal a sleep does not begin', async () => {
    await expect(make().sleep(hours(1000), AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
  });
});

describe('systemClock', () => {
  test('a sleep of no or negative length resolves', async () => {
    await systemClock.sleep(milliseconds(0));
    await systemClock.sleep(milliseconds(-5));
  });

  test('after a sleep its signal may abort without effect', async () => {
    const controller = new AbortController();
    await systemClock.sleep(milliseconds(1), controller.signal);
    controller.abort();
  });

  test('it tells the wall time in epoch milliseconds, and a time that never goes back', () => {
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(60_000);
    const first = systemClock.monotonic();
    expect(systemClock.monotonic()).toBeGreaterThanOrEqual(first);
  });
});
