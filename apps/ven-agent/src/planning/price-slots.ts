import { hours, type Instant, instant } from '@venfleet/core';
import type { PlannedResource } from './model.js';
import type { Segment } from './plan.js';
import type { OptimiserPolicy } from './policy.js';

/** A stretch of time with one price. */
export interface PriceSlot {
  readonly from: Instant;
  readonly until: Instant;
  /** In hours. */
  readonly length: number;
  readonly price: number;
}

/** What one resource is to draw in one slot, in W, and its limit there; without one it is free. */
export interface SlotPlan {
  readonly power: number;
  readonly limit?: number | undefined;
}

/** A move of consumption that is worth it, by the numbers of the slots. */
export interface PricePair {
  readonly from: number;
  readonly to: number;
}

/** The prices that hold for a resource, from now on as long as they are known without a gap. */
export interface Prices {
  readonly slots: readonly PriceSlot[];
  /** From dear slots to cheap ones, the largest saving first. */
  readonly pairs: readonly PricePair[];
}

/** More and shorter slots gain little: what is shorter joins the next, at the mean of their prices. */
const SHORTEST = 0.25;

/** Finds the prices of each resource; undefined where there are fewer than two different ones. Most share theirs. */
export function priceFinder(segments: readonly Segment[], at: Instant, { by, horizon, leastGain }: OptimiserPolicy) {
  const quantity = by === 'price' ? 'PRICE' : 'GHG';
  const end = instant(at + horizon);
  const priced = segments.map(({ from, until, winners }) => ({
    from,
    until: until === 'forever' ? end : instant(Math.min(until, end)),
    prices: winners.flatMap(({ claim: { quantity: of, demand }, members }) =>
      of === quantity && demand.kind === 'price' ? [{ price: demand.value, ids: new Set(members.map(({ id }) => id)) }] : [],
    ),
  }));
  const known = new Map<string, Prices | undefined>();
  return ({ id }: PlannedResource): Prices | undefined => {
    const series = priced.map(({ prices }) => prices.find(({ ids }) => ids.has(id))?.price);
    const key = series.join();
    if (!known.has(key)) known.set(key, pricesOf(slotsOf(priced, series), leastGain));
    return known.get(key);
  };
}

function slotsOf(
  priced: readonly { readonly from: Instant; readonly until: Instant }[],
  series: readonly (number | undefined)[],
): PriceSlot[] {
  const slots: PriceSlot[] = [];
  for (const [i, { from, until }] of priced.entries()) {
    const price = series[i];
    if (price === undefined) break;
    const last = slots.at(-1);
    const joins = last !== undefined && (last.price === price || last.length < SHORTEST);
    if (joins) slots[slots.length - 1] = joined(last, until, price);
    else slots.push({ from, until, price, length: (until - from) / hours(1) });
  }
  return slots;
}

function joined({ from, length: before, price: old }: PriceSlot, until: Instant, price: number): PriceSlot {
  const length = (until - from) / hours(1);
  return { from, until, length, price: (old * before + price * (length - before)) / length };
}

function pricesOf(slots: readonly PriceSlot[], leastGain: number): Prices | undefined {
  const pairs: (PricePair & { readonly gain: number })[] = [];
  for (const [from, { price: dear }] of slots.entries()) {
    for (const [to, { price: cheap }] of slots.entries()) {
      const gain = dear - cheap;
      if (gain > 0 && gain >= leastGain * Math.abs(dear)) pairs.push({ from, to, gain });
    }
  }
  pairs.sort((a, b) => b.gain - a.gain || a.from - b.from || a.to - b.to);
  return pairs.length === 0 ? undefined : { slots, pairs };
}
