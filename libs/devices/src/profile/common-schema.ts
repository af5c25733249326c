import { z } from 'zod';
import { PRIVATE_NAME, profileUnits, quantityNames, quantityOf } from '../quantities.js';

/** The version of the profile format that this program reads. */
export const PROFILE_VERSION = 1;

const nonEmpty = z.string().trim().min(1);

export const pointName = z.string().refine((name) => quantityOf(name) !== undefined || PRIVATE_NAME.test(name), {
  error: (issue) =>
    `"${issue.input}" is no canonical quantity; use one of ${quantityNames.join(', ')}, or x-NAME for a value that only this device knows`,
});

export const unitName = z.string().refine((unit) => profileUnits.includes(unit), {
  error: (issue) => `unknown unit "${issue.input}"; known are ${profileUnits.join(', ')}`,
});

/** A device's way back to safety when its limit is no longer renewed. */
export const fallbackSchema = z.strictObject({
  /** The limit that then holds, in the canonical unit, or the point that tells it. */
  value: z.union([z.number(), z.string()], 'must be a number, or the name of the point that tells it'),
  /** After how many seconds, or the point or control that tells it. */
  after: z.union([z.number().positive(), z.string()], 'must be seconds, or the name of the point or control that tells them'),
});

/** What a point of either transport says. */
export const pointFields = {
  name: pointName,
  unit: unitName.optional(),
  monotonic: z.boolean().default(false),
};

/** What a control of either transport says; min and max are in the canonical unit. */
export const controlFields = {
  name: pointName,
  unit: unitName.optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  /** The point that confirms the write. */
  readback: z.string().optional(),
  /** The device must hear this control again within so many seconds. */
  keepaliveS: z.number().positive().optional(),
  fallback: fallbackSchema.optional(),
};

/** A value computed from points: the smallest forms that devices need, so no expression is ever evaluated. */
const derivedSchema = z.union(
  [
    z.strictObject({ name: pointName, sum: z.array(z.string()).min(2) }),
    z.strictObject({ name: pointName, difference: z.tuple([z.string(), z.string()]) }),
  ],
  'must be { name, sum: [two names or more] } or { name, difference: [two names] }',
);

/** What a simulated device says until it is told otherwise. */
export const initialValue = z.union([z.number(), z.string(), z.boolean()], 'must be a number, a text, true or false');

export const profileFields = {
  version: z.literal(PROFILE_VERSION),
  id: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower-case words joined by hyphens, such as eastron-sdm630'),
  vendor: nonEmpty,
  model: nonEmpty,
  source: z.strictObject({ url: z.url().optional(), page: nonEmpty }),
  verified: z.enum(['doc', 'sim', 'hardware']),
  derived: z.array(derivedSchema).default([]),
};

export type Derived = z.infer<typeof derivedSchema>;
export type Fallback = z.infer<typeof fallbackSchema>;
