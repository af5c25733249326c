/** Shorter than that, a pause of this process itself would be taken for a dead device. */
const LEAST_SLACK_MS = 250;

/** How long answers take, from those so far: mean and mean deviation by RFC 6298 §2. */
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

  /** The time in ms within which the next answer is to be expected; undefined as long as nothing is known. */
  get wait(): number | undefined {
    return this.#mean === undefined ? undefined : this.#mean + Math.max(LEAST_SLACK_MS, 4 * this.#deviation);
  }
}
