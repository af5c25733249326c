import { VenfleetError } from '@venfleet/core';
import { nullable, ValuesMap } from '../wire/common.js';
import { Type } from '../wire/schema.js';
import type { IntervalPeriod, ProgramRequest, ResourceRequest, VenRequest } from '../wire/v301/index.js';
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
import type { Attribute, NewProgram, NewResource, NewVen, Program, Target, Ven, VenResource } from './domain.js';
import { eventCalls } from './event-calls.js';
import { decodeProgramParts, encodeDescriptions, ReceivedProgramParts } from './program-parts.js';

const ReceivedTargets = nullable(Type.Array(ValuesMap));

const decodeVen = receive(
  Type.Object({ id: ReceivedId, venName: ReceivedName, attributes: ReceivedAttributes, targets: ReceivedTargets }),
  ({ id, venName, attributes, targets }): Ven => ({ id, name: venName, attributes: attributes ?? [], targets: targets ?? [] }),
);

const ReceivedResource = Type.Object({
  id: ReceivedId,
  resourceName: ReceivedName,
  attributes: ReceivedAttributes,
  targets: ReceivedTargets,
});

const decodeOwn = receive(ReceivedResource, ({ id, resourceName, attributes, targets }) => ({
  id,
  name: resourceName,
  attributes: attributes ?? [],
  targets: targets ?? [],
}));

/** The path names the VEN; the answer may leave it out. */
const decodeResource =
  (venId: string) =>
  (json: unknown): VenResource => ({ ...decodeOwn(json), venId });

const venBody = ({ name, attributes, targets }: NewVen & Partial<Pick<Ven, 'targets'>>): VenRequest => ({
  venName: name,
  ...optional('attributes', wireAttributes(attributes)),
  ...optional('targets', wireTargets(targets)),
});

const resourceBody = ({ name, attributes, targets }: NewResource & Partial<Pick<VenResource, 'targets'>>): ResourceRequest => ({
  resourceName: name,
  ...optional('attributes', wireAttributes(attributes)),
  ...optional('targets', wireTargets(targets)),
});

/** OpenADR 3.0.1. A PUT replaces the whole object, so targets are sent along as they are. */
export const adapter301: WireAdapter = {
  listVens: (filter) => ({ path: '/vens', query: { venName: filter.name }, decode: decodeVen, keep: named(filter) }),
  createVen: (ven) => ({ method: 'POST', path: '/vens', body: venBody(ven), decode: decodeVen }),
  updateVen: (current, changes) => ({
    method: 'PUT',
    path: path`/vens/${current.id}`,
    body: venBody(changed(current, changes)),
    decode: decodeVen,
  }),
  deleteVen: (id) => ({ method: 'DELETE', path: path`/vens/${id}`, decode: ignoreAnswer }),

  listResources: (venId, filter) => ({
    path: path`/vens/${venId}/resources`,
    query: { resourceName: filter.name },
    decode: decodeResource(venId),
    keep: named(filter),
  }),
  createResource: (ven, resource) => ({
    method: 'POST',
    path: path`/vens/${ven.id}/resources`,
    body: resourceBody(resource),
    decode: decodeResource(ven.id),
  }),
  updateResource: (current, changes) => ({
    method: 'PUT',
    path: path`/vens/${current.venId}/resources/${current.id}`,
    body: resourceBody(changed(current, changes)),
    decode: decodeResource(current.venId),
  }),
  deleteResource: ({ id, venId }) => ({ method: 'DELETE', path: path`/vens/${venId}/resources/${id}`, decode: ignoreAnswer }),

  listPrograms: (filter) => ({ path: '/programs', decode: decodeProgram, keep: named(filter) }),
  createProgram: (program) => ({ method: 'POST', path: '/programs', body: programBody(program), decode: decodeProgram }),
  updateProgram: (current, changes) => ({
    method: 'PUT',
    path: path`/programs/${current.id}`,
    body: programBody({ ...current, ...changes }),
    decode: decodeProgram,
  }),
  deleteProgram: (id) => ({ method: 'DELETE', path: path`/programs/${id}`, decode: ignoreAnswer }),

  ...eventCalls('3.0.1', (targets) => wireTargets(targets)),
};

const wireAttributes = (attributes: readonly Attribute[] = []): ValuesMap[] => attributes as ValuesMap[];

/** A bare name, as 3.1 has it, is a group's. */
const wireTargets = (targets: readonly Target[] = []): ValuesMap[] =>
  targets.map((target) => (typeof target === 'string' ? { type: 'GROUP', values: [target] } : (target as ValuesMap)));

/** What 3.1 calls attributes of a program, by the property that 3.0.1 has for each. */
const PROGRAM_ATTRIBUTES = {
  PROGRAM_LONG_NAME: 'programLongName',
  RETAILER_NAME: 'retailerName',
  RETAILER_LONG_NAME: 'retailerLongName',
  PROGRAM_TYPE: 'programType',
  COUNTRY: 'country',
  PRINCIPAL_SUBDIVISION: 'principalSubdivision',
  BINDING_EVENTS: 'bindingEvents',
  LOCAL: 'localPrice',
} as const satisfies Record<string, keyof ProgramRequest>;

const ReceivedProgram = Type.Object({
  ...ReceivedProgramParts,
  ...Object.fromEntries(Object.values(PROGRAM_ATTRIBUTES).map((key) => [key, Type.Optional(Type.Unknown())])),
  targets: ReceivedTargets,
  timeZoneOffset: Type.Optional(Type.String()),
});

const decodeProgram = receive(ReceivedProgram, (received): Program => {
  const { targets, timeZoneOffset } = received;
  const attributes = Object.entries(PROGRAM_ATTRIBUTES).flatMap(([type, key]) => {
    const value: unknown = (received as Record<string, unknown>)[key];
    return typeof value === 'string' || typeof value === 'boolean' ? [{ type, values: [value] }] : [];
  });
  return {
    ...decodeProgramParts(received),
    attributes,
    targets: targets ?? [],
    ...(timeZoneOffset === undefined ? {} : { timeZoneOffset }),
  };
});

function programBody(program: NewProgram): ProgramRequest {
  const { name, attributes = [], targets, descriptionUrls, payloadDescriptors, intervalPeriod, timeZoneOffset } = program;
  const properties = attributes.map(({ type, values }) => {
    const key = (PROGRAM_ATTRIBUTES as Readonly<Record<string, string>>)[type];
    if (key !== undefined && values.length === 1) return [key, values[0]];
    throw new VenfleetError(
      'PROGRAM_ATTRIBUTE_UNKNOWN',
      `program ${name}: OpenADR 3.0.1 has no place for the attribute ${type}`,
      {
        context: { program: name, attribute: type },
        hint: `use one value each of ${Object.keys(PROGRAM_ATTRIBUTES).join(', ')}, or a VTN of version 3.1`,
      },
    );
  });
  return {
    programName: name,
    ...Object.fromEntries(properties),
    ...optional('targets', wireTargets(targets)),
    ...encodeDescriptions(descriptionUrls),
    ...optional('payloadDescriptors', payloadDescriptors),
    // The VTN refuses a period without a start, which 3.0.1 requires.
    ...(intervalPeriod === undefined ? {} : { intervalPeriod: intervalPeriod as IntervalPeriod }),
    ...(timeZoneOffset === undefined ? {} : { timeZoneOffset }),
  };
}
