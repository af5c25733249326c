import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Clock, type Instant, instant, seconds, silentLogger, systemClock, systemRandom } from '@venfleet/core';
import { Agent, loadAgentConfig, ReadingStore } from '@venfleet/ven-agent';
import {
  eventually,
  fromNow,
  type LoopFleet,
  LoopOperator,
  profiles,
  type RunningVtn,
  registerVen,
  startLoopFleet,
  startVtnProgram,
} from './support/loop.js';
import { temporaryFolder } from './support/programs.js';
import { iso } from './support/reporting.js';

const folder = temporaryFolder();
const running: { stop(): Promise<unknown> }[] = [];
let fleet: LoopFleet;
let vtn: RunningVtn;
beforeAll(async () => {
  fleet = await startLoopFleet(folder, ['Ribe'], 1);
  running.push(fleet);
  vtn = await startVtnProgram(fleet.credentials);
  running.push(vtn);
}, 300_000);
afterAll(async () => {
  for (const one of running.reverse()) await one.stop();
});

/** The clock of a computer without a battery: it begins in 1970, and jumps to the true time when a time server is heard. */
function batteryless(): Clock & { synchronise(): void } {
  const booted = systemClock.now();
  let offset = -booted;
  return {
    now: () => instant(systemClock.now() + offset),
    monotonic: () => systemClock.monotonic(),
    sleep: (duration, signal) => systemClock.sleep(duration, signal),
    synchronise() {
      offset = 0;
    },
  };
}

test('an agent that boots in 1970 stores and reports nothing of that year; once the time is known it has all that it read', async () => {
  const started = systemClock.now();
  const url = vtn.urls['3.1.0'];
  const { place } = await registerVen(fleet, 'Ribe', url);
  const operator = new LoopOperator(url, fleet.credentials);
  const clock = batteryless();
  const config = loadAgentConfig(
    { vtnUrl: url, db: fleet.db, state: place.state, credentials: fleet.credentials, profiles, opsPort: 0 },
    {},
  );
  const agent = new Agent({
    config,
    vens: ['Ribe'],
    report: true,
    control: true,
    env: {},
    clock,
    random: systemRandom,
    logger: silentLogger,
  });
  await agent.start();
  running.push(agent);
  const programID = await operator.post('/programs', { programName: 'clock' });
  await operator.post('/events', {
    programID,
    intervalPeriod: { start: iso(instant(started - seconds(60))), duration: 'PT4S' },
    duration: 'PT3H',
    reportDescriptors: [{ payloadType: 'DEMAND', startInterval: 0, numIntervals: 1, frequency: 1, repeat: -1 }],
  });
  const sites = fleet.sites('Ribe');
  const read = () => agent.status()?.metering.readings ?? 0;
  await eventually('the meters are read', () => read() >= 2 * sites.length);
  expect(agent.status()?.alarms.get('CLOCK_IN_DOUBT')).toContain('1970-01-01T00:0');
  expect(agent.status()?.readings.store.added).toBe(0);
  expect(await operator.reports()).toEqual([]);

  const heldBack = read();
  clock.synchronise();
  await eventually('the time is believed', () => agent.status()?.alarms.size === 0);
  await eventually('reports are sent', async () => (await operator.reports()).length >= 2);
  await agent.stop();
  running.pop();
  const stored = readingsOf(
    join(config.readings.store.path),
    sites.map(({ id }) => id),
  );
  expect(stored.length).toBeGreaterThanOrEqual(heldBack);
  const [earliest, latest] = [Math.min(...stored), Math.max(...stored)];
  expect(earliest).toBeGreaterThanOrEqual(started);
  expect(latest).toBeLessThanOrEqual(fromNow(0));
}, 240_000);

function readingsOf(path: string, resources: readonly number[]): Instant[] {
  const store = new ReadingStore({
    path,
    clock: systemClock,
    alarms: { raise() {}, clear() {} },
    reportedUntil: () => undefined,
  });
  store.start();
  try {
    return resources.flatMap((id) => store.around(id, instant(0), instant(8e15)).map(({ at }) => at));
  } finally {
    void store.stop();
  }
}
