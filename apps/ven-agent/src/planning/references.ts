import { type Instant, type Watts, watts } from '@venfleet/core';
import { isHeld, type ResourceState } from './model.js';

/** Measured loads of the past. */
export interface LoadHistory {
  /** What a resource drew at a time, or soon after; undefined where that was not metered. Looked up once a resource and row of events. */
  powerAt(resource: number, at: Instant): Watts | undefined;
}

/**
 * What resources drew when events began, which changes are relative to and which stands for the load of those without a
 * baseline. It is looked up in the readings, and remembered, as the present load says nothing of it once it is limited.
 */
export class ReferenceLoads {
  readonly #history: LoadHistory;
  #since: Instant | undefined;
  #known = new Map<number, Watts>();
  /** What was found last, by resource. */
  readonly #last = new Map<number, Watts>();

  constructor(history: LoadHistory) {
    this.#history = history;
  }

  /** @param since when the events that hold now began; undefined: there are none, and what was known of others is forgotten */
  begin(since: Instant | undefined): void {
    if (since === this.#since) return;
    this.#since = since;
    this.#known = new Map();
  }

  /**
   * What a resource drew when the events began; undefined while there are none, or nothing is known.
   * @param state how it is now: its power is taken where the past was not metered, as in an event that is joined late.
   *   One that is still held by an event before drew what it drew before that one.
   */
  of(resource: number, state: ResourceState): Watts | undefined {
    if (this.#since === undefined) return undefined;
    const known = this.#known.get(resource);
    if (known !== undefined) return known;
    const seen = this.#history.powerAt(resource, this.#since) ?? state.power;
    const before = isHeld(state) ? this.#last.get(resource) : undefined;
    const load = before === undefined ? seen : watts(Math.max(before, seen ?? 0));
    if (load === undefined) return undefined;
    this.#known.set(resource, load);
    this.#last.set(resource, load);
    return load;
  }
}
