import type { Instant } from '@venfleet/core';
import type { Target } from '../client/domain.js';
import { nullable, type WireVersion } from '../wire/common.js';
import { type Static, Type } from '../wire/schema.js';
import type { EventPayloadDescriptor } from '../wire/v310/index.js';
import { validator } from '../wire/validator.js';
import { parseDateTime } from './date-time.js';
import { parseDuration } from './duration.js';
import type { GridEvent, Length } from './event.js';
import {
  type Complain,
  decodePeriod,
  holdUntilSuperseded,
  ReceivedIntervals,
  ReceivedPeriod,
  resolveIntervals,
} from './intervals.js';
import type { ReportIntervals, ReportRequest } from './report-request.js';

const text = nullable(Type.String());
const integer = nullable(Type.Integer());

/** A plain string (3.1) or values of a type (3.0.1). */
const ReceivedTargets = nullable(
  Type.Array(
    Type.Unsafe<Target>({
      type: ['string', 'object'],
      required: ['type', 'values'],
      properties: { type: { type: 'string' }, values: { type: 'array' } },
    }),
  ),
);

const ReceivedDescriptor = Type.Object({
  payloadType: Type.String({ minLength: 1 }),
  readingType: text,
  units: text,
  targets: ReceivedTargets,
  aggregate: nullable(Type.Boolean()),
  startInterval: integer,
  numIntervals: integer,
  historical: nullable(Type.Boolean()),
  frequency: integer,
  repeat: integer,
  reportIntervals: text,
});

/** No more than an event needs to be understood, in either version: null is absent, and types may be private. */
const ReceivedEvent = Type.Object({
  id: Type.String({ minLength: 1 }),
  programID: Type.String({ minLength: 1 }),
  createdDateTime: text,
  modificationDateTime: text,
  eventName: text,
  priority: nullable(Type.Number({ minimum: 0 })),
  targets: ReceivedTargets,
  reportDescriptors: nullable(Type.Array(ReceivedDescriptor)),
  payloadDescriptors: nullable(Type.Array(Type.Object({ payloadType: text }))),
  intervalPeriod: ReceivedPeriod,
  intervals: ReceivedIntervals,
  duration: text,
});
const received = validator(ReceivedEvent);

/** An event that cannot be understood: it exists, so it is not deleted, but nobody can act on it. */
export interface EventProblem {
  /** The event's id; where it has none, the beginning of what was received. */
  readonly id: string;
  /** Each as `where: what`. */
  readonly mistakes: readonly string[];
}

export type DecodedEvent =
  | { readonly id: string; readonly event: GridEvent }
  | { readonly id: string; readonly problem: EventProblem };

/** Makes an event of either version into one of the domain; never throws. */
export function decodeEvent(json: unknown, version: WireVersion): DecodedEvent {
  const mistakes = received.is(json) ? [] : received.mistakes(json);
  const event = received.is(json) ? decode(json, version, (mistake) => mistakes.push(mistake)) : undefined;
  if (event !== undefined && mistakes.length === 0) return { id: event.id, event };
  const id = idOf(json);
  return { id, problem: { id, mistakes } };
}

function decode(json: Static<typeof ReceivedEvent>, version: WireVersion, complain: Complain): GridEvent {
  const period = decodePeriod(json.intervalPeriod, 'intervalPeriod', complain);
  const resolved = resolveIntervals(json.intervals, period, complain);
  const from = typeof period?.start === 'number' ? period.start : undefined;
  const first = resolved[0]?.start;
  return {
    id: json.id,
    programId: json.programID,
    name: json.eventName ?? undefined,
    priority: json.priority ?? undefined,
    createdAt: timestamp(json.createdDateTime),
    modifiedAt: timestamp(json.modificationDateTime),
    targets: json.targets ?? [],
    start: period?.start,
    length: period?.duration === undefined ? undefined : parseDuration(period.duration, from),
    randomizeStart: period?.randomizeStart,
    duration: lifespan(json.duration, typeof first === 'number' ? first : from, complain),
    intervals: version === '3.0.1' ? holdUntilSuperseded(resolved) : resolved,
    payloadDescriptors: (json.payloadDescriptors ?? [])
      .filter(({ payloadType }) => typeof payloadType === 'string')
      .map((descriptor) => ({ ...descriptor, objectType: 'EVENT_PAYLOAD_DESCRIPTOR' }) as EventPayloadDescriptor),
    reportRequests: (json.reportDescriptors ?? []).map(decodeRequest),
  };
}

/** The defaults are those of the specification; an unknown kind of intervals is answered with the event's own. */
function decodeRequest(descriptor: Static<typeof ReceivedDescriptor>): ReportRequest {
  const known: readonly ReportIntervals[] = ['INTERVALS', 'SUB_INTERVALS', 'OPEN_INTERVALS'];
  return {
    payloadType: descriptor.payloadType,
    readingType: descriptor.readingType ?? undefined,
    units: descriptor.units ?? undefined,
    targets: descriptor.targets ?? [],
    aggregate: descriptor.aggregate ?? false,
    startInterval: descriptor.startInterval ?? -1,
    numIntervals: descriptor.numIntervals ?? -1,
    historical: descriptor.historical ?? true,
    frequency: descriptor.frequency ?? -1,
    repeat: descriptor.repeat ?? 1,
    reportIntervals: known.find((kind) => kind === descriptor.reportIntervals) ?? 'INTERVALS',
  };
}

function lifespan(given: string | null | undefined, from: Instant | undefined, complain: Complain): Length | undefined {
  if (given === undefined || given === null) return undefined;
  const length = parseDuration(given, from);
  if (length === undefined) complain('duration: is not a valid duration');
  else if (length !== 'forever' && length < 0) complain('duration: is negative');
  return length;
}

/** Some VTNs write other forms here than elsewhere; nothing depends on it. */
function timestamp(given: string | null | undefined): Instant | undefined {
  const time = given === undefined || given === null ? undefined : parseDateTime(given);
  return time === 'now' ? undefined : time;
}

function idOf(json: unknown): string {
  const id = typeof json === 'object' && json !== null && 'id' in json ? json.id : undefined;
  return typeof id === 'string' && id !== '' ? id : (JSON.stringify(json) ?? '').slice(0, 60);
}
