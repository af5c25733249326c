import { Duration, eventName, metadata, nullable, ObjectId, priority } from '../common.js';
import { type Static, Type } from '../schema.js';
import { EventPayloadDescriptor, Interval, IntervalPeriod, ReportDescriptor, Targets } from './parts.js';

export const EventRequest = Type.Object(
  {
    programID: ObjectId,
    eventName,
    duration: Type.Optional(Duration),
    priority,
    targets: nullable(Targets),
    reportDescriptors: nullable(Type.Array(ReportDescriptor, { description: 'Reports that the event asks for.' })),
    payloadDescriptors: nullable(
      Type.Array(EventPayloadDescriptor, { description: 'What the values mean; goes before the program’s.' }),
    ),
    intervalPeriod: Type.Optional(IntervalPeriod),
    intervals: Type.Optional(
      Type.Array(Interval, { description: 'Values over time; none in an event that only asks for reports.' }),
    ),
  },
  { title: 'EventRequest', description: 'An event as business logic writes it.' },
);
export type EventRequest = Static<typeof EventRequest>;

export const Event = Type.Object(
  { ...metadata('EVENT'), ...EventRequest.properties },
  { title: 'Event', description: 'An event as the VTN keeps it.' },
);
export type Event = Static<typeof Event>;
