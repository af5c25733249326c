import { z } from 'zod';
import type { MqttSettings } from '../metering/adapters/mqtt-link.js';

/** The part `metering` of the agent's settings file. */
export const meteringSchema = z
  .strictObject({
    profiles: z.string().min(1),
    modbusInFlight: z.int().min(1).max(16),
    mqtt: z.strictObject({ tls: z.boolean(), caFile: z.string().min(1), verifyTls: z.boolean() }).partial(),
  })
  .partial();

/** The part `reporting`. */
export const reportingSchema = z
  .strictObject({
    timeZone: z.string().refine(isTimeZone, 'must be an IANA time zone, e.g. Europe/Copenhagen'),
  })
  .partial();

/** The part `ops`. */
export const opsSchema = z.strictObject({ host: z.string().min(1), port: z.int().min(0).max(65_535) }).partial();

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
  readonly ops: { readonly host: string; readonly port: number };
}

/** The settings with their defaults. */
export function runSettings({ metering = {}, reporting = {}, ops = {} }: RunFile): RunSettings {
  return {
    profiles: metering.profiles ?? 'config/device-profiles',
    modbusInFlight: metering.modbusInFlight ?? 4,
    mqtt: metering.mqtt ?? {},
    timeZone: reporting.timeZone,
    ops: { host: ops.host ?? '127.0.0.1', port: ops.port ?? 9464 },
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
