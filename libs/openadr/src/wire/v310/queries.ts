import { name, ObjectId, ObjectTypeName, paging } from '../common.js';
import { type Static, Type } from '../schema.js';
import { Targets } from './parts.js';

const targets = { targets: Type.Optional(Targets) };
const clientName = Type.Optional(name('Who wrote it.', 'VEN-999'));

export const ProgramQuery = Type.Object({ ...targets, ...paging }, { title: 'ProgramQuery' });
export type ProgramQuery = Static<typeof ProgramQuery>;

export const EventQuery = Type.Object(
  {
    programID: Type.Optional(ObjectId),
    ...targets,
    active: Type.Optional(Type.Boolean({ description: 'Leave out events that are over.' })),
    ...paging,
  },
  { title: 'EventQuery' },
);
export type EventQuery = Static<typeof EventQuery>;

export const ReportQuery = Type.Object(
  { programID: Type.Optional(ObjectId), eventID: Type.Optional(ObjectId), clientName, ...paging },
  { title: 'ReportQuery' },
);
export type ReportQuery = Static<typeof ReportQuery>;

export const SubscriptionQuery = Type.Object(
  {
    programID: Type.Optional(ObjectId),
    clientName,
    objects: Type.Optional(Type.Array(ObjectTypeName, { description: 'Kinds of object, any of which will do.' })),
    ...paging,
  },
  { title: 'SubscriptionQuery' },
);
export type SubscriptionQuery = Static<typeof SubscriptionQuery>;

export const VenQuery = Type.Object(
  { venName: Type.Optional(name('Name of the VEN.', 'VEN-999')), ...targets, ...paging },
  { title: 'VenQuery' },
);
export type VenQuery = Static<typeof VenQuery>;

export const ResourceQuery = Type.Object(
  {
    resourceName: Type.Optional(name('Name of the resource.', 'RESOURCE-999')),
    venID: Type.Optional(ObjectId),
    ...targets,
    ...paging,
  },
  { title: 'ResourceQuery' },
);
export type ResourceQuery = Static<typeof ResourceQuery>;
