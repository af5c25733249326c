import {
  accuracy,
  confidence,
  currency,
  DateTime,
  Duration,
  intervalId,
  nullable,
  openEnum,
  reportTiming,
  ValuesMap,
} from '../common.js';
import { type Static, Type } from '../schema.js';

const text = (description: string, example: string) => nullable(Type.String({ description, examples: [example] }));
const units = text('Unit of the values: a name from the Definition, or a private one.', 'KWH');
const readingType = text('How the values are read: a name from the Definition, or a private one.', 'DIRECT_READ');
const payloadType = openEnum('Nature of the values: a name from the Definition, or a private one.', 'USAGE');

export const Targets = Type.Array(ValuesMap, {
  description: 'Whom it is for: GROUP, VEN_NAME, RESOURCE_NAME, … Empty or null: everyone.',
});

export const IntervalPeriod = Type.Object(
  {
    start: DateTime,
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
  { objectType: Type.Optional(Type.Literal('EVENT_PAYLOAD_DESCRIPTOR')), payloadType, units, currency },
  { title: 'EventPayloadDescriptor', description: 'What the values of an event mean.' },
);
export type EventPayloadDescriptor = Static<typeof EventPayloadDescriptor>;

export const ReportPayloadDescriptor = Type.Object(
  { objectType: Type.Optional(Type.Literal('REPORT_PAYLOAD_DESCRIPTOR')), payloadType, readingType, units, accuracy, confidence },
  { title: 'ReportPayloadDescriptor', description: 'What the values of a report mean.' },
);
export type ReportPayloadDescriptor = Static<typeof ReportPayloadDescriptor>;

export const ReportDescriptor = Type.Object(
  { payloadType, readingType, units, targets: nullable(Targets), ...reportTiming },
  { title: 'ReportDescriptor', description: 'A report that an event asks for.' },
);
export type ReportDescriptor = Static<typeof ReportDescriptor>;
