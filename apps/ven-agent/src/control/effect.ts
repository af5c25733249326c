import { type Duration, seconds, type Watts } from '@venfleet/core';

/** A site and its meter may take so long to follow a new limit (IEC 61851-1 gives a vehicle 5 s). */
const SETTLING = seconds(15);
/** Readings in a row that say so, over more than one renewal, before a controller is called a liar. */
const EVIDENCE = { readings: 3, over: seconds(30) };
/** What a meter may show above the limit: its accuracy, and what a controller needs to regulate. */
export const TOLERANCE = { share: 0.05, watts: 200 };

/** Watches on the meter whether a limit that is confirmed has any effect. */
export class EffectWatch {
  #above = 0;
  #since: Duration | undefined;

  /**
   * A reading of the meter.
   * @param bound what the site can be held to: the limit, or its P_min where that is higher
   * @param heldFor how long the limit has been confirmed
   * @returns true: the limit works; false: it does not; undefined: too early to say
   */
  judge(power: Watts, bound: Watts, heldFor: Duration): boolean | undefined {
    if (heldFor < SETTLING) return undefined;
    if (power <= bound * (1 + TOLERANCE.share) + TOLERANCE.watts) {
      this.reset();
      return true;
    }
    this.#since ??= heldFor;
    this.#above++;
    return this.#above >= EVIDENCE.readings && heldFor - this.#since >= EVIDENCE.over ? false : undefined;
  }

  /** Another limit, or none, or one that the site is known to override. */
  reset(): void {
    this.#above = 0;
    this.#since = undefined;
  }
}
