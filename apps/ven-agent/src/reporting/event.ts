import type { Instant } from '@venfleet/core';
import type { EventTimes, GridEvent } from '@venfleet/openadr';

/** An event as far as reporting needs it: its times and its requests, whatever else it says. */
export type ReportableEvent = EventTimes &
  Pick<GridEvent, 'id' | 'programId' | 'targets' | 'reportRequests'> & {
    /** When the agent saw it for the first time; where this is not known, when reporting did. */
    readonly seenAt?: Instant | undefined;
  };

/** Leaves out what reports do not depend on, so that a new price is no change. */
export function reportableOf(event: ReportableEvent): ReportableEvent {
  const { id, programId, targets, start, length, duration, intervals, reportRequests } = event;
  return {
    id,
    programId,
    targets,
    start,
    length,
    duration,
    intervals: intervals.map((interval) => ({ id: interval.id, start: interval.start, duration: interval.duration })),
    reportRequests,
  };
}
