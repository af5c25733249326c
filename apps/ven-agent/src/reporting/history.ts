import { type Duration, type Instant, instant, minutes, type Watts, watts } from '@venfleet/core';
import type { PowerHistory } from '../baseline/baseline.js';
import type { ReadingSource } from '../readings/reading.js';
import { meanPower } from './measure.js';
import { windowOf } from './payloads.js';

/** The past as the stored readings have it; a time less than half covered is not known. */
export function readingHistory(
  readings: Pick<ReadingSource, 'around'>,
  resources: readonly { readonly id: number; readonly readInterval: Duration }[],
): PowerHistory {
  const intervals = new Map(resources.map(({ id, readInterval }) => [id, readInterval]));
  const known = new Means();
  const oldest = new Map<number, Instant>();
  /** A baseline looks back for weeks: on a new meter's first days most of that is before its first reading. */
  const isBeforeAll = (resource: number, to: Instant): boolean => {
    const found = oldest.get(resource) ?? readings.around(resource, instant(0), instant(1))[0]?.at;
    if (found !== undefined) oldest.set(resource, found);
    return found === undefined || to <= found;
  };
  return {
    meanPower(resource, from, to) {
      if (isBeforeAll(resource, to)) return undefined;
      return known.get(`${resource} ${from} ${to}`, () => {
        const window = windowOf({ readInterval: intervals.get(resource) ?? minutes(1) }, from, to);
        const { value } = meanPower(readings.around(resource, from, to), window);
        return value === undefined ? undefined : watts(value);
      });
    },
  };
}

/**
 * Remembers what was computed from thousands of readings: a forecast of two days asks each hour for almost the same
 * times. The past does not change, so the oldest entries go only for their room.
 */
class Means {
  readonly #values = new Map<string, Watts>();

  get(key: string, compute: () => Watts | undefined): Watts | undefined {
    const found = this.#values.get(key);
    if (found !== undefined) return found;
    const value = compute();
    if (value === undefined) return undefined;
    if (this.#values.size >= MOST_MEANS) this.#values.delete(this.#values.keys().next().value as string);
    this.#values.set(key, value);
    return value;
  }
}

/** About 20 MB. */
const MOST_MEANS = 200_000;
