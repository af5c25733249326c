import { type Instant, instant } from '@venfleet/core';
import type { End } from '@venfleet/openadr';
import type { HeldEvent, PlannedResource, PlannedVen } from './model.js';
import { actsOnLoad } from './payloads.js';
import type { PlanningPolicy } from './policy.js';
import { byPrecedence, type Claim, changesUsualLoad, type PlanNote, Schedule } from './schedule.js';

export interface PlanInput {
  readonly ven: PlannedVen;
  readonly resources: readonly PlannedResource[];
  /** In any order. */
  readonly events: readonly HeldEvent[];
  readonly policy: PlanningPolicy;
  /** Since when the VTN cannot be reached; absent while it can. */
  readonly vtnLostSince?: Instant | undefined;
}

/** A claim, and for which of its resources it goes before all others of the same quantity. */
export interface WinningClaim {
  readonly claim: Claim;
  readonly members: readonly PlannedResource[];
}

/** What applies over a stretch of time in which nothing changes. */
export interface Segment {
  /** It holds from here, at the latest. */
  readonly from: Instant;
  readonly until: End;
  /** All that is claimed, in the order of precedence. */
  readonly claims: readonly Claim[];
  /** Those that win for some resource, in the order of precedence. */
  readonly winners: readonly WinningClaim[];
  /** True when nobody asks for another load than usual. */
  readonly idle: boolean;
  /** The last moment before events that change the load began, one overlapping the next; absent while there are none. */
  readonly quietAt: Instant | undefined;
}

/** Events without a break between them: far more than any day has. */
const MOST_EVENTS_IN_A_ROW = 200;

/** What applies when, for one VEN. Made anew when its events, resources or settings change. */
export class Plan {
  readonly resources: readonly PlannedResource[];
  readonly policy: PlanningPolicy;
  /** What could not be used, to be logged once. */
  readonly notes: readonly PlanNote[];
  /** All events, those that never want anything of this VEN included. */
  readonly schedules: readonly Schedule[];
  readonly #active: readonly Schedule[];
  readonly #lostSince: Instant | undefined;
  #cached: Segment | undefined;

  constructor({ ven, resources, events, policy, vtnLostSince }: PlanInput) {
    this.resources = resources;
    this.policy = policy;
    this.#lostSince = policy.vtnLoss === 'subscription' ? vtnLostSince : undefined;
    this.schedules = events.map((held) => new Schedule(held, ven, resources, policy));
    this.#active = this.schedules.filter(({ matters }) => matters);
    this.notes = this.schedules.flatMap(({ held, notes }) => notes.map((note) => ({ event: held.event.id, note })));
  }

  /** What applies at a time. Asking again within the same segment costs nothing. */
  at(at: Instant): Segment {
    const known = this.#cached;
    if (known !== undefined && known.from <= at && (known.until === 'forever' || at < known.until)) return known;
    this.#cached = this.#segmentAt(at);
    return this.#cached;
  }

  /** The first time after `at` when something else applies; undefined when nothing changes any more. */
  nextChange(at: Instant): Instant | undefined {
    let next: Instant | undefined;
    for (const schedule of this.#active) {
      const change = schedule.nextChange(at);
      if (change !== undefined && (next === undefined || change < next)) next = change;
    }
    return next;
  }

  /** The segments from `from` to `to`, without gaps or overlaps; the first and last cut to that time. */
  *segments(from: Instant, to: Instant): Generator<Segment> {
    for (let at = from; at < to; ) {
      const segment = this.#segmentAt(at);
      yield segment;
      if (segment.until === 'forever') return;
      at = segment.until;
    }
  }

  #segmentAt(at: Instant): Segment {
    const claims = this.#claimsAt(at);
    const winners = winnersOf(claims);
    return {
      from: at,
      until: this.nextChange(at) ?? 'forever',
      claims,
      winners,
      idle: !winners.some(({ claim }) => actsOnLoad(claim.demand)),
      quietAt: this.#quietBefore(claims),
    };
  }

  #claimsAt(at: Instant): Claim[] {
    const claims = this.#active.flatMap((schedule) => schedule.claimsAt(at));
    const lost = this.#lostSince;
    if (lost !== undefined && lost <= at) claims.push(...this.#active.flatMap((schedule) => schedule.ranOut(lost, at)));
    return claims.sort(byPrecedence);
  }

  /** Goes back from event to event, as long as there was one under way before the one before began. */
  #quietBefore(claims: readonly Claim[]): Instant | undefined {
    let start: Instant | undefined;
    let acting = claims.filter(changesUsualLoad);
    for (let steps = MOST_EVENTS_IN_A_ROW; steps > 0 && acting.length > 0; steps--) {
      const earliest = instant(Math.min(...acting.map(({ actsSince }) => actsSince)));
      if (start !== undefined && earliest >= start) break;
      start = earliest;
      const before = instant(start - 1);
      acting = this.#active.flatMap((schedule) => schedule.claimsAt(before)).filter(changesUsualLoad);
    }
    return start;
  }
}

/** Makes a VEN's plan of what it holds. Pure: the same input in any order gives the same plan. */
export function planVen(input: PlanInput): Plan {
  return new Plan(input);
}

/** For each quantity and resource the first claim wins that the operator did not refuse. */
function winnersOf(claims: readonly Claim[]): WinningClaim[] {
  const taken = new Map<string, Set<number>>();
  return claims.flatMap((claim) => {
    const won = taken.get(claim.quantity) ?? new Set();
    taken.set(claim.quantity, won);
    const members = claim.scope.filter((resource) => !won.has(resource.id) && !claim.optedOut.has(resource.id));
    for (const { id } of members) won.add(id);
    return members.length === 0 ? [] : [{ claim, members }];
  });
}
