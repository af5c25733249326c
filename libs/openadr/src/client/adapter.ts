import { nullable, ValuesMap } from '../wire/common.js';
import { type Static, type TSchema, Type } from '../wire/schema.js';
import { validator } from '../wire/validator.js';
import type { Attribute, Changes, NewProgram, NewResource, NewVen, Program, ProgramChanges, Ven, VenResource } from './domain.js';
import type { EventCalls } from './event-calls.js';
import { type Call, type ListCall, UnexpectedAnswer } from './session.js';

export interface ByName {
  readonly name?: string | undefined;
}

/** The operations of one wire version: each is a path, a body, and how the answer is read. */
export interface WireAdapter extends EventCalls {
  listVens(filter: ByName): ListCall<Ven>;
  createVen(ven: NewVen): Call<Ven>;
  updateVen(current: Ven, changes: Changes): Call<Ven>;
  deleteVen(id: string): Call<void>;
  listResources(venId: string, filter: ByName): ListCall<VenResource>;
  createResource(ven: Pick<Ven, 'id' | 'clientId'>, resource: NewResource): Call<VenResource>;
  updateResource(current: VenResource, changes: Changes): Call<VenResource>;
  deleteResource(current: Pick<VenResource, 'id' | 'venId'>): Call<void>;
  listPrograms(filter: ByName): ListCall<Program>;
  createProgram(program: NewProgram): Call<Program>;
  updateProgram(current: Program, changes: ProgramChanges): Call<Program>;
  deleteProgram(id: string): Call<void>;
}

/** An id as received: present, whatever its characters. */
export const ReceivedId = Type.String({ minLength: 1 });
export const ReceivedName = Type.String({ minLength: 1 });
export const ReceivedAttributes = nullable(Type.Array(ValuesMap));

/**
 * A decoder for what a VTN answers. The schema asks for no more than the domain object needs, so that a VTN is
 * understood that leaves out objectType or optional properties, sends null for them, or adds its own.
 */
export function receive<S extends TSchema, T>(schema: S, map: (received: Static<S>) => T): (json: unknown) => T {
  const check = validator(schema);
  return (json) => {
    if (!check.is(json)) throw new UnexpectedAnswer(check.mistakes(json));
    return map(json);
  };
}

/** For answers that are not looked at, such as the object that a DELETE returns. */
export const ignoreAnswer = (): void => undefined;

/** A path with its ids escaped. */
export function path(parts: TemplateStringsArray, ...ids: string[]): string {
  return String.raw({ raw: parts }, ...ids.map(encodeURIComponent));
}

/** An optional list for a body: left out when empty, as null and absent mean the same. */
export function optional<K extends string, T>(key: K, list: readonly T[] | undefined): { [P in K]?: T[] } {
  return (list === undefined || list.length === 0 ? {} : { [key]: list }) as { [P in K]?: T[] };
}

/** What stays of an object and what changes. */
export function changed<T extends { readonly name: string; readonly attributes: readonly Attribute[] }>(
  current: T,
  changes: Changes,
): T {
  return { ...current, name: changes.name ?? current.name, attributes: changes.attributes ?? current.attributes };
}

export const named =
  ({ name }: ByName) =>
  (item: { readonly name: string }): boolean =>
    name === undefined || item.name === name;
