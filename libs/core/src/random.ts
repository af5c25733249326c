import type { Random } from './ports.js';

/** Chance that differs each run; for jitter, not for secrets. */
export const systemRandom: Random = { next: () => Math.random() };

/**
 * A repeatable generator: sfc32 (Chris Doty-Humphrey, PractRand), seeded from a string or number by
 * splitmix32. The same seed gives the same numbers on every machine.
 */
export function seededRandom(seed: string | number): Random {
  let state = hashSeed(String(seed));
  const splitmix = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let z = state ^ (state >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z ^= z >>> 15;
    z = Math.imul(z, 0x735a2d97);
    return (z ^ (z >>> 15)) | 0;
  };
  let a = splitmix();
  let b = splitmix();
  let c = splitmix();
  let counter = 1;
  const next = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    c |= 0;
    return (t >>> 0) / 4_294_967_296;
  };
  for (let i = 0; i < 12; i++) next();
  return { next };
}

/** FNV-1a, 32 bits. */
function hashSeed(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash | 0;
}

/** Uniform in [min, max). */
export function uniform(random: Random, min: number, max: number): number {
  return min + (max - min) * random.next();
}

/** A whole number, uniform in min…max, both included. */
export function uniformInt(random: Random, min: number, max: number): number {
  return min + Math.floor((max - min + 1) * random.next());
}

/** One of `items`, uniformly. @throws RangeError when there is none. */
export function pick<T>(random: Random, items: readonly T[]): T {
  if (items.length === 0) throw new RangeError('cannot pick from an empty list');
  return items[Math.floor(random.next() * items.length)] as T;
}
