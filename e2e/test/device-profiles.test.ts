import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { loadProfiles } from '@venfleet/devices/node';
import { openResourceDb } from '@venfleet/resource-db';
import { freePorts, prepareDevices, type RunningSimulator, startSimulator } from './support/devices.js';
import { root, run, temporaryFolder } from './support/programs.js';

const folder = temporaryFolder();
const catalog = loadProfiles(`${root}/config/device-profiles`);

/** Profiles that the sample fleet does not use, each in the place of one that it does. */
const INSTEAD = { 'sunspec-203': 'sunspec-213', 'abb-terra-ac': 'alfen-eve' } as const;
type Profile = keyof typeof INSTEAD;
/** How mbpoll reads the total power, and how many watts one of its units is (sunspec-203: scale factor 1). */
const MBPOLL: Readonly<Record<Profile, { readonly type: readonly string[]; readonly watts: number }>> = {
  'sunspec-203': { type: ['-t', '4'], watts: 10 },
  'abb-terra-ac': { type: ['-t', '4:int', '-B'], watts: 1 },
};

let db: string;
let simulator: RunningSimulator;
beforeAll(async () => {
  ({ db } = await prepareDevices(folder, await freePorts(), undefined, (yaml) =>
    Object.entries(INSTEAD).reduce((text, [wanted, usual]) => text.replaceAll(`profile: ${usual} `, `profile: ${wanted} `), yaml),
  ));
  simulator = await startSimulator(['--db', db, '--ven', 'Aalborg', '--start', '2026-01-15T18:00', '--seed', 'profiles']);
}, 120_000);
afterAll(() => simulator.stop());

function hasMbpoll(): boolean {
  try {
    execFileSync('which', ['mbpoll'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
const tool = hasMbpoll() ? { test, note: '' } : { test: test.skip, note: ' (skipped: mbpoll is not installed)' };

tool.test.each(Object.keys(INSTEAD) as Profile[])(
  `mbpoll reads the power of ten %s as device-sim:read shows it${tool.note}`,
  async (profile) => {
    const open = openResourceDb(db, 'readonly');
    const readers = new Map(open.connections.list().map((c) => [c.id, c]));
    const sites = open.resources.byVen('Aalborg').filter((r) => readers.get(r.readerConnectionId ?? -1)?.profile === profile);
    open.close();
    expect(sites.length).toBeGreaterThanOrEqual(10);
    const address = String(catalog.modbus(profile).points.get('powerW')?.address);
    const view = async (id: string) =>
      ((await (await fetch(`${simulator.ops}/v1/devices/${id}`)).json()) as { measurement: { powerW: number } }).measurement
        .powerW;
    // Chargers without a car read 0 W: the busiest sites tell most.
    const powers = new Map<string, number>();
    for (const { resourceId } of sites) powers.set(resourceId, await view(resourceId));
    sites.sort((a, b) => (powers.get(b.resourceId) ?? 0) - (powers.get(a.resourceId) ?? 0));
    let seen = 0;
    for (const site of sites.slice(0, 10)) {
      const { port, unitId } = readers.get(site.readerConnectionId ?? -1) as unknown as { port: number; unitId: number };
      const { type, watts } = MBPOLL[profile];
      const where = ['-m', 'tcp', '-p', String(port), '-a', String(unitId), '-0', '-r', address, ...type, '-1', '127.0.0.1'];
      // The device renews its values each second: only a look that falls within one of them tells anything.
      let shown: number;
      let before: number;
      do {
        before = await view(site.resourceId);
        const { stdout } = await run('mbpoll', where);
        shown = Number(/\[\d+\]:\s+(-?\d+)/.exec(stdout)?.[1]) * watts;
      } while (before !== (await view(site.resourceId)));
      expect(Math.abs(shown - before)).toBeLessThanOrEqual(watts);
      seen += shown;
    }
    expect(seen).toBeGreaterThan(0);
  },
);
