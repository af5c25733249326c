import { describe, expect, test } from '@jest/globals';
import { defaultRetryPolicy, milliseconds, type RetryPolicy, retry, retryPause, seconds } from '@venfleet/core';
import { FakeClock, sequenceRandom } from '@venfleet/core/testing';
import fc from 'fast-check';

class Busy extends Error {
  readonly after;
  constructor(afterMs?: number) {
    super('busy');
    this.after = afterMs === undefined ? undefined : milliseconds(afterMs);
  }
}
const busyOnly = (error: unknown) =>
  error instanceof Busy ? { retry: true as const, after: error.after } : { retry: false as const };
const policy: RetryPolicy = { attempts: 4, base: milliseconds(100), cap: milliseconds(300), longestAsked: seconds(10) };

/** Starts `retry` of work that fails with each of `failures` and then succeeds; tells when each attempt began. */
function start(failures: unknown[], options: { random?: number; signal?: AbortSignal; policy?: RetryPolicy } = {}) {
  const clock = new FakeClock();
  const begun: number[] = [];
  const retries: unknown[] = [];
  const result = retry(
    async (attempt) => {
      begun.push(clock.monotonic());
      if (attempt <= failures.length) throw failures[attempt - 1];
      return `attempt ${attempt}`;
    },
    busyOnly,
    options.policy ?? policy,
    {
      clock,
      random: sequenceRandom(options.random ?? 0.5),
      signal: options.signal,
      onRetry: (attempt, pause) => retries.push([attempt, pause]),
    },
  );
  result.catch(() => {});
  return { clock, begun, retries, result };
}

describe('retryPause', () => {
  const durations = fc.integer({ min: 0, max: 1_000_000 }).map(milliseconds);
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  test('without a wish it is in [0, min(cap, base·2^(retry−1))]', () => {
    fc.assert(
      fc.property(durations, durations, fc.integer({ min: 1, max: 2000 }), chance, (base, cap, n, x) => {
        const pause = retryPause({ ...defaultRetryPolicy, base, cap }, n, sequenceRandom(x));
        expect(pause).toBeGreaterThanOrEqual(0);
        expect(pause).toBeLessThanOrEqual(Math.min(cap, base * 2 ** Math.min(n - 1, 62)));
      }),
    );
  });

  test('a wish of the peer is kept in full, with at most `base` on top', () => {
    fc.assert(
      fc.property(durations, durations, durations, fc.integer({ min: 1, max: 50 }), chance, (base, cap, asked, n, x) => {
        const pause = retryPause({ ...defaultRetryPolicy, base, cap }, n, sequenceRandom(x), asked);
        expect(pause).toBeGreaterThanOrEqual(asked);
        expect(pause).toBeLessThanOrEqual(asked + base);
      }),
    );
  });
});

describe('retry', () => {
  test('a success at once is not repeated', async () => {
    const { result, begun } = start([]);
    await expect(result).resolves.toBe('attempt 1');
    expect(begun).toEqual([0]);
  });

  test('pauses double up to the cap, then the work succeeds', async () => {
    const { clock, result, begun, retries } = start([new Busy(), new Busy(), new Busy()]);
    await clock.advance(seconds(1));
    await expect(result).resolves.toBe('attempt 4');
    expect(begun).toEqual([0, 50, 150, 300]);
    expect(retries).toEqual([
      [1, 50],
      [2, 100],
      [3, 150],
    ]);
  });

  test('the last error is thrown when the attempts are used up', async () => {
    const failures = [new Busy(), new Busy(), new Busy(), new Busy(), new Busy()];
    const { clock, result, begun } = start(failures);
    await clock.advance(seconds(1));
    await expect(result).rejects.toBe(failures[3]);
    expect(begun).toHaveLength(4);
  });

  test('the type of the error decides: another one ends it at once', async () => {
    const bug = new TypeError('busy');
    const { result, begun } = start([bug]);
    await expect(result).rejects.toBe(bug);
    expect(begun).toHaveLength(1);
  });

  test('a Retry-After is waited for, even beyond the cap', async () => {
    const { clock, result, begun } = start([new Busy(5000)]);
    await clock.advance(seconds(10));
    await expect(result).resolves.toBe('attempt 2');
    expect(begun).toEqual([0, 5050]);
  });

  test('a Retry-After longer than longestAsked ends the retries', async () => {
    const failure = new Busy(10_001);
    const { result, begun } = start([failure]);
    await expect(result).rejects.toBe(failure);
    expect(begun).toHaveLength(1);
  });

  test('an abort ends a pause at once with the reason', async () => {
    const controller = new AbortController();
    const { clock, result, begun } = start([new Busy()], { signal: controller.signal });
    await clock.advance(milliseconds(10));
    expect(clock.sleeping).toBe(1);
    controller.abort(new Error('stopped'));
    await expect(result).rejects.toThrow('stopped');
    expect(clock.sleeping).toBe(0);
    expect(begun).toHaveLength(1);
  });

  test('after an abort the work is not called', async () => {
    const { result, begun } = start([], { signal: AbortSignal.abort(new Error('stopped')) });
    await expect(result).rejects.toThrow('stopped');
    expect(begun).toEqual([]);
  });
});
