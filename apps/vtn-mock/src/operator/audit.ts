import { type Instant, instant, minutes } from '@venfleet/core';
import {
  AGGREGATED_REPORT,
  type GridEvent,
  type GridReport,
  isAdHoc,
  isBefore,
  ReportPlan,
  type ReportRequest,
  type Span,
  startOf,
  type Targeted,
  type Timeline,
  targetedResources,
  timelineOf,
  timingProblem,
} from '@venfleet/openadr';

/** A VEN as the VTN knows it. */
export interface AuditedVen extends Targeted {
  readonly resources: readonly Targeted[];
}

export interface AuditTimes {
  readonly now: Instant;
  /** Only reports due from then on are looked for. */
  readonly since: Instant;
  /** A report due after that may still be on its way. */
  readonly dueBy: Instant;
}

/** An interval of a resource of which there are fewer or more reports than its event asks for. */
export interface Finding {
  readonly event: string;
  readonly ven: string;
  readonly resource: string;
  readonly payloadType: string;
  readonly interval: number;
  readonly start: Instant;
  readonly expected: number;
  readonly received: number;
}

/** One request of an event, of one VEN. */
export interface RequestAudit {
  readonly event: string;
  readonly ven: string;
  readonly payloadType: string;
  readonly resources: number;
  /** Values asked for so far: one for each interval and resource in each report. */
  readonly expected: number;
  readonly missing: readonly Finding[];
  readonly doubled: readonly Finding[];
}

/**
 * Compares what an event asks of a VEN with the reports that the VTN has of it. Reports at the VEN's discretion
 * (frequency 0), and requests whose timing makes no sense, are not looked for.
 */
export function auditReports(
  event: GridEvent,
  ven: AuditedVen,
  reports: readonly GridReport[],
  times: AuditTimes,
): RequestAudit[] {
  const addressed = targetedResources(event.targets, ven, ven.resources);
  const seenAt = seenBy(event, reports, times.now);
  const timeline = timelineOf(event, seenAt);
  return distinct(event.reportRequests).flatMap((request): RequestAudit[] => {
    const scope = targetedResources(request.targets, ven, addressed);
    if (scope.length === 0 || isAdHoc(request) || timingProblem(request) !== undefined) return [];
    const slots = slotsOf(new ReportPlan(timeline, request, seenAt), seenAt, times);
    const names = request.aggregate ? [AGGREGATED_REPORT] : scope.map(({ name }) => name);
    const missing: Finding[] = [];
    const doubled: Finding[] = [];
    let expected = 0;
    for (const resource of names) {
      const received = receivedBy(slots, reports, resource, request.payloadType);
      for (const [i, { span, due, planned }] of slots.entries()) {
        const count = received[i]?.size ?? 0;
        expected += due;
        const about = { event: event.id, ven: ven.name, resource, payloadType: request.payloadType };
        const finding = { ...about, interval: span.id, start: span.start, expected: due, received: count };
        if (count < due) missing.push(finding);
        else if (count > planned) doubled.push(finding);
      }
    }
    const { payloadType } = request;
    return [{ event: event.id, ven: ven.name, payloadType, resources: names.length, expected, missing, doubled }];
  });
}

/** An interval with the number of reports about it: those that must be there, and those that may. */
interface Slot {
  readonly span: Span;
  due: number;
  planned: number;
}

/** Intervals in the order of their starts. */
function slotsOf(plan: ReportPlan, seenAt: Instant, { now, since, dueBy }: AuditTimes): Slot[] {
  const slots = new Map<string, Slot>();
  for (let k = plan.firstFor(instant(Math.max(seenAt, since))); ; k++) {
    const report = plan.at(k);
    if (report === undefined || report.dueAt > now) break;
    for (const span of report.covers) {
      const key = `${span.id} ${span.start}`;
      const slot = slots.get(key) ?? { span, due: 0, planned: 0 };
      slot.planned++;
      if (report.dueAt <= dueBy) slot.due++;
      slots.set(key, slot);
    }
  }
  return [...slots.values()].sort((a, b) => a.span.start - b.span.start);
}

/** The reports that tell of each slot. What a VEN splits, or numbers itself, counts for the interval that it lies in. */
function receivedBy(
  slots: readonly Slot[],
  reports: readonly GridReport[],
  resource: string,
  payloadType: string,
): Set<string>[] {
  const received = slots.map(() => new Set<string>());
  for (const report of reports) {
    for (const { name, intervals } of report.resources) {
      if (name !== resource) continue;
      for (const { id, start, payloads } of intervals) {
        if (start === undefined || !payloads.some(({ type }) => type === payloadType)) continue;
        received[slotAt(slots, id, start)]?.add(report.id);
      }
    }
  }
  return received;
}

/** The slot with that id around a time, else any around it; −1 where there is none. */
function slotAt(slots: readonly Slot[], id: number, start: Instant): number {
  let [low, high] = [0, slots.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((slots[middle] as Slot).span.start <= start) low = middle + 1;
    else high = middle;
  }
  const holds = ({ span }: Slot) => span.start === start || isBefore(start, span.end);
  let any = -1;
  for (let i = low - 1; i >= 0 && i >= low - 1 - NEIGHBOURS; i--) {
    const slot = slots[i] as Slot;
    if (!holds(slot)) continue;
    if (slot.span.id === id) return i;
    if (any === -1) any = i;
  }
  return any;
}

/** How many intervals that overlap are looked at. */
const NEIGHBOURS = 8;

/** VENs poll, so that they see an event after a while. */
const SEEN_WITHIN = minutes(2);

/**
 * When a VEN saw an event that begins now, which begins for each VEN at its own time: as its reports tell, else when the
 * event was written. Of an event that repeats itself the first beginning after it was written is taken.
 */
function seenBy(event: GridEvent, reports: readonly GridReport[], now: Instant): Instant {
  const written = event.modifiedAt ?? event.createdAt ?? now;
  const floating = event.intervals.length === 0 ? typeof event.start !== 'number' : event.intervals[0]?.start === 'now';
  if (!floating) return written;
  const timeline = timelineOf(event, written);
  let begun = Number.POSITIVE_INFINITY;
  for (const { resources } of reports) {
    for (const { id, start } of resources[0]?.intervals ?? []) {
      if (start !== undefined) begun = Math.min(begun, start - offsetOf(timeline, id));
    }
  }
  if (begun === Number.POSITIVE_INFINITY) return written;
  if (timeline.kind === 'intervals') return instant(begun);
  if (event.intervals.length === 0 && event.start === undefined) {
    // The VEN's own intervals begin at marks of the clock: the last that it can have seen the event before.
    const latest = instant(written + SEEN_WITHIN);
    return begun >= (startOf(timelineOf(event, latest)) ?? 0) ? latest : written;
  }
  return instant(written + ((((begun - written) % timeline.length) + timeline.length) % timeline.length));
}

/** From the beginning of an event, or of one of its passes, to the interval with that id. */
function offsetOf(timeline: Timeline, id: number): number {
  if (timeline.kind === 'implied') return 0;
  const [first] = timeline.intervals;
  const span = timeline.intervals.find((interval) => interval.id === id);
  return first === undefined || span === undefined ? 0 : span.start - first.start;
}

/** The same demand made twice is answered once. */
function distinct(requests: readonly ReportRequest[]): ReportRequest[] {
  return [...new Map(requests.map((request) => [JSON.stringify(request), request])).values()];
}
