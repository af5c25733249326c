import { VenfleetError } from '@venfleet/core';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';

/**
 * What can go wrong. Of a Modbus frame: `timeout` (no answer), `delay`, `drop` (the connection is closed
 * instead of an answer), `exception`, `split` (the answer comes in pieces), `junk` (random bytes before
 * the answer), `wrong-transaction` (the answer to another request, so it seems). Of a device, on any
 * transport: `frozen` (values stand still), `counter-reset` (energy counts from 0 again), `word-order`
 * (registers of one value swapped), `clock-skew`, `offline` (a gateway says exception 11 for it, a broker
 * its last will; without last will it just falls silent).
 */
export const FAULT_KINDS = [
  'timeout',
  'delay',
  'drop',
  'exception',
  'split',
  'junk',
  'wrong-transaction',
  'frozen',
  'counter-reset',
  'word-order',
  'clock-skew',
  'offline',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** The parameters that a kind has, with what they are unless given. */
const DEFAULTS = {
  timeout: {},
  delay: { delayMs: 1000 },
  drop: {},
  exception: { exception: 4 },
  split: { pieces: 3, gapMs: 20 },
  junk: { junkBytes: 16 },
  'wrong-transaction': { transactionOffset: 1 },
  frozen: {},
  'counter-reset': {},
  'word-order': {},
  'clock-skew': { skewS: 3600 },
  offline: { lastWill: true },
} as const satisfies Record<FaultKind, Partial<FaultParameters>>;

/** Kinds that are asked for at each request, so that some can be spared. */
const PER_REQUEST: readonly FaultKind[] = ['timeout', 'delay', 'drop', 'exception', 'split', 'junk', 'wrong-transaction'];

const parameters = {
  delayMs: Type.Optional(Type.Integer({ minimum: 1, maximum: 600_000, description: 'delay: how late the answer is' })),
  exception: Type.Optional(Type.Integer({ minimum: 1, maximum: 255, description: 'exception: the code' })),
  pieces: Type.Optional(Type.Integer({ minimum: 2, maximum: 260, description: 'split: how many' })),
  gapMs: Type.Optional(Type.Integer({ minimum: 1, maximum: 60_000, description: 'split: the pause between two pieces' })),
  junkBytes: Type.Optional(Type.Integer({ minimum: 1, maximum: 4096, description: 'junk: how many' })),
  transactionOffset: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 65_535, description: 'wrong-transaction: added to the id' }),
  ),
  skewS: Type.Optional(Type.Number({ minimum: -1e9, maximum: 1e9, description: 'clock-skew: seconds ahead' })),
  lastWill: Type.Optional(Type.Boolean({ description: 'offline: whether it is announced' })),
};
type FaultParameters = { readonly [K in keyof typeof parameters]: Static<(typeof parameters)[K]> };

/** A fault as it is asked for. It hits the devices that fit all of device, gateway and city that are given. */
export const faultSpecSchema = Type.Object(
  {
    kind: Type.Enum([...FAULT_KINDS]),
    device: Type.Optional(Type.String({ minLength: 1, description: 'one device' })),
    gateway: Type.Optional(Type.String({ minLength: 1, description: 'all devices of a gateway, HOST:PORT' })),
    city: Type.Optional(Type.String({ minLength: 1, description: 'all devices of a VEN' })),
    percent: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 100,
        description: 'the share of these devices that is hit, chosen by seed; 100 unless given',
      }),
    ),
    durationS: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1e8, description: 'until it is cleared unless given' })),
    chance: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 1,
        description: "faults of frames: the share of a device's requests that is hit; 1 unless given",
      }),
    ),
    ...parameters,
  },
  { additionalProperties: false },
);
export type FaultSpec = Readonly<Static<typeof faultSpecSchema>>;

/**
 * The fault with all its kind's parameters.
 * @throws VenfleetError FAULT_INVALID with every mistake: unknown keys, values out of range, parameters of another kind.
 */
export function completeFaultSpec(spec: unknown): FaultSpec {
  const mistakes = mistakesOf(spec);
  if (mistakes.length > 0) {
    throw new VenfleetError(
      'FAULT_INVALID',
      `the fault has ${mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`}`,
      {
        details: mistakes,
        hint: `kinds are ${FAULT_KINDS.join(', ')}`,
      },
    );
  }
  return { ...DEFAULTS[(spec as FaultSpec).kind], ...(spec as FaultSpec) };
}

function mistakesOf(spec: unknown): string[] {
  const mistakes = new Map<string, string>();
  for (const error of Value.Errors(faultSpecSchema, spec)) {
    // A key that is too many is reported twice, the second time for the object around it.
    if (error.keyword === 'additionalProperties') continue;
    const path = error.instancePath.slice(1).replaceAll('/', '.') || '(fault)';
    if (!mistakes.has(path)) mistakes.set(path, error.keyword === 'boolean' ? 'unknown key' : error.message);
  }
  if (mistakes.size > 0) return [...mistakes].map(([path, reason]) => `${path}: ${reason}`);
  const { kind, chance } = spec as FaultSpec;
  const foreign = Object.keys(parameters).filter((name) => name in (spec as FaultSpec) && !(name in DEFAULTS[kind]));
  if (chance !== undefined && !PER_REQUEST.includes(kind)) foreign.push('chance');
  return foreign.map((name) => `${name}: a fault of kind ${kind} has no such parameter`);
}
