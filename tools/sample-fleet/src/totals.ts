import type { Random } from '@venfleet/core';
import { uniformInt } from '@venfleet/core';
import type { Place } from './places.js';

/** How many sites of each kind; the name is that of the CSV file before -in-denmark.csv. */
export const KIND_TOTALS = {
  bars: 1056,
  hotels: 1507,
  schools: 1278,
  restaurants: 1590,
  industries: 1564,
  bakeries: 842,
  swimmingpools: 336,
  chargingstations: 1541,
} as const;

export type Kind = keyof typeof KIND_TOTALS;
export const KINDS = Object.keys(KIND_TOTALS) as readonly Kind[];

/** The ten biggest VENs. */
export const TOP_TEN: Readonly<Record<string, number>> = {
  Aalborg: 627,
  Aarhus: 557,
  Herning: 507,
  Randers: 448,
  Vejle: 397,
  Viborg: 397,
  Kolding: 312,
  Holstebro: 306,
  Hjørring: 294,
  Frederikshavn: 273,
};

/** All other VENs lie between these. */
const LEAST = 6;
const MOST = 262;
/** How strongly the number of sites grows with the population. */
const EXPONENT = 0.6;

/**
 * How many sites each place has: the top ten as given, the rest of the total shared out by population
 * to the power {@link EXPONENT}, within limits, by largest remainder.
 */
export function sitesPerPlace(places: readonly Place[]): Map<string, number> {
  const total = Object.values(KIND_TOTALS).reduce((sum, n) => sum + n, 0);
  const counts = new Map(Object.entries(TOP_TEN));
  const others = places.filter(({ name }) => !counts.has(name));
  const rest = total - Object.values(TOP_TEN).reduce((sum, n) => sum + n, 0);
  const factor = factorFor(others, rest);
  const shares = others.map((place) => ({ name: place.name, share: shareOf(place, factor) }));
  let missing = rest;
  for (const { name, share } of shares) {
    counts.set(name, Math.floor(share));
    missing -= Math.floor(share);
  }
  const byRemainder = shares
    .filter(({ share }) => share < MOST)
    .sort((a, b) => (b.share % 1) - (a.share % 1) || (a.name < b.name ? -1 : 1));
  for (const { name, share } of byRemainder.slice(0, missing)) counts.set(name, Math.floor(share) + 1);
  return counts;
}

function shareOf({ population }: Place, factor: number): number {
  return Math.min(MOST, Math.max(LEAST, factor * population ** EXPONENT));
}

/** The factor for which the shares add up to `total`, by bisection: their sum only grows with it. */
function factorFor(places: readonly Place[], total: number): number {
  let [low, high] = [0, MOST];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    const sum = places.reduce((s, place) => s + shareOf(place, middle), 0);
    if (sum < total) low = middle;
    else high = middle;
  }
  return low;
}

/** All sites' kinds in a random order. Dealt out to the places in turn they keep both sums exactly. */
export function shuffledKinds(random: Random, scale: number): Kind[] {
  const kinds = KINDS.flatMap((kind) => Array<Kind>(KIND_TOTALS[kind] * scale).fill(kind));
  for (let i = kinds.length - 1; i > 0; i--) {
    const j = uniformInt(random, 0, i);
    [kinds[i], kinds[j]] = [kinds[j] as Kind, kinds[i] as Kind];
  }
  return kinds;
}
