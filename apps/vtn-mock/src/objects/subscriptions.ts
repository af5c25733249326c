import { type WireVersion, wire301, wire310 } from '@venfleet/openadr';
import type { Caller } from '../auth/caller.js';
import { type Collection, type CollectionOf, collection, type WriteCall, wellFormed } from '../http/collection.js';
import { type JsonText, member, objectText } from '../http/json.js';
import { notFound, Problem } from '../http/problem.js';
import type { ChangedObject } from '../notify/changes.js';
import { anyTypedTarget, type Condition, equals } from '../store/listing.js';
import { forProgram, forTypes, type Subscribed, type SubscriptionContent, type SubscriptionRow } from '../store/subscriptions.js';
import { fromStrings, fromValuesMaps } from '../store/targets.js';
import type { VtnContext } from '../vtn-context.js';
import { visibleObject } from './visibility.js';

type Params = Readonly<Record<string, string>>;
type Body = wire301.SubscriptionRequest | wire310.SubscriptionRequest;

/** Each callback is challenged before a subscription is accepted: more in one request would only keep the VTN busy. */
const MOST_CALLBACKS = 10;

/** HTTP verbs, as OpenADR 3.0.0 had them, for the operations. */
const OPERATION_OF: Readonly<Record<string, string>> = { GET: 'READ', POST: 'CREATE', PUT: 'UPDATE' };

const common = {
  kind: 'subscription',
  path: '/subscriptions',
  idParam: 'subscriptionID',
  writeScope: 'write_subscriptions',
  writers: ['BL', 'VEN'],
} as const;

/** 3.0.1 has no object privacy, but bearer tokens stay between the VTN and the client that gave them. */
export function subscriptions301(context: VtnContext): Collection {
  const schemas = { query: wire301.SubscriptionQuery, body: wire301.SubscriptionRequest, object: wire301.Subscription };
  const of: CollectionOf<typeof schemas.query, typeof schemas.body> = {
    ...common,
    ...writing(context, '3.0.1', (body: wire301.SubscriptionRequest) => fromValuesMaps(body.targets)),
    readScope: 'read_all',
    schemas,
    list: ({ caller, query, page }) =>
      context.subscriptions.page(conditions301(query), page).map((row) => textFor(caller, row, '3.0.1')),
  };
  return collection(of);
}

function conditions301({ targetType, targetValues, ...query }: wire301.SubscriptionQuery): Condition[] {
  const conditions = conditionsOf(query, '3.0.1');
  if (targetType !== undefined && targetValues !== undefined) conditions.push(anyTypedTarget('s', targetType, targetValues));
  return conditions;
}

/** A VEN sees and changes only the subscriptions that it made. */
export function subscriptions310(context: VtnContext): Collection {
  const schemas = { query: wire310.SubscriptionQuery, body: wire310.SubscriptionRequest, object: wire310.Subscription };
  const of: CollectionOf<typeof schemas.query, typeof schemas.body> = {
    ...common,
    ...writing(context, '3.1.0', (body: wire310.SubscriptionRequest) => fromStrings(body.targets)),
    readScope: 'read_ven_objects',
    schemas,
    list({ caller, query, page }) {
      const own = caller.role === 'VEN' ? [equals('s.client_id', caller.clientId)] : [];
      const rows = context.subscriptions.page([...own, ...conditionsOf(query, '3.1.0')], page);
      return rows.map((row) => textFor(caller, row, '3.1.0'));
    },
  };
  return collection(of);
}

/** A subscription is of the version over which it was made: its notifications have that one's words. */
function conditionsOf({ programID, clientName, objects }: wire310.SubscriptionQuery, version: WireVersion): Condition[] {
  const conditions = [equals('s.version', version)];
  if (programID !== undefined) conditions.push(forProgram(programID));
  if (clientName !== undefined) conditions.push(equals('s.client_name', clientName));
  if (objects?.length) conditions.push(forTypes(objects));
  return conditions;
}

