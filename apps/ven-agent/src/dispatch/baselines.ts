import { type Instant, instant, minutes, type Watts, watts } from '@venfleet/core';
import type { Baseline } from '../baseline/baseline.js';
import type { LoadForecast } from '../planning/shift.js';

/** How a resource's baseline is found; undefined as long as nobody can tell. */
export type BaselineSource = (resource: number) => Baseline | undefined;

/** Loads are looked up for as long at once. */
export const BLOCK = minutes(15);

interface Block {
  readonly resource: number;
  readonly from: Instant;
}

/**
 * What the resources of a VEN would draw by themselves, a quarter of an hour at a time. A look-up goes through the
 * readings of ten days: nothing is looked up when it is asked for, but a little at a time in between, and until then it
 * is not known. Only what similar days tell counts, and only where there are enough of them.
 */
export class Baselines implements LoadForecast {
  readonly #source: BaselineSource;
  /** By resource and the block's beginning; undefined where similar days do not tell. */
  readonly #known = new Map<number, Map<Instant, Watts | undefined>>();
  /** What was asked for and is to be looked up, in the order in which it was. */
  readonly #wanted = new Map<string, Block>();
  #anchor: Instant | undefined;

  constructor(source: BaselineSource) {
    this.#source = source;
  }

  /** @param anchor when the events that hold now began, which the adjustment to the present day leaves out; absent: the present */
  begin(anchor: Instant | undefined): void {
    if (anchor === this.#anchor) return;
    this.#anchor = anchor;
    this.#known.clear();
    this.#wanted.clear();
  }

  /** Of the block around a time. The next one is asked for with it, so that it is there when its time comes. */
  loadAt(resource: number, at: Instant): Watts | undefined {
    const from = Math.floor(at / BLOCK) * BLOCK;
    const load = this.#block(resource, instant(from));
    this.#block(resource, instant(from + BLOCK));
    return load;
  }

  /** The mean of the blocks; undefined as long as one of them is not known. */
  loadBetween(resource: number, from: Instant, to: Instant): Watts | undefined {
    let [energy, isKnown] = [0, to > from];
    for (let block = Math.floor(from / BLOCK) * BLOCK; block < to; block += BLOCK) {
      const load = this.#block(resource, instant(block));
      if (load === undefined) isKnown = false;
      else energy += load * (Math.min(to, block + BLOCK) - Math.max(from, block));
    }
    return isKnown ? watts(energy / (to - from)) : undefined;
  }

  /** Looks up what was asked for, until it is enough. @returns whether that was all */
  lookUp(now: Instant, isEnough: () => boolean): boolean {
    const oldest = now - 2 * BLOCK;
    const anchor = this.#anchor ?? instant(Math.floor(now / BLOCK) * BLOCK);
    for (const [key, { resource, from }] of this.#wanted) {
      if (isEnough()) return false;
      this.#wanted.delete(key);
      const baseline = this.#source(resource);
      // Of what is over nobody asks any more; without a source it is asked for again.
      if (from <= oldest || baseline === undefined) continue;
      const found = baseline.value({ resource, from, to: instant(from + BLOCK), anchor });
      const known = this.#known.get(resource) ?? new Map<Instant, Watts | undefined>();
      for (const earlier of known.keys()) if (earlier <= oldest) known.delete(earlier);
      this.#known.set(resource, known.set(from, found === undefined || found.tooFewDays ? undefined : found.power));
    }
    return true;
  }

  #block(resource: number, from: Instant): Watts | undefined {
    const known = this.#known.get(resource);
    if (known?.has(from)) return known.get(from);
    this.#wanted.set(`${resource} ${from}`, { resource, from });
    return undefined;
  }
}
