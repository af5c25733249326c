import { type Instant, instant } from '@venfleet/core';
import { countOf, endOf, isBefore, type Span, spanAt, startOf, type Timeline } from './timeline.js';

/** The timing of a reportDescriptor, defaults filled in (OpenADR 3.1 Definition, reportDescriptor). */
export interface ReportTiming {
  /** −1: at the end of the event (history), or before its start (forecast). */
  readonly startInterval: number;
  /** −1: all. */
  readonly numIntervals: number;
  readonly historical: boolean;
  /** Intervals from one report to the next; −1: as numIntervals; 0: when the VEN sees fit. */
  readonly frequency: number;
  /** Number of reports; −1: without end. */
  readonly repeat: number;
}

/** One report that a descriptor asks for. */
export interface PlannedReport {
  /** 0, 1, 2, … in the order of their due times: the same report has the same one whenever it is computed. */
  readonly ordinal: number;
  /** When it is to be sent. */
  readonly dueAt: Instant;
  /** What it is about, at least one. */
  readonly covers: readonly Span[];
}

/** The timing in the form that all rules share: a first index, a window around it, a step. */
interface Pattern {
  /** Index of the interval that report 0 goes by. */
  readonly first: number;
  /** Window relative to that index, both ends included. */
  readonly from: number;
  readonly to: number;
  /** From one report's index to the next; 0: one report a pass. */
  readonly step: number;
  /** When it is due: at the end of the window, of the pass's last interval, or of the interval it goes by; at that one's start; before the event. */
  readonly due: 'window end' | 'last end' | 'end' | 'start' | 'before';
  /** Reports in each pass of the intervals; undefined: without end. */
  readonly each: number | undefined;
  /** Whether a window may reach beyond the event's end. */
  readonly beyond: boolean;
}

/** What makes a timing one that nobody can follow; undefined when there is nothing. */
export function timingProblem(timing: ReportTiming): string | undefined {
  const { startInterval, numIntervals, frequency, repeat } = timing;
  if (startInterval < -1) return `startInterval ${startInterval} is below −1`;
  if (numIntervals < -1 || numIntervals === 0) return `numIntervals ${numIntervals} is neither −1 nor above 0`;
  if (frequency < -1) return `frequency ${frequency} is below −1`;
  if (repeat < -1) return `repeat ${repeat} is below −1`;
  return undefined;
}

/** The VEN decides when to report: on a change of state. */
export const isAdHoc = (timing: ReportTiming): boolean => timing.frequency === 0;

/** The reports of one descriptor over one event: which there are, when each is due and what it covers. */
export class ReportPlan {
  readonly #timeline: Timeline;
  readonly #pattern: Pattern | undefined;
  readonly #repeat: number;
  readonly #seenAt: Instant;
  readonly #historical: boolean;

  /** @param seenAt when the event was first seen: a forecast is due at once, not before that. */
  constructor(timeline: Timeline, timing: ReportTiming, seenAt: Instant) {
    this.#timeline = timeline;
    this.#repeat = timing.repeat === -1 ? Number.POSITIVE_INFINITY : timing.repeat;
    this.#seenAt = seenAt;
    this.#historical = timing.historical;
    this.#pattern = timingProblem(timing) === undefined && !isAdHoc(timing) ? patternOf(timeline, timing) : undefined;
  }

