import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { FakeClock, smallDisk } from '@venfleet/core/testing';
import { planRestore, restore, takeBackup } from '@venfleet/sqlite';
import { agentDatabases } from '../../src/backup/databases.js';
import { loadDatabasePaths } from '../../src/config.js';
import { Registry } from '../../src/registration/registry.js';

const VTN = 'http://vtn.example';
const disk = smallDisk();
const elsewhere = mkdtempSync(join(tmpdir(), 'venfleet-full-disk-'));
const clock = new FakeClock('2026-06-01T10:00:00Z');
const onDisk = (what: string, work: () => Promise<void>) =>
  (disk.reason === undefined ? test : test.skip)(disk.reason === undefined ? what : `${what} (skipped: ${disk.reason})`, work);
afterAll(() => {
  disk.remove();
  rmSync(elsewhere, { recursive: true });
});

const databases = (folder: string) =>
  agentDatabases(loadDatabasePaths({ state: join(folder, 'ven-agent.db'), db: join(folder, 'resources.db') }, {}), clock);

/** Registers a VEN of so many resources: 5,000 take about 0.5 MB. */
function register(folder: string, resources: number): void {
  const registry = Registry.open(join(folder, 'ven-agent.db'), clock);
  const ids = new Map(Array.from({ length: resources }, (_, i) => [`resource-with-a-name-of-its-own-${i}`, `id-${i}`]));
  registry.rememberVen(registry.vtn(VTN, '3.1.0'), { name: 'Ribe', venId: 'v', resources: ids }, []);
  registry.close();
}

function registered(folder: string): number | undefined {
  const registry = Registry.openReadonly(join(folder, 'ven-agent.db'), clock);
  try {
    return registry.vens(registry.find(VTN) as number)[0]?.resources;
  } finally {
    registry.close();
  }
}

beforeAll(() => register(elsewhere, 5000));

onDisk('a backup to a full disk fails and leaves nothing there', async () => {
  disk.fill();
  const folder = join(disk.path, 'backup');
  await expect(takeBackup(databases(elsewhere), folder, clock)).rejects.toMatchObject({
    code: expect.stringMatching(/DB_FULL|DB_IO|DB_UNOPENABLE/),
  });
  disk.makeRoom();
  expect(readdirSync(disk.path)).toEqual([]);
});

onDisk('a restore to a full disk fails and changes nothing; when there is room it succeeds', async () => {
  const backup = join(elsewhere, 'backup');
  await takeBackup(databases(elsewhere), backup, clock);
  register(disk.path, 10);
  const set = databases(disk.path);
  disk.fill();
  const plan = await planRestore(set, backup, clock);
  expect(() => restore(plan)).toThrow(expect.objectContaining({ code: 'DB_FULL' }));
  expect(existsSync(join(disk.path, 'ven-agent.db.restoring'))).toBe(false);
  disk.makeRoom();
  expect(registered(disk.path)).toBe(10);
  restore(await planRestore(set, backup, clock));
  expect(registered(disk.path)).toBe(5000);
});
