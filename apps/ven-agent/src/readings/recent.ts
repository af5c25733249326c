import type { Instant } from '@venfleet/core';
import type { Reading } from './reading.js';

/** Readings in memory that are not in the table yet, by resource and in time order. Of two with one key the first holds. */
export class RecentReadings {
  readonly #byResource = new Map<number, Reading[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @returns false when the key was there */
  add(reading: Reading): boolean {
    const list = this.#byResource.get(reading.resource);
    if (list === undefined) this.#byResource.set(reading.resource, [reading]);
    else {
      const place = placeOf(list, reading.at);
      if (list[place]?.at === reading.at) return false;
      list.splice(place, 0, reading);
    }
    this.#size++;
    return true;
  }

  delete(reading: Reading): void {
    const list = this.#byResource.get(reading.resource);
    const index = list?.indexOf(reading) ?? -1;
    if (index < 0) return;
    list?.splice(index, 1);
    this.#size--;
  }

  /** As ReadingSource.around. */
  around(resource: number, from: Instant, to: Instant): Reading[] {
    const list = this.#byResource.get(resource) ?? [];
    return list.slice(Math.max(0, placeOf(list, from) - 1), placeOf(list, to) + 1);
  }

  latest(resource: number): Reading | undefined {
    return this.#byResource.get(resource)?.at(-1);
  }

  /** All of them in the order of the table's key. */
  inKeyOrder(): Reading[] {
    const all: Reading[] = [];
    for (const resource of [...this.#byResource.keys()].sort((a, b) => a - b)) {
      for (const reading of this.#byResource.get(resource) ?? []) all.push(reading);
    }
    return all;
  }
}

/** The index of the first reading at or after `at`; looked for from the end, where new ones belong. */
function placeOf(list: readonly Reading[], at: number): number {
  let place = list.length;
  while (place > 0 && (list[place - 1] as Reading).at >= at) place--;
  return place;
}

/**
 * One time line of several in time order, the first one's reading where two have one time. As ReadingSource.around:
 * one reading before `from` and one at or after `to`, each from whichever has the nearest.
 */
export function mergeAround(lines: readonly (readonly Reading[])[], from: Instant, to: Instant): Reading[] {
  const byTime = new Map<number, Reading>();
  for (const reading of lines.flat()) if (!byTime.has(reading.at)) byTime.set(reading.at, reading);
  const all = [...byTime.values()].sort((a, b) => a.at - b.at);
  return all.slice(Math.max(0, placeOf(all, from) - 1), placeOf(all, to) + 1);
}
