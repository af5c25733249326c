import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, clientOf, loadCredentials } from '@venfleet/openadr';
import { openResourceDb } from '@venfleet/resource-db';
import { freePort, freeRow } from '../ports.js';
import { type Processes, ROOT } from '../processes.js';

/** More than the gateways of the sample fleet. */
const GATEWAYS = 180;

/** The sample fleet in a folder, its devices on ports that are free. */
export interface Fleet {
  readonly db: string;
  readonly credentials: string;
  readonly vens: number;
  readonly resources: number;
  /** A VEN small enough to watch each of its devices. */
  readonly small: { readonly name: string; readonly resources: readonly string[]; readonly client: Client };
  /** The database of the small one alone, as a device on site has it. */
  readonly smallDb: string;
}

/** Prepares the sample fleet as a user does. */
export async function prepareFleet(processes: Processes, folder: string): Promise<Fleet> {
  const config = join(folder, 'fleet.yaml');
  const sample = readFileSync(join(ROOT, 'config/fleet.yaml'), 'utf8');
  const ports = { modbus: await freeRow(GATEWAYS), mqtt: await freePort() };
  writeFileSync(
    config,
    sample.replace('basePort: 20000', `basePort: ${ports.modbus}`).replace('port: 1883', `port: ${ports.mqtt}`),
  );
  const [db, credentials] = [join(folder, 'resources.db'), join(folder, 'credentials.json')];
  const where = ['--db', db, '--credentials', credentials, '--config', config, '--source', 'config/exampleassets'];
  await processes.venfleet('resource-db', ['prepare', ...where, '--json']);
  const { small, vens } = chosen(db);
  const smallDb = join(folder, 'small.db');
  await processes.venfleet('resource-db', ['export', '--db', db, '--ven', small.name, '--out', smallDb, '--json']);
  const client = clientOf(loadCredentials(credentials), small.name) as Client;
  return {
    db,
    credentials,
    small: { ...small, client },
    smallDb,
    vens: vens.length,
    resources: vens.reduce((sum, ven) => sum + ven.resources, 0),
  };
}

function chosen(db: string) {
  const resources = openResourceDb(db, 'readonly');
  try {
    const vens = resources.resources.vens();
    const { name } = vens.at(-1) as { name: string };
    const sites = resources.resources.byVen(name).filter((site) => site.writerConnectionId !== null);
    return { vens, small: { name, resources: sites.map(({ resourceId }) => resourceId) } };
  } finally {
    resources.close();
  }
}
