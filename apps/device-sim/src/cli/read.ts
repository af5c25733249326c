import { addCommand, type Command, printResult } from '@venfleet/core/node';
import type { Values } from '@venfleet/devices';
import type { DevicePlace } from '../fleet/simulator.js';
import type { SimulatorStats } from '../fleet/stats.js';
import type { DeviceReading } from '../fleet/view.js';
import { OpsClient } from '../ops/client.js';
import { DEFAULT_OPS_PORT } from './options.js';

export interface ClientOptions {
  readonly url: string;
  readonly json?: true;
}

/** A command that talks to a running simulator. */
export function addClientCommand(program: Command, name: string, description: string): Command {
  return addCommand(program, name, description)
    .option('--url <URL>', 'HTTP view of the running simulator', `http://127.0.0.1:${DEFAULT_OPS_PORT}`)
    .option('--json', 'print one line of JSON');
}

export function addRead(program: Command): void {
  addClientCommand(program, 'read', 'Shows what the devices of a resource say now')
    .argument('<resource>', 'resource id or meter point id')
    .action(async (resource: string, { url, json }: ClientOptions) => {
      const reading = await new OpsClient(url).call<DeviceReading>('GET', `/v1/devices/${encodeURIComponent(resource)}`);
      printResult(json, reading, () => describeReading(reading));
    });
}

export function addStats(program: Command): void {
  addClientCommand(program, 'stats', 'Shows exact counts by protocol and profile, and what has happened').action(
    async ({ url, json }: ClientOptions) => {
      const stats = await new OpsClient(url).call<SimulatorStats>('GET', '/v1/stats');
      printResult(json, stats, () => describeStats(stats));
    },
  );
}

function describeReading(reading: DeviceReading): string {
  const { name, ven, subType, resourceId, meterPointId, meter, controller, at, measurement, control } = reading;
  return [
    `${name}, ${ven} (${subType})`,
    `  resource     ${resourceId}`,
    `  meter point  ${meterPointId}`,
    `  meter        ${describePlace(meter)}`,
    `  controller   ${describePlace(controller)}`,
    `as of ${at}`,
    ...describeValues(measurement),
    ...(controller === null ? [] : ['controller', ...describeValues(control)]),
  ].join('\n');
}

function describePlace(place: DevicePlace | null): string {
  if (place === null) return 'none of its own';
  const where = place.protocol === 'MQTT' ? `topic ${place.topic}` : `unit ${place.unitId}`;
  return `${place.profile} at ${place.host}:${place.port}, ${where}`;
}

function describeValues(values: Values): string[] {
  const width = Math.max(...Object.keys(values).map((name) => name.length));
  return Object.entries(values).map(([name, value]) => {
    const shown = typeof value === 'number' ? String(Math.round(value * 1000) / 1000) : String(value);
    return `  ${name.padEnd(width)}  ${shown}`;
  });
}

function describeStats({
  resources,
  vens,
  meters,
  controllers,
  clock,
  modbus,
  mqtt,
  faults,
  memory,
  withoutDevice,
}: SimulatorStats): string {
  const counts = (of: Readonly<Record<string, number>>) =>
    Object.entries(of).map(([name, count]) => `  ${name.padEnd(24)}${count}`);
  return [
    `${resources} resources of ${vens} VENs; ${withoutDevice} more have no simulated device`,
    `meters ${meters.total}`,
    ...counts(meters.byProtocol),
    ...counts(meters.byProfile),
    `controllers ${controllers.total}`,
    ...counts(controllers.byProtocol),
    ...counts(controllers.byProfile),
    `time ${clock.now}, speed ${clock.speed}, seed ${clock.seed}`,
    `Modbus ${modbus.gateways} gateways, ${modbus.units} units, ${modbus.clients} clients, ${modbus.requests} requests, ${modbus.exceptions} exceptions`,
    `MQTT ${mqtt.connected ? 'connected' : 'not connected'}, ${mqtt.clients ?? '?'} clients, ${mqtt.published} published, ${mqtt.received} received, ${mqtt.failed} failed`,
    `${faults} faults in force; ${Math.round(memory.rssBytes / 1e6)} MB of memory`,
  ].join('\n');
}