  /** Report number `ordinal`; undefined where there is none, or none that will ever be due. */
  at(ordinal: number): PlannedReport | undefined {
    const pattern = this.#pattern;
    if (pattern === undefined || pattern.each === 0 || ordinal >= this.#repeat) return undefined;
    let index = this.#indexOf(pattern, ordinal);
    if (index === undefined) return undefined;
    // A pass that the event's end cuts short has its last interval earlier.
    const pass = index - pattern.first;
    while (pattern.due === 'last end' && index > pass && spanAt(this.#timeline, index) === undefined) index--;
    const covers: Span[] = [];
    const last = this.#lastIndex(pattern, index);
    for (let i = Math.max(index + pattern.from, pattern.due === 'last end' ? pass : 0); i <= last; i++) {
      const span = spanAt(this.#timeline, i, pattern.beyond);
      if (span === undefined) break;
      covers.push(span);
    }
    const dueAt = this.#dueAt(pattern, ordinal, index, covers);
    return dueAt === undefined || covers.length === 0 ? undefined : { ordinal, dueAt, covers };
  }

  /**
   * Where to begin when the event is seen for the first time at `now`: reports missed are skipped but for the latest,
   * which is sent at once; a forecast of what is over is none.
   */
  firstFor(now: Instant): number {
    const latest = this.#latestDue(now);
    const report = this.at(latest);
    if (report === undefined || this.#historical) return latest;
    const over = report.covers.every(({ end }) => end !== 'forever' && end <= now);
    return over ? latest + 1 : latest;
  }

  /** The last report due by `now`, or 0 when none is yet. Due times grow with the ordinal, so halves find it. */
  #latestDue(now: Instant): number {
    const isDue = (ordinal: number) => {
      const report = this.at(ordinal);
      return report !== undefined && report.dueAt <= now;
    };
    if (!isDue(0)) return 0;
    let [low, high] = [0, 1];
    while (isDue(high)) [low, high] = [high, high * 2];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (isDue(middle)) low = middle;
      else high = middle;
    }
    return low;
  }

  #indexOf(pattern: Pattern, ordinal: number): number | undefined {
    if (pattern.each === undefined) return pattern.first + ordinal * pattern.step;
    const pass = Math.floor(ordinal / pattern.each);
    if (pass > 0 && this.#timeline.kind !== 'loop') return undefined;
    return pass * (countOf(this.#timeline) ?? 0) + pattern.first + (ordinal % pattern.each) * pattern.step;
  }

  /** A window ends with its pass. */
  #lastIndex(pattern: Pattern, index: number): number {
    const count = countOf(this.#timeline);
    const wanted = index + pattern.to;
    if (count === undefined || pattern.beyond || count === 0) return wanted;
    return Math.min(wanted, Math.floor(index / count) * count + count - 1);
  }

  #dueAt(pattern: Pattern, ordinal: number, index: number, covers: readonly Span[]): Instant | undefined {
    if (pattern.due === 'window end') return ended(covers.at(-1));
    const span = spanAt(this.#timeline, index, pattern.beyond);
    if (span === undefined) return undefined;
    if (pattern.due === 'end' || pattern.due === 'last end') return ended(span);
    if (pattern.due === 'before' && ordinal === 0) return instant(Math.min(this.#seenAt, span.start));
    // Implied forecasts reach beyond the event, but none begins there.
    const over = pattern.beyond && !isBefore(span.start, endOf(this.#timeline) ?? 'forever');
    return over ? undefined : span.start;
  }
}

const ended = (span: Span | undefined): Instant | undefined =>
  span === undefined || span.end === 'forever' ? undefined : span.end;

/** The rules of reportDescriptor's timing; N intervals, s = startInterval, n = numIntervals, f = frequency. */
function patternOf(timeline: Timeline, timing: ReportTiming): Pattern | undefined {
  if (startOf(timeline) === undefined) return undefined;
  const count = countOf(timeline);
  const s = timing.startInterval;
  // "All" of a series without end is each of them, report by report.
  const n = timing.numIntervals === -1 ? (count ?? 1) : timing.numIntervals;
  const f = timing.frequency === -1 ? n : timing.frequency;
  const beyond = !timing.historical && timeline.kind === 'implied';
  const each = (first: number, step: number) =>
    count === undefined ? undefined : Math.max(0, Math.floor((count - 1 - first) / step) + 1);
  if (timing.historical) {
    if (s === -1 && count !== undefined) {
      // Rule 1: at the end of the last interval, the last n.
      return { first: count - 1, from: -Math.min(n, count) + 1, to: 0, step: 0, due: 'last end', each: 1, beyond };
    }
    // A series without end has no last interval: the first n, then the next.
    const start = s === -1 ? n - 1 : s;
    if (timing.numIntervals !== -1 && start - n + 1 >= 0) {
      // Rule 2: at the end of interval s+k·f, the n that end there.
      return { first: start, from: -n + 1, to: 0, step: f, due: 'end', each: each(start, f), beyond };
    }
    // Rule 3: s…s+n−1, at its end.
    return { first: start, from: 0, to: n - 1, step: f, due: 'window end', each: each(start, f), beyond };
  }
  if (s === -1) {
    // Rule 4: before the event, the first n; in a series without end, then the next.
    return { first: 0, from: 0, to: n - 1, step: count === undefined ? f : 0, due: 'before', each: count && 1, beyond };
  }
  // Rule 5: at the start of interval s+k·f, the n from there.
  return { first: s, from: 0, to: n - 1, step: f, due: 'start', each: each(s, f), beyond };
}
