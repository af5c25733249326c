import { type Duration, type Instant, instant, milliseconds, minutes } from '@venfleet/core';
import type { Attribute, Target } from '../client/domain.js';
import type { EventPayloadDescriptor } from '../wire/v310/index.js';
import type { ReportRequest } from './report-request.js';
import { type End, earlier, isBefore, type Span, shiftSpan, type Timeline } from './timeline.js';

/** A length of time, or no end: OpenADR writes P9999Y. */
export type Length = Duration | 'forever';

/** One interval of an event, with what it inherits from the event filled in. */
export interface GridInterval {
  /** The author's number for it; reports repeat it. */
  readonly id: number;
  /** `now`: when the event is first seen; `next`: when the one before ends. */
  readonly start: Instant | 'now' | 'next';
  readonly duration: Length;
  /** Only its own: what shifts the whole event is the event's. */
  readonly randomizeStart?: Duration | undefined;
  readonly payloads: readonly Attribute[];
}

/** An event as the domain sees it, whichever version it came over (OpenADR 3.1 Definition, event). */
export interface GridEvent {
  readonly id: string;
  readonly programId: string;
  readonly name?: string | undefined;
  /** 0 is highest; absent is lowest. */
  readonly priority?: number | undefined;
  readonly createdAt?: Instant | undefined;
  readonly modifiedAt?: Instant | undefined;
  readonly targets: readonly Target[];
  /** The event's own period, which intervals inherit from and which an event without intervals goes by. */
  readonly start?: Instant | 'now' | undefined;
  readonly length?: Length | undefined;
  /** Largest random shift of the start, either way. */
  readonly randomizeStart?: Duration | undefined;
  /** 3.1: how long the event lasts: longer than its intervals repeats them, shorter cuts them off. */
  readonly duration?: Length | undefined;
  readonly intervals: readonly GridInterval[];
  readonly payloadDescriptors: readonly EventPayloadDescriptor[];
  readonly reportRequests: readonly ReportRequest[];
}

/** What the times of an event depend on. */
export type EventTimes = Pick<GridEvent, 'start' | 'length' | 'duration'> & {
  readonly intervals: readonly Pick<GridInterval, 'id' | 'start' | 'duration'>[];
};

/** Length of the intervals of an event that leaves them to the VEN. */
const OWN_INTERVAL = minutes(15);

/** How far the intervals of an event are moved at random: drawn once and kept (3.1 Definition, intervalPeriod.randomizeStart). */
export interface Shifts {
  /** Moves the first start and all that follows it, starts told in absolute terms, too. */
  readonly event: Duration;
  /** By index, for the intervals with a randomizeStart of their own: it replaces the event's from there on. */
  readonly intervals: ReadonlyMap<number, Duration>;
}

/**
 * When the intervals of an event are.
 * @param seenAt when it was first seen: what `now` means
 * @param shifts moves them, for those who act on the event; reports keep the times as written
 */
export function timelineOf(event: EventTimes, seenAt: Instant, shifts?: Shifts): Timeline {
  return event.intervals.length === 0 ? impliedTimeline(event, seenAt) : explicitTimeline(event, seenAt, shifts);
}

function impliedTimeline({ start, length, duration }: EventTimes, seenAt: Instant): Timeline {
  const from = start === 'now' ? seenAt : (start ?? instant(Math.ceil(seenAt / OWN_INTERVAL) * OWN_INTERVAL));
  const step = length === undefined || length === 'forever' || length <= 0 ? OWN_INTERVAL : length;
  const end: End = duration === undefined || duration === 'forever' ? 'forever' : instant(from + duration);
  return { kind: 'implied', start: from, length: step, end };
}

function explicitTimeline({ intervals, duration }: EventTimes, seenAt: Instant, shifts?: Shifts): Timeline {
  const spans = chained(intervals, seenAt);
  const moved = shifts === undefined ? spans : shifted(spans, shifts);
  if (duration === undefined) return { kind: 'intervals', intervals: moved };
  const end: End = duration === 'forever' ? 'forever' : instant((moved[0]?.start ?? seenAt) + duration);
  // The length of a pass is that of the intervals as written, however they are moved within it.
  const first = spans[0]?.start ?? seenAt;
  const last = spans.reduce<End>((latest, span) => (isBefore(latest as Instant, span.end) ? span.end : latest), first);
  if (last !== 'forever' && last > first && (duration === 'forever' || last - first < duration)) {
    return { kind: 'loop', intervals: moved, length: milliseconds(last - first), end };
  }
  return {
    kind: 'intervals',
    intervals: moved.filter((span) => isBefore(span.start, end)).map((span) => ({ ...span, end: earlier(span.end, end) })),
  };
}

function chained(intervals: EventTimes['intervals'], seenAt: Instant): Span[] {
  const spans: Span[] = [];
  let previous: End = seenAt;
  for (const { id, start: given, duration } of intervals) {
    if (given === 'next' && previous === 'forever') break;
    const start: Instant = given === 'now' ? seenAt : given === 'next' ? (previous as Instant) : given;
    previous = duration === 'forever' ? 'forever' : instant(start + duration);
    spans.push({ id, start, end: previous });
  }
  return spans;
}

function shifted(spans: readonly Span[], shifts: Shifts): Span[] {
  let by = shifts.event;
  return spans.map((span, i) => {
    by = shifts.intervals.get(i) ?? by;
    return by === 0 ? span : shiftSpan(span, by);
  });
}
