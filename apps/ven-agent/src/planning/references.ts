import type { Instant, Watts } from '@venfleet/core';

/** Measured loads of the past. */
export interface LoadHistory {
  /** What a resource drew at a time, or soon after; undefined where that was not metered. Looked up once a resource and event. */
  powerAt(resource: number, at: Instant): Watts | undefined;
}

/**
 * What resources drew when events began, which changes are relative to and which stands for the load of those without a
 * baseline. It is looked up in the readings, and remembered, as the present load says nothing of it once it is limited.
 */
export class ReferenceLoads {
  readonly #history: LoadHistory;
  readonly #known = new Map<Instant, Map<number, Watts | undefined>>();

  constructor(history: LoadHistory) {
    this.#history = history;
  }

  /** @param present taken where the past was not metered: an event that is joined late */
  at(since: Instant, resource: number, present: Watts | undefined): Watts | undefined {
    let loads = this.#known.get(since);
    if (loads === undefined) {
      loads = new Map();
      this.#known.set(since, loads);
    }
    let load = loads.get(resource);
    if (load === undefined) {
      load = this.#history.powerAt(resource, since) ?? present;
      if (load !== undefined) loads.set(resource, load);
    }
    return load;
  }

  /** Forgets all but the given times. */
  keep(times: ReadonlySet<Instant>): void {
    for (const time of this.#known.keys()) if (!times.has(time)) this.#known.delete(time);
  }
}
