import { describe, expect, it } from '@jest/globals';
import { milliseconds, seconds } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import fc from 'fast-check';
import { AdaptiveLimiter, type LimiterOptions } from '../src/index.js';

function limiter(options: LimiterOptions = {}) {
  const clock = new FakeClock();
  return { clock, limiter: new AdaptiveLimiter(clock, options) };
}

/** Lets pending promises settle without letting time pass. */
const settle = (clock: FakeClock) => clock.advance(milliseconds(0));

/** One round: fills the limiter, waits `latency`, and ends everything with `outcome`. */
async function round(l: AdaptiveLimiter, clock: FakeClock, latency: number, outcome: 'success' | 'overload' = 'success') {
  const permits = Array.from({ length: l.limit }, () => l.acquire() as number);
  await clock.advance(milliseconds(latency));
  for (const permit of permits) l.release(permit, outcome);
}

describe('AdaptiveLimiter', () => {
  it('admits up to its bound at once, and the rest in turn', async () => {
    const { clock, limiter: l } = limiter({ max: 2 });
    const order: number[] = [];
    const first = l.acquire();
    expect([typeof first, typeof l.acquire()]).toEqual(['number', 'number']);
    for (const n of [1, 2, 3]) void Promise.resolve(l.acquire()).then(() => order.push(n));
    await settle(clock);
    expect(order).toEqual([]);
    l.release(first as number, 'success');
    await settle(clock);
    l.release(0, 'neutral');
    await settle(clock);
    expect(order).toEqual([1, 2]);
    expect(l.inFlight).toBe(2);
  });

  it('halves on overload, once for all that were in flight together', async () => {
    const { clock, limiter: l } = limiter();
    expect(l.limit).toBe(64);
    await round(l, clock, 10, 'overload');
    expect(l.limit).toBe(32);
    await round(l, clock, 10, 'overload');
    expect(l.limit).toBe(16);
  });

  it('never falls below one, and recovers to its maximum by successes', async () => {
    const { clock, limiter: l } = limiter({ max: 8 });
    for (let i = 0; i < 10; i++) await round(l, clock, 10, 'overload');
    expect(l.limit).toBe(1);
    for (let i = 0; i < 20; i++) await round(l, clock, 10);
    expect(l.limit).toBe(8);
  });

  it('does not grow while it is hardly used', async () => {
    const { clock, limiter: l } = limiter({ max: 8, start: 4 });
    for (let i = 0; i < 50; i++) {
      const permit = l.acquire() as number;
      await clock.advance(milliseconds(5));
      l.release(permit, 'success');
    }
    expect(l.limit).toBe(4);
  });

  it('lets nobody start before a Retry-After is over', async () => {
    const { clock, limiter: l } = limiter();
    l.release(l.acquire() as number, 'overload', seconds(5));
    let admitted = false;
    void Promise.resolve(l.acquire()).then(() => {
      admitted = true;
    });
    await clock.advance(milliseconds(4999));
    expect(admitted).toBe(false);
    await clock.advance(milliseconds(1));
    expect(admitted).toBe(true);
  });

  it('keeps to the latest of several Retry-After, but not beyond the longest hold', async () => {
    const { clock, limiter: l } = limiter({ longestHold: seconds(10) });
    const [a, b, c] = [l.acquire(), l.acquire(), l.acquire()] as number[];
    l.release(a as number, 'overload', seconds(2));
    let admitted = false;
    void Promise.resolve(l.acquire()).then(() => {
      admitted = true;
    });
    await clock.advance(seconds(1));
    l.release(b as number, 'overload', seconds(1_000_000));
    l.release(c as number, 'overload', seconds(1));
    await clock.advance(milliseconds(9999));
    expect(admitted).toBe(false);
    await clock.advance(milliseconds(1));
    expect(admitted).toBe(true);
  });

  it('backs off from a VTN at which requests queue, and settles where they hardly do', async () => {
    const { clock, limiter: l } = limiter();
    // A VTN that takes 50 ms for each request, one after the other.
    for (let i = 0; i < 150; i++) {
      const permits = Array.from({ length: l.limit }, () => l.acquire() as number);
      for (const permit of permits) {
        await clock.advance(milliseconds(50));
        l.release(permit, 'success');
      }
    }
    expect(l.limit).toBeLessThan(20);
    expect(l.limit).toBeGreaterThanOrEqual(4);
  });

  it('leaves a VTN alone that is slow by nature but has no queue, or quick with one', async () => {
    for (const latency of [600, 20]) {
      const { clock, limiter: l } = limiter();
      for (let i = 0; i < 10; i++) await round(l, clock, latency);
      expect(l.limit).toBe(64);
    }
    const { clock, limiter: l } = limiter();
    await round(l, clock, 1);
    for (let i = 0; i < 10; i++) await round(l, clock, 200);
    expect(l.limit).toBe(64);
  });

  it('takes a cut back that made answers no quicker: such a VTN is slow by itself', async () => {
    const { clock, limiter: l } = limiter();
    await round(l, clock, 10);
    const limits: number[] = [];
    for (let i = 0; i < 10; i++) {
      await round(l, clock, 400);
      limits.push(l.limit);
    }
    expect(Math.min(...limits)).toBe(44);
    expect(limits.slice(1)).toEqual(Array(9).fill(64));
  });

  it('forgets a waiter whose signal aborts', async () => {
    const { clock, limiter: l } = limiter({ max: 1 });
    const first = l.acquire() as number;
    const controller = new AbortController();
    const aborted = expect(l.acquire(controller.signal)).rejects.toThrow('enough');
    const next = Promise.resolve(l.acquire());
    controller.abort(new Error('enough'));
    await aborted;
    l.release(first, 'success');
    await settle(clock);
    expect(await next).toBe(clock.monotonic());
    await expect(l.acquire(AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
  });

  it('refuses all who wait when it closes', async () => {
    const { limiter: l } = limiter({ max: 1 });
    void l.acquire();
    const waiting = expect(l.acquire()).rejects.toThrow('closed');
    l.close(new Error('closed'));
    await waiting;
    await expect(l.acquire()).rejects.toThrow('closed');
  });

  it('whatever happens: stays between 1 and its maximum, loses nobody and never overbooks', async () => {
    const step = fc.record({
      what: fc.constantFrom('acquire', 'success', 'overload', 'neutral', 'wait'),
      ms: fc.integer({ min: 0, max: 3000 }),
      hold: fc.option(fc.integer({ min: 0, max: 5000 }), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 6 }), async (steps, max) => {
        const { clock, limiter: l } = limiter({ max });
        const permits: number[] = [];
        let asked = 0;
        let ended = 0;
        for (const { what, ms, hold } of steps) {
          if (what === 'acquire') {
            asked++;
            void Promise.resolve(l.acquire()).then((permit) => permits.push(permit));
          } else if (what === 'wait') await clock.advance(milliseconds(ms));
          else {
            const permit = permits.shift();
            if (permit === undefined) continue;
            ended++;
            l.release(permit, what, hold === undefined ? undefined : milliseconds(hold));
          }
          await settle(clock);
          expect(l.limit).toBeGreaterThanOrEqual(1);
          expect(l.limit).toBeLessThanOrEqual(max);
          expect(l.inFlight).toBe(permits.length);
          expect(l.inFlight).toBeLessThanOrEqual(max);
        }
        while (ended < asked) {
          await clock.advance(seconds(10));
          for (const permit of permits.splice(0)) {
            ended++;
            l.release(permit, 'success');
          }
        }
        expect(l.inFlight).toBe(0);
      }),
      { numRuns: 40 },
    );
  });
});
