import { type Duration, type Instant, instant, milliseconds, minutes } from '@venfleet/core';
import type { Attribute, Target } from '../client/domain.js';
import type { EventPayloadDescriptor } from '../wire/v310/index.js';
import type { ReportRequest } from './report-request.js';
import { type End, earlier, isBefore, type Span, type Timeline } from './timeline.js';

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

/** When the intervals of an event are. @param seenAt when it was first seen: what `now` means. */
export function timelineOf(event: EventTimes, seenAt: Instant): Timeline {
  return event.intervals.length === 0 ? impliedTimeline(event, seenAt) : explicitTimeline(event, seenAt);
}

function impliedTimeline({ start, length, duration }: EventTimes, seenAt: Instant): Timeline {
  const from = start === 'now' ? seenAt : (start ?? instant(Math.ceil(seenAt / OWN_INTERVAL) * OWN_INTERVAL));
  const step = length === undefined || length === 'forever' || length <= 0 ? OWN_INTERVAL : length;
  const end: End = duration === undefined || duration === 'forever' ? 'forever' : instant(from + duration);
  return { kind: 'implied', start: from, length: step, end };
}

function explicitTimeline({ intervals, duration }: EventTimes, seenAt: Instant): Timeline {
  const spans: Span[] = [];
  let previous: End = seenAt;
  for (const interval of intervals) {
    if (interval.start === 'next' && previous === 'forever') break;
    const start: Instant = interval.start === 'now' ? seenAt : interval.start === 'next' ? (previous as Instant) : interval.start;
    const end: End = interval.duration === 'forever' ? 'forever' : instant(start + interval.duration);
    spans.push({ id: interval.id, start, end });
    previous = end;
  }
  const first = spans[0]?.start ?? seenAt;
  if (duration === undefined) return { kind: 'intervals', intervals: spans };
  const end: End = duration === 'forever' ? 'forever' : instant(first + duration);
  const last = spans.reduce<End>((latest, span) => (isBefore(latest as Instant, span.end) ? span.end : latest), first);
  if (last !== 'forever' && isBefore(last, end) && last > first) {
    return { kind: 'loop', intervals: spans, length: milliseconds(last - first), end };
  }
  return {
    kind: 'intervals',
    intervals: spans.filter((span) => isBefore(span.start, end)).map((span) => ({ ...span, end: earlier(span.end, end) })),
  };
}
