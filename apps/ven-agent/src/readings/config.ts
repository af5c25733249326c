import { hours, milliseconds } from '@venfleet/core';
import { resolveSecret } from '@venfleet/core/node';
import { z } from 'zod';
import { secretRef, urlWithoutLogin } from '../config-parts.js';
import type { InfluxCopyOptions } from './influx/copy.js';
import type { InfluxTarget } from './influx/server.js';
import type { ReadingStoreOptions } from './store.js';

const influxCommon = {
  url: urlWithoutLogin(/^https?$/).meta({ description: 'the server’s URL' }),
  measurement: z.string().min(1).optional().meta({ description: 'the measurement’s name', otherwise: '`meter`' }),
  intervalMs: z
    .int()
    .min(1000)
    .max(3_600_000)
    .optional()
    .meta({ description: 'how often readings are sent', otherwise: '10,000' }),
  spool: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'what waits for a server that is away', otherwise: '`readings-copy.db` beside the state' }),
  maxSpoolMiB: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .meta({ description: 'how much may wait; then the oldest goes', otherwise: '256' }),
};

const influxSchema = z.discriminatedUnion('version', [
  z.strictObject({
    ...influxCommon,
    version: z.literal(1).meta({ description: 'InfluxDB 1, or what takes its line protocol' }),
    database: z.string().min(1).meta({ description: 'the database' }),
    retentionPolicy: z.string().min(1).optional().meta({ description: 'its retention policy', otherwise: 'the database’s own' }),
    username: z.string().min(1).optional().meta({ description: 'login' }),
    password: secretRef.optional().meta({ description: 'its password: `env:NAME` or `file:PATH`' }),
  }),
  z.strictObject({
    ...influxCommon,
    version: z.literal(2).meta({ description: 'InfluxDB 2 and later' }),
    org: z.string().min(1).meta({ description: 'the organisation' }),
    bucket: z.string().min(1).meta({ description: 'the bucket' }),
    token: secretRef.optional().meta({ description: 'the API token: `env:NAME` or `file:PATH`' }),
  }),
]);

/** The part `readings` of the agent's settings file. */
export const readingsSchema = z
  .strictObject({
    database: z.string().min(1).meta({ description: 'what meters said', otherwise: '`readings.db` beside the state' }),
    flushIntervalMs: z.int().min(100).max(60_000).meta({ description: 'how much a power cut may lose', otherwise: '1,000' }),
    mergeIntervalMs: z
      .int()
      .min(1000)
      .max(3_600_000)
      .meta({ description: 'how often what was read is sorted into the table; more seldom spares flash', otherwise: '600,000' }),
    maxAgeDays: z.int().min(1).max(3650).meta({ description: 'reported readings older than this are deleted', otherwise: '14' }),
    maxSizeMiB: z
      .int()
      .min(64)
      .max(1_000_000)
      .meta({ description: 'the database’s size, from where on the oldest readings go earlier', otherwise: '2,048' }),
    influx: influxSchema.meta({ description: 'a copy of all readings for dashboards' }),
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
