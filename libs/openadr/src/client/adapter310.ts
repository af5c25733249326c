import { VenfleetError } from '@venfleet/core';
import type { Role } from '../wire/auth.js';
import { nullable, type ValuesMap } from '../wire/common.js';
import { Type } from '../wire/schema.js';
import type { ProgramRequest, ResourceRequest, VenRequest } from '../wire/v310/index.js';
import {
  changed,
  ignoreAnswer,
  named,
  optional,
  path,
  ReceivedAttributes,
  ReceivedId,
  ReceivedName,
  receive,
  type WireAdapter,
} from './adapter.js';
import type { Attribute, NewProgram, Program, Target, Ven, VenResource } from './domain.js';
import { eventCalls } from './event-calls.js';
import { decodeProgramParts, encodeDescriptions, ReceivedProgramParts } from './program-parts.js';

const ReceivedTargets = nullable(Type.Array(Type.String()));
const ReceivedClientId = nullable(Type.String());

const decodeVen = receive(
  Type.Object({
    id: ReceivedId,
    venName: ReceivedName,
    attributes: ReceivedAttributes,
    targets: ReceivedTargets,
    clientID: ReceivedClientId,
  }),
  ({ id, venName, attributes, targets, clientID }): Ven => ({
    id,
    name: venName,
    attributes: attributes ?? [],
    targets: targets ?? [],
    clientId: clientID ?? undefined,
  }),
);

const decodeResource = receive(
  Type.Object({
    id: ReceivedId,
    venID: ReceivedId,
    resourceName: ReceivedName,
    attributes: ReceivedAttributes,
    targets: ReceivedTargets,
    clientID: ReceivedClientId,
  }),
  ({ id, venID, resourceName, attributes, targets, clientID }): VenResource => ({
    id,
    venId: venID,
    name: resourceName,
    attributes: attributes ?? [],
    targets: targets ?? [],
    clientId: clientID ?? undefined,
  }),
);

const decodeProgram = receive(
  Type.Object({ ...ReceivedProgramParts, attributes: ReceivedAttributes, targets: ReceivedTargets }),
  ({ attributes, targets, ...parts }): Program => ({
    ...decodeProgramParts(parts),
    attributes: attributes ?? [],
    targets: targets ?? [],
  }),
);

/**
 * OpenADR 3.1. A VEN never sends targets or clientID, which the VTN keeps; business logic sends both, as its PUT
 * replaces the whole object.
 */
export function adapter310(role: Role): WireAdapter {
  const venBody = role === 'BL' ? blVenBody : venVenBody;
  const resourceBody = role === 'BL' ? blResourceBody : venResourceBody;
  return {
    listVens: (filter) => ({ path: '/vens', query: { venName: filter.name }, decode: decodeVen, keep: named(filter) }),
    createVen: (ven) => ({
      method: 'POST',
      path: '/vens',
      body: venBody({ targets: [], attributes: [], ...ven }),
      decode: decodeVen,
    }),
    updateVen: (current, changes) => ({
      method: 'PUT',
      path: path`/vens/${current.id}`,
      body: venBody(changed(current, changes)),
      decode: decodeVen,
    }),
    deleteVen: (id) => ({ method: 'DELETE', path: path`/vens/${id}`, decode: ignoreAnswer }),

    listResources: (venId, filter) => ({
      path: '/resources',
      query: { venID: venId, resourceName: filter.name },
      decode: decodeResource,
      keep: (resource) => resource.venId === venId && named(filter)(resource),
    }),
    createResource: ({ id, clientId }, resource) => ({
      method: 'POST',
      path: '/resources',
      body: resourceBody({ targets: [], attributes: [], ...resource, venId: id, clientId }),
      decode: decodeResource,
    }),
    updateResource: (current, changes) => ({
      method: 'PUT',
      path: path`/resources/${current.id}`,
      body: resourceBody(changed(current, changes)),
      decode: decodeResource,
    }),
    deleteResource: ({ id }) => ({ method: 'DELETE', path: path`/resources/${id}`, decode: ignoreAnswer }),

    listPrograms: (filter) => ({ path: '/programs', decode: decodeProgram, keep: named(filter) }),
    createProgram: (program) => ({ method: 'POST', path: '/programs', body: programBody(program), decode: decodeProgram }),
    updateProgram: (current, changes) => ({
      method: 'PUT',
      path: path`/programs/${current.id}`,
      body: programBody({ ...current, ...changes }),
      decode: decodeProgram,
    }),
    deleteProgram: (id) => ({ method: 'DELETE', path: path`/programs/${id}`, decode: ignoreAnswer }),

    ...eventCalls('3.1.0', wireTargets),
  };
}

type VenFields = Omit<Ven, 'id'>;
type ResourceFields = Omit<VenResource, 'id'>;

const venVenBody = ({ name, attributes }: VenFields): VenRequest => ({
  objectType: 'VEN_VEN_REQUEST',
  venName: name,
  ...optional('attributes', wireAttributes(attributes)),
});

const blVenBody = ({ name, attributes, targets, clientId }: VenFields): VenRequest => ({
  objectType: 'BL_VEN_REQUEST',
  clientID: required(clientId, name),
  venName: name,
  ...optional('attributes', wireAttributes(attributes)),
  ...optional('targets', wireTargets(targets)),
});

const venResourceBody = ({ name, venId, attributes }: ResourceFields): ResourceRequest => ({
  objectType: 'VEN_RESOURCE_REQUEST',
  resourceName: name,
  venID: venId,
  ...optional('attributes', wireAttributes(attributes)),
});

const blResourceBody = ({ name, venId, attributes, targets, clientId }: ResourceFields): ResourceRequest => ({
  objectType: 'BL_RESOURCE_REQUEST',
  clientID: required(clientId, name),
  resourceName: name,
  venID: venId,
  ...optional('attributes', wireAttributes(attributes)),
  ...optional('targets', wireTargets(targets)),
});

function programBody({
  name,
  attributes,
  targets,
  descriptionUrls,
  payloadDescriptors,
  intervalPeriod,
}: NewProgram): ProgramRequest {
  return {
    programName: name,
    ...optional('attributes', wireAttributes(attributes)),
    ...optional('targets', wireTargets(targets)),
    ...encodeDescriptions(descriptionUrls),
    ...optional('payloadDescriptors', payloadDescriptors),
    ...(intervalPeriod === undefined ? {} : { intervalPeriod }),
  };
}

const wireAttributes = (attributes: readonly Attribute[] = []): ValuesMap[] => attributes as ValuesMap[];

const wireTargets = (targets: readonly Target[] = []): string[] =>
  targets.flatMap((target) => (typeof target === 'string' ? [target] : target.values.map(String)));

function required(clientId: string | undefined, name: string): string {
  if (clientId !== undefined) return clientId;
  throw new VenfleetError('CLIENT_ID_MISSING', `${name}: in OpenADR 3.1 business logic must say which client acts for a VEN`, {
    context: { name },
    hint: 'give the client id that the VEN authenticates with',
  });
}
