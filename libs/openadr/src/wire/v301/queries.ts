import { ObjectId, ObjectTypeName, paging } from '../common.js';
import { type Static, Type } from '../schema.js';

const text = (description: string) => Type.Optional(Type.String({ minLength: 1, description }));

/** The values are alternatives; one of the two alone asks for nothing that can be answered, so it is refused. */
const targets = {
  targetType: text('Type of the targets, such as GROUP.'),
  targetValues: Type.Optional(
    Type.Array(Type.String({ minLength: 1 }), { minItems: 1, description: 'Targets, any of which will do.' }),
  ),
};
const both = { dependentRequired: { targetType: ['targetValues'], targetValues: ['targetType'] } };

export const ProgramQuery = Type.Object({ ...targets, ...paging }, { title: 'ProgramQuery', ...both });
export type ProgramQuery = Static<typeof ProgramQuery>;

export const EventQuery = Type.Object(
  { programID: Type.Optional(ObjectId), ...targets, ...paging },
  { title: 'EventQuery', ...both },
);
export type EventQuery = Static<typeof EventQuery>;

export const ReportQuery = Type.Object(
  { programID: Type.Optional(ObjectId), eventID: Type.Optional(ObjectId), clientName: text('Who reported.'), ...paging },
  { title: 'ReportQuery' },
);
export type ReportQuery = Static<typeof ReportQuery>;

export const SubscriptionQuery = Type.Object(
  {
    programID: Type.Optional(ObjectId),
    clientName: text('Who subscribed.'),
    objects: Type.Optional(Type.Array(ObjectTypeName, { description: 'Kinds of object, any of which will do.' })),
    ...targets,
    ...paging,
  },
  { title: 'SubscriptionQuery', ...both },
);
export type SubscriptionQuery = Static<typeof SubscriptionQuery>;

export const VenQuery = Type.Object({ venName: text('Name of the VEN.'), ...targets, ...paging }, { title: 'VenQuery', ...both });
export type VenQuery = Static<typeof VenQuery>;

export const ResourceQuery = Type.Object(
  { resourceName: text('Name of the resource.'), ...targets, ...paging },
  { title: 'ResourceQuery', ...both },
);
export type ResourceQuery = Static<typeof ResourceQuery>;
