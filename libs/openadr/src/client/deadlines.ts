import { type Clock, type Duration, isAbort, milliseconds } from '@venfleet/core';

/** Something that is given up when its time is over. */
export interface Expiring {
  expire(): void;
}

/**
 * One time limit for many things in flight. A timer for each would cost more than the request it guards: since all
 * have the same limit they expire in the order in which they came, so a glance at the oldest a few times a second will do.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #limit: Duration;
  readonly #glance: Duration;
  readonly #pending = new Map<Expiring, number>();
  readonly #closing = new AbortController();
  #watching = false;

  constructor(clock: Clock, limit: Duration) {
    this.#clock = clock;
    this.#limit = limit;
    this.#glance = milliseconds(Math.min(250, limit / 4));
  }

  add(item: Expiring): void {
    this.#pending.set(item, this.#clock.monotonic() + this.#limit);
    if (!this.#watching) void this.#watch();
  }

  remove(item: Expiring): void {
    this.#pending.delete(item);
  }

  close(): void {
    this.#closing.abort();
  }

  async #watch(): Promise<void> {
    this.#watching = true;
    try {
      while (this.#pending.size > 0) {
        await this.#clock.sleep(this.#glance, this.#closing.signal);
        const now = this.#clock.monotonic();
        for (const [item, deadline] of this.#pending) {
          if (deadline > now) break;
          this.#pending.delete(item);
          item.expire();
        }
      }
    } catch (error) {
      if (!isAbort(error)) throw error;
    } finally {
      this.#watching = false;
    }
  }
}
