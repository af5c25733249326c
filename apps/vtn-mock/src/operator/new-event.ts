import { type Duration, hours, type Instant, milliseconds, minutes } from '@venfleet/core';
import { usageError } from '@venfleet/core/node';
import type {
  Attribute,
  EventChanges,
  GridEvent,
  GridInterval,
  Length,
  NewEvent,
  NewInterval,
  ReportRequest,
  Target,
} from '@venfleet/openadr';
import type { ReportOption } from './arguments.js';
import { type Demand, SETTLEMENT, saidBy, saysNothing } from './demand.js';

/** What the command line says of an event. */
export interface EventOptions extends Demand {
  readonly name?: string;
  readonly at?: Instant | 'now';
  /** The same as `at`, told as a time from now. */
  readonly in?: Instant;
  /** How long it lasts in all. */
  readonly for?: Length;
  /** Length of each interval. */
  readonly interval?: Length;
  readonly count?: number;
  readonly duration?: Length;
  readonly randomize?: Duration;
  /** false: none, not even those that a change of load is settled by. */
  readonly report?: readonly ReportOption[] | false;
  readonly priority?: number;
}

/**
 * An event whose intervals are of equal length. One that changes the load asks for what it is settled by, unless it says
 * what it asks for.
 * @throws VenfleetError USAGE
 */
export function newEvent(programId: string, targets: readonly Target[], options: EventOptions): NewEvent {
  const { name, duration, priority, randomize } = options;
  const { sequence, descriptors, changesLoad } = saidBy(options);
  const reports = reportsOf(options, changesLoad);
  const steps = stepsOf(options, sequence.length, reports);
  if (steps.count === 0 && !saysNothing(options)) throw usageError('without intervals (--count 0) nothing can be said in them');
  return {
    programId,
    ...(name === undefined ? {} : { name }),
    ...(priority === undefined ? {} : { priority }),
    ...(duration === undefined ? {} : { duration }),
    ...(randomize === undefined ? {} : { randomizeStart: randomize }),
    targets,
    payloadDescriptors: descriptors,
    start: startOf(options) ?? 'now',
    length: steps.length,
    intervals: intervalsOf(steps, sequence),
    reportRequests: reports.map((one) => requestOf(one, steps.length)),
  };
}

/**
 * What of an event the command line changes; the rest stays.
 * @param targets whom it is for from now on; undefined: as before
 * @throws VenfleetError USAGE
 */
export function changedEvent(current: GridEvent, targets: readonly Target[] | undefined, options: EventOptions): EventChanges {
  const { name, duration, priority, randomize, report } = options;
  const start = startOf(options);
  const intervals = changedIntervals(current, options);
  const length = intervals?.length ?? current.length;
  return {
    ...(name === undefined ? {} : { name }),
    ...(priority === undefined ? {} : { priority }),
    ...(duration === undefined ? {} : { duration }),
    ...(randomize === undefined ? {} : { randomizeStart: randomize }),
    ...(targets === undefined ? {} : { targets }),
    ...(start === undefined ? {} : { start }),
    ...(length === undefined ? {} : { length }),
    ...(intervals === undefined ? (start === undefined ? {} : { intervals: withoutStarts(current) }) : intervals.said),
    ...(report === undefined ? {} : { reportRequests: (report || []).map((one) => requestOf(one, length ?? hours(1))) }),
  };
}

function changedIntervals(current: GridEvent, options: EventOptions) {
  const timed = [options.for, options.interval, options.count].some((one) => one !== undefined);
  if (!timed && saysNothing(options)) return undefined;
  const { sequence, descriptors } = saysNothing(options)
    ? { sequence: sequenceOf(current), descriptors: current.payloadDescriptors }
    : saidBy(options);
  if (!timed && current.intervals.length === 0) {
    throw usageError('it has no intervals in which to say something', 'say with --for how long it is to last');
  }
  if (!timed && sequence.length === 1) {
    const payloads = sequence[0] as readonly Attribute[];
    const kept = withoutStarts(current).map((interval) => ({ ...interval, payloads }));
    return { length: undefined, said: { intervals: kept, payloadDescriptors: descriptors } };
  }
  const kept = timed ? { ...options, ...keptStep(current, options) } : { ...options, interval: current.length };
  const steps = stepsOf(kept, sequence.length, []);
  return { length: steps.length, said: { intervals: intervalsOf(steps, sequence), payloadDescriptors: descriptors } };
}

/** Its intervals stay as long as they were where that fits: its reports are told in them. */
function keptStep({ length }: GridEvent, { interval, for: total }: EventOptions): Pick<EventOptions, 'interval'> {
  if (interval !== undefined || total === undefined || length === undefined) return {};
  if (total === 'forever' || length === 'forever' || length === 0) return {};
  return Number.isInteger(total / length) ? { interval: length } : {};
}

