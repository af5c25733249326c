import {
  accuracy,
  confidence,
  currency,
  DateTime,
  Duration,
  intervalId,
  name,
  nullable,
  openEnum,
  reportTiming,
  ValuesMap,
} from '../common.js';
import { type Static, Type } from '../schema.js';

const units = nullable(openEnum('Unit of the values: a name from the Definition, or a private one.', 'KWH'));
const readingType = nullable(openEnum('How the values are read: a name from the Definition, or a private one.', 'DIRECT_READ'));
const payloadType = openEnum('Nature of the values: a name from the Definition, or a private one.', 'USAGE');

export const ClientId = name('Client id, as the authorization server knows it.', '249rj49jiej');
export const Targets = Type.Array(name('Target.', 'group-1'), { description: 'Whom it is for. Empty or null: everyone.' });

export const IntervalPeriod = Type.Object(
  {
    start: Type.Optional(DateTime),
    duration: Type.Optional(Duration),
    randomizeStart: Type.Optional(Duration),
  },
  { title: 'IntervalPeriod', description: 'Start and length of an interval, or of all intervals that have none of their own.' },
);
export type IntervalPeriod = Static<typeof IntervalPeriod>;

export const Interval = Type.Object(
  { id: intervalId, intervalPeriod: Type.Optional(IntervalPeriod), payloads: Type.Array(ValuesMap) },
  { title: 'Interval', description: 'Values for one span of time.' },
);
export type Interval = Static<typeof Interval>;

export const EventPayloadDescriptor = Type.Object(
  { objectType: Type.Literal('EVENT_PAYLOAD_DESCRIPTOR'), payloadType, units, currency },
  { title: 'EventPayloadDescriptor', description: 'What the values of an event mean.' },
);
export type EventPayloadDescriptor = Static<typeof EventPayloadDescriptor>;

export const ReportPayloadDescriptor = Type.Object(
  { objectType: Type.Literal('REPORT_PAYLOAD_DESCRIPTOR'), payloadType, readingType, units, accuracy, confidence },
  { title: 'ReportPayloadDescriptor', description: 'What the values of a report mean.' },
);
export type ReportPayloadDescriptor = Static<typeof ReportPayloadDescriptor>;

export const ReportDescriptor = Type.Object(
  {
    payloadType,
    readingType,
    units,
    targets: nullable(Targets),
    ...reportTiming,
    reportIntervals: Type.Optional(
      Type.Enum(['INTERVALS', 'SUB_INTERVALS', 'OPEN_INTERVALS'], {
        type: 'string',
        default: 'INTERVALS',
        description: 'Whether the report keeps the event’s intervals, splits them, or has its own.',
      }),
    ),
  },
  { title: 'ReportDescriptor', description: 'A report that an event asks for.' },
);
export type ReportDescriptor = Static<typeof ReportDescriptor>;
