import { AuthError, Problem, SCOPES, TokenRequest, TokenResponse, type WireVersion } from '@venfleet/openadr';
import type { TSchema } from 'typebox';
import type { Collection } from './collection.js';

/** What each scope allows, for people; OpenADR 3 YAML, securitySchemes. */
const SCOPE_TEXTS: Readonly<Record<string, string>> = {
  read_all: 'Read all objects.',
  read_targets: 'Read the programs and events that are not targeted elsewhere.',
  read_ven_objects: 'Read the objects that carry the own client id.',
  write_programs: 'Write programs (business logic).',
  write_events: 'Write events (business logic).',
  write_reports: 'Write reports (VENs).',
  write_subscriptions: 'Write subscriptions.',
  write_vens: 'Write vens and resources.',
};

const SECURITY_SCHEME = 'oAuth2ClientCredentials';

/** The document's frame for @fastify/swagger; the paths come from the routes. */
export function documentFrame(version: WireVersion, prefix: string) {
  const scopes = [...new Set([...SCOPES[version].VEN, ...SCOPES[version].BL])];
  return {
    openapi: '3.1.0',
    info: {
      title: `OpenADR ${version} at the venfleet VTN mock`,
      version,
      description: 'A VTN for development and tests: programs, events, reports, subscriptions, vens and resources.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: prefix || '/' }],
    components: {
      securitySchemes: {
        [SECURITY_SCHEME]: {
          type: 'oauth2' as const,
          description: 'Client credentials (RFC 6749 section 4.4).',
          flows: {
            clientCredentials: {
              tokenUrl: `${prefix}/auth/token`,
              scopes: Object.fromEntries(scopes.map((scope) => [scope, SCOPE_TEXTS[scope] ?? scope])),
            },
          },
        },
      },
    },
  };
}

const PROBLEM_TEXTS = {
  400: 'Malformed body or query.',
  401: 'No token, or one that is not valid.',
  403: 'The token lacks the scope, or the role may not do this.',
  404: 'There is no such object, or it is another client’s.',
  409: 'A unique name is taken, other objects refer to this one, or it refers to one that is not there.',
  500: 'The VTN failed.',
} as const;

function problems(...statuses: (keyof typeof PROBLEM_TEXTS)[]) {
  return Object.fromEntries(statuses.map((status) => [status, { ...Problem, description: PROBLEM_TEXTS[status] }]));
}

const answer = (schema: TSchema, description: string) => ({ ...schema, description });

/** The documentation of a collection's five routes. Fastify does not check by it: the collection does. */
export function collectionDocs({ kind, path, idParam, order = 'newest first', readScope, writeScope, schemas }: Collection) {
  const { object, query, body } = schemas;
  const tags = [`${kind}s`];
  const article = kind === 'event' ? 'an' : 'a';
  const read = { tags, security: [{ [SECURITY_SCHEME]: [readScope] }] };
  const write = { tags, security: [{ [SECURITY_SCHEME]: [writeScope] }] };
  const parents = [...path.matchAll(/:(\w+)/g)].map((match) => match[1] as string);
  const params = paramsOf(parents);
  const itemParams = paramsOf([...parents, idParam]);
  const list = { type: 'array', items: object, description: `One page, ${order}.` };
  return {
    list: {
      ...read,
      ...params,
      summary: `List ${kind}s`,
      querystring: query,
      response: { 200: list, ...problems(400, 401, 403, 404, 500) },
    },
    create: {
      ...write,
      ...params,
      summary: `Create ${article} ${kind}`,
      body,
      response: { 201: answer(object, `The new ${kind}.`), ...problems(400, 401, 403, 404, 409, 500) },
    },
    read: {
      ...read,
      ...itemParams,
      summary: `Read ${article} ${kind}`,
      response: { 200: answer(object, `The ${kind}.`), ...problems(401, 403, 404, 500) },
    },
    replace: {
      ...write,
      ...itemParams,
      summary: `Replace ${article} ${kind}`,
      body,
      response: { 200: answer(object, `The ${kind} as it is now.`), ...problems(400, 401, 403, 404, 409, 500) },
    },
    remove: {
      ...write,
      ...itemParams,
      summary: `Delete ${article} ${kind}`,
      response: { 200: answer(object, `The ${kind} that was deleted.`), ...problems(401, 403, 404, 409, 500) },
    },
  };
}

export interface ReadingDocs {
  readonly tag: string;
  readonly summary: string;
  /** None: any token will do. */
  readonly scope?: string;
  /** Of the path. */
  readonly params?: readonly string[];
  readonly object: TSchema;
}

/** The documentation of a GET that stands by itself. */
export function readingDocs({ tag, summary, scope, params = [], object }: ReadingDocs) {
  return {
    tags: [tag],
    summary,
    security: [{ [SECURITY_SCHEME]: scope === undefined ? [] : [scope] }],
    ...paramsOf(params),
    response: { 200: answer(object, 'The answer.'), ...problems(401, 403, 404, 500) },
  };
}

function paramsOf(names: readonly string[]) {
  if (names.length === 0) return {};
  const id = { type: 'string', minLength: 1, maxLength: 128 };
  return { params: { type: 'object', properties: Object.fromEntries(names.map((name) => [name, id])), required: names } };
}

const refused = { ...AuthError, properties: { ...AuthError.properties, ...Problem.properties } };

export const tokenDocs = {
  tags: ['auth'],
  summary: 'Get an access token',
  consumes: ['application/x-www-form-urlencoded'],
  body: TokenRequest,
  response: {
    200: answer(TokenResponse, 'The token.'),
    400: { ...refused, title: 'TokenRefusal', description: 'Malformed request, other grant type, or no such scope.' },
    401: { ...refused, title: 'TokenRefusal', description: 'Unknown client or wrong secret.' },
  },
};

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Moves each schema that has a title to components/schemas and refers to it from where it was. */
export function nameSchemas(document: object): object {
  const named: Record<string, Json> = {};
  const walk = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(walk);
    if (value === null || typeof value !== 'object') return value;
    const walked = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, walk(inner)]));
    if (typeof walked.title !== 'string' || !('type' in walked)) return walked;
    named[walked.title] ??= walked;
    return { $ref: `#/components/schemas/${walked.title}` };
  };
  const walked = walk(JSON.parse(JSON.stringify(document))) as { components: object };
  return { ...walked, components: { ...walked.components, schemas: named } };
}
