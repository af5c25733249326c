import { describeError, type HasMonotonic, isVenfleetError, VenfleetError } from '@venfleet/core';

/** What a run cannot do here and why: nothing is wrong with venfleet. */
export function skipped(why: string, cause?: unknown): VenfleetError {
  return new VenfleetError('INTEROP_SKIPPED', why, { cause });
}

export const isSkipped = (error: unknown): error is VenfleetError => isVenfleetError(error, 'INTEROP_SKIPPED');

/** What was expected of the other side, or of ours, and did not come. */
export function failed(what: string): VenfleetError {
  return new VenfleetError('INTEROP_FAILED', what);
}

/** Says how each step went, in one line, when it is over. */
export class Steps {
  readonly #clock: HasMonotonic;
  readonly #say: (line: string) => void;

  constructor(clock: HasMonotonic, say: (line: string) => void) {
    this.#clock = clock;
    this.#say = say;
  }

  /**
   * @param work gives what is worth telling of its outcome
   * @throws what `work` throws, after the line that says so
   */
  async step(what: string, work: () => Promise<string>): Promise<void> {
    const start = this.#clock.monotonic();
    const took = () => `${((this.#clock.monotonic() - start) / 1000).toFixed(1)} s`;
    try {
      const found = await work();
      this.#say(`  ok    ${what}${found === '' ? '' : `: ${found}`} (${took()})`);
    } catch (error) {
      if (!isSkipped(error)) this.#say(`  FAIL  ${what}: ${describeError(error)} (${took()})`);
      throw error;
    }
  }
}
