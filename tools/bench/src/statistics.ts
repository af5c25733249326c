import type { Target } from './row.js';

/** What one round measured, in the row's unit. */
export interface Round {
  readonly ours: number;
  readonly peer: number;
}

/** The middle of several values and how far they lie apart. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** @throws RangeError when there are no values, or one that is no number */
export function spread(values: readonly number[]): Spread {
  if (values.length === 0 || values.some(Number.isNaN)) throw new RangeError('a spread needs at least one number');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1] as number;
  const high = sorted[Math.floor(middle)] as number;
  return { median: (low + high) / 2, min: sorted[0] as number, max: sorted[sorted.length - 1] as number };
}

/**
 * Our figure divided by the peer's, round by round. The two of a round were measured one after the
 * other, so that what else the machine did in that time weighs on both; figures of different rounds do not compare.
 */
export function ratioOf(rounds: readonly Round[]): Spread {
  return spread(rounds.map(({ ours, peer }) => ours / peer));
}

export function keeps(target: Target, ratio: number): boolean {
  return 'atMost' in target ? ratio <= target.atMost : ratio >= target.atLeast;
}
