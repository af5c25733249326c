import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { prepare } from '@venfleet/resource-db';
import { ROOT, type Workplace } from './workplace.js';

/** Ports that a base port can be sought in: below those that the system gives to clients. */
const PORTS = { first: 10_000, last: 32_767 };
/** More than the gateways of the whole sample fleet. */
const GATEWAYS = 180;

/** The sample fleet on ports of its own, with its simulated devices up. */
export interface SimulatedFleet {
  readonly db: string;
  readonly profiles: string;
  /** URL of the simulator's own view. */
  readonly ops: string;
}

/** The sample fleet's database with connections on ports of its own. */
export async function prepareDevices(place: Workplace): Promise<Omit<SimulatedFleet, 'ops'>> {
  const config = place.path('fleet.yaml');
  const sample = readFileSync(join(ROOT, 'config/fleet.yaml'), 'utf8');
  writeFileSync(
    config,
    sample
      .replace('basePort: 20000', `basePort: ${await freePorts(GATEWAYS)}`)
      .replace('port: 1883', `port: ${await freePort()}`),
  );
  const db = place.path('resources.db');
  prepare({ source: join(ROOT, 'config/exampleassets'), db, config, rejects: place.path('rejects.csv') });
  return { db, profiles: join(ROOT, 'config/device-profiles') };
}

/** @param vens only the biggest so many */
export async function simulateFleet(place: Workplace, vens: number): Promise<SimulatedFleet> {
  const { db, profiles } = await prepareDevices(place);
  const simulator = join(ROOT, 'apps/device-sim/dist/main.js');
  const { firstLine } = await place.start(process.execPath, [
    simulator,
    'serve',
    '--db',
    db,
    '--ops-port',
    '0',
    '--limit',
    String(vens),
    '--state',
    place.path('device-sim.db'),
    '--json',
  ]);
  const { ops } = JSON.parse(firstLine) as { ops: string };
  return { db, profiles, ops };
}

/** A port that was free a moment ago, for programs that must be told one. */
export function freePort(): Promise<number> {
  return listenOnce(0);
}

/** The first of `count` ports in a row that were all free a moment ago: a simulator or another benchmark may be up. */
async function freePorts(count: number): Promise<number> {
  // Two benchmarks that begin at the same time look in different places first.
  const places = Math.floor((PORTS.last - PORTS.first) / count);
  for (let i = 0; i < places; i++) {
    const base = PORTS.first + ((process.pid + i) % places) * count;
    const taken = await Promise.allSettled(Array.from({ length: count }, (_, n) => listenOnce(base + n)));
    if (taken.every(({ status }) => status === 'fulfilled')) return base;
  }
  throw new Error(`there are no ${count} free ports in a row between ${PORTS.first} and ${PORTS.last}`);
}

/** Listens on a port (0: any free one) and stops again. @returns the port */
function listenOnce(port: number): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer().on('error', fail);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address !== null && typeof address === 'object' ? done(address.port) : fail(new Error('no port'))));
    });
  });
}
