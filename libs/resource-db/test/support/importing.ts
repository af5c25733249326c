import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from '@jest/globals';
import { FakeClock } from '@venfleet/core/testing';
import {
  openResourceDb,
  type PrepareOptions,
  type PrepareResult,
  prepare,
  type Resource,
  type ResourceDb,
} from '../../src/index.js';

export const CONFIG = `
modbus: { host: 127.0.0.1, basePort: 20000, maxUnitsPerGateway: 4 }
mqtt: { host: 127.0.0.1, port: 1883, baseTopic: fleet }
files:
  hotels.csv:
    subType: Hotels
    type: DSR
    capacity: { pMaxKw: 50, eMaxKwh: 200 }
    meter: { via: MODBUSTCP, profile: eastron-sdm630 }
    control: { via: MODBUSTCP, profile: flex-controller-modbus }
  bars.csv:
    subType: Bars
    type: DSR
    capacity: { pMaxKw: 25, eMaxKwh: 100 }
    meter: { via: MQTT, profile: shelly-pro-3em }
    control: { via: MQTT, profile: flex-controller-mqtt }
  chargers.csv:
    subType: Charging Stations
    type: EV
    capacity: { pMaxKw: 22, eMaxKwh: 100 }
    meter: { via: MODBUSTCP, profile: alfen-eve }
    control: { via: MODBUSTCP, profile: alfen-eve }
`;
export const HEADER = 'title,address,longitude,latitude\n';
export const HOTELS = `${HEADER}Hotel Nord,"Algade 1, 9000 Aalborg",9.9,57.0\nHotel Syd,"Algade 2, 7100 Vejle",9.5,55.7\n`;
export const BARS = `${HEADER}Bar Ida,"Algade 3, 9000 Aalborg",9.91,57.01\n`;
export const CHARGERS = `${HEADER}Lader 1,"Algade 4, 9000 Aalborg",9.92,57.02\n`;

export let folder: string;
export let clock: FakeClock;
export let options: PrepareOptions;

export const write = (name: string, content: string | Buffer) => writeFileSync(join(folder, 'source', name), content);
export const writeConfig = (content: string) => writeFileSync(options.config, content);
export const run = (more: Partial<PrepareOptions> = {}): PrepareResult => prepare({ ...options, ...more });

export function withDb<T>(work: (db: ResourceDb) => T): T {
  const db = openResourceDb(options.db, 'readwrite', clock);
  try {
    return work(db);
  } finally {
    db.close();
  }
}

export const resources = () => withDb((db) => db.resources.list());
export const byName = (name: string) => resources().find((r) => r.name === name) as Resource;
export const connectionsOf = (name: string) =>
  withDb((db) => {
    const { readerConnectionId, writerConnectionId } = db.resources.list().find((r) => r.name === name) as Resource;
    return {
      reader: readerConnectionId === null ? null : db.connections.get(readerConnectionId),
      writer: writerConnectionId === null ? null : db.connections.get(writerConnectionId),
    };
  });
export const counts = ({ created, updated, unchanged, rejected, gone, pruned }: PrepareResult) => ({
  created,
  updated,
  unchanged,
  rejected,
  gone,
  pruned,
});
export const NONE = { created: 0, updated: 0, unchanged: 0, rejected: 0, gone: 0, pruned: 0 };
/** The mistakes of a refused import. */
export function refusal(more: Partial<PrepareOptions> = {}): readonly string[] {
  try {
    run(more);
  } catch (error) {
    return (error as { details: readonly string[] }).details;
  }
  throw new Error('the import was not refused');
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prepare-'));
  mkdirSync(join(folder, 'source'));
  clock = new FakeClock();
  options = {
    source: join(folder, 'source'),
    db: join(folder, 'db', 'resources.db'),
    config: join(folder, 'fleet.yaml'),
    rejects: join(folder, 'rejects.csv'),
    clock,
  };
  writeConfig(CONFIG);
  write('hotels.csv', HOTELS);
  write('bars.csv', BARS);
  write('chargers.csv', CHARGERS);
});

afterEach(() => rmSync(folder, { recursive: true }));
