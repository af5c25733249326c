import type { GridEvent } from '@venfleet/openadr';

/** An event as the VTN wrote it, and as JSON: two that are the same in it are the same event. */
export interface Definition {
  readonly event: GridEvent;
  readonly json: string;
}

/**
 * Keeps an event once that is the same for many VENs, as one for all of a fleet is: a day of prices for 158 VENs would
 * otherwise take as much memory as all else together. What no VEN has any more goes.
 */
export class Definitions {
  readonly #kept = new Map<string, WeakRef<Definition>>();
  #sweepAt = 64;

  of(event: GridEvent): Definition {
    const json = JSON.stringify(event);
    return this.#find(json) ?? this.#keep({ event, json });
  }

  parse(json: string): Definition {
    return this.#find(json) ?? this.#keep({ event: JSON.parse(json) as GridEvent, json });
  }

  #find(json: string): Definition | undefined {
    return this.#kept.get(json)?.deref();
  }

  #keep(definition: Definition): Definition {
    this.#kept.set(definition.json, new WeakRef(definition));
    if (this.#kept.size >= this.#sweepAt) {
      for (const [json, ref] of this.#kept) if (ref.deref() === undefined) this.#kept.delete(json);
      this.#sweepAt = Math.max(64, 2 * this.#kept.size);
    }
    return definition;
  }
}
