import { type Instant, instant, type WattHours, type Watts } from '@venfleet/core';
import type { Reading } from './reading.js';

/** Readings in one block. */
const BLOCK = 4096;
/** The place of no reading. */
const NONE = -1;

/** Columns of readings. A value that is absent is NaN, which no reading has. */
class Block {
  readonly at = new Float64Array(BLOCK);
  readonly power = new Float64Array(BLOCK);
  readonly importEnergy = new Float64Array(BLOCK);
  readonly exportEnergy = new Float64Array(BLOCK);
  readonly stateOfCharge = new Float64Array(BLOCK);
  readonly flags = new Uint32Array(BLOCK);
  /** Where the same resource's reading before is; of a free place, the next free one. */
  readonly older = new Int32Array(BLOCK);
}

/**
 * Readings in memory that are not in the table yet, by resource and in time order, whole milliseconds. Of two with one
 * key the first holds. A fleet has 200,000 of them, which as objects would take 35 MB, and in columns take 10.
 */
export class RecentReadings {
  readonly #blocks: Block[] = [];
  /** Where each resource's latest reading is. */
  readonly #latest = new Map<number, number>();
  #places = 0;
  #free = NONE;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @returns false when the key was there */
  add(reading: Reading): boolean {
    const { resource, at } = reading;
    const { older, newer } = this.#split(resource, at);
    if (newer !== NONE && this.#at(newer) === at) return false;
    this.#link(resource, newer, this.#put(reading, older));
    this.#size++;
    return true;
  }

  /** Takes out the reading with this key. */
  delete({ resource, at }: Reading): void {
    const { older: place, newer } = this.#split(resource, at + 1);
    if (place === NONE || this.#at(place) !== at) return;
    this.#link(resource, newer, this.#older(place));
    this.#setOlder(place, this.#free);
    this.#free = place;
    this.#size--;
  }

  /** As ReadingSource.around. */
  around(resource: number, from: Instant, to: Instant): Reading[] {
    const { older, newer } = this.#split(resource, to);
    const found = newer === NONE ? [] : [this.#get(resource, newer)];
    for (let place = older; place !== NONE; place = this.#older(place)) {
      found.push(this.#get(resource, place));
      if (this.#at(place) < from) break;
    }
    return found.reverse();
  }

  latest(resource: number): Reading | undefined {
    const place = this.#latest.get(resource);
    return place === undefined ? undefined : this.#get(resource, place);
  }

  /** All of them in the order of the table's key; none may come or go meanwhile. */
  *inKeyOrder(): Generator<Reading> {
    for (const resource of [...this.#latest.keys()].sort((a, b) => a - b)) {
      const places: number[] = [];
      for (let place = this.#latest.get(resource) ?? NONE; place !== NONE; place = this.#older(place)) places.push(place);
      for (const place of places.reverse()) yield this.#get(resource, place);
    }
  }

  /** The places of a resource's last reading before `at`, and of its first from there on. */
  #split(resource: number, at: number): { readonly older: number; readonly newer: number } {
    let newer = NONE;
    let older = this.#latest.get(resource) ?? NONE;
    while (older !== NONE && this.#at(older) >= at) {
      newer = older;
      older = this.#older(older);
    }
    return { older, newer };
  }

  /** Lets the reading at `older` be the one before that at `newer`, or the latest where there is no newer one. */
  #link(resource: number, newer: number, older: number): void {
    if (newer !== NONE) this.#setOlder(newer, older);
    else if (older !== NONE) this.#latest.set(resource, older);
    else this.#latest.delete(resource);
  }

  /** Writes a reading to a free place. @returns the place */
  #put(reading: Reading, older: number): number {
    const place = this.#free === NONE ? this.#places++ : this.#free;
    if (place === this.#free) this.#free = this.#older(place);
    if (place >= this.#blocks.length * BLOCK) this.#blocks.push(new Block());
    const block = this.#block(place);
    const i = place % BLOCK;
    block.at[i] = reading.at;
    block.power[i] = reading.power ?? Number.NaN;
    block.importEnergy[i] = reading.importEnergy ?? Number.NaN;
    block.exportEnergy[i] = reading.exportEnergy ?? Number.NaN;
    block.stateOfCharge[i] = reading.stateOfCharge ?? Number.NaN;
    block.flags[i] = reading.flags;
    block.older[i] = older;
    return place;
  }

  #get(resource: number, place: number): Reading {
    const block = this.#block(place);
    const i = place % BLOCK;
    const stateOfCharge = present(block.stateOfCharge[i]);
    return {
      resource,
      at: instant(block.at[i] as number),
      power: present(block.power[i]) as Watts | undefined,
      importEnergy: present(block.importEnergy[i]) as WattHours | undefined,
      exportEnergy: present(block.exportEnergy[i]) as WattHours | undefined,
      ...(stateOfCharge === undefined ? {} : { stateOfCharge }),
      flags: block.flags[i] as number,
    };
  }

  #at(place: number): number {
    return this.#block(place).at[place % BLOCK] as number;
  }

  #older(place: number): number {
    return this.#block(place).older[place % BLOCK] as number;
  }

  #setOlder(place: number, older: number): void {
    this.#block(place).older[place % BLOCK] = older;
  }

  #block(place: number): Block {
    return this.#blocks[Math.floor(place / BLOCK)] as Block;
  }
}

function present(value: number | undefined): number | undefined {
  return Number.isNaN(value) ? undefined : value;
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
