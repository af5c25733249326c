import { type Duration, type Instant, VenfleetError } from '@venfleet/core';
import type { Target } from '../client/domain.js';
import type { ValuesMap, WireVersion } from '../wire/common.js';
import { formatDateTime, NOW_TEXT } from './date-time.js';
import { formatDuration } from './duration.js';
import type { GridEvent, GridInterval, Length } from './event.js';
import type { ReportRequest } from './report-request.js';

/** An interval as business logic writes it: what is left out is the event's, or follows from the one before. */
export type NewInterval = Pick<GridInterval, 'id' | 'payloads'> & Partial<GridInterval>;

/** An event as business logic writes it; all but the program is optional. */
export type NewEvent = Pick<GridEvent, 'programId'> &
  Partial<Omit<GridEvent, 'id' | 'programId' | 'createdAt' | 'modifiedAt' | 'intervals'>> & {
    readonly intervals?: readonly NewInterval[] | undefined;
  };

/** An intervalPeriod; in 3.0.1 it always has a start. */
export interface WirePeriod {
  start?: string;
  duration?: string;
  randomizeStart?: string;
}

/**
 * Writes an event for one version.
 * @param wireTargets how that version writes targets
 * @throws VenfleetError EVENT_NOT_EXPRESSIBLE where 3.0.1 has no place for something
 */
export function encodeEvent<T>(event: NewEvent, version: WireVersion, wireTargets: (targets: readonly Target[]) => T[]) {
  refuseBeyond(event, version);
  const { programId, name, priority, targets, duration, intervals = [], payloadDescriptors, reportRequests } = event;
  const period = encodePeriod(event.start, event.length, event.randomizeStart, version);
  return {
    programID: programId,
    ...(name === undefined ? {} : { eventName: name }),
    ...(priority === undefined ? {} : { priority }),
    ...list('targets', wireTargets(targets ?? [])),
    ...list(
      'reportDescriptors',
      (reportRequests ?? []).map((request) => encodeRequest(request, version, wireTargets)),
    ),
    ...list('payloadDescriptors', payloadDescriptors ?? []),
    ...(duration === undefined ? {} : { duration: formatDuration(duration) }),
    ...(period === undefined ? {} : { intervalPeriod: period }),
    intervals: intervals.map((interval) => encodeInterval(interval, version)),
  };
}

function encodeInterval({ id, start, duration, randomizeStart, payloads }: NewInterval, version: WireVersion) {
  const period = encodePeriod(start, duration, randomizeStart, version);
  return { id, ...(period === undefined ? {} : { intervalPeriod: period }), payloads: payloads as ValuesMap[] };
}

/** 3.0.1 wants a start in each period: that of now means what 3.1 says by leaving it out. */
export function encodePeriod(
  start: Instant | 'now' | 'next' | undefined,
  duration: Length | undefined,
  randomizeStart: Duration | undefined,
  version: WireVersion,
): WirePeriod | undefined {
  if (start === undefined && duration === undefined && randomizeStart === undefined) return undefined;
  const inherited = start === undefined || start === 'next';
  return {
    ...(inherited ? {} : { start: formatDateTime(start) }),
    ...(inherited && version === '3.0.1' ? { start: NOW_TEXT } : {}),
    ...(duration === undefined ? {} : { duration: formatDuration(duration) }),
    ...(randomizeStart === undefined ? {} : { randomizeStart: formatDuration(randomizeStart) }),
  };
}

function encodeRequest<T>(request: ReportRequest, version: WireVersion, wireTargets: (targets: readonly Target[]) => T[]) {
  const { payloadType, readingType, units, targets, reportIntervals, ...timing } = request;
  return {
    payloadType,
    ...(readingType === undefined ? {} : { readingType }),
    ...(units === undefined ? {} : { units }),
    ...list('targets', wireTargets(targets)),
    ...timing,
    ...(version === '3.0.1' ? {} : { reportIntervals }),
  };
}

function list<K extends string, T>(key: K, values: readonly T[]): { [P in K]?: T[] } {
  return (values.length === 0 ? {} : { [key]: [...values] }) as { [P in K]?: T[] };
}

function refuseBeyond({ name, duration, reportRequests = [] }: NewEvent, version: WireVersion): void {
  if (version !== '3.0.1') return;
  const beyond = duration !== undefined ? 'a duration' : reportRequests.some(isBeyond) ? 'reportIntervals' : undefined;
  if (beyond === undefined) return;
  throw new VenfleetError(
    'EVENT_NOT_EXPRESSIBLE',
    `event${name === undefined ? '' : ` ${name}`}: OpenADR 3.0.1 has no place for ${beyond}`,
    {
      hint: 'leave it out, or use a VTN of version 3.1',
    },
  );
}

const isBeyond = ({ reportIntervals }: ReportRequest): boolean => reportIntervals !== 'INTERVALS';
