import { SeriesRing } from '@venfleet/console-api/server';
import { type Duration, minutes, seconds } from '@venfleet/core';
import { AGGREGATED_REPORT } from '@venfleet/openadr';
import type { Kind, Measurement } from '../operator/measurements.js';

/** Fine enough for a report each ten seconds, and three hours of it. */
export const STEP: Duration = seconds(10);
export const STEPS = 1080;
/** Of so many resources at least a sum has to be, to stand for all: a meter that fails must not hide the others. */
const MOST_OF_THEM = 0.9;
/** A value is of now until three of its intervals have passed without a newer one, and for a minute in any case. */
const INTERVALS_HELD = 3;
const LEAST_HELD = minutes(1);
/** Sums under way: reports may tell of one resource each. */
const SUMS_KEPT = 8;
const EVENTS_KEPT = 8;

/** What one VEN told of one interval: of all that it was asked about, or of a part of it. */
interface Told {
  readonly kind: Kind;
  readonly start: number;
  /** No later than when it was told. */
  readonly end: number;
  readonly power: number;
  /** How many resources it is of. */
  readonly scope: number;
  readonly rank: number;
}

/** The newest interval of an event that a VEN told both load and baseline of. */
export interface EventSample {
  readonly load: number;
  readonly baseline: number;
  readonly intervalId: number;
  readonly end: number;
}

interface EventBook {
  readonly open: Map<number, { load?: number; baseline?: number }>;
  newest: EventSample | undefined;
}

/** What one VEN's reports say of its load, kept so that the newest is known at once, and hours of it can be drawn. */
export class VenLoad {
  readonly ring = new SeriesRing(STEP, STEPS);
  /** Newest power of each resource that was told by itself. */
  readonly powers = new Map<string, { readonly powerW: number; readonly endAt: number; readonly lengthMs: number }>();
  /** When the newest report came. */
  lastReportAt: number | undefined;
  readonly #sums = new Map<string, Map<string, number>>();
  readonly #events = new Map<string, EventBook>();
  /** How good the value at each place of the ring is: the lower, the better. */
  readonly #ranks = { load: new Float64Array(STEPS), baseline: new Float64Array(STEPS) };
  readonly #newest: Record<Kind, { end: number; length: number; power: number } | undefined> = {
    load: undefined,
    baseline: undefined,
  };

  /**
   * Takes the measurements of one report.
   * @param resources how many the VEN has
   * @param scope how many of them the report's event is for
   */
  add(measurements: readonly Measurement[], resources: number, scope: number, cameAt: number): void {
    this.lastReportAt = Math.max(this.lastReportAt ?? 0, cameAt);
    for (const [key, group] of grouped(measurements)) {
      const told = this.#told(key, group, scope, cameAt);
      const [first] = group;
      if (told === undefined || first === undefined) continue;
      this.#noteEvent(first, told);
      if (told.scope >= MOST_OF_THEM * resources) this.#draw(told);
    }
  }

  /** Its load as it is now, and when the interval ended that it is of; undefined where that is too long ago. */
  loadAt(now: number): { readonly power: number; readonly end: number } | undefined {
    return this.#fresh('load', now);
  }

  baselineAt(now: number): { readonly power: number; readonly end: number } | undefined {
    return this.#fresh('baseline', now);
  }

  /** How long its newest load stands for the time after it. */
  get heldMs(): number {
    return heldFor(this.#newest.load?.length ?? 0);
  }

  /** What it last told of an event; undefined where that is too long ago. */
  sampleOf(eventId: string, now: number): EventSample | undefined {
    const newest = this.#events.get(eventId)?.newest;
    return newest !== undefined && newest.end + this.heldMs >= now ? newest : undefined;
  }

  #fresh(kind: Kind, now: number) {
    const newest = this.#newest[kind];
    return newest !== undefined && newest.end + heldFor(newest.length) >= now ? newest : undefined;
  }

  /** What is still to come when it is told is a forecast, or timed by a clock that is ahead: it is no load of now. */
  #told(key: string, group: readonly Measurement[], scope: number, cameAt: number): Told | undefined {
    const [{ kind, start, end: toldEnd, rank }] = group as [Measurement];
    const end = Math.min(toldEnd, cameAt);
    if (start >= end) return undefined;
    const whole = group.find(({ resource }) => resource === AGGREGATED_REPORT);
    if (whole !== undefined) return whole.power === undefined ? undefined : { kind, start, end, rank, power: whole.power, scope };
    const sum = this.#sumFor(key);
    for (const { resource, power } of group) {
      if (power === undefined) continue;
      sum.set(resource, power);
      if (kind === 'load' && (this.powers.get(resource)?.endAt ?? 0) <= end)
        this.powers.set(resource, { powerW: power, endAt: end, lengthMs: end - start });
    }
    if (sum.size === 0) return undefined;
    return { kind, start, end, rank, power: [...sum.values()].reduce((total, one) => total + one, 0), scope: sum.size };
  }

  #sumFor(key: string): Map<string, number> {
    const sum = this.#sums.get(key) ?? new Map<string, number>();
    this.#sums.delete(key);
    this.#sums.set(key, sum);
    forgetOldest(this.#sums, SUMS_KEPT);
    return sum;
  }

  #noteEvent({ eventId, intervalId }: Measurement, { kind, start, end, power }: Told): void {
    const book = this.#events.get(eventId) ?? { open: new Map(), newest: undefined };
    this.#events.delete(eventId);
    this.#events.set(eventId, book);
    forgetOldest(this.#events, EVENTS_KEPT);
    const pair = book.open.get(start) ?? {};
    pair[kind] = power;
    book.open.set(start, pair);
    forgetOldest(book.open, SUMS_KEPT);
    if (pair.load === undefined || pair.baseline === undefined || end < (book.newest?.end ?? 0)) return;
    book.newest = { load: pair.load, baseline: pair.baseline, intervalId, end };
  }

  /** Where several tell of the same time, the finest interval counts, then the better kind of value. */
  #draw({ kind, start, end, power, rank }: Told): void {
    const { ring } = this;
    const score = end - start + rank;
    const newest = this.#newest[kind];
    if (newest === undefined || end > newest.end || (end === newest.end && end - start <= newest.length)) {
      this.#newest[kind] = { end, length: end - start, power };
    }
    const first = Math.max(ring.stepAt(start + STEP / 2), (ring.newest ?? 0) - STEPS);
    for (let step = first; step * STEP + STEP / 2 < end; step++) {
      const place = ring.place(step);
      if (place === undefined) continue;
      const isKnown = !Number.isNaN(kind === 'load' ? ring.loadAt(step) : ring.baselineAt(step));
      if (isKnown && score > (this.#ranks[kind][place] as number)) continue;
      this.#ranks[kind][place] = score;
      if (kind === 'load') ring.setLoad(step, power);
      else ring.setBaseline(step, power);
    }
  }
}

/** How long a value of an interval of that length stands for the time after it, in ms. */
export const heldFor = (length: number): number => Math.max(LEAST_HELD, INTERVALS_HELD * length);

/** By what they are about: one kind of value of one interval of one event, told in one way. */
function grouped(measurements: readonly Measurement[]): Map<string, Measurement[]> {
  const groups = new Map<string, Measurement[]>();
  for (const one of measurements) {
    const key = `${one.eventId} ${one.kind} ${one.rank} ${one.start} ${one.end}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return groups;
}

function forgetOldest<K>(map: Map<K, unknown>, size: number): void {
  for (const key of map.keys()) {
    if (map.size <= size) return;
    map.delete(key);
  }
}
