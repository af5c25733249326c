import { type Duration, type Instant, instant, minutes } from '@venfleet/core';
import type { ReportIntervals, Span } from '@venfleet/openadr';

/** Lengths of the agent's own intervals, coarse to fine; each divides the hour. */
const LENGTHS: readonly Duration[] = [minutes(15), minutes(5), minutes(1)];
/** A report never has more pieces than this; the length grows by whole multiples instead. */
const MOST_PIECES = 1000;

/**
 * The intervals that a report tells of what it covers. SUB_INTERVALS: pieces of each, under their parent's id.
 * OPEN_INTERVALS: pieces between marks of the clock (:00, :15, …), numbered from 0. An endless interval stays whole.
 */
export function reportedSpans(covers: readonly Span[], how: ReportIntervals): Span[] {
  if (how === 'INTERVALS') return [...covers];
  const pieces = covers.flatMap((span) => split(span, how === 'SUB_INTERVALS' ? span.start : instant(0)));
  return how === 'SUB_INTERVALS' ? pieces : pieces.map((piece, id) => ({ ...piece, id }));
}

/** Cuts an interval at the multiples of a length counted from `origin`. */
function split({ id, start, end }: Span, origin: Instant): Span[] {
  if (end === 'forever' || end <= start) return [{ id, start, end }];
  const whole = end - start;
  const fitting = LENGTHS.find((candidate) => candidate < whole) ?? minutes(1);
  const length = fitting * Math.ceil(whole / fitting / MOST_PIECES);
  const pieces: Span[] = [];
  for (let from: Instant = start; from < end; ) {
    const mark = origin + (Math.floor((from - origin) / length) + 1) * length;
    const to = instant(Math.min(mark, end));
    pieces.push({ id, start: from, end: to });
    from = to;
  }
  return pieces;
}
