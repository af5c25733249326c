import type { Duration, Instant } from '@venfleet/core';
import type { Attribute } from '../client/domain.js';
import { nullable, type ValuesMap, type WireVersion } from '../wire/common.js';
import { type Static, Type } from '../wire/schema.js';
import { parseDateTime } from './date-time.js';
import { encodePeriod } from './encode-event.js';
import type { Length } from './event.js';
import { decodePeriod, ReceivedIntervals, ReceivedPeriod, resolveIntervals } from './intervals.js';

/** The resource name under which sums over resources are reported (Definition, reportDescriptor.aggregate). */
export const AGGREGATED_REPORT = 'AGGREGATED_REPORT';

/** What the values of one payload type mean. */
export interface ReportValueDescriptor {
  readonly payloadType: string;
  readonly readingType?: string | undefined;
  readonly units?: string | undefined;
}

export interface ReportInterval {
  /** That of the event's interval that it is about. */
  readonly id: number;
  readonly start: Instant;
  readonly duration: Duration | 'forever';
  readonly payloads: readonly Attribute[];
}

/** A report as a VEN writes it. */
export interface ReportDraft {
  /** Sent to 3.0.1 alone: in 3.1 the event says it. */
  readonly programId: string;
  readonly eventId: string;
  readonly clientName: string;
  readonly name?: string | undefined;
  readonly descriptors: readonly ReportValueDescriptor[];
  readonly resources: readonly { readonly name: string; readonly intervals: readonly ReportInterval[] }[];
}

/** An interval of a report as received: which its author may leave without times. */
export interface ReceivedReportInterval {
  readonly id: number;
  readonly start?: Instant | undefined;
  readonly duration?: Length | undefined;
  readonly payloads: readonly Attribute[];
}

/** A report as the VTN keeps it. */
export interface GridReport {
  readonly id: string;
  readonly eventId: string;
  /** 3.0.1 only. */
  readonly programId?: string | undefined;
  readonly clientName: string;
  /** 3.1 only: the client that wrote it. */
  readonly clientId?: string | undefined;
  readonly name?: string | undefined;
  readonly createdAt?: Instant | undefined;
  readonly descriptors: readonly ReportValueDescriptor[];
  readonly resources: readonly { readonly name: string; readonly intervals: readonly ReceivedReportInterval[] }[];
}

/** A report's body in the words of one version. */
export function encodeReport(draft: ReportDraft, version: WireVersion) {
  const { programId, eventId, clientName, name, descriptors, resources } = draft;
  return {
    ...(version === '3.0.1' ? { programID: programId } : {}),
    eventID: eventId,
    clientName,
    ...(name === undefined ? {} : { reportName: name }),
    ...(descriptors.length === 0 ? {} : { payloadDescriptors: descriptors.map(encodeDescriptor) }),
    resources: resources.map((resource) => ({
      resourceName: resource.name,
      intervals: resource.intervals.map(({ id, start, duration, payloads }) => ({
        id,
        intervalPeriod: encodePeriod(start, duration, undefined, version),
        payloads: payloads as ValuesMap[],
      })),
    })),
  };
}

function encodeDescriptor({ payloadType, readingType, units }: ReportValueDescriptor) {
  return {
    objectType: 'REPORT_PAYLOAD_DESCRIPTOR' as const,
    payloadType,
    ...(readingType === undefined ? {} : { readingType }),
    ...(units === undefined ? {} : { units }),
  };
}

const text = nullable(Type.String());

/** No more than a report needs to be understood, in either version. */
export const ReceivedReport = Type.Object({
  id: Type.String({ minLength: 1 }),
  eventID: Type.String({ minLength: 1 }),
  programID: text,
  clientName: Type.String(),
  clientID: text,
  reportName: text,
  createdDateTime: text,
  payloadDescriptors: nullable(Type.Array(Type.Object({ payloadType: Type.String(), readingType: text, units: text }))),
  resources: nullable(
    Type.Array(Type.Object({ resourceName: Type.String(), intervalPeriod: ReceivedPeriod, intervals: ReceivedIntervals })),
  ),
});

/** Times that cannot be read are left out: the values are there all the same. */
export function decodeReport(received: Static<typeof ReceivedReport>): GridReport {
  const created = parseDateTime(received.createdDateTime ?? '');
  return {
    id: received.id,
    eventId: received.eventID,
    programId: received.programID ?? undefined,
    clientName: received.clientName,
    clientId: received.clientID ?? undefined,
    name: received.reportName ?? undefined,
    createdAt: created === 'now' ? undefined : created,
    descriptors: (received.payloadDescriptors ?? []).map(({ payloadType, readingType, units }) => ({
      payloadType,
      readingType: readingType ?? undefined,
      units: units ?? undefined,
    })),
    resources: (received.resources ?? []).map(({ resourceName, intervalPeriod, intervals }) => {
      const period = decodePeriod(intervalPeriod, 'intervalPeriod', () => undefined);
      const resolved = resolveIntervals(intervals, period, () => undefined);
      return {
        name: resourceName,
        intervals: resolved.map(({ id, start, duration, payloads }) =>
          typeof start === 'number' ? { id, start, duration, payloads } : { id, payloads },
        ),
      };
    }),
  };
}
