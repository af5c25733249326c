import { shardOf } from '@venfleet/core';
import { loadConfigFile, SECRET_REF_PATTERN } from '@venfleet/core/node';
import { z } from 'zod';
import { RESOURCE_TYPES } from '../model.js';

/** Ports from here on are given out to clients by the system (Linux): a gateway there may find its port taken. */
export const FIRST_EPHEMERAL_PORT = 32_768;

const text = z.string().trim().min(1, 'must not be empty');
const host = text;

/** How one end of a site, its meter or its control, is reached. */
const endSchema = z.strictObject({
  via: z.enum(['MODBUSTCP', 'MQTT']).meta({ description: 'how it is reached' }),
  profile: text.meta({ description: 'id of its profile in config/device-profiles ([devices](add-a-device.md))' }),
});

const capacitySchema = z
  .strictObject({
    pMinKw: z.number().default(0).meta({ description: 'the least it can be held to; negative where it can feed in' }),
    pMaxKw: z.number().min(0).meta({ description: 'the most a site draws' }),
    eMinKwh: z.number().min(0).default(0).meta({ description: 'least content of its flexible energy buffer' }),
    eMaxKwh: z.number().min(0).meta({ description: 'greatest content of it' }),
  })
  .refine((c) => c.pMinKw <= c.pMaxKw, { path: ['pMinKw'], message: 'must not be greater than pMaxKw' })
  .refine((c) => c.eMinKwh <= c.eMaxKwh, { path: ['eMinKwh'], message: 'must not be greater than eMaxKwh' });

const fileSchema = z.strictObject({
  subType: text.max(128).meta({ description: 'what the file’s sites are' }),
  type: z.enum(RESOURCE_TYPES).meta({ description: 'a load that can be curtailed or shifted (DSR), or a charging station (EV)' }),
  capacity: capacitySchema.meta({ description: 'of a site whose row has no column of its own' }),
  meter: endSchema.meta({ description: 'how its meter is read' }),
  control: endSchema.optional().meta({
    description:
      'how it is controlled; left out where it is only metered. The meter’s own profile means one device, as a charger that meters itself',
  }),
});

/** Stands in a host's name for the number of the machine that carries the VEN's devices. */
const SHARD = '{shard}';

const modbusSchema = z
  .strictObject({
    host: host.meta({
      description:
        'where the gateways are; `{shard}` in it is the number, from 0, of the machine that carries the VEN ([scale](scale.md))',
    }),
    shards: z
      .number()
      .int()
      .min(1)
      .max(9999)
      .optional()
      .meta({ description: 'how many machines carry the devices, where `host` has `{shard}`' }),
    basePort: z
      .number()
      .int()
      .min(1)
      .max(FIRST_EPHEMERAL_PORT - 1)
      .meta({ description: 'port of the first gateway; each next one takes the next' }),
    /** 2 at least: a meter and its flex-controller share a gateway. */
    maxUnitsPerGateway: z
      .number()
      .int()
      .min(2)
      .max(247)
      .default(247)
      .meta({ description: 'Modbus unit ids that one gateway addresses' }),
  })
  .refine(({ host, shards }) => host.includes(SHARD) === (shards !== undefined), {
    path: ['shards'],
    message: `belongs to a host with ${SHARD} in its name, and such a host needs it`,
  });

export const fleetConfigSchema = z.strictObject({
  modbus: modbusSchema.meta({ description: 'Modbus TCP: each VEN gets as many gateways as it needs' }),
  mqtt: z.strictObject({
    host: host.meta({ description: 'the broker’s address' }),
    port: z.number().int().min(1).max(65_535).meta({ description: 'its port; to 8883 the agent speaks TLS' }),
    baseTopic: text
      .regex(/^[^#+/][^#+]*[^#+/]$|^[^#+/]$/, 'must be a topic without wildcards, and not begin or end with /')
      .meta({ description: 'devices have the topics `BASE/RESOURCE_ID/meter` and `…/controller`' }),
    username: text.optional().meta({ description: 'login at the broker' }),
    secretRef: z
      .string()
      .regex(SECRET_REF_PATTERN, 'must be env:NAME or file:PATH, never the secret itself')
      .optional()
      .meta({ description: 'its password: `env:NAME` or `file:PATH`' }),
  }),
  files: z
    .record(z.string(), fileSchema)
    .refine((files) => Object.keys(files).length > 0, 'must name at least one file')
    .refine((files) => Object.keys(files).every((name) => !/[\\/]/.test(name)), 'must be names of files in the source folder')
    .meta({ description: 'the CSV files of the source folder, by name' }),
});

/** config/fleet.yaml: what the import has to know about each CSV file and about the connections. */
export type FleetConfig = z.infer<typeof fleetConfigSchema>;
export type FileConfig = FleetConfig['files'][string];
export type EndConfig = z.infer<typeof endSchema>;

/**
 * Tells where the Modbus devices of a VEN stand: where there are several shards, on the host whose number, from 0, is that of
 * the VEN's shard, as the pods of a StatefulSet are numbered.
 */
export function modbusHostByVen(modbus: FleetConfig['modbus']): (ven: string) => string {
  const { shards } = modbus;
  if (shards === undefined) return () => modbus.host;
  const known = new Map<string, string>();
  return (ven) => {
    const host = known.get(ven) ?? hostOfShard(modbus, shardOf(ven, shards));
    known.set(ven, host);
    return host;
  };
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
