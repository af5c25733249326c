import { seededRandom } from '@venfleet/core';

/**
 * Noise that is a function of time instead of a process with a state: it can be asked at any instant, in
 * any order, and gives the same answer; nothing is stored. Each octave draws one value for each point of
 * a fixed grid and runs straight from one to the next ("value noise", Lagae et al., A Survey of
 * Procedural Noise Functions, 2010), so values return to the mean within a period or two, as those of a
 * mean-reverting process do, and never leave their bounds.
 */

/** A key of 32 bits for everything about one site (or the grid) that is left to chance. */
export function chanceKey(seed: string | number, id: string): number {
  return Math.floor(seededRandom(`${seed}/${id}`).next() * 4_294_967_296) | 0;
}

/** Uniform in [0, 1), always the same for the same key, channel and index (a 32-bit whole number, wrapped). */
export function chance(key: number, channel: number, index = 0): number {
  // The finalizer of MurmurHash3 (Appleby, public domain) over each part.
  let h = Math.imul(key ^ Math.imul(index, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(channel + 1, 0xc2b2ae35);
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  return (h >>> 0) / 4_294_967_296;
}

export interface Octave {
  readonly periodMs: number;
  /** The bound: values lie in −amplitude…+amplitude. */
  readonly amplitude: number;
}

/** The sum of `octaves` at `utcMs`; each octave takes a channel of its own from `channel` on. */
export function noise(key: number, channel: number, octaves: readonly Octave[], utcMs: number): number {
  let sum = 0;
  for (let i = 0; i < octaves.length; i++) {
    const { periodMs, amplitude } = octaves[i] as Octave;
    const position = utcMs / periodMs;
    const index = Math.floor(position);
    const left = chance(key, channel + i, index);
    const right = chance(key, channel + i, index + 1);
    sum += amplitude * (2 * (left + (right - left) * (position - index)) - 1);
  }
  return sum;
}

/**
 * The octaves that a grid of `stepMs` can show: faster ones would only alias, and a long run in steps of
 * minutes would differ from the same run in seconds.
 */
export function visibleOctaves(octaves: readonly Octave[], stepMs: number): readonly Octave[] {
  return octaves.filter((octave) => octave.periodMs >= stepMs);
}
