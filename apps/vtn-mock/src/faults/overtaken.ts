import type { Duration, HasSleep } from '@venfleet/core';

type Send = () => Promise<unknown>;

/** Holds sendings back until the next one to the same place has gone, or for a while where none comes. */
export class Overtaken<Place> {
  readonly #clock: HasSleep;
  readonly #latest: Duration;
  readonly #held = new Map<Place, Send[]>();
  readonly #stopping = new AbortController();

  constructor(clock: HasSleep, latest: Duration) {
    this.#clock = clock;
    this.#latest = latest;
  }

  hold(place: Place, send: Send): void {
    this.#held.set(place, [...(this.#held.get(place) ?? []), send]);
    const forget = () => undefined;
    void this.#clock.sleep(this.#latest, this.#stopping.signal).then(() => this.#release(place, send), forget);
  }

  stop(): void {
    this.#stopping.abort();
    this.#held.clear();
  }

  /** Sends this one, and then those that it has overtaken. */
  async pass<T>(place: Place, send: () => Promise<T>): Promise<T> {
    const sent = await send();
    for (const late of this.#held.get(place) ?? []) await this.#release(place, late);
    return sent;
  }

  /** Once only. A place that is no longer there does not hear of it: the notification counts as sent. */
  async #release(place: Place, send: Send): Promise<void> {
    const held = this.#held.get(place) ?? [];
    if (!held.includes(send)) return;
    const others = held.filter((other) => other !== send);
    if (others.length === 0) this.#held.delete(place);
    else this.#held.set(place, others);
    await send().catch(() => undefined);
  }
}
