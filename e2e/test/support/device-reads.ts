import { execFileSync } from 'node:child_process';
import { test } from '@jest/globals';
import { decodeBlock, type ModbusProfile, namesToPoll, planReads, type Values } from '@venfleet/devices';
import { openResourceDb, type Resource } from '@venfleet/resource-db';
import modbusSerial from 'modbus-serial';

/** What the simulator tells of a device over its own view. */
export interface Reading {
  readonly measurement: Values;
  readonly control: Values;
}

/** A resource of the fleet, and where its two devices are. */
export interface Site {
  readonly resource: Resource;
  readonly meter: Place;
  readonly controller: Place;
}
export type Place = { readonly profile: string } & (
  | { readonly type: 'MODBUSTCP'; readonly port: number; readonly unitId: number }
  | { readonly type: 'MQTT'; readonly topic: string }
);

export function readFleet(path: string): Site[] {
  const open = openResourceDb(path, 'readonly');
  try {
    const connections = new Map(open.connections.list().map((c) => [c.id, c]));
    return open.resources.list().map((resource) => ({
      resource,
      meter: connections.get(resource.readerConnectionId ?? -1) as Place,
      controller: connections.get(resource.writerConnectionId ?? -1) as Place,
    }));
  } finally {
    open.close();
  }
}

/** What the simulator says of a site. @param ops URL of its view */
export async function viewOf(ops: string, { resource }: Site): Promise<Reading> {
  return (await (await fetch(`${ops}/v1/devices/${resource.resourceId}`)).json()) as Reading;
}

/** The fast values of every device on one gateway, one after the other as a gateway's client does. */
export async function sweepGateway(
  port: number,
  devices: readonly { unitId: number; profile: ModbusProfile }[],
): Promise<Values[]> {
  const client = new modbusSerial.default();
  client.setTimeout(10_000);
  await client.connectTCP('127.0.0.1', { port });
  try {
    const all: Values[] = [];
    for (const { unitId, profile } of devices) {
      let values: Values = {};
      for (const block of planReads(profile, namesToPoll(profile, 'fast'))) {
        client.setID(unitId);
        const read = block.table === 'input' ? client.readInputRegisters : client.readHoldingRegisters;
        const { buffer } = await read.call(client, block.address, block.count);
        values = { ...values, ...decodeBlock(profile, block, buffer) };
      }
      all.push(values);
    }
    return all;
  } finally {
    await new Promise<void>((done) => client.close(() => done()));
  }
}

/** A tool of somebody else; where it cannot be had its tests are skipped and say why. */
export function withTool(tool: string): { test: typeof test.skip; note: string } {
  try {
    execFileSync('which', [tool], { stdio: 'ignore' });
    return { test, note: '' };
  } catch {
    return { test: test.skip, note: ` (skipped: ${tool} is not installed)` };
  }
}

export function expectBetween(value: unknown, a: unknown, b: unknown, tolerance: number): void {
  const [low, high] = [Math.min(Number(a), Number(b)), Math.max(Number(a), Number(b))];
  // Between two looks at it the power may have gone up and down again: as far as the noise of some seconds goes.
  const slack = tolerance + Math.max(high - low, Math.abs(high) * 1e-3);
  if (!(Number(value) >= low - slack && Number(value) <= high + slack))
    throw new Error(`${value} is not in ${low}…${high} ± ${slack}`);
}
