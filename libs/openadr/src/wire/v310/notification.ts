import { discriminated, nullable, ObjectTypeName, Operation } from '../common.js';
import { type Static, Type } from '../schema.js';
import { Event } from './event.js';
import { Targets } from './parts.js';
import { Program } from './program.js';
import { Report } from './report.js';
import { Subscription } from './subscription.js';
import { Resource, Ven } from './ven.js';

export const Notification = Type.Object(
  {
    objectType: ObjectTypeName,
    operation: Operation,
    object: discriminated('objectType', [Program, Report, Event, Subscription, Ven, Resource], {
      title: 'NotifiedObject',
      description: 'The object that it was done to.',
    }),
    targets: nullable(Targets),
  },
  { title: 'Notification', description: 'What the VTN posts to a callback or publishes by MQTT.' },
);
export type Notification = Static<typeof Notification>;
