import { bearerToken, metadata, name, nullable, ObjectId, ObjectTypeName, OperationOrVerb } from '../common.js';
import { type Static, Type } from '../schema.js';
import { uri } from '../uri.js';
import { ClientId, Targets } from './parts.js';

export const ObjectOperation = Type.Object(
  {
    objects: Type.Array(ObjectTypeName, { description: 'Kinds of object.' }),
    operations: Type.Array(OperationOrVerb, { description: 'What was done to them.' }),
    callbackUrl: uri('Where the VTN posts notifications.'),
    bearerToken,
  },
  { title: 'ObjectOperation', description: 'What to be told of, and where.' },
);
export type ObjectOperation = Static<typeof ObjectOperation>;

export const SubscriptionRequest = Type.Object(
  {
    clientName: name('Who subscribes; may be the VEN’s name.', 'VEN-999'),
    programID: Type.Optional(ObjectId),
    objectOperations: Type.Array(ObjectOperation, { description: 'What to be told of.' }),
    targets: nullable(Targets),
  },
  { title: 'SubscriptionRequest', description: 'A wish to be told of changes, as a client writes it.' },
);
export type SubscriptionRequest = Static<typeof SubscriptionRequest>;

export const Subscription = Type.Object(
  { ...metadata('SUBSCRIPTION'), ...SubscriptionRequest.properties, clientID: ClientId },
  { title: 'Subscription', description: 'A subscription as the VTN keeps it.' },
);
export type Subscription = Static<typeof Subscription>;
