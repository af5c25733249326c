import { type Instant, instant } from '@venfleet/core';
import {
  type End,
  earlier,
  type GridEvent,
  type IndexedSpan,
  type Length,
  nextEdge,
  spansDuring,
  type Timeline,
  targetedResources,
  timelineOf,
} from '@venfleet/openadr';
import type { HeldEvent, PlannedResource, PlannedVen } from './model.js';
import { actsOnLoad, type Demand, type Quantity, readPayload } from './payloads.js';
import type { PlanningPolicy } from './policy.js';
import { Runs } from './runs.js';

/** One demand of one event, while it holds. */
export interface Claim {
  readonly held: HeldEvent;
  /** The interval's id, as its author numbered it. */
  readonly intervalId: number;
  /** Its place in the event. */
  readonly intervalIndex: number;
  /** Payload type, as written. */
  readonly type: string;
  readonly quantity: Quantity;
  readonly demand: Demand;
  /** The stretch of time, random shift included, that it holds for. */
  readonly from: Instant;
  readonly until: End;
  /** When the event began to act without a break until now, random shift included. */
  readonly actsSince: Instant;
  /** The resources that the event is for, those that were opted out included. */
  readonly scope: readonly PlannedResource[];
  /** Those of them that an operator opted out, by id. */
  readonly optedOut: ReadonlySet<number>;
  /** Held on beyond its end, since the VTN cannot be asked for what comes next. */
  readonly extended?: true;
}

/** What of a payload could not be used. */
export interface PlanNote {
  readonly event: string;
  readonly note: string;
}

interface ReadInterval {
  /** Whether it may change what resources draw. */
  readonly acts: boolean;
  readonly payloads: readonly { readonly type: string; readonly quantity: Quantity; readonly demands: readonly Demand[] }[];
}

/** One event, ready to be asked what it wants when. */
export class Schedule {
  readonly held: HeldEvent;
  readonly scope: readonly PlannedResource[];
  readonly notes: readonly string[];
  readonly timeline: Timeline;
  readonly #intervals: readonly ReadInterval[];
  readonly #optedOut: ReadonlySet<number>;
  #runs: Runs | undefined;

  constructor(held: HeldEvent, ven: PlannedVen, resources: readonly PlannedResource[], policy: PlanningPolicy) {
    this.held = held;
    const { event, seenAt, shift, intervalShifts } = held;
    this.timeline = timelineOf(event, seenAt, { event: shift, intervals: intervalShifts });
    this.scope = targetedResources(event.targets, ven, resources);
    this.#optedOut = optedOut(held, this.scope);
    const notes = new Set<string>();
    const unitsOf = unitFinder(event.payloadDescriptors);
    this.#intervals = event.intervals.map((interval) => {
      const payloads = interval.payloads.flatMap((payload) => {
        const meaning = readPayload(payload, unitsOf(payload.type), policy);
        if (!('ignored' in meaning)) return [{ type: payload.type, ...meaning }];
        notes.add(meaning.ignored);
        return [];
      });
      return { payloads, acts: payloads.some(({ demands }) => demands.some(actsOnLoad)) };
    });
    this.notes = [...notes];
  }

  /** Whether it can ever want anything of this VEN. */
  get matters(): boolean {
    return this.scope.length > 0 && this.#intervals.some(({ payloads }) => payloads.length > 0);
  }

  /** What it wants at a time. */
  claimsAt(at: Instant): Claim[] {
    return spansDuring(this.timeline, at).flatMap((found) => this.#claimsOf(found, at));
  }

  /** The next time at which that changes. */
  nextChange(at: Instant): Instant | undefined {
    let next = nextEdge(this.timeline, at);
    for (const { until } of this.claimsAt(at)) if (until !== 'forever' && (next === undefined || until < next)) next = until;
    return next;
  }

  /**
   * Subscriptions that ran out after a time: what goes on holding when nobody can be asked for the next
   * (User Guide, capacity management: subscriptions are the fallback).
   */
  ranOut(after: Instant, at: Instant): Claim[] {
    if (this.timeline.kind !== 'intervals' || !this.#intervals.some(({ payloads }) => payloads.some(isSubscription))) return [];
    return this.timeline.intervals.flatMap((span, index) => {
      if (span.end === 'forever' || span.end <= after || span.end > at || span.end === span.start) return [];
      const claims = this.#claimsOf({ index, span }, instant(span.end - 1)).filter(({ demand }) => isSubscriptionDemand(demand));
      return claims.map((claim): Claim => ({ ...claim, extended: true }));
    });
  }

  /** Where the run of acting intervals that holds a time began; in a loop without gaps, where that did. */
  #runStart(at: Instant): Instant {
    this.#runs ??= new Runs(this.timeline, (index) => this.#intervals[index]?.acts ?? false);
    return this.#runs.startOf(at);
  }

  #claimsOf({ index, span }: IndexedSpan, at: Instant): Claim[] {
    const { held, scope } = this;
    const optedOut = this.#optedOut;
    const interval = held.event.intervals[index];
    const payloads = this.#intervals[index]?.payloads ?? [];
    if (payloads.length === 0) return [];
    const actsSince = this.#intervals[index]?.acts ? this.#runStart(at) : span.start;
    return payloads.flatMap(({ type, quantity, demands }) => {
      const part = partAt(span, interval?.duration ?? 'forever', demands.length, at);
      const demand = demands[part.number];
      if (demand === undefined) return [];
      const { from, until } = part;
      return [
        { held, intervalId: span.id, intervalIndex: index, type, quantity, demand, from, until, actsSince, scope, optedOut },
      ];
    });
  }
}

