import { type Clock, type Duration, type Instant, instant, milliseconds } from '@venfleet/core';

export interface SimClockOptions {
  /** Simulated time at the first use of the clock. */
  readonly start: Instant;
  /** Simulated seconds in a real one. */
  readonly speed: number;
}

/** A clock that starts where it is told and runs `speed` times as fast as `base`; sleeps shrink with it. */
export class SimClock implements Clock {
  readonly #base: Clock;
  readonly #start: Instant;
  readonly #speed: number;
  readonly #origin: number;

  constructor(base: Clock, { start, speed }: SimClockOptions) {
    this.#base = base;
    this.#start = start;
    this.#speed = speed;
    this.#origin = base.monotonic();
  }

  now(): Instant {
    return instant(Math.round(this.#start + this.monotonic()));
  }

  /** Simulated ms since the clock was made. */
  monotonic(): number {
    return (this.#base.monotonic() - this.#origin) * this.#speed;
  }

  sleep(duration: Duration, signal?: AbortSignal): Promise<void> {
    return this.#base.sleep(milliseconds(duration / this.#speed), signal);
  }
}
