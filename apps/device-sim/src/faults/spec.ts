import { VenfleetError } from '@venfleet/core';
import { z } from 'zod';

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

const whole = (min: number, max: number, description: string) => z.int().min(min).max(max).optional().describe(description);

const parameters = {
  delayMs: whole(1, 600_000, 'delay: how late the answer is'),
  exception: whole(1, 255, 'exception: the code'),
  pieces: whole(2, 260, 'split: how many'),
  gapMs: whole(1, 60_000, 'split: the pause between two pieces'),
  junkBytes: whole(1, 4096, 'junk: how many'),
  transactionOffset: whole(1, 65_535, 'wrong-transaction: added to the id'),
  skewS: z.number().min(-1e9).max(1e9).optional().describe('clock-skew: seconds ahead'),
  lastWill: z.boolean().optional().describe('offline: whether it is announced'),
};
type FaultParameters = { readonly [K in keyof typeof parameters]: z.infer<(typeof parameters)[K]> };

const SHARE = 'must be a number from 0 to 100';
const SECONDS = 'must be a number of seconds above 0, and at most 100,000,000';

/** A fault as it is asked for. It hits the devices that fit all of device, gateway and city that are given. */
export const faultSpecSchema = z.strictObject({
  kind: z.enum(FAULT_KINDS),
  device: z.string().min(1).optional().describe('one device'),
  gateway: z.string().min(1).optional().describe('all devices of a gateway, HOST:PORT'),
  city: z.string().min(1).optional().describe('all devices of a VEN'),
  percent: z
    .number(SHARE)
    .min(0, SHARE)
    .max(100, SHARE)
    .optional()
    .describe('the share of these devices that is hit, chosen by seed; 100 unless given'),
  durationS: z.number(SECONDS).positive(SECONDS).max(1e8, SECONDS).optional().describe('until it is cleared unless given'),
  chance: z
    .number()
    .positive()
    .max(1)
    .optional()
    .describe("faults of frames: the share of a device's requests that is hit; 1 unless given"),
  ...parameters,
});
export type FaultSpec = Readonly<z.infer<typeof faultSpecSchema>>;

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
  const parsed = faultSpecSchema.safeParse(spec);
  if (!parsed.success) return parsed.error.issues.flatMap(linesOf);
  const { kind, chance } = parsed.data;
  const foreign = Object.keys(parameters).filter((name) => name in parsed.data && !(name in DEFAULTS[kind]));
  if (chance !== undefined && !PER_REQUEST.includes(kind)) foreign.push('chance');
  return foreign.map((name) => `${name}: a fault of kind ${kind} has no such parameter`);
}

function linesOf(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => `${key}: unknown key`);
  return [`${issue.path.join('.') || '(fault)'}: ${issue.message}`];
}
