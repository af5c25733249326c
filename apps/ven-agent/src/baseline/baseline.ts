import { hours, type Instant, instant, type Watts, watts } from '@venfleet/core';
import type { LocalCalendar } from './calendar.js';

export interface PowerHistory {
  /** Mean power of a resource over a time in the past, of a moment the last one read; undefined where too little is known. */
  meanPower(resource: number, from: Instant, to: Instant): Watts | undefined;
}

/** When events changed the load of a VEN: what was metered then says nothing of the usual one. */
export interface LoadChanges {
  /** Whether they did on a local date, `2026-06-15`. */
  isEventDay(date: string): boolean;
  /** Whether they did at some time from `from` to `to`. */
  isChanged(from: Instant, to: Instant): boolean;
  /** The latest time without one that ends at `at` or before. */
  usualBefore(at: Instant): { readonly from: Instant; readonly to: Instant };
}

/** What a resource would draw by itself. */
export interface BaselineValue {
  readonly power: Watts;
  /** How many similar days it is the mean of. */
  readonly days: number;
  /** Fewer days than the method asks for: an estimate. */
  readonly tooFewDays: boolean;
  /** The factor of the same-day adjustment, 1 where there is none. */
  readonly adjustment: number;
}

export interface BaselineQuestion {
  readonly resource: number;
  readonly from: Instant;
  readonly to: Instant;
  /** The beginning of what changed the load, or the present for a forecast: the adjustment goes by the hours before it. */
  readonly anchor: Instant;
}

/** How a baseline is found. One method is here; a program that prescribes another takes its own. */
export interface Baseline {
  /** Undefined where there is no similar day with data. */
  value(question: BaselineQuestion): BaselineValue | undefined;
}

/** Figures of the California ISO's customer load baseline "10-in-10" (CAISO tariff, 4.13.4.1). */
export const TEN_IN_TEN = {
  /** Similar days: so many are averaged; below `least` the result is an estimate. */
  days: { 'working day': { most: 10, least: 5 }, 'day off': { most: 4, least: 4 } },
  lookBackDays: 45,
  /** The adjustment compares the hours from 4 to 1 before the anchor; the last one may already show the event. */
  adjustment: { from: hours(4), to: hours(1), least: 0.8, most: 1.2 },
} as const;

const DAY = hours(24);

/**
 * The mean of the last similar days (working days, or days off) at the same local time, adjusted by how today differs
 * from them, at most ±20 %. Days with an event and days with too little data are passed over.
 */
export function tenInTen(
  history: PowerHistory,
  calendar: LocalCalendar,
  changes: Pick<LoadChanges, 'isEventDay' | 'isChanged'>,
): Baseline {
  const daysOf = remembered(calendar);
  return {
    value({ resource, from, to, anchor }) {
      const { most, least } = TEN_IN_TEN.days[calendar.kindOf(from)];
      const used: { readonly back: number; readonly power: number }[] = [];
      for (const { back, start, date } of daysOf(from, anchor)) {
        if (changes.isEventDay(date)) continue;
        const power = history.meanPower(resource, start, instant(start + (to - from)));
        if (power !== undefined) used.push({ back, power });
        if (used.length === most) break;
      }
      if (used.length === 0) return undefined;
      const plain = mean(used.map(({ power }) => power));
      const backs = used.map(({ back }) => back);
      const adjustment = sameDayAdjustment(history, calendar, changes, { resource, from, anchor }, backs);
      return { power: watts(plain * adjustment), days: used.length, tooFewDays: used.length < least, adjustment };
    },
  };
}

interface SimilarDay {
  readonly back: number;
  readonly start: Instant;
  readonly date: string;
}

/** So many questions' days are kept: all resources of a fleet are asked the same one after the other. */
const MOST_REMEMBERED = 32;

function remembered(calendar: LocalCalendar): (from: Instant, anchor: Instant) => readonly SimilarDay[] {
  const known = new Map<string, readonly SimilarDay[]>();
  return (from, anchor) => {
    const key = `${from} ${calendar.dateOf(anchor)}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const days = [...similarDays(from, anchor, calendar)];
    if (known.size >= MOST_REMEMBERED) known.delete(known.keys().next().value as string);
    known.set(key, days);
    return days;
  };
}

/** Earlier days of the same kind that lie wholly in the past, latest first. */
function* similarDays(from: Instant, anchor: Instant, calendar: LocalCalendar): Generator<SimilarDay> {
  const kind = calendar.kindOf(from);
  const today = calendar.dateOf(anchor);
  // A forecast's own day may lie days ahead: only days before today count, and only so far back.
  const ahead = Math.max(0, Math.ceil((from - anchor) / DAY));
  for (let back = 1; back <= TEN_IN_TEN.lookBackDays + ahead; back++) {
    const start = calendar.daysBefore(from, back);
    const date = calendar.dateOf(start);
    if (date < today && calendar.kindOf(start) === kind) yield { back, start, date };
  }
}

/**
 * How much more or less was drawn before the anchor than on the similar days at that time; for the anchor's own day only,
 * and not where another event changed the load then.
 */
function sameDayAdjustment(
  history: PowerHistory,
  calendar: LocalCalendar,
  changes: Pick<LoadChanges, 'isChanged'>,
  { resource, from, anchor }: { resource: number; from: Instant; anchor: Instant },
  backs: readonly number[],
): number {
  const { adjustment } = TEN_IN_TEN;
  if (calendar.dateOf(from) !== calendar.dateOf(anchor)) return 1;
  const [start, end] = [instant(anchor - adjustment.from), instant(anchor - adjustment.to)];
  if (changes.isChanged(start, end)) return 1;
  const today = history.meanPower(resource, start, end);
  const before = backs.flatMap((back) => {
    const power = history.meanPower(resource, calendar.daysBefore(start, back), calendar.daysBefore(end, back));
    return power === undefined ? [] : [power as number];
  });
  const usual = mean(before);
  if (today === undefined || !(usual > 0)) return 1;
  return Math.min(adjustment.most, Math.max(adjustment.least, today / usual));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
