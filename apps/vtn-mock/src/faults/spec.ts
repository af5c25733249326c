import { VenfleetError } from '@venfleet/core';
import { validator } from '@venfleet/openadr';
import { type Static, Type } from 'typebox';

/** What can go wrong with a request. */
const REQUEST_KINDS = ['latency', 'error', 'rate-limit', 'disconnect', 'reorder', 'stale-list'] as const;
/** What can go wrong with a notification, by webhook and by MQTT. */
const NOTIFICATION_KINDS = ['drop-notification', 'duplicate-notification', 'reorder-notification'] as const;

/**
 * `latency` (the answer is late), `error` (a server error), `rate-limit` (429), `disconnect` (the connection is cut in
 * place of an answer, before the request is carried out or after it), `reorder` (each page is of a list in another order),
 * `stale-list` (a list stays as it was when it was first asked for), `drop-notification`, `duplicate-notification`,
 * `reorder-notification` (it comes after the next one).
 * `expire-tokens` is no state but an act: all tokens that there are expire at once.
 */
export const FAULT_KINDS = [...REQUEST_KINDS, ...NOTIFICATION_KINDS, 'expire-tokens'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** What a fault can be confined to: collections, and where tokens are asked for. */
export const FAULT_OBJECTS = [
  'programs',
  'events',
  'reports',
  'subscriptions',
  'vens',
  'resources',
  'notifiers',
  'tokens',
] as const;
export type FaultObjects = (typeof FAULT_OBJECTS)[number];

export const FAULT_OPERATIONS = ['list', 'read', 'create', 'replace', 'delete'] as const;
export type FaultOperation = (typeof FAULT_OPERATIONS)[number];

const oneOf = <T extends string>(values: readonly T[]) => Type.Unsafe<T>({ type: 'string', enum: values });
const whole = (minimum: number, maximum: number) => Type.Optional(Type.Integer({ minimum, maximum }));

const SCHEMA = Type.Object({
  kind: oneOf(FAULT_KINDS),
  objects: Type.Optional(oneOf(FAULT_OBJECTS)),
  operation: Type.Optional(oneOf(FAULT_OPERATIONS)),
  client: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
  chance: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1 })),
  count: whole(1, 1_000_000),
  durationS: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1e8 })),
  delayMs: whole(1, 600_000),
  status: Type.Optional(Type.Unsafe<500 | 502 | 503 | 504>({ type: 'integer', enum: [500, 502, 503, 504] })),
  retryAfterS: whole(0, 86_400),
  afterWork: Type.Optional(Type.Boolean()),
  copies: whole(2, 100),
});

/**
 * A fault as it is asked for. It hits what fits all of objects, operation and client that are given: a share of it
 * (`chance`, 1 unless given), the first `count` of it, for `durationS` seconds or until it is cleared.
 */
export type FaultSpec = Readonly<Static<typeof SCHEMA>>;

const check = validator(SCHEMA);

/** Where a fault happens, and how often. */
const SHARED = ['chance', 'count', 'durationS'] as const;
const PLACE = ['objects', 'operation', 'client', ...SHARED] as const;

/** The parameters that each kind has besides `kind`. */
const PARAMETERS: Readonly<Record<FaultKind, readonly string[]>> = {
  latency: [...PLACE, 'delayMs'],
  error: [...PLACE, 'status', 'retryAfterS'],
  'rate-limit': [...PLACE, 'retryAfterS'],
  disconnect: [...PLACE, 'afterWork'],
  reorder: ['objects', 'client', ...SHARED],
  'stale-list': ['objects', 'client', ...SHARED],
  'drop-notification': ['objects', ...SHARED],
  'duplicate-notification': ['objects', 'copies', ...SHARED],
  'reorder-notification': ['objects', ...SHARED],
  'expire-tokens': ['client'],
};

/** @throws VenfleetError FAULT_INVALID with every mistake: unknown keys, values out of range, parameters of another kind. */
export function checkFaultSpec(spec: unknown): FaultSpec {
  const mistakes = check.mistakes(spec);
  const { kind, ...parameters } = (spec ?? {}) as FaultSpec;
  const known = PARAMETERS[kind];
  const foreign = known === undefined ? [] : Object.keys(parameters).filter((name) => !known.includes(name));
  mistakes.push(...foreign.map((name) => `${name}: a fault of kind ${kind} has no such parameter`));
  if (mistakes.length === 0) return spec as FaultSpec;
  throw new VenfleetError('FAULT_INVALID', `the fault is not one: ${mistakes.join('; ')}`, {
    details: mistakes,
    hint: `kinds are ${FAULT_KINDS.join(', ')}`,
  });
}
