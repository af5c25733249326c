import type { Duration, HasMonotonic } from '@venfleet/core';

/** So many answers are kept at the most. */
const KEPT = 16;

/** Remembers for a little while what took long to find, as several look at the same. */
export class Briefly<T> {
  readonly #clock: HasMonotonic;
  readonly #time: Duration;
  readonly #kept = new Map<string, { readonly at: number; readonly value: T }>();

  constructor(clock: HasMonotonic, time: Duration) {
    this.#clock = clock;
    this.#time = time;
  }

  get(key: string, find: () => T): T {
    const now = this.#clock.monotonic();
    const known = this.#kept.get(key);
    if (known !== undefined && now - known.at < this.#time) return known.value;
    const value = find();
    this.#kept.delete(key);
    this.#kept.set(key, { at: now, value });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest);
    return value;
  }
}
