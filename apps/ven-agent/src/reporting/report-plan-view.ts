import { type Instant, VenfleetError } from '@venfleet/core';
import { type End, isAdHoc, type PlannedReport, ReportPlan, timelineOf, timingProblem } from '@venfleet/openadr';
import type { ReportableEvent } from './event.js';
import { groupRequests } from './request.js';
import { answerable } from './values.js';

/** What an event asks for, worked out: nothing is stored or sent. */
export interface ReportPlanView {
  readonly event: string;
  readonly program: string;
  /** What "now" in the event means. */
  readonly seenAt: string;
  readonly reports: readonly {
    readonly request: string;
    /** `USAGE (KWH)`, one for each payload. */
    readonly payloads: readonly string[];
    /** What is asked for and will not be answered, and why. */
    readonly refused: readonly string[];
    /** `scheduled`, or `ad hoc` where the VEN reports on a change of state. */
    readonly timing: 'scheduled' | 'ad hoc';
    readonly due: readonly PlannedView[];
    /** Whether there are more than those. */
    readonly more: boolean;
  }[];
}

interface PlannedView {
  readonly ordinal: number;
  readonly dueAt: string;
  readonly from: string;
  /** `forever` where the last interval has no end. */
  readonly to: string;
  /** Ids of the intervals covered. */
  readonly intervals: readonly number[];
}

/**
 * @param from the first report due at or after this time is the first one shown
 * @param count so many of each request
 */
export function viewReportPlan(event: ReportableEvent, seenAt: Instant, from: Instant, count: number): ReportPlanView {
  const timeline = timelineOf(event, seenAt);
  return {
    event: event.id,
    program: event.programId,
    seenAt: iso(seenAt),
    reports: groupRequests(event.reportRequests).map(({ key, timing, requests }) => {
      const plan = new ReportPlan(timeline, timing, seenAt);
      const { answers, refused } = answerable(requests);
      const problem = timingProblem(timing);
      const due = plannedFrom(plan, from, count + 1);
      return {
        request: key,
        payloads: answers.map(
          ({ request, answer }) => `${request.payloadType}${answer.unit?.name ? ` (${answer.unit.name})` : ''}`,
        ),
        refused: [...(problem === undefined ? [] : [problem]), ...refused.map(({ reason }) => reason)],
        timing: isAdHoc(timing) ? 'ad hoc' : 'scheduled',
        due: due.slice(0, count).map(viewOf),
        more: due.length > count,
      };
    }),
  };
}

function plannedFrom(plan: ReportPlan, from: Instant, count: number): PlannedReport[] {
  const found: PlannedReport[] = [];
  for (let ordinal = plan.firstFor(from); found.length < count; ordinal++) {
    const report = plan.at(ordinal);
    if (report === undefined) break;
    if (report.dueAt >= from) found.push(report);
  }
  return found;
}

function viewOf({ ordinal, dueAt, covers }: PlannedReport): PlannedView {
  return {
    ordinal,
    dueAt: iso(dueAt),
    from: iso(covers[0]?.start ?? dueAt),
    to: iso(covers.at(-1)?.end ?? dueAt),
    intervals: covers.map(({ id }) => id),
  };
}

const iso = (time: End): string => (time === 'forever' ? 'forever' : new Date(time).toISOString());

/** @throws VenfleetError EVENT_UNKNOWN */
export function eventUnknown(id: string, ven: string | undefined): VenfleetError {
  return new VenfleetError('EVENT_UNKNOWN', `there is no event ${id}${ven === undefined ? '' : ` for ${ven}`}`, {
    context: { event: id },
    hint: 'name a VEN that may see it with --ven, to ask the VTN; or check the id',
  });
}
