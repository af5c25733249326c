import { shardOf } from '@venfleet/core';
import { loadConfigFile, SECRET_REF_PATTERN } from '@venfleet/core/node';
import { z } from 'zod';
import { RESOURCE_TYPES } from '../model.js';

/** Ports from here on are given out to clients by the system (Linux): a gateway there may find its port taken. */
export const FIRST_EPHEMERAL_PORT = 32_768;

const text = z.string().trim().min(1, 'must not be empty');
const host = text;

/** How one end of a site, its meter or its control, is reached. */
const endSchema = z.strictObject({ via: z.enum(['MODBUSTCP', 'MQTT']), profile: text });

const capacitySchema = z
  .strictObject({
    pMinKw: z.number().default(0),
    pMaxKw: z.number().min(0),
    eMinKwh: z.number().min(0).default(0),
    eMaxKwh: z.number().min(0),
  })
  .refine((c) => c.pMinKw <= c.pMaxKw, { path: ['pMinKw'], message: 'must not be greater than pMaxKw' })
  .refine((c) => c.eMinKwh <= c.eMaxKwh, { path: ['eMinKwh'], message: 'must not be greater than eMaxKwh' });

const fileSchema = z.strictObject({
  subType: text.max(128),
  type: z.enum(RESOURCE_TYPES),
  capacity: capacitySchema,
  meter: endSchema,
  /** The same profile as the meter's means the same device, e.g. a charger that meters itself. */
  control: endSchema.optional(),
});

/** Stands in a host's name for the number of the machine that carries the VEN's devices. */
const SHARD = '{shard}';

const modbusSchema = z
  .strictObject({
    host,
    shards: z.number().int().min(1).max(9999).optional(),
    basePort: z
      .number()
      .int()
      .min(1)
      .max(FIRST_EPHEMERAL_PORT - 1),
    /** 2 at least: a meter and its flex-controller share a gateway. */
    maxUnitsPerGateway: z.number().int().min(2).max(247).default(247),
  })
  .refine(({ host, shards }) => host.includes(SHARD) === (shards !== undefined), {
    path: ['shards'],
    message: `belongs to a host with ${SHARD} in its name, and such a host needs it`,
  });

const fleetConfigSchema = z.strictObject({
  modbus: modbusSchema,
  mqtt: z.strictObject({
    host,
    port: z.number().int().min(1).max(65_535),
    baseTopic: text.regex(/^[^#+/][^#+]*[^#+/]$|^[^#+/]$/, 'must be a topic without wildcards, and not begin or end with /'),
    username: text.optional(),
    secretRef: z.string().regex(SECRET_REF_PATTERN, 'must be env:NAME or file:PATH, never the secret itself').optional(),
  }),
  files: z
    .record(z.string(), fileSchema)
    .refine((files) => Object.keys(files).length > 0, 'must name at least one file')
    .refine((files) => Object.keys(files).every((name) => !/[\\/]/.test(name)), 'must be names of files in the source folder'),
});

/** config/fleet.yaml: what the import has to know about each CSV file and about the connections. */
export type FleetConfig = z.infer<typeof fleetConfigSchema>;
export type FileConfig = FleetConfig['files'][string];
export type EndConfig = z.infer<typeof endSchema>;

/**
 * Where the Modbus devices of a VEN stand: where there are several shards, on the host whose number, from 0, is that of the
 * VEN's shard, as the pods of a StatefulSet are numbered.
 */
export function modbusHost(modbus: FleetConfig['modbus'], ven: string): string {
  return hostOfShard(modbus, modbus.shards === undefined ? 1 : shardOf(ven, modbus.shards));
}

/** All hosts that Modbus devices of the fleet stand on. */
export function modbusHosts(modbus: FleetConfig['modbus']): ReadonlySet<string> {
  return new Set(Array.from({ length: modbus.shards ?? 1 }, (_, i) => hostOfShard(modbus, i + 1)));
}

function hostOfShard({ host }: FleetConfig['modbus'], index: number): string {
  return host.replaceAll(SHARD, String(index - 1));
}

/** @throws VenfleetError FILE_UNREADABLE, CONFIG_INVALID with every mistake as `FILE:LINE: path: reason`. */
export function loadFleetConfig(path: string): FleetConfig {
  return loadConfigFile<FleetConfig>(path, fleetConfigSchema, 'name the right file with --config');
}
