import { type Duration, type Instant, instant, milliseconds, minutes } from '@venfleet/core';
import type { Target } from '@venfleet/openadr';
import type { ReportRequest } from './request.js';
import { type End, earlier, isBefore, type Span, type Timeline } from './timeline.js';

/** An event as far as reporting needs it. */
export interface ReportableEvent {
  readonly id: string;
  readonly programId: string;
  readonly targets: readonly Target[];
  readonly start: Instant | 'now' | undefined;
  readonly length: Duration | 'forever' | undefined;
  readonly duration: Duration | 'forever' | undefined;
  readonly intervals: readonly {
    readonly id: number;
    readonly start: Instant | 'now' | 'next';
    readonly duration: Duration | 'forever';
  }[];
  readonly reportRequests: readonly ReportRequest[];
}

/** Length of the intervals of a request that leaves them to the VEN. */
const OWN_INTERVAL = minutes(15);

export function timelineOf(event: ReportableEvent, seenAt: Instant): Timeline {
  return event.intervals.length === 0 ? impliedTimeline(event, seenAt) : explicitTimeline(event, seenAt);
}

function impliedTimeline({ start, length, duration }: ReportableEvent, seenAt: Instant): Timeline {
  const from = start === 'now' ? seenAt : (start ?? instant(Math.ceil(seenAt / OWN_INTERVAL) * OWN_INTERVAL));
  const step = length === undefined || length === 'forever' || length <= 0 ? OWN_INTERVAL : length;
  const end: End = duration === undefined || duration === 'forever' ? 'forever' : instant(from + duration);
  return { kind: 'implied', start: from, length: step, end };
}

function explicitTimeline({ intervals, duration }: ReportableEvent, seenAt: Instant): Timeline {
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
