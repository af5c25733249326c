import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { prepare } from '@venfleet/resource-db';
import { ROOT, type Workplace } from './workplace.js';

/** Below the ephemeral ports, and not the sample fleet's own: a simulator may be up. */
const BASE_PORT = 27_000;

/** The sample fleet on ports of its own, with its simulated devices up. */
export interface SimulatedFleet {
  readonly db: string;
  readonly profiles: string;
  /** URL of the simulator's own view. */
  readonly ops: string;
}

/** @param vens only the biggest so many */
export async function simulateFleet(place: Workplace, vens: number): Promise<SimulatedFleet> {
  const config = place.path('fleet.yaml');
  const sample = readFileSync(join(ROOT, 'config/fleet.yaml'), 'utf8');
  writeFileSync(
    config,
    sample.replace('basePort: 20000', `basePort: ${BASE_PORT}`).replace('port: 1883', `port: ${await freePort()}`),
  );
  const db = place.path('resources.db');
  prepare({ source: join(ROOT, 'config/exampleassets'), db, config, rejects: place.path('rejects.csv') });
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
    '--json',
  ]);
  const { ops } = JSON.parse(firstLine) as { ops: string };
  return { db, profiles: join(ROOT, 'config/device-profiles'), ops };
}

/** A port that was free a moment ago, for programs that must be told one. */
export function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer().on('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address !== null && typeof address === 'object' ? done(address.port) : fail(new Error('no port'))));
    });
  });
}
