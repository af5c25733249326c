import { join } from 'node:path';
import { seconds } from '@venfleet/core';
import { openResourceDb } from '@venfleet/resource-db';
import { freePorts, prepareDevices, type RunningSimulator, startSimulator } from '../support/devices.js';
import { readCredentials, smallerFleet, startVtn } from '../support/fleet.js';
import { programs, root, runProgram } from '../support/programs.js';
import { succeed } from './debian.js';

export const VEN = 'Horsens';

/** What is beside the Pi: the VTN, the devices on site, and what the installer brings along. */
export interface Site {
  /** The VTN's base URL. */
  readonly url: string;
  /** The VEN's client at the VTN. */
  readonly client: { readonly clientId: string; readonly clientSecret: string };
  /** The VEN's own database as the office has it, whose connections are not those on site. */
  readonly database: string;
  /** The installer's CSV file, whose connections are. */
  readonly connections: string;
  /** Creates an event, as the VTN's operator does. */
  event(...args: string[]): Promise<void>;
  /** How many controllers are really held to a limit. */
  held(): Promise<number>;
  stop(): Promise<void>;
}

export async function openSite(folder: string): Promise<Site> {
  const assets = smallerFleet(folder, [VEN], 1);
  const office = await prepareDevices(folder, await freePorts(), assets);
  const database = join(folder, 'pi.db');
  await succeed(process.execPath, [programs['resource-db'], 'export', '--db', office.db, '--ven', VEN, '--out', database]);
  readEachSecond(database);
  const there = await prepareDevices(folder, await freePorts(), assets);
  const connections = join(folder, 'site.csv');
  await succeed(process.execPath, [programs['resource-db'], 'export-connections', '--db', there.db, '--out', connections]);
  const simulator = await startSimulator(['--db', there.db]);
  const credentials = join(folder, 'dev-credentials.json');
  const { vtn, address } = await startVtn({ clients: credentials });
  const client = readCredentials(credentials).clients.find(({ venName }) => venName === VEN);
  if (client === undefined) throw new Error(`${VEN} has no client`);
  const url = `${address.origin}/openadr3/3.1.0`;
  return {
    url,
    client,
    database,
    connections,
    async event(...args) {
      const { status, stderr } = await runProgram('vtn-mock', ['event', '--url', url, '--credentials', credentials, ...args]);
      if (status !== 0) throw new Error(stderr);
    },
    held: () => heldIn(simulator),
    async stop() {
      await vtn.stop();
      await simulator.stop();
    },
  };
}

function readEachSecond(database: string): void {
  const db = openResourceDb(database, 'readwrite');
  for (const { resourceId } of db.resources.list()) db.resources.update(resourceId, { readInterval: seconds(1) });
  db.close();
}

async function heldIn({ ops }: RunningSimulator): Promise<number> {
  const get = async <T>(path: string) => (await (await fetch(`${ops}/v1/devices${path}`)).json()) as T;
  const { devices } = await get<{ devices: { resourceId: string }[] }>('');
  const readings = await Promise.all(
    devices.map(({ resourceId }) => get<{ control: { limitActive?: boolean } }>(`/${resourceId}`)),
  );
  return readings.filter(({ control }) => control.limitActive === true).length;
}

export const THIS_MACHINE = process.arch === 'arm64' ? 'arm64' : 'amd64';

/** Makes a .deb. @returns its path */
export async function makePackage(folder: string, version: string, arch: 'arm64' | 'amd64'): Promise<string> {
  const out = join(folder, `packages-${version}`);
  const args = ['--arch', arch, '--no-tar', '--package-version', version, '--out', out];
  await succeed(process.execPath, [join(root, 'tools/package-pi/dist/main.js'), ...args]);
  return join(out, `venfleet_${version}_${arch}.deb`);
}
