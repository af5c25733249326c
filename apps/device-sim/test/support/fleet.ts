import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll } from '@jest/globals';
import { type Clock, kilowattHours, kilowatts, seconds, silentLogger, systemClock } from '@venfleet/core';
import { sequenceRandom } from '@venfleet/core/testing';
import { type Connection, danishGsrn, type NewConnection, type NewResource, openResourceDb } from '@venfleet/resource-db';
import { Simulator, type SimulatorOptions } from '../../src/fleet/simulator.js';
import { openLink } from '../../src/mqtt/open-link.js';

export const profilesDir = resolve(import.meta.dirname, '../../../../config/device-profiles');

/** A folder for one test file, removed at its end. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'venfleet-sim-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.on('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address !== null && typeof address === 'object' ? done(address.port) : fail(new Error('no port'))));
    });
  });
}

export const modbusAt = (port: number, unitId: number, profile: string): NewConnection => ({
  type: 'MODBUSTCP',
  actor: 'READER',
  profile,
  host: '127.0.0.1',
  port,
  unitId,
});

export const mqttAt = (
  port: number,
  topic: string,
  profile: string,
  login?: { username: string; secretRef: string },
): NewConnection => ({
  type: 'MQTT',
  actor: 'READER',
  profile,
  host: '127.0.0.1',
  port,
  topic,
  username: login?.username ?? null,
  secretRef: login?.secretRef ?? null,
});

/** A site to be: what is not given is that of a bar in Aalborg. */
export interface SiteSpec {
  readonly subType?: string;
  readonly type?: 'DSR' | 'EV';
  readonly ven?: string;
  readonly pMaxKw?: number;
  readonly meter?: NewConnection | undefined;
  readonly controller?: NewConnection | undefined;
}

/** `00000000-0000-4000-8000-00000000000N` */
export const idOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** Writes a resource database with these sites; the first has the id `idOf(1)`. */
export function writeDatabase(path: string, sites: readonly SiteSpec[]): string {
  const db = openResourceDb(path, 'create');
  try {
    for (const [i, site] of sites.entries()) {
      const insert = (connection: NewConnection | undefined, actor: Connection['actor']) =>
        connection === undefined ? null : db.connections.insert({ ...connection, actor });
      const resource: NewResource = {
        resourceId: idOf(i + 1),
        name: `Site ${i + 1}`,
        type: site.type ?? 'DSR',
        subType: site.subType ?? 'Bars',
        meterPointId: danishGsrn(i + 1),
        pMin: kilowatts(0),
        pMax: kilowatts(site.pMaxKw ?? 25),
        eMin: kilowattHours(0),
        eMax: kilowattHours(100),
        position: { longitude: 9.9, latitude: 57 },
        address: 'Nygade 1, 9000 Aalborg',
        ven: site.ven ?? 'Aalborg',
        enabled: true,
        readInterval: seconds(10),
        reported: true,
        readerConnectionId: insert(site.meter, 'READER'),
        writerConnectionId: insert(site.controller, 'WRITER'),
      };
      db.resources.insert(resource);
    }
  } finally {
    db.close();
  }
  return path;
}

/** A simulator over a database, with its own broker, in simulated time from a winter's morning on. */
export function simulatorOf(db: string, options: Partial<SimulatorOptions> & { clock?: Clock } = {}): Simulator {
  const random = sequenceRandom(0.1, 0.7, 0.3);
  return new Simulator({
    db,
    profiles: profilesDir,
    seed: 'test',
    clock: systemClock,
    logger: silentLogger,
    link: (clients) => openLink(clients, { clock: systemClock, random, logger: silentLogger }),
    ...options,
  });
}
