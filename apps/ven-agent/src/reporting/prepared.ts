import { type Instant, instant, type Logger } from '@venfleet/core';
import {
  isAdHoc,
  ReportPlan,
  startOf,
  type Targeted,
  type Timeline,
  targetedResources,
  timelineOf,
  timingProblem,
} from '@venfleet/openadr';
import type { ReportableEvent } from './event.js';
import { DATA_QUALITY, type ReportedResource } from './payloads.js';
import { groupRequests, type RequestGroup } from './request.js';
import { type AnsweredRequest, answerable } from './values.js';

/** A resource as reporting sees it: its readings, its limits, and the targets that the VTN gave it. */
export interface VenResourceInfo extends ReportedResource, Targeted {}

/** The VEN that reports: its name, the targets that the VTN gave it, and its resources with metering. */
export interface ReportingVen extends Targeted {
  readonly resources: readonly VenResourceInfo[];
}

/** One report series of an event, ready to be planned and built. */
export interface PreparedGroup {
  readonly group: RequestGroup;
  readonly plan: ReportPlan;
  readonly adHoc: boolean;
  readonly answers: readonly AnsweredRequest[];
  readonly alwaysQuality: boolean;
}

export interface PreparedEvent {
  readonly id: string;
  readonly programId: string;
  readonly timeline: Timeline;
  /** When it begins: what the baseline leaves out. */
  readonly start: Instant;
  readonly groups: readonly PreparedGroup[];
}

/**
 * Works out what an event asks this VEN for. What cannot be answered is left out and logged: unknown payload types,
 * units and reading types, and timings that make no sense (see docs/reporting.md).
 * @param seenAt when the event was first seen
 */
export function prepareEvent(event: ReportableEvent, ven: ReportingVen, seenAt: Instant, logger: Logger): PreparedEvent {
  const timeline = timelineOf(event, seenAt);
  const addressed = targetedResources(event.targets, ven, ven.resources);
  const groups = groupRequests(event.reportRequests).flatMap((group): PreparedGroup[] => {
    const problem = timingProblem(group.timing);
    const { answers, refused } = answerable(group.requests);
    for (const reason of [...(problem === undefined ? [] : [problem]), ...refused.map((refusal) => refusal.reason)]) {
      logger.warn({ event: event.id, reason }, 'a report request is not answered');
    }
    const scoped = answers
      .map((answer) => ({ ...answer, resources: targetedResources(answer.request.targets, ven, addressed) }))
      .filter(({ resources }) => resources.length > 0);
    if (problem !== undefined || scoped.length === 0) return [];
    return [
      {
        group,
        plan: new ReportPlan(timeline, group.timing, seenAt),
        adHoc: isAdHoc(group.timing),
        answers: scoped,
        alwaysQuality: group.requests.some(({ payloadType }) => payloadType === DATA_QUALITY),
      },
    ];
  });
  return { id: event.id, programId: event.programId, timeline, start: startOf(timeline) ?? instant(seenAt), groups };
}

/** Where the baseline's same-day adjustment looks from: a look back leaves the event itself out, a forecast knows all until now. */
export function anchorOf(event: PreparedEvent, { group }: PreparedGroup, now: Instant): Instant {
  return group.timing.historical ? instant(Math.min(event.start, now)) : now;
}
