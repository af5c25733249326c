import type { Duration, Instant, Watts } from '@venfleet/core';
import { type End, endOf, isBefore, spansDuring, startOf } from '@venfleet/openadr';
import { type Allocation, FREE } from './allocate.js';
import { describeDemand } from './describe.js';
import type { Division } from './divide.js';
import type { HeldEvent, PlannedResource, Setpoint } from './model.js';
import { actsOnLoad } from './payloads.js';
import type { Plan } from './plan.js';
import { byPrecedence, type Claim, type Schedule } from './schedule.js';
import type { Absence } from './slot.js';

/** Why an event, or what it says, does not set the limit. */
export type Reason =
  | 'lower priority'
  | 'older than one of the same priority'
  | 'superseded within the event'
  | 'limit goes before subscription'
  | 'not binding'
  | 'a tighter limit holds'
  | 'asks for no other load'
  | 'other target'
  | 'opted out'
  | 'over'
  | 'not yet'
  | 'between intervals'
  | 'cancelled'
  | 'nothing that is understood';

/** One event's say about a resource. */
export interface EventView {
  readonly event: string;
  readonly name: string | undefined;
  readonly program: string;
  readonly priority: number | undefined;
  /** Random shift of what is told here. */
  readonly shift: Duration;
  /** The interval, payload and what it asks for; absent while the event says nothing. */
  readonly interval?: number;
  readonly payload?: string;
  readonly asks?: string;
  readonly from?: Instant;
  readonly until?: End;
  /** True for the one that set the limit. */
  readonly decides: boolean;
  /** Why it does not. */
  readonly reason?: Reason;
  /** What else there is to know: the operator's words, what was not understood. */
  readonly note?: string;
  /** The limit that it laid on the resource, if any. */
  readonly limit?: Watts;
  /** How an amount for several resources was divided. */
  readonly division?: Division;
}

export interface Explanation {
  readonly resource: string;
  readonly at: Instant;
  /** Nothing changes before. */
  readonly until: End;
  readonly setpoint: Setpoint;
  /** What holds it; absent when it is free. */
  readonly holder: 'event' | 'shift' | undefined;
  /** What it would draw by itself. */
  readonly load: Watts | undefined;
  /** Its limit by what it owes alone, before amounts were divided; absent: none. */
  readonly alone: Watts | undefined;
  readonly absence: Absence | undefined;
  /** The deciding one first, then the others by precedence, then those that say nothing now. */
  readonly events: readonly EventView[];
}

/** Says why a resource has the limit that it has: who won, and each loser with the reason. */
export function explain(plan: Plan, allocation: Allocation, resource: PlannedResource): Explanation {
  const { at, segment } = allocation;
  const own = allocation.resources.get(resource.id);
  const divided = new Set(allocation.divisions.map(({ claim }) => claim));
  const last = own?.bounds.at(-1);
  const active = segment.claims.map((claim) => viewOfClaim(claim, resource, allocation));
  const views = [...active.filter(({ decides }) => decides), ...active.filter(({ decides }) => !decides)];
  const speaking = new Set(segment.claims.map(({ held }) => held));
  const silent = plan.schedules.filter(({ held }) => !speaking.has(held)).map((schedule) => viewOfSilent(schedule, at));
  return {
    resource: resource.name,
    at,
    until: segment.until,
    setpoint: own?.setpoint ?? FREE,
    holder: own?.setpoint.kind === 'limit' ? last?.holder.kind : undefined,
    load: own?.load,
    alone: own?.bounds.findLast(({ holder }) => holder.kind !== 'event' || !divided.has(holder.claim))?.limit,
    absence: own?.absence,
    events: [...views, ...silent],
  };
}

