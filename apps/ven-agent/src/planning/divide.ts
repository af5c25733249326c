import { type Instant, minutes, type Watts, watts } from '@venfleet/core';
import { allowedAt, type Counting, levelFor, type Share } from './fill.js';
import type { Amount, Demand } from './payloads.js';
import type { Segment, WinningClaim } from './plan.js';
import type { PlanningPolicy } from './policy.js';
import type { Claim } from './schedule.js';
import { hold, type Slot, upperOf } from './slot.js';

/** What of an amount for several resources came of dividing it. */
export interface Division {
  readonly claim: Claim;
  /** Those that make it up: a reservation is on top of a subscription. */
  readonly parts: readonly Claim[];
  /** What all that the claim is for may draw together. */
  readonly total: Watts;
  /** What those draw that took no part: not controllable, silent, opted out, held by another event. */
  readonly others: Watts;
  /** What was left to divide, and what came of it. */
  readonly room: Watts;
  readonly allowed: Watts;
  /** How much of its flexibility each one gives, 0…1; below 0 there was more than their load. */
  readonly level: number;
  /** What could not be found: floors and others alone are more than the total. */
  readonly short: Watts;
}

/** One amount that is to be divided. */
interface Task extends WinningClaim {
  readonly parts: readonly Claim[];
  readonly counting: Counting;
  readonly total: number;
}

interface Scene {
  readonly at: Instant;
  readonly policy: PlanningPolicy;
}

/** From this part of a cap on, limits are near. */
const NEAR = 0.9;

/** Divides what claims ask of several resources together. */
export function divide({ winners }: Segment, slots: ReadonlyMap<number, Slot>, scene: Scene): Division[] {
  const targets = winners.flatMap((winner) => targetOf(winner, slots));
  const caps = capsOf(winners, slots);
  // Narrow before wide: what holds a part of the resources is known when all of them are divided.
  const tasks = [...narrowFirst(targets), ...narrowFirst(caps)];
  return tasks.map((task) => divideOne(task, slots, scene));
}

const narrowFirst = (tasks: readonly Task[]): Task[] => [...tasks].sort((a, b) => a.claim.scope.length - b.claim.scope.length);

function targetOf({ claim, members }: WinningClaim, slots: ReadonlyMap<number, Slot>): Task[] {
  const { demand } = claim;
  if (demand.kind !== 'total' && demand.kind !== 'change') return [];
  const total = demand.kind === 'total' ? amountOf(demand.amount, claim) : changed(claim, demand, slots);
  return [{ claim, parts: [claim], members, counting: 'drawn', total: Math.max(0, total) }];
}

/** A part is one of all that the resources can draw. */
function amountOf(amount: Amount, { scope }: Claim): number {
  return amount.unit === 'W' ? amount.value : amount.value * scope.reduce((sum, { pMax }) => sum + pMax, 0);
}

/**
 * Relative to the load before the event, and before those that led up to it without a pause: else a row of events that
 * each ask for a little less would come to less and less. A part is one of the load that there would be without events.
 */
function changed({ scope }: Claim, { amount }: Extract<Demand, { kind: 'change' }>, slots: ReadonlyMap<number, Slot>): number {
  let before = 0;
  for (const { id } of scope) {
    const { usual = 0, reference = usual } = slots.get(id) ?? {};
    before += amount.unit === 'W' ? reference : usual;
  }
  return before + (amount.unit === 'W' ? amount.value : amount.value * before);
}

/** Limits go before subscriptions (User Guide, capacity management), to which reservations are added. */
function capsOf(winners: readonly WinningClaim[], slots: ReadonlyMap<number, Slot>): Task[] {
  const of = (wanted: string) => winners.filter(({ claim: { demand } }) => demand.kind === 'cap' && demand.role === wanted);
  const limited = new Set(of('limit').flatMap(({ members }) => members.map(({ id }) => id)));
  const reservations = of('reservation');
  const limits = of('limit').map(({ claim, members }) => capTask(claim, members, []));
  const subscriptions = of('subscription').flatMap(({ claim, members }) => {
    const left = members.filter(({ id }) => !limited.has(id));
    if (left.length === 0) return [];
    const ids = new Set(left.map(({ id }) => id));
    const onTop = reservations.filter((reservation) => reservation.members.some(({ id }) => ids.has(id)));
    return [
      capTask(
        claim,
        left,
        onTop.map((reservation) => reservation.claim),
      ),
    ];
  });
  return [...limits, ...subscriptions].filter(({ members }) => members.some(({ id }) => slots.has(id)));
}

function capTask(claim: Claim, members: WinningClaim['members'], reservations: readonly Claim[]): Task {
  const parts = [claim, ...reservations];
  const total = parts.reduce((sum, { demand }) => sum + (demand.kind === 'cap' ? amountOf(demand.amount, claim) : 0), 0);
  return { claim, parts, members, counting: 'allowed', total };
}

function divideOne(task: Task, slots: ReadonlyMap<number, Slot>, { at, policy }: Scene): Division {
  const { claim, parts, counting, total } = task;
  const { taking, absent, others } = partiesOf(task, slots);
  const room = Math.max(0, total - others);
  const drawn = taking.reduce((sum, { present, resource: { pMax } }) => sum + (present ?? pMax), 0);
  const isFar = counting === 'allowed' && policy.caps === 'near' && drawn <= NEAR * room;
  const { level, allowed } = isFar ? { level: -1, allowed: drawn } : fill(taking, room, { claim, counting, at });
  // One that does not answer, or goes its own way, is told the same: it follows when it can.
  for (const slot of absent) holdAt(slot, level, false, claim);
  return {
    claim,
    parts,
    total: watts(total),
    others: watts(others),
    room: watts(room),
    allowed: watts(allowed),
    level,
    short: watts(Math.max(0, others + allowed - total)),
  };
}

