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

/** What an event asks of one VEN in one payload type. */
export interface PayloadAudit {
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
 * Compares what an event asks of a VEN with the reports that the VTN has of it. Several requests for one payload type
 * are counted together, as a report does not say which it answers. Reports at the VEN's discretion (frequency 0), and
 * requests whose timing makes no sense, are not looked for.
 */
export function auditReports(
  event: GridEvent,
  ven: AuditedVen,
  reports: readonly GridReport[],
  times: AuditTimes,
): PayloadAudit[] {
  const addressed = targetedResources(event.targets, ven, ven.resources);
  const seenAt = seenBy(event, reports, times.now);
  const timeline = timelineOf(event, seenAt);
  const series = distinct(event.reportRequests)
    .filter((request) => !isAdHoc(request) && timingProblem(request) === undefined)
    .map((request): Series => {
      const scope = targetedResources(request.targets, ven, addressed).map(({ name }) => name);
      const names = request.aggregate && scope.length > 0 ? [AGGREGATED_REPORT] : scope;
      return {
        payloadType: request.payloadType,
        names,
        slots: slotsOf(new ReportPlan(timeline, request, seenAt), seenAt, times),
      };
    });
  const types = [...new Set(series.filter(({ names }) => names.length > 0).map(({ payloadType }) => payloadType))];
  return types.map((payloadType) => {
    const about = { event: event.id, ven: ven.name, payloadType };
    return {
      ...about,
      ...compare(
        about,
        series.filter((one) => one.payloadType === payloadType),
        reports,
      ),
    };
  });
}

/** One request: whom it is about, and the intervals that it wants. */
interface Series {
  readonly payloadType: string;
  readonly names: readonly string[];
  readonly slots: readonly Slot[];
}

function compare(
  about: Pick<Finding, 'event' | 'ven' | 'payloadType'>,
  series: readonly Series[],
  reports: readonly GridReport[],
) {
  const names = [...new Set(series.flatMap((one) => one.names))];
  const merged = new Map<string, readonly Slot[]>();
  const missing: Finding[] = [];
  const doubled: Finding[] = [];
  let expected = 0;
  for (const resource of names) {
    const own = series.filter((one) => one.names.includes(resource));
    const key = own.map((one) => series.indexOf(one)).join();
    const slots = merged.get(key) ?? mergedSlots(own.map((one) => one.slots));
    merged.set(key, slots);
    const received = receivedBy(slots, reports, resource, about.payloadType);
    for (const [i, { span, due, planned }] of slots.entries()) {
      const count = received[i]?.size ?? 0;
      expected += due;
      const finding = { ...about, resource, interval: span.id, start: span.start, expected: due, received: count };
      if (count < due) missing.push(finding);
      else if (count > planned) doubled.push(finding);
    }
  }
  return { resources: names.length, expected, missing, doubled };
}

/** An interval with the number of reports about it: those that must be there, and those that may. */
interface Slot {
  readonly span: Span;
  readonly due: number;
  readonly planned: number;
}

/** The intervals that the reports due so far are about. */
function slotsOf(plan: ReportPlan, seenAt: Instant, { now, since, dueBy }: AuditTimes): Slot[] {
  const slots: Slot[] = [];
  for (let k = plan.firstFor(instant(Math.max(seenAt, since))); ; k++) {
    const report = plan.at(k);
    if (report === undefined || report.dueAt > now) break;
    const due = report.dueAt <= dueBy ? 1 : 0;
    slots.push(...report.covers.map((span) => ({ span, due, planned: 1 })));
  }
  return mergedSlots([slots]);
}

/** Each interval once, in the order of their starts. */
function mergedSlots(lists: readonly (readonly Slot[])[]): Slot[] {
  const merged = new Map<string, Slot>();
  for (const { span, due, planned } of lists.flat()) {
    const key = `${span.id} ${span.start}`;
    const known = merged.get(key);
    merged.set(key, { span, due: due + (known?.due ?? 0), planned: planned + (known?.planned ?? 0) });
  }
  return [...merged.values()].sort((a, b) => a.span.start - b.span.start);
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