function viewOfClaim(claim: Claim, resource: PlannedResource, allocation: Allocation): EventView {
  const own = allocation.resources.get(resource.id);
  const laid = own?.bounds.find(({ holder }) => holder.kind === 'event' && holder.claim === claim);
  const decides = laid !== undefined && laid === own?.bounds.at(-1) && own.setpoint.kind === 'limit';
  const division = allocation.divisions.find(({ parts }) => parts.includes(claim));
  const note = claim.optedOut.has(resource.id) ? optOutNote(claim.held, resource) : extensionNote(claim);
  const reason = decides ? undefined : reasonOf(claim, resource, allocation, laid !== undefined, division);
  return {
    ...headOf(claim.held),
    shift: shiftOf(claim.held, claim.intervalIndex),
    interval: claim.intervalId,
    payload: claim.type,
    asks: describeDemand(claim.demand),
    from: claim.from,
    until: claim.until,
    decides,
    ...(reason === undefined ? {} : { reason }),
    ...(note === undefined ? {} : { note }),
    ...(laid === undefined ? {} : { limit: laid.limit }),
    ...(division === undefined ? {} : { division }),
  };
}

function reasonOf(
  claim: Claim,
  resource: PlannedResource,
  { segment }: Allocation,
  laid: boolean,
  division: Division | undefined,
): Reason {
  if (!claim.scope.some(({ id }) => id === resource.id)) return 'other target';
  if (claim.optedOut.has(resource.id)) return 'opted out';
  const rivals = segment.winners.filter(({ members }) => members.some(({ id }) => id === resource.id));
  const rival = rivals.find((winner) => winner.claim.quantity === claim.quantity)?.claim;
  if (rival !== undefined && rival !== claim) return rivalry(claim, rival);
  if (!actsOnLoad(claim.demand)) return 'asks for no other load';
  if (laid) return 'a tighter limit holds';
  const isCap = claim.demand.kind === 'cap' && claim.demand.role !== 'limit';
  const isLimited = rivals.some(({ claim: { demand } }) => demand.kind === 'cap' && demand.role === 'limit');
  return isCap && isLimited && division === undefined ? 'limit goes before subscription' : 'not binding';
}

function rivalry(claim: Claim, rival: Claim): Reason {
  if (claim.held === rival.held) return 'superseded within the event';
  const [own, other] = [claim.held.event.priority, rival.held.event.priority];
  return own === other && byPrecedence(rival, claim) < 0 ? 'older than one of the same priority' : 'lower priority';
}

function viewOfSilent({ held, scope, timeline, notes, matters }: Schedule, at: Instant): EventView {
  const [start, end] = [startOf(timeline), endOf(timeline)];
  const common = { ...headOf(held), shift: held.shift, decides: false };
  const note = notes.length === 0 ? {} : { note: notes.join('; ') };
  const times = start === undefined || end === undefined ? {} : { from: start, until: end };
  const reason = (): Reason => {
    if (scope.length === 0) return 'other target';
    if (start === undefined || start === end) return 'cancelled';
    if (!matters) return 'nothing that is understood';
    if (at < start) return 'not yet';
    if (end !== undefined && !isBefore(at, end)) return 'over';
    return spansDuring(timeline, at).length > 0 ? 'nothing that is understood' : 'between intervals';
  };
  return { ...common, ...times, reason: reason(), ...note };
}

const headOf = ({ event: { id, name, programId, priority } }: HeldEvent) => ({ event: id, name, program: programId, priority });

/** The shift of an interval: that of the last one up to it that has its own, or the event's. */
function shiftOf({ shift, intervalShifts }: HeldEvent, index: number): Duration {
  for (let i = index; i >= 0; i--) {
    const own = intervalShifts.get(i);
    if (own !== undefined) return own;
  }
  return shift;
}

const extensionNote = ({ extended }: Claim): string | undefined =>
  extended ? 'ran out, and holds on while the VTN is lost' : undefined;

function optOutNote({ optOuts }: HeldEvent, { name }: PlannedResource): string | undefined {
  return optOuts.find(({ resource }) => resource === undefined || resource === name)?.reason;
}