/** Who takes part, who would if it could, and what those draw that do not. */
function partiesOf({ claim, members, counting }: Task, slots: ReadonlyMap<number, Slot>) {
  const own = new Set(members.map(({ id }) => id));
  const taking: Slot[] = [];
  const absent: Slot[] = [];
  let others = 0;
  for (const { id } of claim.scope) {
    const slot = slots.get(id);
    if (slot === undefined) continue;
    // Nobody can say what one gives of whose load nothing is known; under a cap it is held by its rating.
    const isOwn = own.has(id);
    const canGive = isOwn && (slot.load !== undefined || counting === 'allowed');
    if (canGive && slot.absence === undefined) taking.push(slot);
    else others += expected(slot, counting, isOwn);
    if (canGive && slot.absence !== undefined && slot.resource.controllable) absent.push(slot);
  }
  return { taking, absent, others };
}

/** What one draws that is not ours to move now. Nothing known: for a cap its rating, else it says nothing. */
function expected(slot: Slot, counting: Counting, isMember: boolean): number {
  const present = slot.present ?? (counting === 'allowed' ? slot.resource.pMax : 0);
  const obeys = slot.absence === undefined && !isMember;
  return obeys ? Math.min(present, upperOf(slot)) : (slot.state.power ?? present);
}

function shareOf(slot: Slot, hard: boolean): Share {
  const { pMax: most } = slot.resource;
  const upper = upperOf(slot);
  const floor = Math.min(hard ? slot.floor.hard : slot.floor.usual, upper);
  const load = Math.min(most, Math.max(floor, slot.load ?? most));
  return { load, present: slot.present ?? load, floor, most, upper };
}

/** Lowers the limits of those that take part, until what they are allowed, or will draw, fits. */
function fill(slots: readonly Slot[], room: number, { claim, counting, at }: Filling): { level: number; allowed: number } {
  let hard = false;
  let shares = slots.map((slot) => shareOf(slot, hard));
  let level = levelFor(shares, room, counting);
  if (level === 1 && counting === 'allowed') {
    // A cap goes before what users need: vehicles pause, buffers may run empty.
    hard = true;
    shares = slots.map((slot) => shareOf(slot, hard));
    level = levelFor(shares, room, counting);
  }
  const between = slots.filter((slot, i) => isBetween(slot, allowedAt(shares[i] as Share, level)));
  if (between.length === 0) {
    const allowed = sumOf(shares, level, counting);
    for (const slot of slots) holdAt(slot, level, hard, claim);
    return { level, allowed };
  }
  // No vehicle charges with that little: some get the least, the others pause, and what is left is divided anew.
  const given = sumOf(
    between.map((slot) => shareOf(slot, hard)),
    level,
    'allowed',
  );
  const used = chargeInTurn(between, given, { claim, counting, at });
  const settled = new Set(between);
  const others = slots.filter((slot) => !settled.has(slot));
  const rest = fill(others, Math.max(0, room - used), { claim, counting, at });
  return { level, allowed: used + rest.allowed };
}

interface Filling {
  readonly claim: Claim;
  readonly counting: Counting;
  readonly at: Instant;
}

const isBetween = ({ lowest }: Slot, allowed: number): boolean => allowed > 0 && allowed < Math.floor(lowest);

/** Lets as many charge with the least as there is power for. @returns what they use of it, as it is counted */
function chargeInTurn(slots: readonly Slot[], power: number, { claim, counting, at }: Filling): number {
  let [left, used] = [power, 0];
  for (const slot of inTurn(slots, at)) {
    const { lowest, present } = slot;
    const charges = lowest <= left + 1e-6;
    hold(slot, charges ? lowest : 0, { kind: 'event', claim });
    if (!charges) continue;
    left -= lowest;
    used += counting === 'allowed' ? lowest : Math.min(lowest, present ?? lowest);
  }
  return used;
}

/** How long those charge whose turn it is, where there is not enough for all. */
const TURN = minutes(15);

/** Those that have a vehicle first, of these the one that leaves first; else each in its turn. */
function inTurn(slots: readonly Slot[], at: Instant): Slot[] {
  const byId = [...slots].sort((a, b) => a.resource.id - b.resource.id);
  const first = Math.floor(at / TURN) % byId.length;
  const turned = [...byId.slice(first), ...byId.slice(0, first)];
  const hasVehicle = ({ state }: Slot): number => Number(state.vehicle?.connected ?? true);
  const leaves = ({ state }: Slot): number => state.vehicle?.departure ?? Number.MAX_SAFE_INTEGER;
  return turned.sort((a, b) => hasVehicle(b) - hasVehicle(a) || leaves(a) - leaves(b));
}

function sumOf(shares: readonly Share[], level: number, counting: Counting): number {
  return shares.reduce((sum, share) => {
    const allowed = allowedAt(share, level);
    return sum + (counting === 'allowed' ? allowed : Math.min(allowed, share.present));
  }, 0);
}

function holdAt(slot: Slot, level: number, hard: boolean, claim: Claim): void {
  if (level > -1) hold(slot, allowedAt(shareOf(slot, hard), level), { kind: 'event', claim });
}
