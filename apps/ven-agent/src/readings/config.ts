import { hours, milliseconds } from '@venfleet/core';
import { resolveSecret, SECRET_REF_PATTERN } from '@venfleet/core/node';
import { z } from 'zod';
import type { InfluxCopyOptions } from './influx/copy.js';
import type { InfluxTarget } from './influx/server.js';
import type { ReadingStoreOptions } from './store.js';

const secret = z
  .string()
  .regex(SECRET_REF_PATTERN, 'must be a reference to the secret, env:NAME or file:PATH, never the secret itself');

const influxCommon = {
  url: z.url({ protocol: /^https?$/ }).refine((text) => !/^\w+:\/\/[^/]*@/.test(text), 'must hold no user or password'),
  measurement: z.string().min(1).optional(),
  intervalMs: z.int().min(1000).max(3_600_000).optional(),
  spool: z.string().min(1).optional(),
  maxSpoolMiB: z.int().min(1).max(1_000_000).optional(),
};

const influxSchema = z.discriminatedUnion('version', [
  z.strictObject({
    ...influxCommon,
    version: z.literal(1),
    database: z.string().min(1),
    retentionPolicy: z.string().min(1).optional(),
    username: z.string().min(1).optional(),
    password: secret.optional(),
  }),
  z.strictObject({
    ...influxCommon,
    version: z.literal(2),
    org: z.string().min(1),
    bucket: z.string().min(1),
    token: secret.optional(),
  }),
]);

/** The part `readings` of the agent's settings file. */
export const readingsSchema = z
  .strictObject({
    database: z.string().min(1),
    flushIntervalMs: z.int().min(100).max(60_000),
    mergeIntervalMs: z.int().min(1000).max(3_600_000),
    maxAgeDays: z.int().min(1).max(3650),
    maxSizeMiB: z.int().min(64).max(1_000_000),
    influx: influxSchema,
  })
  .partial();

/** Where readings are kept and copied to, and for how long. */
export interface ReadingsSettings {
  readonly store: Pick<ReadingStoreOptions, 'path' | 'flushInterval' | 'mergeInterval' | 'maxAge' | 'maxBytes'>;
  /** Absent: no copy. */
  readonly influx?: Pick<InfluxCopyOptions, 'target' | 'measurement' | 'interval' | 'spool' | 'maxSpoolBytes'>;
}

/**
 * The settings with their secrets resolved.
 * @throws VenfleetError SECRET_MISSING, FILE_UNREADABLE
 */
export function readingsSettings(
  file: z.infer<typeof readingsSchema>,
  env: NodeJS.ProcessEnv,
  paths: { readonly readings: string; readonly copySpool: string },
): ReadingsSettings {
  const { flushIntervalMs, mergeIntervalMs, maxAgeDays, maxSizeMiB, influx } = file;
  return {
    store: {
      path: paths.readings,
      ...(flushIntervalMs === undefined ? {} : { flushInterval: milliseconds(flushIntervalMs) }),
      ...(mergeIntervalMs === undefined ? {} : { mergeInterval: milliseconds(mergeIntervalMs) }),
      ...(maxAgeDays === undefined ? {} : { maxAge: hours(24 * maxAgeDays) }),
      ...(maxSizeMiB === undefined ? {} : { maxBytes: maxSizeMiB * 2 ** 20 }),
    },
    ...(influx === undefined ? {} : { influx: influxSettings(influx, env, paths.copySpool) }),
  };
}

function influxSettings(
  { spool: _, measurement, intervalMs, maxSpoolMiB, ...server }: z.infer<typeof influxSchema>,
  env: NodeJS.ProcessEnv,
  spool: string,
): NonNullable<ReadingsSettings['influx']> {
  return {
    target: targetOf(server, env),
    spool,
    ...(measurement === undefined ? {} : { measurement }),
    ...(intervalMs === undefined ? {} : { interval: milliseconds(intervalMs) }),
    ...(maxSpoolMiB === undefined ? {} : { maxSpoolBytes: maxSpoolMiB * 2 ** 20 }),
  };
}

function targetOf(server: z.infer<typeof influxSchema>, env: NodeJS.ProcessEnv): InfluxTarget {
  const resolve = (ref: string | undefined) => (ref === undefined ? undefined : resolveSecret(ref, env));
  if (server.version === 2) return { ...server, token: resolve(server.token) };
  return { ...server, password: resolve(server.password) };
}
