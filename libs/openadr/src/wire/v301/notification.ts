import { discriminated, nullable, ObjectTypeName } from '../common.js';
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
    operation: Type.Enum(['GET', 'POST', 'PUT', 'DELETE'], { type: 'string', description: 'What was done, as an HTTP verb.' }),
    object: discriminated('objectType', [Program, Report, Event, Subscription, Ven, Resource], {
      title: 'NotifiedObject',
      description: 'The object that it was done to.',
    }),
    targets: nullable(Targets),
  },
  { title: 'Notification', description: 'What the VTN posts to a callback.' },
);
export type Notification = Static<typeof Notification>;
