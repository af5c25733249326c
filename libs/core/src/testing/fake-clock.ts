import type { Clock } from '../ports.js';
import { type Duration, type Instant, instant } from '../units.js';

interface Sleeper {
  readonly due: number;
  wake(): void;
}

/**
 * A clock that stands still until a test moves it. `advance` lets sleepers wake in order of their due
 * times, each with the clock at exactly that time; `step` moves the wall clock alone, as NTP would.
 */
export class FakeClock implements Clock {
  #wall: number;
  #monotonic = 0;
  /** In order of their due times; whoever fell asleep first comes first among equals. */
  readonly #sleepers: Sleeper[] = [];

  constructor(start: Instant | string = '2026-01-01T00:00:00Z') {
    this.#wall = instant(typeof start === 'string' ? Date.parse(start) : start);
  }

  now(): Instant {
    return instant(this.#wall);
  }

  monotonic(): number {
    return this.#monotonic;
  }

  /** How many are asleep. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  sleep(duration: Duration, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const remove = () => {
        this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1);
        signal?.removeEventListener('abort', onAbort);
      };
      const onAbort = () => {
        remove();
        reject(signal?.reason);
      };
      const sleeper: Sleeper = {
        due: this.#monotonic + Math.max(0, duration),
        wake: () => {
          remove();
          resolve();
        },
      };
      this.#sleepers.splice(this.#placeFor(sleeper.due), 0, sleeper);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Lets `duration` pass, waking sleepers on the way, those included that fall asleep meanwhile. */
  async advance(duration: Duration): Promise<void> {
    const end = this.#monotonic + duration;
    await settle();
    for (;;) {
      const next = this.#sleepers[0];
      if (next === undefined || next.due > end) break;
      this.#move(Math.max(0, next.due - this.#monotonic));
      next.wake();
      await settle();
    }
    this.#move(end - this.#monotonic);
    await settle();
  }

  /** Jumps the wall clock by `byMs` without letting time pass. */
  step(byMs: number): void {
    this.#wall += byMs;
  }

  /** Behind all that are due earlier or at the same time; by halves, since a fleet is ten thousand sleepers. */
  #placeFor(due: number): number {
    let [low, high] = [0, this.#sleepers.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sleepers[middle] as Sleeper).due <= due) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #move(ms: number): void {
    this.#monotonic += ms;
    this.#wall += ms;
  }
}

/** Lets everything run that is ready to, promises and I/O callbacks alike. */
async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}
