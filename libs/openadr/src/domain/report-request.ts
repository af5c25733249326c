import type { Target } from '../client/domain.js';
import type { ReportTiming } from './report-plan.js';

/** Whether a report keeps the event's intervals, splits them, or has its own (3.1, reportDescriptor.reportIntervals). */
export type ReportIntervals = 'INTERVALS' | 'SUB_INTERVALS' | 'OPEN_INTERVALS';

/** A reportDescriptor with its defaults filled in. */
export interface ReportRequest extends ReportTiming {
  readonly payloadType: string;
  /** Absent is DIRECT_READ. */
  readonly readingType?: string | undefined;
  readonly units?: string | undefined;
  /** Empty: all resources that the event is for. */
  readonly targets: readonly Target[];
  readonly aggregate: boolean;
  readonly reportIntervals: ReportIntervals;
}
