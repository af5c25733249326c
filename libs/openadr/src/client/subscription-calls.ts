import { VenfleetError } from '@venfleet/core';
import { nullable, type WireVersion } from '../wire/common.js';
import { type Static, Type } from '../wire/schema.js';
import { ignoreAnswer, path, ReceivedId, ReceivedName, receive } from './adapter.js';
import type { NewSubscription, Subscription, SubscriptionFilter } from './domain.js';
import type { Call, ListCall } from './session.js';

/** The operations on subscriptions, which both versions have at the same paths. */
export interface SubscriptionCalls {
  listSubscriptions(filter: SubscriptionFilter): ListCall<Subscription>;
  createSubscription(subscription: NewSubscription): Call<Subscription>;
  deleteSubscription(id: string): Call<void>;
}

const ReceivedSubscription = Type.Object({
  id: ReceivedId,
  clientName: ReceivedName,
  programID: nullable(Type.String()),
  objectOperations: nullable(Type.Array(Type.Object({ callbackUrl: nullable(Type.String()) }))),
});

const decode = ({ id, clientName, programID, objectOperations }: Static<typeof ReceivedSubscription>): Subscription => ({
  id,
  clientName,
  ...(programID === undefined || programID === null ? {} : { programId: programID }),
  callbackUrls: (objectOperations ?? []).flatMap(({ callbackUrl }) => callbackUrl ?? []),
});
const received = receive(ReceivedSubscription, decode);

export function subscriptionCalls(version: WireVersion): SubscriptionCalls {
  return {
    listSubscriptions: ({ clientName, programId }) => ({
      path: '/subscriptions',
      query: { clientName, programID: programId },
      decode: received,
      keep: (item) =>
        (clientName === undefined || item.clientName === clientName) && (programId === undefined || item.programId === programId),
    }),
    createSubscription: (subscription) => ({
      method: 'POST',
      path: '/subscriptions',
      body: encode(subscription, version),
      decode: received,
    }),
    deleteSubscription: (id) => ({ method: 'DELETE', path: path`/subscriptions/${id}`, decode: ignoreAnswer }),
  };
}

function encode({ clientName, programId, objects, callbackUrl, bearerToken }: NewSubscription, version: WireVersion) {
  if (programId === undefined && version === '3.0.1') {
    throw new VenfleetError('SUBSCRIPTION_NOT_EXPRESSIBLE', 'OpenADR 3.0.1 has no place for a subscription to all programs', {
      hint: 'subscribe to each program',
    });
  }
  return {
    clientName,
    ...(programId === undefined ? {} : { programID: programId }),
    // Both versions' schemas write operations so; the verbs of 3.0.0 come back in 3.0.1's notifications only.
    objectOperations: [{ objects: [...objects], operations: ['CREATE', 'UPDATE', 'DELETE'], callbackUrl, bearerToken }],
  };
}
