import { z } from 'zod';
import { REGISTER_TYPES } from '../codec/point-codec.js';
import { WORD_ORDERS } from '../codec/word-order.js';
import { controlFields, initialValue, pointFields, profileFields } from './common-schema.js';

const address = z.int().min(0).max(0xffff);
const table = z.enum(['holding', 'input', 'coil', 'discrete']);

/** How a value stands in registers: for points, controls and the probe alike. */
const layoutFields = {
  /** 0-based; with `model`, counted from that SunSpec model's id register. */
  address,
  type: z.enum(REGISTER_TYPES),
  /** Registers; given by the type except for strings and bitfields. */
  length: z.int().min(1).max(125).optional(),
  wordOrder: z.enum(WORD_ORDERS).default('ABCD'),
};

/** A number's name by its raw value; keys that YAML reads as numbers are texts here. */
const enumNames = z.record(z.string().regex(/^\d+$/, 'must be a whole number'), z.string().min(1));

const valueFields = {
  /** Register value × scale = value in `unit`. */
  scale: z
    .number()
    .refine((scale) => scale !== 0, 'must not be 0')
    .optional(),
  enum: enumNames.optional(),
  /** Raw values (as printed, 0x8000 for int16 too) that mean "not implemented"; instead of the type's own; [] for none. */
  invalid: z.union([z.number().transform((n) => [n]), z.array(z.number())], 'must be a number or a list of numbers').optional(),
};

export const modbusPointSchema = z.strictObject({
  ...pointFields,
  ...layoutFields,
  ...valueFields,
  table,
  model: z.int().positive().optional(),
  scaleRef: z.string().optional(),
  poll: z.enum(['fast', 'slow', 'once']).default('fast'),
  /** Only these bits, shifted down. A write would need the others, so a control has no mask. */
  mask: z.int().min(1).max(0xffff_ffff).optional(),
  initial: initialValue.optional(),
});

export const modbusControlSchema = z.strictObject({
  ...controlFields,
  ...layoutFields,
  ...valueFields,
  fc: z.union([z.literal(5), z.literal(6), z.literal(15), z.literal(16)], 'must be 5, 6, 15 or 16'),
});

export const sunSpecSchema = z.strictObject({
  /** Where "SunS" stands unless discovery finds it elsewhere. */
  base: z.union([z.literal(40000), z.literal(0), z.literal(50000)], 'must be 40000, 0 or 50000'),
  models: z.array(z.strictObject({ id: z.int().min(1).max(0xfffe), length: z.int().min(1).max(0xfffe) })).min(1),
});

export const transportSchema = z.strictObject({
  protocol: z.enum(['tcp', 'rtu', 'rtuovertcp']).default('tcp'),
  unit: z.int().min(0).max(255).default(1),
  timeoutMs: z.int().positive().default(1000),
  delayBetweenMs: z.int().min(0).default(0),
  pauseAfterConnectMs: z.int().min(0).default(0),
  /** The most registers that the device answers at once (Modbus Application Protocol 1.1b3 §6.3: 125). */
  maxRegisters: z.int().min(1).max(125).default(125),
  /** How many unused registers may be read between two wanted ones to save a request. */
  maxGap: z.int().min(0).max(124).default(0),
});

export const probeSchema = z.strictObject({
  table: z.enum(['holding', 'input']),
  ...layoutFields,
  expect: z.union(
    [
      z.number(),
      z.string(),
      z.strictObject({ min: z.number(), max: z.number() }).refine((r) => r.min <= r.max, 'min is above max'),
    ],
    'must be a number, a text, or { min, max }',
  ),
});

export const modbusProfileSchema = z.strictObject({
  ...profileFields,
  kind: z.literal('modbus'),
  transport: transportSchema.prefault({}),
  probe: probeSchema.optional(),
  sunspec: sunSpecSchema.optional(),
  points: z.array(modbusPointSchema).min(1),
  controls: z.array(modbusControlSchema).default([]),
});

export type ModbusProfileFile = z.infer<typeof modbusProfileSchema>;
export type ModbusPointFile = z.infer<typeof modbusPointSchema>;
export type ModbusControlFile = z.infer<typeof modbusControlSchema>;
export type ModbusTransport = z.infer<typeof transportSchema>;
export type ProbeFile = z.infer<typeof probeSchema>;
export type ModbusTable = z.infer<typeof table>;
