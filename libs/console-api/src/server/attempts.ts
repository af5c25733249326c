import { type Duration, type HasMonotonic, minutes } from '@venfleet/core';
import { ConsoleProblem } from './problem.js';

export interface AttemptLimits {
  /** So many may fail within the time. */
  readonly most: number;
  readonly within: Duration;
}

const DEFAULT_LIMITS: AttemptLimits = { most: 10, within: minutes(1) };
/** Whoever fails under ever new names fills no memory: the oldest are forgotten. */
const MOST_KEYS = 10_000;

/** Counts failed logins by whom they are of, so that nobody can guess on and on. */
export class LoginAttempts {
  readonly #clock: HasMonotonic;
  readonly #limits: AttemptLimits;
  readonly #failures = new Map<string, { readonly since: number; count: number }>();

  constructor(clock: HasMonotonic, limits: AttemptLimits = DEFAULT_LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Seconds until this one may try again; 0: now. */
  waitS(key: string): number {
    const entry = this.#current(key);
    if (entry === undefined || entry.count < this.#limits.most) return 0;
    return Math.max(1, Math.ceil((entry.since + this.#limits.within - this.#clock.monotonic()) / 1000));
  }

  /** @throws ConsoleProblem 429 for one that has to wait */
  refuse(key: string): void {
    const waitS = this.waitS(key);
    if (waitS === 0) return;
    const headers = { 'retry-after': String(waitS) };
    throw new ConsoleProblem(429, `too many failed logins; try again in ${waitS} s`, { headers });
  }

  failed(key: string): void {
    const entry = this.#current(key);
    if (entry !== undefined) {
      entry.count++;
      return;
    }
    this.#failures.delete(key);
    this.#failures.set(key, { since: this.#clock.monotonic(), count: 1 });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > MOST_KEYS && oldest !== undefined) this.#failures.delete(oldest);
  }

  succeeded(key: string): void {
    this.#failures.delete(key);
  }

  #current(key: string) {
    const entry = this.#failures.get(key);
    return entry !== undefined && this.#clock.monotonic() < entry.since + this.#limits.within ? entry : undefined;
  }
}
