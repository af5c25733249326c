import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { hours, instant, minutes } from '@venfleet/core';
import { FakeClock, MemoryLogger } from '@venfleet/core/testing';
import { openResourceDb } from '@venfleet/resource-db';
import { planRestore, restore, takeBackup } from '@venfleet/sqlite';
import { agentDatabases } from '../../src/backup/databases.js';
import { loadDatabasePaths } from '../../src/config.js';
import { DecisionLog } from '../../src/dispatch/decision-log.js';
import { EventStore } from '../../src/events/store.js';
import { AlarmBoard } from '../../src/readings/alarms.js';
import { Spool } from '../../src/readings/influx/spool.js';
import { ReadingStore } from '../../src/readings/store.js';
import { Registry } from '../../src/registration/registry.js';
import { Outbox } from '../../src/reporting/outbox.js';
import { engineOf, HOUR, hourlyEvent, MemoryVtn, MIDNIGHT, reading, request } from '../support/reporting.js';

let folder: string;
let clock: FakeClock;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'venfleet-agent-backup-'));
  clock = new FakeClock(instant(MIDNIGHT - hours(1)));
});
afterEach(() => rmSync(folder, { recursive: true }));

const paths = () => loadDatabasePaths({ state: join(folder, 'state/ven-agent.db'), db: join(folder, 'resources.db') }, {});
const databases = () => agentDatabases(paths(), clock);

function openReadings(): ReadingStore {
  const alarms = new AlarmBoard(new MemoryLogger());
  const store = new ReadingStore({ path: paths().readings, clock, alarms, reportedUntil: () => undefined });
  store.start();
  return store;
}

/** Opens all databases of an agent as it does; the returned function closes them. */
async function openAll(): Promise<() => Promise<void>> {
  const { db, state, outbox, events, decisions, copySpool } = paths();
  const store = openReadings();
  store.add([reading(MIDNIGHT, 2000)]);
  await store.flush();
  const log = new DecisionLog(decisions, { clock, logger: new MemoryLogger() });
  const closing = [
    openResourceDb(db, 'create', clock),
    Registry.open(state, clock),
    Outbox.open(outbox, clock),
    EventStore.open(events, clock),
    new Spool(copySpool, 1e6),
  ];
  return async () => {
    for (const opened of closing) opened.close();
    await log.stop();
    await store.stop();
  };
}

test('every database of an agent is backed up while it has them open, and restored only when it has not', async () => {
  const close = await openAll();
  const backup = join(folder, 'backup');
  const manifest = await takeBackup(databases(), backup, clock);
  expect(manifest.absent).toEqual([]);
  expect(manifest.databases.map(({ name }) => name).sort()).toEqual([
    'decisions.db',
    'events.db',
    'outbox.db',
    'readings-copy.db',
    'readings.db',
    'resources.db',
    'ven-agent.db',
  ]);
  const plan = await planRestore(databases(), backup, clock);
  expect(() => restore(plan)).toThrow(expect.objectContaining({ code: 'DB_IN_USE' }));
  await close();
  rmSync(join(folder, 'state'), { recursive: true });
  restore(plan);
  const store = openReadings();
  expect(store.latest(1)?.at).toBe(MIDNIGHT);
  await store.stop();
});

/** Lets an agent report until `end`. @returns what it has in its outbox then, without closing it */
async function reportUntil(vtn: MemoryVtn, end: number): Promise<Outbox> {
  const outbox = Outbox.open(paths().outbox, clock);
  const { engine } = engineOf(outbox.forVen('http://vtn.example', 'Aalborg'), clock, vtn);
  engine.start();
  engine.update([hourlyEvent('e1', 12, [request('USAGE', { startInterval: 0, numIntervals: 1, frequency: 1, repeat: -1 })])]);
  while (clock.now() < end) {
    await clock.advance(minutes(1));
    for (let i = 0; i < 5; i++) await setImmediate();
  }
  await engine.stop();
  return outbox;
}

test('an outbox restored from hours ago doubles nothing of what was sent since, and goes on', async () => {
  mkdirSync(join(folder, 'state'));
  const vtn = new MemoryVtn();
  (await reportUntil(vtn, MIDNIGHT + 2.5 * HOUR)).close();
  const backup = join(folder, 'backup');
  await takeBackup(databases(), backup, clock);
  // Two more are planned and sent after the backup, and one was planned before it.
  (await reportUntil(vtn, MIDNIGHT + 5.5 * HOUR)).close();
  expect(vtn.covered).toEqual(['0-0', '1-1', '2-2', '3-3', '4-4']);
  restore(await planRestore(databases(), backup, clock));
  const outbox = await reportUntil(vtn, MIDNIGHT + 7.5 * HOUR);
  expect(vtn.covered).toEqual(['0-0', '1-1', '2-2', '3-3', '4-4', '5-5', '6-6']);
  expect(outbox.list({ state: 'acknowledged' })).toHaveLength(7);
  expect(outbox.doubles()).toEqual([]);
  outbox.close();
});
