import type { EventTimes, GridEvent } from '@venfleet/openadr';

/** An event as far as reporting needs it. */
export type ReportableEvent = EventTimes & Pick<GridEvent, 'id' | 'programId' | 'targets' | 'reportRequests'>;
