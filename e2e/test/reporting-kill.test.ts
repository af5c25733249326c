import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { instant, seconds, seededRandom, systemClock, uniform } from '@venfleet/core';
import { prepareFleet, startVtn, type Workplace } from './support/fleet.js';
import { jsonOf, runProgram, temporaryFolder } from './support/programs.js';
import { iso, Operator, register } from './support/reporting.js';

const folder = temporaryFolder();
const outbox = `${folder}/outbox.db`;
const config = `${folder}/ven-agent.yaml`;
const REPORTS = 15;

let place: Workplace;
let url: string;
let stop: () => Promise<void>;
beforeAll(async () => {
  place = await prepareFleet(`${folder}/fleet`, { vens: ['Aalborg'], perFile: 1 });
  const { vtn, address } = await startVtn({ clients: place.credentials });
  stop = () => vtn.stop();
  url = address.urls['3.1.0'];
  await register(place, url);
  const settings = {
    version: 1,
    vtn: { url, version: '3.1.0', credentials: place.credentials },
    database: place.db,
    state: place.state,
    outbox,
    events: { pollIntervalS: 1 },
    ops: { port: 0 },
  };
  writeFileSync(config, JSON.stringify(settings));
});
afterAll(() => stop());

/** Lets the agent live for so long, and kills it as a power cut would. */
async function live(ms: number): Promise<void> {
  const outcome = await runProgram('ven-agent', ['run', '--config', config, '--json'], {
    onStart: (kill) => setTimeout(() => kill('SIGKILL'), ms),
  });
  if (outcome.signal !== 'SIGKILL') throw new Error(`it ended by itself: ${outcome.stderr}`);
}

test('an agent killed twenty times, without a meter that answers: every report arrives once, its gaps flagged', async () => {
  const operator = new Operator(url, place.credentials);
  const programID = await operator.post('/programs', { programName: 'kill' });
  const start = instant(systemClock.now() + seconds(10));
  await operator.post('/events', {
    programID,
    duration: `PT${REPORTS * 2}S`,
    intervalPeriod: { start: iso(start), duration: 'PT2S' },
    reportDescriptors: [{ payloadType: 'DEMAND', startInterval: 0, numIntervals: 1, frequency: 1, repeat: -1 }],
  });
  const random = seededRandom('kill');
  for (let life = 0; life < 20; life++) await live(uniform(random, 600, 3200));
  let reports = await operator.reports();
  // What is due last is made after its grace of fifteen seconds.
  for (let lives = 0; lives < 6 && reports.length < REPORTS; lives++) {
    await live(8000);
    reports = await operator.reports();
  }
  const audit = await runProgram('ven-agent', ['reports', '--outbox', outbox, '--audit', '--json']);
  expect(jsonOf(audit)).toMatchObject({ expected: REPORTS, acknowledged: REPORTS, lost: 0, doubled: 0, complete: true });
  expect(audit.status).toBe(0);
  expect(new Set(reports.map(({ reportName }) => reportName)).size).toBe(reports.length);
  const ids = reports.map(({ resources }) => resources[0]?.intervals[0]?.id).reverse();
  expect(ids).toEqual(Array.from({ length: REPORTS }, (_, i) => i));
  const payloads = reports.flatMap(({ resources }) => resources.flatMap((resource) => resource.intervals[0]?.payloads));
  expect(payloads).toContainEqual({ type: 'DATA_QUALITY', values: ['MISSING'] });
}, 150_000);
