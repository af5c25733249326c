import type { Random } from '../ports.js';

/** Gives `values` (each in [0, 1)) one after the other, then starts over. */
export function sequenceRandom(...values: number[]): Random {
  let i = 0;
  return { next: () => values[i++ % values.length] ?? 0 };
}
