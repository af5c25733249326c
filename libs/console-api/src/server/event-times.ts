import { type Instant, instant } from '@venfleet/core';
import {
  type Attribute,
  countOf,
  endOf,
  type GridEvent,
  SHEDDING_ALERTS,
  spanAt,
  spansDuring,
  startOf,
  type Timeline,
  timelineOf,
} from '@venfleet/openadr';
import type { EventPeriod, EventState } from '../types.js';
import { labelOf } from './event-words.js';

/** Payload types that are to change what VENs draw (Definition, event payload types). */
const LOAD_TYPES: ReadonlySet<string> = new Set([
  ...SHEDDING_ALERTS,
  'SIMPLE',
  'CONTROL_LEVEL_OFFSET',
  'CONTROL_LEVEL_OFFSET_PERCENT',
  'DISPATCH_SETPOINT',
  'DISPATCH_SETPOINT_RELATIVE',
  'IMPORT_CAPACITY_LIMIT',
  'EXPORT_CAPACITY_LIMIT',
  'CHARGE_STATE_SETPOINT',
]);

/** No chart has use for more. */
const MOST_PERIODS = 500;

/** When an event is, and what it says when: worked out once, as an event may have thousands of intervals. */
export interface EventTimes {
  readonly timeline: Timeline;
  /** Null: it has no interval at all. */
  readonly startAt: number | null;
  /** Null: it has no end. */
  readonly endAt: number | null;
  /** It lasts no time, so that nobody acts on it any more (User Guide, cancelling an event). */
  readonly isCancelled: boolean;
  readonly periods: readonly EventPeriod[];
  readonly changesLoad: boolean;
  /** How often reports come at the least, in ms; undefined where it asks for none, or for one at its end. */
  readonly reportedEvery: number | undefined;
}

/** @param now when it is looked at, where the VTN does not say when it was written */
export function timesOf(event: GridEvent, now: Instant): EventTimes {
  const { createdAt, modifiedAt, intervals, randomizeStart = 0 } = event;
  // One that begins when it is seen does so soon after it was written, and no later for having been changed.
  const seenAt = createdAt ?? modifiedAt ?? now;
  const timeline = timelineOf(event, seenAt);
  const [start, end] = [startOf(timeline), endOf(timeline)];
  const isCancelled = start !== undefined && start === end;
  return {
    timeline,
    startAt: isCancelled ? (createdAt ?? start) : (start ?? null),
    endAt: isCancelled ? (modifiedAt ?? start) : end === undefined || end === 'forever' ? null : end + randomizeStart,
    isCancelled,
    periods: periodsOf(event, timeline),
    changesLoad: intervals.some(({ payloads }) => payloads.some(({ type }) => LOAD_TYPES.has(type))),
    reportedEvery: reportedEvery(event),
  };
}

export function stateAt({ isCancelled, startAt, endAt }: EventTimes, now: number): EventState {
  if (isCancelled) return 'cancelled';
  if (startAt === null || (endAt !== null && now >= endAt)) return 'completed';
  return now < startAt ? 'pending' : 'active';
}

/** What it says at a time; undefined outside its intervals. */
export function payloadsAt({ intervals }: GridEvent, { timeline }: EventTimes, at: number): readonly Attribute[] | undefined {
  if (timeline.kind === 'implied') return undefined;
  const [first] = spansDuring(timeline, instant(at));
  return first === undefined ? undefined : intervals[first.index % intervals.length]?.payloads;
}

/** What it asks for over time; what follows and says the same is one. */
function periodsOf({ intervals }: GridEvent, timeline: Timeline): EventPeriod[] {
  if (timeline.kind === 'implied') return [];
  const labels = intervals.map(({ payloads }) => labelOf(payloads));
  const count = timeline.kind === 'intervals' ? (countOf(timeline) ?? 0) : MOST_PERIODS;
  const periods: EventPeriod[] = [];
  for (let i = 0; i < count && periods.length < MOST_PERIODS; i++) {
    const span = spanAt(timeline, i);
    if (span === undefined) break;
    if (span.start === span.end) continue;
    const label = labels[i % labels.length] ?? '';
    const endAt = span.end === 'forever' ? null : span.end;
    const last = periods.at(-1);
    if (last !== undefined && last.label === label && last.endAt === span.start) last.endAt = endAt;
    else periods.push({ startAt: span.start, endAt, label });
  }
  return periods;
}

/** The default frequency means once, when all is over (Definition, reportDescriptor). */
function reportedEvery({ intervals, length, reportRequests }: GridEvent): number | undefined {
  const step = intervals[0]?.duration ?? length;
  if (typeof step !== 'number' || step <= 0) return undefined;
  const frequencies = reportRequests.flatMap(({ frequency, historical }) => (frequency > 0 && historical ? [frequency] : []));
  return frequencies.length === 0 ? undefined : Math.min(...frequencies) * step;
}
