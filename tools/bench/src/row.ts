import { VenfleetError } from '@venfleet/core';
import type { Workplace } from './workplace.js';

/** The bound that a ratio, our figure divided by the peer's, has to keep. */
export type Target = { readonly atMost: number } | { readonly atLeast: number };

/** `ms` and `µs` are times, MB and % of a core what is used up, the others are rates; the ratio is always ours / peer. */
export type Unit =
  | 'ms'
  | 'µs/resource'
  | 'requests/s'
  | 'resources/s'
  | 'readings/s'
  | 'messages/s'
  | 'MB'
  | '% of a core'
  | '% of reads';

/** Our work and its peer's, ready to be measured in turn. */
export interface Contest {
  /** Does our work once. @returns its figure in the row's unit */
  ours(): Promise<number>;
  /** Does the peer's work once. @returns its figure in the row's unit */
  peer(): Promise<number>;
  /** What a reader has to know about how it is measured. */
  readonly notes?: readonly string[];
}

/** One line of the benchmark. */
export interface Row {
  readonly name: string;
  /** Rows of one family can be asked for by its name. */
  readonly family?: string;
  /** Our work, for people. */
  readonly what: string;
  /** The peer, for people. */
  readonly against: string;
  readonly unit: Unit;
  readonly target: Target;
  /** So slow that it is only measured when asked for. */
  readonly slow?: boolean;
  /**
   * Sets the contest up; what it starts and writes belongs to `place`, which clears it away.
   * @throws VenfleetError NOT_MEASURED when the peer is not installed
   */
  prepare(place: Workplace): Promise<Contest>;
}

/** Says that a row cannot be measured here, e.g. `needs wrk (Debian package wrk)`. */
export function notMeasured(reason: string, cause?: unknown): VenfleetError {
  return new VenfleetError('NOT_MEASURED', reason, { cause });
}
