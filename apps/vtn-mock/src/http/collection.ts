import { queryParser, type Role, validator } from '@venfleet/openadr';
import type { Static, TSchema } from 'typebox';
import type { Caller } from '../auth/caller.js';
import type { Page } from '../store/listing.js';
import type { JsonText } from './json.js';
import { Problem } from './problem.js';

/** A request for one object or for those under a path; `params` are the path's. */
export interface Call {
  readonly caller: Caller;
  readonly params: Readonly<Record<string, string>>;
}

export interface ListCall<Query> extends Call {
  readonly query: Query;
  readonly page: Page;
}

export interface WriteCall<Body> extends Call {
  readonly body: Body;
}

/**
 * One kind of object in one wire version: where it is, who may use it, and what each method does. The
 * methods are synchronous and run in one transaction; they throw a Problem for what they refuse, and
 * then nothing is stored. They answer JSON texts.
 */
export interface CollectionOf<Query extends TSchema, Body extends TSchema> {
  /** `program`: for messages and the OpenAPI document. */
  readonly kind: string;
  /** Below the version's base path, with `:name` for parameters. */
  readonly path: string;
  /** The parameter that holds the object's id. */
  readonly idParam: string;
  /** How lists are ordered, for people; newest first unless it says otherwise. */
  readonly order?: string;
  /** Of bodies: large ones carry values over time, of many resources. */
  readonly bodySize?: 'large';
  readonly readScope: string;
  readonly writeScope: string;
  /** The roles that may write, if they have the scope. */
  readonly writers: readonly Role[];
  readonly schemas: { readonly query: Query; readonly body: Body; readonly object: TSchema };
  /** What is to be done before a create or replace that takes time, outside the transaction. */
  prepare?(call: WriteCall<Static<Body>>): Promise<void>;
  list(call: ListCall<Static<Query>>): JsonText[];
  create(call: WriteCall<Static<Body>>): JsonText;
  read(call: Call): JsonText;
  replace(call: WriteCall<Static<Body>>): JsonText;
  remove(call: Call): JsonText;
}

/** A {@link CollectionOf} whose input is anything: it checks before it hands on. */
export interface Collection extends CollectionOf<TSchema, TSchema> {
  /** @throws Problem 400 with every mistake. */
  checkBody(body: unknown): void;
  /** @throws Problem 400 with every mistake. */
  parseQuery(raw: unknown): { skip?: number; limit?: number };
}

export function collection<Query extends TSchema, Body extends TSchema>(of: CollectionOf<Query, Body>): Collection {
  const body = validator(of.schemas.body);
  const parse = queryParser(of.schemas.query);
  return {
    ...(of as unknown as CollectionOf<TSchema, TSchema>),
    checkBody(value) {
      if (!body.is(value)) throw new Problem(400, body.mistakes(value).join('; '));
    },
    parseQuery(raw) {
      const parsed = parse(raw as Record<string, unknown>);
      if (!parsed.ok) throw new Problem(400, `in the query: ${parsed.mistakes.join('; ')}`);
      return parsed.query as { skip?: number; limit?: number };
    },
  };
}

/** @throws Problem 400 unless `name` survives UTF-8: two different broken ones would be stored as the same. */
export function wellFormed(field: string, name: string): string {
  if (/\p{Surrogate}/u.test(name)) throw new Problem(400, `${field}: must be well-formed Unicode`);
  return name;
}
