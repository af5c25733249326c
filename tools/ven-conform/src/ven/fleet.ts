import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seconds } from '@venfleet/core';
import { freePort, freeRow, type Processes, ROOT } from '@venfleet/interop';
import { openResourceDb } from '@venfleet/resource-db';

/** Meters are read so often: a report on some seconds needs values of each. */
const READ_EVERY = seconds(1);
/** The sites' file. */
const FILE = 'industries.csv';
/** A working day in winter at eleven, when industries draw more than any limit of the checklist. */
const START = '2026-01-15T11:00:00+01:00';

/** Simulated sites for our agent. */
export interface Fleet {
  readonly db: string;
  readonly profiles: string;
  /** Resource ids of a VEN's sites. */
  sites(ven: string): readonly string[];
  /** What a site's controller holds it to now, in W; null: nothing. */
  heldW(site: string): Promise<number | null>;
}

/**
 * Prepares two industries for each VEN, and starts their devices.
 * @param credentials file of the VENs' clients, which is added to where any is missing
 */
export async function startFleet(
  processes: Processes,
  folder: string,
  vens: readonly string[],
  credentials: string,
): Promise<Fleet> {
  const source = join(folder, 'assets');
  mkdirSync(source);
  const rows = vens.flatMap((ven) => [1, 2].map((n) => `Works ${n} of ${ven},"Havnegade ${n}, 9999 ${ven}",10.${n},56.${n}`));
  writeFileSync(join(source, FILE), ['title,address,longitude,latitude', ...rows, ''].join('\n'));
  const config = join(folder, 'fleet.yaml');
  // JSON is YAML.
  writeFileSync(config, JSON.stringify(await fleetConfig(vens.length)));
  const db = join(folder, 'resources.db');
  const files = ['--db', db, '--credentials', credentials, '--config', config, '--source', source];
  await processes.venfleet('resource-db', ['prepare', ...files, '--json']);
  const sites = readOften(db, vens);
  const profiles = join(ROOT, 'config/device-profiles');
  const places = ['--db', db, '--profiles', profiles, '--no-state', '--ops-port', '0', '--start', START];
  const { facts } = await processes.startVenfleet<{ ops: string }>('device-sim', ['serve', ...places, '--json']);
  return {
    db,
    profiles,
    sites: (ven) => sites.get(ven) ?? [],
    async heldW(site) {
      const { control } = (await (await fetch(`${facts.ops}/v1/devices/${site}`)).json()) as {
        control: { readonly limitActive?: boolean; readonly limitW?: number };
      };
      return control.limitActive === true ? (control.limitW ?? null) : null;
    },
  };
}

/** Meters and controllers by Modbus, as config/fleet.yaml has industries, on ports that are free. @param gateways one for each VEN */
async function fleetConfig(gateways: number): Promise<object> {
  const via = 'MODBUSTCP';
  const industries = {
    subType: 'Industries',
    type: 'DSR',
    capacity: { pMaxKw: 100, eMaxKwh: 400 },
    meter: { via, profile: 'sunspec-213' },
    control: { via, profile: 'flex-controller' },
  };
  return {
    modbus: { host: '127.0.0.1', basePort: await freeRow(gateways), maxUnitsPerGateway: 247 },
    mqtt: { host: '127.0.0.1', port: await freePort(), baseTopic: 'ven-conform' },
    files: { [FILE]: industries },
  };
}

function readOften(path: string, vens: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const db = openResourceDb(path, 'readwrite');
  try {
    for (const { resourceId } of db.resources.list()) db.resources.update(resourceId, { readInterval: READ_EVERY });
    return new Map(vens.map((ven) => [ven, db.resources.byVen(ven).map(({ resourceId }) => resourceId)]));
  } finally {
    db.close();
  }
}
