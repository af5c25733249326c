import { z } from 'zod';
import { secretRef } from '../config-parts.js';
import type { ConsoleSettings } from '../console/open-console.js';
import type { MqttSettings } from '../metering/adapters/mqtt-link.js';

/** The part `metering` of the agent's settings file. */
export const meteringSchema = z
  .strictObject({
    profiles: z.string().min(1).meta({ description: 'folder of the device profiles', default: 'config/device-profiles' }),
    modbusInFlight: z
      .int()
      .min(1)
      .max(16)
      .meta({ description: 'Modbus requests under way at once at a gateway; a device has one at most', default: 4 }),
    mqtt: z
      .strictObject({
        tls: z.boolean().meta({ description: 'TLS to all brokers', otherwise: 'for those on port 8883' }),
        caFile: z.string().min(1).meta({ description: 'certificate authorities (PEM) to trust instead of the system’s' }),
        verifyTls: z.boolean().meta({
          description: '`false` turns certificate checks off: for tests on a private network alone',
          otherwise: '`true`',
        }),
      })
      .partial()
      .meta({ description: 'the way to the meters’ brokers' }),
  })
  .partial();

/** The part `reporting`. */
export const reportingSchema = z
  .strictObject({
    timeZone: z
      .string()
      .refine(isTimeZone, 'must be an IANA time zone, e.g. Europe/Copenhagen')
      .meta({ description: 'days and times of day of baselines are those of this zone', otherwise: '`Europe/Copenhagen`' }),
  })
  .partial();

/** The part `ops`. */
export const opsSchema = z
  .strictObject({
    host: z.string().min(1).meta({ description: 'the address to listen on', default: '127.0.0.1' }),
    port: z.int().min(0).max(65_535).meta({ description: 'its port; 0 takes a free one', default: 9464 }),
    console: z
      .strictObject({
        token: secretRef.meta({ description: 'what operators log in with, env:NAME or file:PATH; 16 characters at least' }),
        page: z.string().min(1).optional().meta({ description: 'folder of the built page', otherwise: 'that of apps/console' }),
      })
      .meta({ description: 'the console at /console/', otherwise: 'there is none' }),
  })
  .partial()
  .meta({ description: 'health and metrics over HTTP' });

interface RunFile {
  readonly metering?: z.infer<typeof meteringSchema> | undefined;
  readonly reporting?: z.infer<typeof reportingSchema> | undefined;
  readonly ops?: z.infer<typeof opsSchema> | undefined;
}

/** How the agent runs. */
export interface RunSettings {
  /** Directory of the device profiles. */
  readonly profiles: string;
  /** Modbus requests under way at once at a gateway. */
  readonly modbusInFlight: number;
  readonly mqtt: MqttSettings;
  readonly timeZone: string | undefined;
  readonly ops: {
    readonly host: string;
    readonly port: number;
    readonly console: ConsoleSettings | undefined;
  };
}

/** The settings with their defaults. */
export function runSettings({ metering = {}, reporting = {}, ops = {} }: RunFile): RunSettings {
  return {
    profiles: metering.profiles ?? 'config/device-profiles',
    modbusInFlight: metering.modbusInFlight ?? 4,
    mqtt: metering.mqtt ?? {},
    timeZone: reporting.timeZone,
    ops: { host: ops.host ?? '127.0.0.1', port: ops.port ?? 9464, console: ops.console },
  };
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
