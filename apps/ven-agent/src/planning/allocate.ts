import { type Instant, type Watts, watts } from '@venfleet/core';
import { type Division, divide } from './divide.js';
import type { PlannedResource, ResourceState, Setpoint } from './model.js';
import type { Plan, Segment, WinningClaim } from './plan.js';
import { levelRule, type PlanningPolicy } from './policy.js';
import type { ReferenceLoads } from './references.js';
import { type Absence, type Bound, hold, type Slot, slotOf, UNKNOWN_STATE, upperOf } from './slot.js';

export interface AllocationInput {
  readonly plan: Plan;
  readonly at: Instant;
  /** By PlannedResource.id; one that is missing does not answer. */
  readonly states: ReadonlyMap<number, ResourceState>;
  readonly references: ReferenceLoads;
  /** Limits that move consumption to cheaper hours, by PlannedResource.id; events go before them. */
  readonly shifts?: ReadonlyMap<number, Watts> | undefined;
}

/** What a resource is to do, and why. */
export interface ResourceAllocation {
  readonly setpoint: Setpoint;
  /** All limits that were laid on it, each lower than the one before: the last one is the setpoint. */
  readonly bounds: readonly Bound[];
  readonly load: Watts | undefined;
  /** Why it takes no part in what is divided. */
  readonly absence: Absence | undefined;
}

/** What all resources of a VEN are to do. */
export interface Allocation {
  readonly at: Instant;
  readonly segment: Segment;
  /** By PlannedResource.id; one that is missing is free. */
  readonly resources: ReadonlyMap<number, ResourceAllocation>;
  /** What was divided over resources, in the order in which it was. */
  readonly divisions: readonly Division[];
}

const NOTHING_HELD: ReadonlyMap<number, ResourceAllocation> = new Map();
export const FREE: Setpoint = { kind: 'free' };

/** What a resource is to do. */
export const setpointOf = ({ resources }: Allocation, resource: number): Setpoint => resources.get(resource)?.setpoint ?? FREE;

/**
 * Finds each resource's limit for now: what it owes by itself, then what the VEN owes as a whole, narrower claims before
 * wider ones, targets before caps. Limits are only ever lowered on the way, so that the tightest holds.
 */
export function allocate(input: AllocationInput): Allocation {
  const { plan, at, references, shifts } = input;
  const segment = plan.at(at);
  references.begin(segment.quietAt);
  if (segment.idle && (shifts === undefined || shifts.size === 0)) {
    return { at, segment, resources: NOTHING_HELD, divisions: [] };
  }
  const slots = slotsOf(input, segment);
  for (const winner of segment.winners) for (const slot of membersOf(winner, slots)) holdByItself(slot, winner, plan.policy);
  if (shifts !== undefined) holdShifts(shifts, slots, segment);
  const divisions = divide(segment, slots, { at, policy: plan.policy });
  const resources = new Map([...slots].map(([id, slot]) => [id, allocationOf(slot)]));
  return { at, segment, resources, divisions };
}

function slotsOf({ plan, at, states, references }: AllocationInput, segment: Segment): Map<number, Slot> {
  const scene = { at, until: segment.until, policy: plan.policy };
  return new Map(
    plan.resources.map((resource) => {
      const state = states.get(resource.id) ?? UNKNOWN_STATE;
      return [resource.id, slotOf(resource, state, references.of(resource.id, state), scene)];
    }),
  );
}

function* membersOf({ members }: WinningClaim, slots: ReadonlyMap<number, Slot>): Generator<Slot> {
  for (const { id } of members) {
    const slot = slots.get(id);
    if (slot !== undefined) yield slot;
  }
}

/** Events that want consumption go before the wish to move it. */
const WANTS_LOAD: ReadonlySet<string> = new Set(['total', 'change', 'charge']);

function holdShifts(shifts: ReadonlyMap<number, Watts>, slots: ReadonlyMap<number, Slot>, { winners }: Segment): void {
  const wanting = winners.filter(({ claim: { demand } }) => WANTS_LOAD.has(demand.kind));
  const wanted = new Set(wanting.flatMap(({ members }) => members.map(({ id }) => id)));
  for (const [id, limit] of shifts) {
    const slot = slots.get(id);
    if (slot !== undefined && !wanted.has(id)) hold(slot, limit, { kind: 'shift' });
  }
}

/** What a claim asks of each resource apart from the others. */
function holdByItself(slot: Slot, { claim, members }: WinningClaim, policy: PlanningPolicy): void {
  const { demand } = claim;
  const { load, floor } = slot;
  const holder = { kind: 'event', claim } as const;
  switch (demand.kind) {
    case 'level': {
      if (demand.level === 0 || load === undefined) return;
      const { of, shares } = levelRule(policy, slot.resource.subType);
      const least = claim.type === 'ALERT_GRID_EMERGENCY' ? floor.hard : floor.usual;
      const part = shares[demand.level - 1] as number;
      hold(slot, notBelow(least, slot, of === 'baseline' ? load * (1 - part) : load - part * Math.max(0, load - least)), holder);
      return;
    }
    case 'offset':
      // Above normal is what a controller, which limits, cannot ask for.
      if (demand.part > 0 && load !== undefined) {
        hold(slot, notBelow(floor.usual, slot, load - demand.part * Math.max(0, load - floor.usual)), holder);
      }
      return;
    case 'least':
      hold(slot, floor.hard, holder);
      return;
    case 'charge':
      if (slot.resource.type === 'EV' && isCharged(slot, demand.to, members)) hold(slot, 0, holder);
      return;
    default:
  }
}

/** A station without a vehicle draws nothing, and still offers the least to the next one. */
const notBelow = (least: number, slot: Slot, limit: number): number => Math.min(slot.resource.pMax, Math.max(least, limit));

/** An amount for several batteries is divided by their sizes, so that all come to the same state. */
function isCharged(
  { state }: Slot,
  to: { readonly unit: 'Wh' | 'part'; readonly value: number },
  members: readonly PlannedResource[],
): boolean {
  const charge = state.vehicle?.stateOfCharge;
  if (charge === undefined) return false;
  const stations = members.filter(({ type }) => type === 'EV');
  const capacity = stations.reduce((sum, { eMax }) => sum + eMax, 0);
  const part = to.unit === 'part' ? to.value : capacity > 0 ? to.value / capacity : 1;
  return charge >= part;
}

function allocationOf(slot: Slot): ResourceAllocation {
  const { resource, bounds, load, absence } = slot;
  const limit = upperOf(slot);
  const held = bounds.length > 0 && limit < resource.pMax && resource.controllable;
  return { setpoint: held ? { kind: 'limit', limit: watts(limit) } : FREE, bounds, load, absence };
}
