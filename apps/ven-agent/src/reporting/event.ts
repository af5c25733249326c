import type { EventTimes, GridEvent } from '@venfleet/openadr';

/** An event as far as reporting needs it: its times and its requests, whatever else it says. */
export type ReportableEvent = EventTimes & Pick<GridEvent, 'id' | 'programId' | 'targets' | 'reportRequests'>;

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
