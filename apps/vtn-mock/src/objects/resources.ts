import { wire301, wire310 } from '@venfleet/openadr';
import { type Caller, requireFlavour } from '../auth/caller.js';
import { type Collection, type CollectionOf, collection, wellFormed } from '../http/collection.js';
import { type JsonText, member, objectText, textOf } from '../http/json.js';
import { notFound, Problem } from '../http/problem.js';
import type { ChangedObject } from '../notify/changes.js';
import { anyTarget, anyTypedTarget, type Condition, equals } from '../store/listing.js';
import type { ResourceContent, ResourceRow } from '../store/resources.js';
import { fromStrings, fromValuesMaps, NO_TARGETS } from '../store/targets.js';
import type { VenRow } from '../store/vens.js';
import type { VtnContext } from '../vtn-context.js';

type Params = Readonly<Record<string, string>>;

const common = { kind: 'resource', idParam: 'resourceID', writeScope: 'write_vens', writers: ['BL', 'VEN'] } as const;

/** In 3.0.1 resources are below their ven. */
export function resources301(context: VtnContext): Collection {
  const { resources, store, vens } = context;
  const schemas = { query: wire301.ResourceQuery, body: wire301.ResourceRequest, object: wire301.Resource };
  const venOf = ({ venID = '' }: Params): VenRow => {
    const ven = vens.byId(venID);
    if (ven === undefined) throw notFound('ven', venID);
    return ven;
  };
  const find = (params: Params): ResourceRow => {
    const ven = venOf(params);
    const row = resources.byId(params.resourceID ?? '');
    if (row === undefined || row.venId !== ven.id) throw notFound('resource', `${params.resourceID} of ven ${ven.id}`);
    return row;
  };
  const writable = (caller: Caller, params: Params): VenRow => {
    const ven = venOf(params);
    refuseForeignVen(context, caller, ven);
    return ven;
  };
  const of: CollectionOf<typeof schemas.query, typeof schemas.body> = {
    ...common,
    path: '/vens/:venID/resources',
    readScope: 'read_all',
    schemas,
    list: ({ params, query, page }) => resources.page(conditions301(venOf(params), query), page).map(resourceText301),
    create({ caller, params, body }) {
      const ven = writable(caller, params);
      return resourceText301(resources.insert(ven, resourceContent301(body), store.newStamp()));
    },
    read: ({ params }) => resourceText301(find(params)),
    replace({ caller, params, body }) {
      writable(caller, params);
      const row = find(params);
      return resourceText301(resources.update(row, resourceContent301(body), store.modifiedAfter(row.modified)));
    },
    remove({ caller, params }) {
      writable(caller, params);
      const row = find(params);
      resources.delete(row);
      return resourceText301(row);
    },
  };
  return collection(of);
}

/**
 * 3.0.1 knows no owners. Where VENs may not register themselves, a VEN writes only to the ven that was made
 * for it, as at openleadr 0.1; a ven that carries its own id in place of a client's belongs to nobody.
 * @throws Problem 403
 */
function refuseForeignVen({ settings }: VtnContext, caller: Caller, ven: VenRow): void {
  if (settings.venSelfRegistration || caller.role === 'BL') return;
  if (ven.clientId === caller.clientId || ven.clientId === ven.id) return;
  throw new Problem(403, `the ven ${ven.id} belongs to another client`);
}

function conditions301(ven: VenRow, { resourceName, targetType, targetValues }: wire301.ResourceQuery): Condition[] {
  const conditions = [equals('r.ven', ven.seq)];
  if (resourceName !== undefined) conditions.push(equals('r.name', resourceName));
  if (targetType !== undefined && targetValues !== undefined) conditions.push(anyTypedTarget('r', targetType, targetValues));
  return conditions;
}

