import { createHash } from 'node:crypto';
import type { ReportIntervals, ReportRequest, ReportTiming } from '@venfleet/openadr';

/** Requests that are answered in one report. */
export interface RequestGroup {
  /** The same for the same requests, whatever their order; part of the report's name. */
  readonly key: string;
  readonly timing: ReportTiming;
  readonly reportIntervals: ReportIntervals;
  readonly requests: readonly ReportRequest[];
}

/**
 * Puts requests with the same timing into one report; a payload type that comes again in another unit or reading type
 * could not be told apart there and begins a new one.
 */
export function groupRequests(requests: readonly ReportRequest[]): RequestGroup[] {
  const groups: ReportRequest[][] = [];
  for (const request of distinct(requests)) {
    const fitting = groups.find(
      (group) => timingKey(group[0] as ReportRequest) === timingKey(request) && group.every((other) => !clash(other, request)),
    );
    if (fitting === undefined) groups.push([request]);
    else fitting.push(request);
  }
  return groups.map((group) => {
    const [first] = group as [ReportRequest];
    return { key: keyOf(group), timing: first, reportIntervals: first.reportIntervals, requests: group };
  });
}

/** The same demand made twice is answered once. */
function distinct(requests: readonly ReportRequest[]): ReportRequest[] {
  return [...new Map(requests.map((request) => [canonical(request), request])).values()];
}

const timingKey = (r: ReportRequest): string =>
  [r.startInterval, r.numIntervals, r.historical, r.frequency, r.repeat, r.reportIntervals].join();

function clash(a: ReportRequest, b: ReportRequest): boolean {
  if (a.payloadType !== b.payloadType) return false;
  const same = (a.units ?? '') === (b.units ?? '') && readingTypeOf(a) === readingTypeOf(b);
  return !same || a.aggregate === b.aggregate;
}

export const readingTypeOf = ({ readingType }: ReportRequest): string => readingType ?? 'DIRECT_READ';

function keyOf(group: readonly ReportRequest[]): string {
  return createHash('sha256').update(group.map(canonical).sort().join('\n')).digest('hex').slice(0, 12);
}

function canonical(r: ReportRequest): string {
  return JSON.stringify([r.payloadType, readingTypeOf(r), r.units ?? '', r.targets, r.aggregate, timingKey(r)]);
}
