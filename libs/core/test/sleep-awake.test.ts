import { describe, expect, test } from '@jest/globals';
import { afterAwake, milliseconds, seconds, sleepAwake } from '../src/index.js';
import { FakeClock } from '../src/testing/index.js';

/** A clock by which each sleep takes so much longer, one after the other; then none. */
function sleepy(lates: number[]) {
  let now = 0;
  return {
    monotonic: () => now,
    sleep: async (duration: number) => {
      now += duration + (lates.shift() ?? 0);
    },
  };
}

async function timeOf(duration: number, lates: number[]): Promise<number> {
  const clock = sleepy(lates);
  await sleepAwake(clock, milliseconds(duration));
  return clock.monotonic();
}

describe('sleeping awake', () => {
  test('is sleeping, as long as the process has time', async () => {
    const clock = new FakeClock();
    let isOver = false;
    void sleepAwake(clock, seconds(2)).then(() => {
      isOver = true;
    });
    await clock.advance(milliseconds(1999));
    expect(isOver).toBe(false);
    await clock.advance(milliseconds(1));
    expect(isOver).toBe(true);
  });

  test('takes a timer that is as late as timers are for one that is on time', async () => {
    expect(await timeOf(2000, [3, 2])).toBe(2005);
  });

  test('gives the time on top that the process was not there', async () => {
    expect(await timeOf(2000, [700])).toBe(2700 + 700);
    expect(await timeOf(2000, [700, 100])).toBe(2700 + 800 + 100);
  });

  test('gives it for what keeps the process in the last moment, too', async () => {
    expect(await timeOf(2000, [0, 300])).toBe(2300 + 300);
    expect(await timeOf(2000, [2, 300])).toBe(2302 + 300);
  });

  test('ends when it has given as much again, in a process that never has time', async () => {
    // Each turn is late; the turns are of 2 s and what is given on top.
    expect(await timeOf(2000, Array(1000).fill(50))).toBeLessThanOrEqual(2 * 2 * 2000);
    expect(await timeOf(250, [60_000])).toBe(60_250 + 250);
  });

  test('ends with the reason of its signal', async () => {
    const clock = new FakeClock();
    const stop = new AbortController();
    const sleep = sleepAwake(clock, seconds(2), stop.signal);
    stop.abort('enough');
    await expect(sleep).rejects.toBe('enough');
    expect(clock.sleeping).toBe(0);
  });
});

describe('a time-out of the system’s clock', () => {
  test('is told after a process that was kept has taken what came in', async () => {
    const told: string[] = [];
    await new Promise<void>((done) => {
      afterAwake(milliseconds(50), () => {
        told.push('too late');
        done();
      });
      const end = performance.now() + 120;
      while (performance.now() < end);
      // What has come in is taken in the next turn, and not before a timer that is due.
      setTimeout(() => told.push('answered'), 0);
    });
    expect(told).toEqual(['answered', 'too late']);
  });

  test('that is called off is never told', async () => {
    const told: string[] = [];
    afterAwake(milliseconds(20), () => told.push('called off'))();
    await new Promise<void>((done) => {
      afterAwake(milliseconds(60), done);
    });
    expect(told).toEqual([]);
  });
});
