import { type Duration, hours, type Instant, minutes, type Watts, watts } from '@venfleet/core';
import type { End } from '@venfleet/openadr';
import { isHeld, type PlannedResource, type ResourceState } from './model.js';
import type { PlanningPolicy } from './policy.js';
import type { Claim } from './schedule.js';

/** Why a resource takes no part in what is divided. */
export type Absence = 'not controllable' | 'controller does not answer' | 'overriding';

/** What holds a resource: an event's claim, or a shift to cheaper hours. */
export type Holder = { readonly kind: 'event'; readonly claim: Claim } | { readonly kind: 'shift' };

/** One limit that was laid on a resource. */
export interface Bound {
  readonly holder: Holder;
  readonly limit: Watts;
}

/** A resource while limits are found for it. */
export interface Slot {
  readonly resource: PlannedResource;
  readonly state: ResourceState;
  /** What it would draw by itself; undefined where nothing is known of it. */
  readonly load: Watts | undefined;
  /** The same without what a station keeps for a vehicle that may come: what a part of the load is a part of. */
  readonly usual: Watts | undefined;
  /** What it drew before events changed its load. */
  readonly reference: Watts | undefined;
  /** What it draws now, or would where it is held. */
  readonly present: Watts | undefined;
  readonly absence: Absence | undefined;
  /** The least that it is held to: physically, with what its user needs, and when all else must stand back. */
  readonly floor: { readonly usual: number; readonly hard: number };
  /** Below this it draws nothing at all: what a vehicle charges with at least. */
  readonly lowest: number;
  /** Each lower than the one before. */
  readonly bounds: Bound[];
}

export const UNKNOWN_STATE: ResourceState = { reachable: false };

/** A buffer must last for what is left of a segment, but for no longer than that. */
const LONGEST_HOLD: Duration = hours(1);
const SHORTEST_HOLD: Duration = minutes(1);

export function slotOf(
  resource: PlannedResource,
  state: ResourceState,
  reference: Watts | undefined,
  { at, until, policy }: { readonly at: Instant; readonly until: End; readonly policy: PlanningPolicy },
): Slot {
  const known = state.baseline ?? reference ?? state.power;
  const lowest = resource.type === 'EV' ? Math.min(policy.charging.least, resource.pMax) : 0;
  // A station that draws nothing may have a vehicle that waits, or get one: only where none is there it wants nothing.
  const load = resource.type === 'EV' && state.vehicle?.connected !== false ? watts(Math.max(known ?? 0, lowest)) : known;
  const present = state.power === undefined ? known : isHeld(state) ? watts(Math.max(state.power, load ?? 0)) : state.power;
  const absence = absenceOf(resource, state);
  return { resource, state, load, usual: known, reference, present, absence, floor: floorOf(), lowest, bounds: [] };

  function floorOf(): Slot['floor'] {
    const { pMin, pMax } = resource;
    if (resource.type === 'EV') return chargingFloor(resource, state, at, policy);
    const hard = Math.min(pMin, pMax);
    return { usual: Math.max(hard, Math.min(sustained(resource, state, load, holdTime(at, until)), pMax)), hard };
  }
}

function absenceOf({ controllable }: PlannedResource, { reachable, overriding }: ResourceState): Absence | undefined {
  if (!controllable) return 'not controllable';
  if (!reachable) return 'controller does not answer';
  return overriding ? 'overriding' : undefined;
}

function holdTime(at: Instant, until: End): number {
  const left = until === 'forever' ? LONGEST_HOLD : until - at;
  return Math.max(SHORTEST_HOLD, Math.min(LONGEST_HOLD, left));
}

/** The power below which the buffer would be empty before the time is over. */
function sustained({ eMin }: PlannedResource, { buffer }: ResourceState, load: Watts | undefined, hold: number): number {
  if (buffer === undefined || load === undefined) return 0;
  return load - Math.max(0, buffer - eMin) / (hold / hours(1));
}

/** A vehicle that is due gets what it needs in time, and otherwise the least that it charges with (IEC 61851-1). */
function chargingFloor(
  { pMin, pMax }: PlannedResource,
  { vehicle }: ResourceState,
  at: Instant,
  { charging }: PlanningPolicy,
): Slot['floor'] {
  const least = Math.min(charging.least, pMax);
  const { energyWanted, departure } = vehicle ?? {};
  const left = departure === undefined ? undefined : Math.max(SHORTEST_HOLD, departure - at) / hours(1);
  const needed = energyWanted === undefined || left === undefined ? 0 : energyWanted / left;
  const urgent = needed > 0 ? Math.max(least, needed) : 0;
  const usual = Math.max(urgent, charging.pause === 'always' ? 0 : least, pMin);
  return { usual: Math.min(pMax, usual), hard: charging.pause === 'never' ? Math.max(least, pMin) : pMin };
}

/** What it is held to by now. */
export function upperOf(slot: Slot): number {
  return slot.bounds.at(-1)?.limit ?? slot.resource.pMax;
}

/** Lays a limit on a resource; one that is no lower than what holds it already changes nothing. */
export function hold(slot: Slot, limit: number, holder: Holder): void {
  // Whole watts, and never above what was found: devices know no fractions.
  const fit = Math.floor(limit + 1e-6);
  const whole = fit < Math.floor(slot.lowest) ? 0 : fit;
  if (whole < Math.floor(upperOf(slot))) slot.bounds.push({ holder, limit: watts(Math.max(0, whole)) });
}
