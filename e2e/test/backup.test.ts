import { existsSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { seconds, systemClock } from '@venfleet/core';
import { openResourceDb } from '@venfleet/resource-db';
import {
  eventually,
  fromNow,
  type LoopFleet,
  LoopOperator,
  type LoopVen,
  type RunningVtn,
  registerVen,
  startLoopFleet,
  startVtnProgram,
} from './support/loop.js';
import { jsonOf, type Outcome, runProgram, temporaryFolder } from './support/programs.js';
import { iso } from './support/reporting.js';

const PATIENCE = 300_000;
const REPORTS = 16;
const folder = temporaryFolder();
const data = join(folder, 'vtn.db');
const running: { stop(): Promise<unknown> }[] = [];
let fleet: LoopFleet;
let ven: LoopVen;
let vtn: RunningVtn;
let operator: LoopOperator;

beforeAll(async () => {
  fleet = await startLoopFleet(folder, ['Ribe'], 1);
  running.push(fleet);
  vtn = await startVtnProgram(fleet.credentials, ['--data', data]);
  running.push({ stop: () => vtn.stop() });
  operator = new LoopOperator(vtn.urls['3.1.0'], fleet.credentials);
  ven = await registerVen(fleet, 'Ribe', vtn.urls['3.1.0'], { events: { push: 'off', pollIntervalS: 1 } });
}, PATIENCE);
afterAll(async () => {
  for (const one of running.reverse()) await one.stop();
}, PATIENCE);

const done = ({ status, stderr }: Outcome): void => expect([status, stderr]).toEqual([0, '']);
const sent = async () => (await operator.reports()).map(({ reportName }) => reportName);

/** Asks for a report each second. */
async function askForReports(): Promise<void> {
  const programID = await operator.post('/programs', { programName: 'backup' });
  await operator.post('/events', {
    programID,
    duration: `PT${REPORTS}S`,
    intervalPeriod: { start: iso(fromNow(1)), duration: 'PT1S' },
    reportDescriptors: [{ payloadType: 'DEMAND', startInterval: 0, numIntervals: 1, frequency: 1, repeat: -1 }],
  });
}

test('an agent is backed up while it reports; restored later, it doubles nothing that it sent since, and loses nothing', async () => {
  const [backup, config] = [join(folder, 'backup'), join(dirname(ven.place.state), 'ven-agent.yaml')];
  const databases = ['--config', config, '--state', ven.place.state, '--db', fleet.db];
  const first = await ven.run();
  await askForReports();
  await eventually('the first reports are sent', async () => (await sent()).length >= 3);
  done(await runProgram('ven-agent', ['backup', backup, ...databases]));
  done(await runProgram('vtn-mock', ['backup', join(folder, 'vtn-backup'), '--data', data]));
  const saved = (await sent()).length;
  await eventually('more reports are sent', async () => (await sent()).length >= Math.min(saved + 2, REPORTS));

  const tooEarly = await runProgram('ven-agent', ['restore', backup, ...databases]);
  expect(tooEarly.status).toBe(1);
  expect(tooEarly.stderr).toMatch(/^error: the .+ is in use by another process/);
  await first.kill();
  const dryRun = await runProgram('ven-agent', ['restore', backup, '--dry-run', ...databases]);
  expect(dryRun.stdout).toContain('Nothing was changed (dry run)');
  const restored = await runProgram('ven-agent', ['restore', backup, '--json', ...databases]);
  done(restored);
  const [kept] = jsonOf<{ steps: { keptIn: string }[] }>(restored).steps.map(({ keptIn }) => keptIn);
  expect(existsSync(join(kept as string, 'agent.db'))).toBe(true);

  running.push(await ven.run());
  await eventually('all reports are sent', async () => (await sent()).length >= REPORTS);
  await systemClock.sleep(seconds(1));
  const names = await sent();
  expect([names.length, new Set(names).size]).toEqual([REPORTS, REPORTS]);
  const outbox = join(dirname(ven.place.state), 'outbox.db');
  const audit = jsonOf(await runProgram('ven-agent', ['reports', '--outbox', outbox, '--audit', '--json']));
  expect(audit).toMatchObject({ acknowledged: REPORTS, lost: 0, doubled: 0, complete: true });

  // The VTN's own data, too, is what it was then.
  const inUse = await runProgram('vtn-mock', ['restore', join(folder, 'vtn-backup'), '--data', data]);
  expect([inUse.status, inUse.stderr]).toEqual([1, expect.stringContaining('is in use by another process')]);
  await vtn.stop();
  done(await runProgram('vtn-mock', ['restore', join(folder, 'vtn-backup'), '--data', data]));
  vtn = await startVtnProgram(fleet.credentials, ['--data', data]);
  operator = new LoopOperator(vtn.urls['3.1.0'], fleet.credentials);
  expect((await sent()).length).toBeLessThanOrEqual(saved);
}, 240_000);

test('a copy of the resource database takes its place again', async () => {
  const copy = join(folder, 'resources-copy.db');
  const db = join(folder, 'resources-restored.db');
  done(await runProgram('resource-db', ['backup', '--db', fleet.db, '--out', copy]));
  done(await runProgram('resource-db', ['restore', copy, '--db', db]));
  const restored = openResourceDb(db, 'readonly');
  expect(restored.resources.count()).toBe(fleet.sites('Ribe').length);
  restored.close();
  renameSync(copy, `${copy}.gone`);
  const missing = await runProgram('resource-db', ['restore', copy, '--db', db]);
  expect([missing.status, missing.stderr]).toEqual([1, expect.stringContaining(`there is no resource database at ${copy}`)]);
});
