import { type Duration, type Instant, instant, milliseconds } from '@venfleet/core';

/** An end that never comes: OpenADR writes a duration of P9999Y. */
export type End = Instant | 'forever';

/** One stretch of time that a report can cover, with the id that it is told by. */
export interface Span {
  readonly id: number;
  readonly start: Instant;
  readonly end: End;
}

/** When the intervals of an event are, told in the way in which they can be counted on and on. */
export type Timeline =
  /** Each interval once. */
  | { readonly kind: 'intervals'; readonly intervals: readonly Span[] }
  /** The intervals over and over, each pass `length` after the one before, until `end` (3.1, event.duration). */
  | { readonly kind: 'loop'; readonly intervals: readonly Span[]; readonly length: Duration; readonly end: End }
  /** No intervals of its own: stretches of `length` from `start` until `end`, numbered from 0. */
  | { readonly kind: 'implied'; readonly start: Instant; readonly length: Duration; readonly end: End };

export function isBefore(a: Instant, b: End): boolean {
  return b === 'forever' || a < b;
}

export function earlier(a: End, b: End): End {
  if (a === 'forever') return b;
  return b === 'forever' || a <= b ? a : b;
}

/** How many intervals there are before the event is over, or a new pass begins; undefined: without end. */
export function countOf(timeline: Timeline): number | undefined {
  if (timeline.kind !== 'implied') return timeline.intervals.length;
  if (timeline.end === 'forever') return undefined;
  return Math.max(0, Math.ceil((timeline.end - timeline.start) / timeline.length));
}

/**
 * Interval number `index` (0, 1, 2, …), counted on over the passes of a loop; cut off where the event ends.
 * @param beyond whether implied intervals go on after the event's end, as those of forecasts do
 * @returns undefined where there is none
 */
export function spanAt(timeline: Timeline, index: number, beyond = false): Span | undefined {
  if (timeline.kind === 'intervals') return timeline.intervals[index];
  if (timeline.kind === 'implied') {
    const start = instant(timeline.start + index * timeline.length);
    if (!beyond && !isBefore(start, timeline.end)) return undefined;
    const end = instant(start + timeline.length);
    return { id: index, start, end: beyond ? end : earlier(end, timeline.end) };
  }
  const { intervals, length } = timeline;
  const span = intervals[index % intervals.length];
  if (span === undefined) return undefined;
  const shifted = shiftSpan(span, milliseconds(Math.floor(index / intervals.length) * length));
  if (!isBefore(shifted.start, timeline.end)) return undefined;
  return { ...shifted, end: earlier(shifted.end, timeline.end) };
}

/** The interval under way at a time; of several, the first. */
export function spanDuring(timeline: Timeline, at: Instant): Span | undefined {
  const isUnderWay = (span: Span | undefined): span is Span => span !== undefined && span.start <= at && isBefore(at, span.end);
  if (timeline.kind === 'implied') {
    const span = spanAt(timeline, Math.floor((at - timeline.start) / timeline.length));
    return isUnderWay(span) ? span : undefined;
  }
  const count = timeline.intervals.length;
  const start = startOf(timeline);
  const pass = timeline.kind === 'loop' && start !== undefined ? Math.max(0, Math.floor((at - start) / timeline.length)) : 0;
  return timeline.intervals.map((_, i) => spanAt(timeline, pass * count + i)).find(isUnderWay);
}

/** When the event begins; undefined when it has no interval at all. */
export function startOf(timeline: Timeline): Instant | undefined {
  return spanAt(timeline, 0)?.start;
}

/** When the event is over. */
export function endOf(timeline: Timeline): End | undefined {
  if (timeline.kind !== 'intervals') return timeline.end;
  let end: End | undefined;
  for (const span of timeline.intervals) end = end === undefined || isBefore(end as Instant, span.end) ? span.end : end;
  return end;
}

export function shiftSpan(span: Span, by: Duration): Span {
  return { id: span.id, start: instant(span.start + by), end: span.end === 'forever' ? 'forever' : instant(span.end + by) };
}

/** An interval of an event, and which of the event's intervals it is. */
export interface IndexedSpan {
  readonly index: number;
  readonly span: Span;
}

/** All intervals under way at a time; where they overlap, in the order of the event. */
export function spansDuring(timeline: Timeline, at: Instant): IndexedSpan[] {
  const found: IndexedSpan[] = [];
  for (const each of around(timeline, at)) if (each.span.start <= at && isBefore(at, each.span.end)) found.push(each);
  return found;
}

/** All intervals of which some part lies between two times, `to` not included; in the order of {@link spanAt}. */
export function spansBetween(timeline: Timeline, from: Instant, to: Instant): IndexedSpan[] {
  const found: IndexedSpan[] = [];
  for (const each of around(timeline, from, to)) if (each.span.start < to && isBefore(from, each.span.end)) found.push(each);
  return found;
}

/** The first start or end of an interval after a time; undefined where nothing more changes. */
export function nextEdge(timeline: Timeline, at: Instant): Instant | undefined {
  let next: Instant | undefined;
  const consider = (edge: End): void => {
    if (edge !== 'forever' && edge > at && (next === undefined || edge < next)) next = edge;
  };
  for (const { span } of around(timeline, at)) {
    // One without length changes nothing.
    if (span.start === span.end) continue;
    consider(span.start);
    consider(span.end);
  }
  return next;
}

/** The intervals that may be under way from one time to the other, or next to be: those of the passes about them. */
function* around(timeline: Timeline, from: Instant, to: Instant = from): Generator<IndexedSpan> {
  if (timeline.kind === 'intervals') {
    for (const [index, span] of timeline.intervals.entries()) yield { index, span };
    return;
  }
  if (timeline.kind === 'implied') {
    const indexAt = (at: Instant): number => Math.max(0, Math.floor((at - timeline.start) / timeline.length));
    for (let index = indexAt(from); index <= indexAt(to) + 1; index++) yield* indexed(index, spanAt(timeline, index));
    return;
  }
  const { intervals, length } = timeline;
  // Random shifts can move intervals over the borders of their passes, and the last pass reaches into the next.
  const since = (at: Instant, edge: End): number => Math.floor((at - (edge as Instant)) / length);
  const first = Math.max(0, Math.min(...intervals.map(({ end }) => since(from, end))));
  const last = Math.max(0, Math.max(...intervals.map(({ start }) => since(to, start))) + 1);
  for (let pass = first; pass <= last; pass++) {
    for (const index of intervals.keys()) yield* indexed(index, spanAt(timeline, pass * intervals.length + index));
  }
}

const indexed = (index: number, span: Span | undefined): IndexedSpan[] => (span === undefined ? [] : [{ index, span }]);
