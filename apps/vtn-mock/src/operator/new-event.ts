import { type Duration, hours, type Instant } from '@venfleet/core';
import { usageError } from '@venfleet/core/node';
import type { Attribute, Length, NewEvent, ReportRequest, Target } from '@venfleet/openadr';
import type { ReportOption } from './arguments.js';

/** What the command line says of an event. */
export interface EventOptions {
  readonly name?: string;
  readonly start: Instant | 'now';
  /** One hour by default. */
  readonly interval?: Length;
  readonly count: number;
  readonly duration?: Length;
  readonly payload?: readonly Attribute[];
  readonly report?: readonly ReportOption[];
  readonly priority?: number;
}

/**
 * An event of `count` intervals of equal length with the same payloads; of none when it only asks for reports.
 * @throws VenfleetError USAGE
 */
export function newEvent(programId: string, targets: readonly Target[], options: EventOptions): NewEvent {
  const { name, start, interval = hours(1), count, duration, payload = [], report = [], priority } = options;
  if (count === 0 && payload.length > 0) throw usageError('without intervals (--count 0) there is no place for a --payload');
  return {
    programId,
    ...(name === undefined ? {} : { name }),
    ...(priority === undefined ? {} : { priority }),
    ...(duration === undefined ? {} : { duration }),
    targets,
    start,
    length: interval,
    intervals: Array.from({ length: count }, (_, id) => ({ id, payloads: payload })),
    reportRequests: report.map((one) => requestOf(one, interval)),
  };
}

/**
 * `every` is told in intervals: history when so many are over, a forecast of the next ones when they begin. Without it
 * there is one report on all intervals, when the last is over or before the first begins.
 */
function requestOf(report: ReportOption, interval: Length): ReportRequest {
  const { every, repeat, ...said } = report;
  const common = { ...said, targets: [] };
  if (every === undefined) {
    return { ...common, startInterval: -1, numIntervals: -1, frequency: -1, repeat: repeat ?? 1 };
  }
  const n = intervalsIn(every, interval);
  return { ...common, startInterval: said.historical ? n - 1 : 0, numIntervals: n, frequency: n, repeat: repeat ?? -1 };
}

function intervalsIn(every: Duration, interval: Length): number {
  const n = interval === 'forever' ? 0 : every / interval;
  if (Number.isInteger(n) && n > 0) return n;
  throw usageError('every=… of a --report must be a whole number of intervals', 'choose the length of one with --interval');
}
