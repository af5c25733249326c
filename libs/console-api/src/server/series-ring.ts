import type { Duration } from '@venfleet/core';
import type { FleetPoint, Series } from '../types.js';

/** Load and baseline over the last hours, a value each step; a later step than the last lets the oldest go. */
export class SeriesRing {
  readonly step: Duration;
  readonly #size: number;
  readonly #load: Float64Array;
  readonly #baseline: Float64Array;
  /** The step that each place is of, counted from 1970. */
  readonly #steps: Float64Array;
  #newest = Number.NEGATIVE_INFINITY;

  constructor(step: Duration, size: number) {
    this.step = step;
    this.#size = size;
    this.#load = new Float64Array(size).fill(Number.NaN);
    this.#baseline = new Float64Array(size).fill(Number.NaN);
    this.#steps = new Float64Array(size).fill(-1);
  }

  /** Number of the step that a time is in. */
  stepAt(time: number): number {
    return Math.floor(time / this.step);
  }

  /** The newest step that anything is known of; undefined where nothing is. */
  get newest(): number | undefined {
    return this.#newest === Number.NEGATIVE_INFINITY ? undefined : this.#newest;
  }

  /** Its place, emptied where it was another step's; undefined for one that is too long ago. */
  place(step: number): number | undefined {
    if (step <= this.#newest - this.#size || step < 0) return undefined;
    if (step > this.#newest) this.#newest = step;
    const place = step % this.#size;
    if (this.#steps[place] !== step) {
      this.#steps[place] = step;
      this.#load[place] = Number.NaN;
      this.#baseline[place] = Number.NaN;
    }
    return place;
  }

  setLoad(step: number, value: number): void {
    const place = this.place(step);
    if (place !== undefined) this.#load[place] = value;
  }

  setBaseline(step: number, value: number): void {
    const place = this.place(step);
    if (place !== undefined) this.#baseline[place] = value;
  }

  /** Adds to what is known of a step; where nothing is, it is this. */
  addLoad(step: number, value: number): void {
    const known = this.loadAt(step);
    this.setLoad(step, Number.isNaN(known) ? value : known + value);
  }

  addBaseline(step: number, value: number): void {
    const known = this.baselineAt(step);
    this.setBaseline(step, Number.isNaN(known) ? value : known + value);
  }

  /** NaN where it is not known. */
  loadAt(step: number): number {
    return this.#valueAt(this.#load, step);
  }

  baselineAt(step: number): number {
    return this.#valueAt(this.#baseline, step);
  }

  /** A place that nothing newer has taken yet may still be that of a step that is too long ago. */
  #valueAt(values: Float64Array, step: number): number {
    const place = step % this.#size;
    const isThere = this.#steps[place] === step && step > this.#newest - this.#size;
    return isThere ? (values[place] as number) : Number.NaN;
  }

  pointAt(step: number): FleetPoint {
    return { startAt: step * this.step, loadW: known(this.loadAt(step)), baselineW: known(this.baselineAt(step)) };
  }

  /** From the oldest step that anything is known of. @param to the last step; the newest known one unless given */
  series(to = this.newest): Series {
    const steps = to === undefined ? [] : [...this.#steps].filter((step) => step >= 0 && step > to - this.#size && step <= to);
    const from = steps.reduce((least, step) => Math.min(least, step), Number.POSITIVE_INFINITY);
    const count = to === undefined || steps.length === 0 ? 0 : to - from + 1;
    const points = Array.from({ length: count }, (_, i) => this.pointAt(from + i));
    return {
      startAt: count === 0 ? 0 : from * this.step,
      stepMs: this.step,
      loadW: points.map(({ loadW }) => loadW),
      baselineW: points.map(({ baselineW }) => baselineW),
    };
  }
}

/** Whole watts: a fleet's sums would have a tail of digits that mean nothing. */
export const known = (value: number): number | null => (Number.isNaN(value) ? null : Math.round(value));
