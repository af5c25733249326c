import { type Duration, milliseconds } from '@venfleet/core';

/** Shorter than that, a pause of this process itself would be taken for a dead device. */
const LEAST = 250;

/**
 * How long to wait for a device that has always answered, from the answers so far: mean and mean deviation
 * by RFC 6298 §2. Who is slower than that may be dead; it is asked again with its full time-out, but no longer
 * ahead of the others.
 */
export class Patience {
  #mean: number | undefined;
  #deviation = 0;

  /** An answer took so long. */
  learn(tookMs: number): void {
    if (this.#mean === undefined) {
      this.#mean = tookMs;
      this.#deviation = tookMs / 2;
    } else {
      this.#deviation += (Math.abs(this.#mean - tookMs) - this.#deviation) / 4;
      this.#mean += (tookMs - this.#mean) / 8;
    }
  }

  /** At most `full`, the device's own time-out, which holds as long as nothing is known. */
  limit(full: Duration): Duration {
    if (this.#mean === undefined) return full;
    return milliseconds(Math.min(full, Math.max(LEAST, this.#mean + 4 * this.#deviation)));
  }
}
