import { type Duration, type Instant, seconds } from '@venfleet/core';
import { HOUR_MS } from './calendar.js';
import { LOAD_NOISE } from './load-curve.js';
import { chanceKey, type Octave, visibleOctaves } from './noise.js';

/** What all sites of one simulation share. */
export interface World {
  readonly seed: string | number;
  readonly start: Instant;
  /** Grid of simulated time: power is constant from one point of it (a whole multiple since 1970) to the next. */
  readonly step: Duration;
  /** Key of the chance that is the grid's own. */
  readonly gridKey: number;
  /** Noise of the loads that a grid of this step can show. */
  readonly loadNoise: readonly Octave[];
}

export interface WorldOptions {
  readonly seed: string | number;
  readonly start: Instant;
  /** 100 ms to 1 h; 1 s unless given. Longer steps make long runs (a year of history) cheap. */
  readonly step?: Duration | undefined;
}

/** @throws RangeError for a step out of range. */
export function createWorld({ seed, start, step = seconds(1) }: WorldOptions): World {
  if (step < 100 || step > HOUR_MS) throw new RangeError(`the simulation's step must be 100 ms to 1 h, not ${step} ms`);
  return { seed, start, step, gridKey: chanceKey(seed, 'grid'), loadNoise: visibleOctaves(LOAD_NOISE, step) };
}
