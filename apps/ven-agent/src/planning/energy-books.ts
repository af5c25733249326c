import { hours, type Instant, type WattHours, type Watts, wattHours } from '@venfleet/core';

/** What happened to a resource over a stretch of time. */
export interface BookEntry {
  readonly resource: number;
  readonly from: Instant;
  readonly to: Instant;
  /** What it would have drawn by itself, and what it drew. */
  readonly load: Watts;
  readonly drawn: Watts;
}

/**
 * What each resource was denied and has not made up yet. Its buffer stands for heat, cold or work in hand: it owes no more
 * than that holds, and nothing more once it is full again.
 */
export class EnergyBooks {
  readonly #owed = new Map<number, number>();
  readonly #mostOf: (resource: number) => number;

  /** @param resources with the sizes of their buffers */
  constructor(resources: readonly { readonly id: number; readonly eMin: WattHours; readonly eMax: WattHours }[]) {
    const sizes = new Map(resources.map(({ id, eMin, eMax }) => [id, eMax - eMin]));
    this.#mostOf = (resource) => sizes.get(resource) ?? 0;
  }

  /** Enters what was drawn less, or more, than there was need for. */
  enter({ resource, from, to, load, drawn }: BookEntry): void {
    const owed = this.owed(resource) + ((load - drawn) * (to - from)) / hours(1);
    this.#owed.set(resource, Math.min(this.#mostOf(resource), Math.max(0, owed)));
  }

  owed(resource: number): WattHours {
    return wattHours(this.#owed.get(resource) ?? 0);
  }
}
