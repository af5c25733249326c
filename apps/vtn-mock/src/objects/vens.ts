import { type Role, wire301, wire310 } from '@venfleet/openadr';
import { type Caller, requireFlavour } from '../auth/caller.js';
import { type Collection, type CollectionOf, collection, wellFormed } from '../http/collection.js';
import { type JsonText, member, objectText, textOf } from '../http/json.js';
import { notFound } from '../http/problem.js';
import type { ChangedObject } from '../notify/changes.js';
import { anyTarget, anyTypedTarget, type Condition, equals } from '../store/listing.js';
import { fromStrings, fromValuesMaps, NO_TARGETS } from '../store/targets.js';
import type { VenContent, VenRow, Vens } from '../store/vens.js';
import type { VtnContext } from '../vtn-context.js';
import { resourceContent301, resourceText301 } from './resources.js';

function common({ settings }: VtnContext) {
  const writers: Role[] = settings.venSelfRegistration ? ['BL', 'VEN'] : ['BL'];
  return { kind: 'ven', path: '/vens', idParam: 'venID', writeScope: 'write_vens', writers };
}

/** 3.0.1 has no object privacy: who may read or write vens may do so with all of them. */
export function vens301(context: VtnContext): Collection {
  const { vens, resources, store } = context;
  const schemas = { query: wire301.VenQuery, body: wire301.VenRequest, object: wire301.Ven };
  const whole = (row: VenRow) => text301(row, resources.ofVen(row).map(resourceText301));
  const of: CollectionOf<typeof schemas.query, typeof schemas.body> = {
    ...common(context),
    readScope: 'read_all',
    schemas,
    // A page of fifty with all their resources would be tens of megabytes: a list has the vens alone.
    list: ({ query, page }) => vens.page(conditions301(query), page).map((row) => text301(row, [])),
    create({ caller, body }) {
      const stamp = store.newStamp();
      const clientId = clientId301(context, caller, body.venName) ?? stamp.id;
      const row = vens.insert(content301(body, clientId), stamp);
      for (const resource of body.resources ?? []) resources.insert(row, resourceContent301(resource), store.newStamp());
      return whole(row);
    },
    read: ({ params }) => whole(find(vens, params)),
    replace({ params, body }) {
      const row = find(vens, params);
      return whole(vens.update(row, content301(body, row.clientId), store.modifiedAfter(row.modified)));
    },
    remove: ({ params }) => text301(removed(vens, params), []),
  };
  return collection(of);
}

/**
 * The client that a ven made over 3.0.1 belongs to, so that it finds it over 3.1: the VEN that made it,
 * or the one that the credentials name for it. None when that client has a ven already.
 */
function clientId301({ clients, vens }: VtnContext, caller: Caller, venName: string): string | undefined {
  const clientId = caller.role === 'VEN' ? caller.clientId : clients.clientIdOfVen(venName);
  return clientId === undefined || vens.clientHasVen(clientId) ? undefined : clientId;
}

function conditions301({ venName, targetType, targetValues }: wire301.VenQuery): Condition[] {
  const conditions: Condition[] = [];
  if (venName !== undefined) conditions.push(equals('name', venName));
  if (targetType !== undefined && targetValues !== undefined) conditions.push(anyTypedTarget('vens', targetType, targetValues));
  return conditions;
}

/** A VEN sees and changes only the ven that carries its client id; its targets are business logic's to give. */
export function vens310(context: VtnContext): Collection {
  const { vens, store } = context;
  const schemas = { query: wire310.VenQuery, body: wire310.VenRequest, object: wire310.Ven };
  const of: CollectionOf<typeof schemas.query, typeof schemas.body> = {
    ...common(context),
    readScope: 'read_ven_objects',
    schemas,
    list({ caller, query, page }) {
      const conditions: Condition[] = [];
      if (caller.role === 'VEN') conditions.push(equals('client_id', caller.clientId));
      if (query.venName !== undefined) conditions.push(equals('name', query.venName));
      if (query.targets?.length) conditions.push(anyTarget('vens', query.targets));
      return vens.page(conditions, page).map(text310);
    },
    create: ({ caller, body }) => text310(vens.insert(content310(caller, body), store.newStamp())),
    read: ({ caller, params }) => text310(findOwn(vens, caller, params)),
    replace({ caller, params, body }) {
      const row = findOwn(vens, caller, params);
      return text310(vens.update(row, content310(caller, body, row), store.modifiedAfter(row.modified)));
    },
    remove({ caller, params }) {
      findOwn(vens, caller, params);
      return text310(removed(vens, params));
    },
  };
  return collection(of);
}

function find(vens: Vens, params: Readonly<Record<string, string>>): VenRow {
  const id = params.venID ?? '';
  const row = vens.byId(id);
  if (row === undefined) throw notFound('ven', id);
  return row;
}

/** Another client's ven is answered like one that does not exist. */
function findOwn(vens: Vens, caller: Caller, params: Readonly<Record<string, string>>): VenRow {
  const row = find(vens, params);
  if (caller.role === 'VEN' && row.clientId !== caller.clientId) throw notFound('ven', row.id);
  return row;
}

function removed(vens: Vens, params: Readonly<Record<string, string>>): VenRow {
  const row = find(vens, params);
  vens.delete(row);
  return row;
}

function content301(body: wire301.VenRequest, clientId: string): VenContent {
  return {
    name: wellFormed('venName', body.venName),
    clientId,
    attributes: textOf(body.attributes),
    ...fromValuesMaps(body.targets),
  };
}

/** @param row the ven that is replaced; what a VEN may not write stays as it is there. */
function content310(caller: Caller, body: wire310.VenRequest, row?: VenRow): VenContent {
  requireFlavour(caller, body.objectType, 'BL_VEN_REQUEST');
  const own = { name: wellFormed('venName', body.venName), attributes: textOf(body.attributes) };
  if (body.objectType === 'BL_VEN_REQUEST') {
    return { ...own, clientId: wellFormed('clientID', body.clientID), ...fromStrings(body.targets) };
  }
  if (row !== undefined) return { ...own, clientId: row.clientId, targets: row.targets, targets301: row.targets301 };
  return { ...own, clientId: caller.clientId, ...NO_TARGETS };
}

function text301(row: VenRow, resources: readonly JsonText[]): JsonText {
  const members =
    member('venName', JSON.stringify(row.name)) +
    member('attributes', row.attributes) +
    member('targets', row.targets301) +
    member('resources', resources.length === 0 ? null : `[${resources.join(',')}]`);
  return objectText('VEN', row, members);
}

function text310(row: VenRow): JsonText {
  const members =
    member('clientID', JSON.stringify(row.clientId)) +
    member('venName', JSON.stringify(row.name)) +
    member('attributes', row.attributes) +
    member('targets', row.targets);
  return objectText('VEN', row, members);
}

/** Over 3.0.1 without its resources: each is told of by itself. */
export function venObject(row: VenRow): ChangedObject {
  return {
    objectType: 'VEN',
    id: row.id,
    venId: row.id,
    clientId: row.clientId,
    targets: row,
    text: (version) => (version === '3.0.1' ? text301(row, []) : text310(row)),
  };
}