/** What both versions do alike. @param targetsOf the targets of a body in both spellings */
function writing<B extends Body>(
  context: VtnContext,
  version: WireVersion,
  targetsOf: (body: B) => Pick<SubscriptionContent, 'targets' | 'targets301'>,
) {
  const { subscriptions, store, notifications } = context;
  const { webhooks } = notifications;
  const find = (caller: Caller, { subscriptionID = '' }: Params): SubscriptionRow => {
    const row = subscriptions.byId(subscriptionID);
    const hidden = version === '3.1.0' && caller.role === 'VEN' && row?.clientId !== caller.clientId;
    if (row === undefined || row.version !== version || hidden) throw notFound('subscription', subscriptionID);
    return row;
  };
  const contentOf = (caller: Caller, body: B, of: Pick<SubscriptionRow, 'id' | 'clientId'>): SubscriptionContent => {
    const content = {
      clientName: wellFormed('clientName', body.clientName),
      programId: programOf(context, caller, version, body.programID),
      operations: JSON.stringify(body.objectOperations),
      ...targetsOf(body),
    };
    const twin = subscriptions.twinOf(content, { ...of, version, role: caller.role }, of.id);
    if (twin !== undefined) throw new Problem(409, `this is the same as the subscription ${twin}`);
    return content;
  };
  return {
    async prepare({ caller, params, body }: WriteCall<B>): Promise<void> {
      // What is refused anyhow must not make the VTN call anybody.
      store.read(() => {
        const row = 'subscriptionID' in params ? find(caller, params) : { id: '', clientId: caller.clientId };
        contentOf(caller, body, row);
      });
      await webhooks.challengeAll(callbacksOf(body));
    },
    create({ caller, body }: WriteCall<B>): JsonText {
      const by = { version, clientId: caller.clientId, role: caller.role };
      const content = contentOf(caller, body, { id: '', clientId: caller.clientId });
      const row = subscriptions.insert(content, subscribedBy(body), by, store.newStamp());
      webhooks.subscriptionsChanged(row.seq, callbacksOf(body));
      return textFor(caller, row, version);
    },
    read: ({ caller, params }: { caller: Caller; params: Params }) => textFor(caller, find(caller, params), version),
    replace({ caller, params, body }: WriteCall<B>): JsonText {
      const row = find(caller, params);
      const content = contentOf(caller, body, row);
      const changed = subscriptions.update(row, content, subscribedBy(body), store.modifiedAfter(row.modified));
      webhooks.subscriptionsChanged(row.seq, callbacksOf(body));
      return textFor(caller, changed, version);
    },
    remove({ caller, params }: { caller: Caller; params: Params }): JsonText {
      const row = find(caller, params);
      subscriptions.delete(row);
      webhooks.subscriptionsChanged(row.seq, new Map());
      return textFor(caller, row, version);
    },
  };
}

/** POST declares no 404; 409 is for references that lead nowhere, and for what the caller does not see (Definition). */
function programOf(context: VtnContext, caller: Caller, version: WireVersion, id: string | undefined): string | null {
  if (id === undefined) return null;
  const program = context.programs.byId(id);
  if (program !== undefined && (version === '3.0.1' || visibleObject(context, caller, program).visible)) return id;
  throw new Problem(409, `programID: there is no program ${id}`);
}

/** @throws Problem 400 when there are too many, or one URL has two tokens: they could not be told apart. */
function callbacksOf({ objectOperations }: Body): Map<string, string | null> {
  const callbacks = new Map<string, string | null>();
  for (const [i, { callbackUrl, bearerToken = null }] of objectOperations.entries()) {
    const known = callbacks.get(callbackUrl);
    if (known !== undefined && known !== bearerToken) {
      throw new Problem(400, `objectOperations.${i}.bearerToken: differs from that of the same callbackUrl before`);
    }
    callbacks.set(callbackUrl, bearerToken);
  }
  if (callbacks.size <= MOST_CALLBACKS) return callbacks;
  throw new Problem(400, `objectOperations: must not have more than ${MOST_CALLBACKS} different callbackUrls`);
}

function subscribedBy({ objectOperations }: Body): Subscribed[] {
  return objectOperations.flatMap(({ objects, operations, callbackUrl, bearerToken }) =>
    objects.flatMap((objectType) =>
      operations.map((operation) => ({
        objectType,
        operation: OPERATION_OF[operation] ?? operation,
        url: callbackUrl,
        token: bearerToken ?? null,
      })),
    ),
  );
}

function textFor(caller: Caller, row: SubscriptionRow, version: WireVersion): JsonText {
  return textOf(row, version, caller.clientId === row.clientId ? row.operations : withoutTokens(row.operations));
}

function textOf(row: SubscriptionRow, version: WireVersion, operations: JsonText): JsonText {
  const members =
    (version === '3.0.1' ? '' : member('clientID', JSON.stringify(row.clientId))) +
    member('clientName', JSON.stringify(row.clientName)) +
    (row.programId === null ? '' : `,"programID":"${row.programId}"`) +
    member('objectOperations', operations) +
    member('targets', version === '3.0.1' ? row.targets301 : row.targets);
  return objectText('SUBSCRIPTION', row, members);
}

function withoutTokens(operations: JsonText): JsonText {
  const parsed: wire310.ObjectOperation[] = JSON.parse(operations);
  return JSON.stringify(parsed.map(({ bearerToken: _, ...rest }) => rest));
}

/** Without bearer tokens, whoever is told. */
export function subscriptionObject(row: SubscriptionRow): ChangedObject {
  return {
    objectType: 'SUBSCRIPTION',
    id: row.id,
    programId: row.programId ?? undefined,
    clientId: row.clientId,
    version: row.version,
    targets: row,
    text: (version) => textOf(row, version, withoutTokens(row.operations)),
  };
}