/** In 3.1 resources stand by themselves and name their ven; a VEN sees and changes only those of its own ven. */
export function resources310(context: VtnContext): Collection {
  const { resources, store, vens } = context;
  const schemas = { query: wire310.ResourceQuery, body: wire310.ResourceRequest, object: wire310.Resource };
  const find = (caller: Caller, { resourceID = '' }: Params): ResourceRow => {
    const row = resources.byId(resourceID);
    if (row === undefined || !mine(caller, row)) throw notFound('resource', resourceID);
    return row;
  };
  const of: CollectionOf<typeof schemas.query, typeof schemas.body> = {
    ...common,
    path: '/resources',
    readScope: 'read_ven_objects',
    schemas,
    list: ({ caller, query, page }) => resources.page(conditions310(caller, query), page).map(text310),
    create({ caller, body }) {
      requireFlavour(caller, body.objectType, 'BL_RESOURCE_REQUEST');
      const ven = vens.byId(body.venID);
      // POST /resources declares 404, and nothing else about a ven that is not there (or not the caller's).
      if (ven === undefined || !mine(caller, ven)) throw new Problem(404, `venID: there is no ven ${body.venID}`);
      return text310(resources.insert(ven, content310(body, ven.clientId), store.newStamp()));
    },
    read: ({ caller, params }) => text310(find(caller, params)),
    replace({ caller, params, body }) {
      requireFlavour(caller, body.objectType, 'BL_RESOURCE_REQUEST');
      const row = find(caller, params);
      if (body.venID !== row.venId) throw new Problem(400, `venID: the resource belongs to ven ${row.venId} and cannot move`);
      return text310(resources.update(row, content310(body, row.clientId, row), store.modifiedAfter(row.modified)));
    },
    remove({ caller, params }) {
      const row = find(caller, params);
      resources.delete(row);
      return text310(row);
    },
  };
  return collection(of);
}

const mine = (caller: Caller, row: { readonly clientId: string }) => caller.role === 'BL' || row.clientId === caller.clientId;

function conditions310(caller: Caller, { resourceName, venID, targets }: wire310.ResourceQuery): Condition[] {
  const conditions: Condition[] = [];
  if (caller.role === 'VEN') conditions.push(equals('v.client_id', caller.clientId));
  if (venID !== undefined) conditions.push(equals('v.id', venID));
  // Names are indexed by ven.
  if (resourceName !== undefined)
    conditions.push({ sql: 'r.ven IN (SELECT seq FROM vens) AND r.name = ?', values: [resourceName] });
  if (targets?.length) conditions.push(anyTarget('r', targets));
  return conditions;
}

export function resourceContent301(body: wire301.ResourceRequest): ResourceContent {
  return {
    name: wellFormed('resourceName', body.resourceName),
    attributes: textOf(body.attributes),
    ...fromValuesMaps(body.targets),
  };
}

/**
 * @param venClientId the client of the resource's ven, which is the resource's too.
 * @param row the resource that is replaced; what a VEN may not write stays as it is there.
 */
function content310(body: wire310.ResourceRequest, venClientId: string, row?: ResourceRow): ResourceContent {
  const own = { name: wellFormed('resourceName', body.resourceName), attributes: textOf(body.attributes) };
  if (body.objectType === 'VEN_RESOURCE_REQUEST') {
    return row === undefined ? { ...own, ...NO_TARGETS } : { ...own, targets: row.targets, targets301: row.targets301 };
  }
  if (body.clientID !== undefined && body.clientID !== venClientId) {
    throw new Problem(400, `clientID: must be that of the ven, ${venClientId}, or be left out`);
  }
  return { ...own, ...fromStrings(body.targets) };
}

export function resourceText301(row: ResourceRow): JsonText {
  const members =
    member('resourceName', JSON.stringify(row.name)) +
    `,"venID":"${row.venId}"` +
    member('attributes', row.attributes) +
    member('targets', row.targets301);
  return objectText('RESOURCE', row, members);
}

function text310(row: ResourceRow): JsonText {
  const members =
    member('clientID', JSON.stringify(row.clientId)) +
    member('resourceName', JSON.stringify(row.name)) +
    `,"venID":"${row.venId}"` +
    member('attributes', row.attributes) +
    member('targets', row.targets);
  return objectText('RESOURCE', row, members);
}

export function resourceObject(row: ResourceRow): ChangedObject {
  return {
    objectType: 'RESOURCE',
    id: row.id,
    venId: row.venId,
    clientId: row.clientId,
    targets: row,
    text: (version) => (version === '3.0.1' ? resourceText301(row) : text310(row)),
  };
}
