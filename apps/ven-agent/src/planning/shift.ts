import { hours, type Instant, instant, type WattHours, type Watts, watts } from '@venfleet/core';
import type { PlannedResource, ResourceState } from './model.js';
import type { Plan } from './plan.js';
import type { PlanningPolicy } from './policy.js';
import { type PriceSlot, type Prices, priceFinder, type SlotPlan } from './price-slots.js';
import { shiftBuffer } from './shift-buffer.js';
import { shiftCharging } from './shift-charging.js';

/** What is to come of one resource's load. */
export interface LoadForecast {
  /** Mean power that it would draw by itself; undefined where nobody knows. */
  loadBetween(resource: number, from: Instant, to: Instant): Watts | undefined;
}

export interface ShiftInput {
  readonly plan: Plan;
  readonly at: Instant;
  readonly states: ReadonlyMap<number, ResourceState>;
  readonly forecast: LoadForecast;
  /** What each resource is still to be given back, by PlannedResource.id (EnergyBooks). */
  readonly owed?: ((resource: number) => WattHours) | undefined;
}

export interface ResourceShift {
  readonly slots: readonly (PriceSlot & SlotPlan)[];
  /** What it would draw without a shift, slot by slot, in W. */
  readonly loads: readonly number[];
}

/** Consumption moved to cheaper or cleaner hours, per resource. Made anew when prices, loads or vehicles change. */
export class ShiftPlan {
  readonly resources: ReadonlyMap<number, ResourceShift>;
  /** Where a slot of some resource begins or ends, in order. */
  readonly #edges: readonly Instant[];
  #current: { readonly from: number; readonly until: number; readonly limits: ReadonlyMap<number, Watts> } | undefined;

  constructor(resources: ReadonlyMap<number, ResourceShift>) {
    this.resources = resources;
    const edges = [...resources.values()].flatMap(({ slots }) => slots.flatMap(({ from, until }) => [from, until]));
    this.#edges = [...new Set(edges)].sort((a, b) => a - b);
  }

  /** The limits that hold at a time, by PlannedResource.id: what allocate takes as `shifts`. */
  at(at: Instant): ReadonlyMap<number, Watts> {
    const known = this.#current;
    if (known !== undefined && known.from <= at && at < known.until) return known.limits;
    const limits = new Map<number, Watts>();
    for (const [id, { slots }] of this.resources) {
      const slot = slots.find(({ from, until }) => from <= at && at < until);
      if (slot?.limit !== undefined) limits.set(id, watts(slot.limit));
    }
    const from = this.#edges.findLast((edge) => edge <= at) ?? Number.NEGATIVE_INFINITY;
    const until = this.#edges.find((edge) => edge > at) ?? Number.POSITIVE_INFINITY;
    this.#current = { from, until, limits };
    return limits;
  }
}

const NOTHING = new ShiftPlan(new Map());
/** Prices of every few seconds are looked at for as long as this lasts. */
const MOST_SEGMENTS = 1000;

function firstOf<T>(all: Iterable<T>, most: number): T[] {
  const found: T[] = [];
  for (const each of all) if (found.push(each) >= most) break;
  return found;
}

/**
 * Plans how to move consumption to hours of a lower price (PRICE) or of less carbon (GHG), within each resource's limits.
 * What a buffer gives is given back later within the horizon; a vehicle gets what it wants before it leaves.
 * @returns a plan without shifts while the optimiser is off, or where no price is known
 */
export function planShifts(input: ShiftInput): ShiftPlan {
  const { plan, at } = input;
  const { optimiser } = plan.policy;
  if (optimiser === undefined) return NOTHING;
  const segments = firstOf(plan.segments(at, instant(at + optimiser.horizon)), MOST_SEGMENTS);
  const pricesOf = priceFinder(segments, at, optimiser);
  const resources = new Map<number, ResourceShift>();
  for (const resource of plan.resources) {
    const prices = pricesOf(resource);
    const shift = prices === undefined || !resource.controllable ? undefined : shiftOf(resource, prices, input);
    if (shift !== undefined) resources.set(resource.id, shift);
  }
  return new ShiftPlan(resources);
}

function shiftOf(
  resource: PlannedResource,
  { slots, pairs }: Prices,
  { plan, states, forecast, owed, at }: ShiftInput,
): ResourceShift | undefined {
  const state = states.get(resource.id);
  if (state === undefined || !state.reachable || state.overriding) return undefined;
  if (resource.type === 'EV') return chargingShift(resource, slots, state, at, plan.policy);
  const loads = slots.map(({ from, until }) => forecast.loadBetween(resource.id, from, until) ?? state.baseline ?? state.power);
  if (!loads.every((load) => load !== undefined)) return undefined;
  const level = state.buffer ?? resource.eMax - (owed?.(resource.id) ?? 0);
  const plans = shiftBuffer({ resource, slots, pairs, loads, level });
  return plans && { slots: merged(slots, plans), loads };
}

function chargingShift(
  resource: PlannedResource,
  slots: readonly PriceSlot[],
  { vehicle }: ResourceState,
  at: Instant,
  { charging }: PlanningPolicy,
): ResourceShift | undefined {
  const { connected, energyWanted, departure } = vehicle ?? {};
  if (!connected || energyWanted === undefined || departure === undefined || departure <= at) return undefined;
  const least = charging.pause === 'always' ? 0 : charging.least;
  const before = slots.flatMap((slot) => cutAt(slot, departure));
  const plans = shiftCharging({ slots: before, wanted: energyWanted, least, most: resource.pMax, lowest: charging.least });
  return plans && { slots: merged(before, plans.slots), loads: plans.unshifted };
}

function cutAt(slot: PriceSlot, end: Instant): PriceSlot[] {
  if (slot.from >= end) return [];
  const until = instant(Math.min(slot.until, end));
  return [{ ...slot, until, length: (until - slot.from) / hours(1) }];
}

const merged = (slots: readonly PriceSlot[], plans: readonly SlotPlan[]): (PriceSlot & SlotPlan)[] =>
  slots.map((slot, i) => ({ ...slot, ...(plans[i] as SlotPlan) }));