/** What an event says, interval by interval; only once where it says the same in all. */
function sequenceOf({ intervals }: GridEvent): (readonly Attribute[])[] {
  const all = intervals.map(({ payloads }) => payloads);
  const same = all.every((payloads) => JSON.stringify(payloads) === JSON.stringify(all[0]));
  return same ? [all[0] ?? []] : all;
}

/**
 * The intervals follow each other from the event's start, which may move.
 * @throws VenfleetError USAGE when they do not
 */
function withoutStarts({ intervals }: GridEvent): NewInterval[] {
  if (intervals.some((interval, i) => i > 0 && !follows(interval, intervals[i - 1] as GridInterval))) {
    throw usageError('its intervals have starts of their own, which this does not change', 'cancel it and create another');
  }
  return intervals.map(({ id, duration, payloads }) => ({ id, duration, payloads }));
}

function follows({ start }: GridInterval, before: GridInterval): boolean {
  if (start === 'next') return true;
  return typeof start === 'number' && typeof before.start === 'number' && start === before.start + Number(before.duration);
}

/** An event that is over: it begins when it is seen, and lasts for no time (User Guide, cancelling an event). */
export function cancelled({ intervals }: GridEvent): EventChanges {
  const [first] = intervals;
  return {
    start: 'now',
    length: milliseconds(0),
    randomizeStart: undefined,
    duration: undefined,
    intervals: first === undefined ? [] : [{ id: first.id, payloads: first.payloads }],
  };
}

/** @throws VenfleetError USAGE when both are given */
function startOf(options: EventOptions): Instant | 'now' | undefined {
  if (options.at !== undefined && options.in !== undefined) throw usageError('--at and --in both say when it begins');
  return options.at ?? options.in;
}

function reportsOf({ report, for: total }: EventOptions, changesLoad: boolean): readonly ReportOption[] {
  if (report === false) return [];
  return report ?? (changesLoad && total !== 'forever' ? SETTLEMENT : []);
}

interface Steps {
  readonly length: Length;
  readonly count: number;
}

/** Intervals enough for reports a minute apart over four hours; longer events are told in longer ones. */
const MOST_STEPS = 240;
const STEPS: readonly Duration[] = [minutes(1), minutes(5), minutes(15), hours(1)];

/** @param said how many different intervals there are to say; one is repeated. */
function stepsOf({ for: total, interval, count }: EventOptions, said: number, reports: readonly ReportOption[]): Steps {
  if (total === undefined && (said > 1 || interval !== undefined || count !== undefined)) {
    return { length: interval ?? hours(1), count: said > 1 ? said : (count ?? 1) };
  }
  return stepsIn(total ?? hours(1), interval, count, said, reports);
}

function stepsIn(
  total: Length,
  interval: Length | undefined,
  count: number | undefined,
  said: number,
  reports: readonly ReportOption[],
): Steps {
  if (count !== undefined)
    throw usageError('--for and --count both say how long it lasts', 'use --interval and --count, or --for');
  if (total === 'forever') return { length: said > 1 ? (interval ?? hours(1)) : 'forever', count: said };
  if (said > 1) return { length: interval ?? ((total / said) as Duration), count: said };
  const length = interval ?? stepFor(total, reports);
  const steps = length === 'forever' ? 0 : total / length;
  if (Number.isInteger(steps) && steps > 0) return { length, count: steps };
  throw usageError('--for must be a whole number of intervals');
}

/** Reports tell of whole intervals: an event is cut into those that its most frequent report is on. */
function stepFor(total: Duration, reports: readonly ReportOption[]): Length {
  const every = reports.flatMap((one) => one.every ?? []);
  if (every.length === 0) return total;
  const asked = Math.min(...every) as Duration;
  const fits = (step: Duration) => Number.isInteger(total / step);
  if (fits(asked) && total / asked <= MOST_STEPS) return asked;
  return STEPS.find((step) => step >= asked && fits(step) && total / step <= MOST_STEPS) ?? total;
}

function intervalsOf({ count }: Steps, sequence: readonly (readonly Attribute[])[]): NewInterval[] {
  return Array.from({ length: count }, (_, id) => ({ id, payloads: sequence[sequence.length === 1 ? 0 : id] ?? [] }));
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
  const n = intervalsIn(every, interval, SETTLEMENT.includes(report));
  return { ...common, startInterval: said.historical ? n - 1 : 0, numIntervals: n, frequency: n, repeat: repeat ?? -1 };
}

/** @param atLeast whether longer intervals will do, too */
function intervalsIn(every: Duration, interval: Length, atLeast: boolean): number {
  const n = interval === 'forever' ? 0 : every / interval;
  if (Number.isInteger(n) && n > 0) return n;
  if (atLeast) return 1;
  throw usageError('every=… of a --report must be a whole number of intervals', 'choose the length of one with --interval');
}
