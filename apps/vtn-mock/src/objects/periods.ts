import { NOW_TEXT, type wire310 } from '@venfleet/openadr';

/** An interval of an event or report. */
interface Timed {
  readonly intervalPeriod?: wire310.IntervalPeriod;
}

/** A period for 3.0.1, which wants a start: that of now means what 3.1 says by leaving it out. */
export function withStart(period: wire310.IntervalPeriod | undefined): wire310.IntervalPeriod | undefined {
  return period === undefined || period.start !== undefined ? period : { start: NOW_TEXT, ...period };
}

export function intervalsWithStart<T extends Timed>(intervals: readonly T[]): T[] {
  return intervals.map((interval) =>
    needsStart(interval) ? { ...interval, intervalPeriod: withStart(interval.intervalPeriod) } : interval,
  );
}

export const needsStart = ({ intervalPeriod }: Timed): boolean =>
  intervalPeriod !== undefined && intervalPeriod.start === undefined;