/** The k values of a payload hold for 1/k of the interval each; the last as long as there is any of it left. */
function partAt(span: IndexedSpan['span'], length: Length, count: number, at: Instant) {
  const { start, end } = span;
  if (count <= 1 || length === 'forever') return { number: 0, from: start, until: end };
  const step = length / count;
  const edge = (number: number): Instant => instant(start + Math.round(number * step));
  let number = Math.min(count - 1, Math.max(0, Math.floor((at - start) / step)));
  // Edges lie on whole milliseconds.
  if (edge(number) > at) number--;
  while (number < count - 1 && edge(number + 1) <= at) number++;
  return { number, from: edge(number), until: number === count - 1 ? end : earlier(edge(number + 1), end) };
}

/** Units by payload type; of several descriptors for one the first holds. */
function unitFinder(descriptors: GridEvent['payloadDescriptors']): (type: string) => string | undefined {
  const units = new Map<string, string>();
  for (const { payloadType, units: unit } of descriptors) {
    if (typeof unit === 'string' && !units.has(payloadType)) units.set(payloadType, unit.toUpperCase());
  }
  return (type) => units.get(type);
}

function optedOut({ optOuts }: HeldEvent, scope: readonly PlannedResource[]): ReadonlySet<number> {
  if (optOuts.length === 0) return NOBODY;
  const names = new Set(optOuts.map(({ resource }) => resource));
  return new Set(scope.filter(({ name }) => names.has(undefined) || names.has(name)).map(({ id }) => id));
}
const NOBODY: ReadonlySet<number> = new Set();

const isSubscriptionDemand = (demand: Demand): boolean => demand.kind === 'cap' && demand.role === 'subscription';
const isSubscription = ({ demands }: ReadInterval['payloads'][number]): boolean => demands.some(isSubscriptionDemand);

/** Whether a claim changes the usual load: what lasts without end is part of it. */
export function changesUsualLoad({ demand, until, extended }: Claim): boolean {
  return actsOnLoad(demand) && !(demand.kind === 'cap' && (until === 'forever' || extended === true));
}

/**
 * Which of two claims goes first: the lower priority number, none last (3.1 Definition, event.priority); then the newer
 * modification, then the id, so that the order of arrival never matters. Within an event the interval that began later.
 */
export function byPrecedence(a: Claim, b: Claim): number {
  const [x, y] = [a.held.event, b.held.event];
  return (
    Number(a.extended ?? false) - Number(b.extended ?? false) ||
    compare(x.priority ?? Number.POSITIVE_INFINITY, y.priority ?? Number.POSITIVE_INFINITY) ||
    compare(y.modifiedAt ?? Number.NEGATIVE_INFINITY, x.modifiedAt ?? Number.NEGATIVE_INFINITY) ||
    compare(x.id, y.id) ||
    compare(b.from, a.from) ||
    b.intervalIndex - a.intervalIndex
  );
}

const compare = <T extends number | string>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);
