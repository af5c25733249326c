import { join } from 'node:path';
import { type Duration, seconds, systemClock } from '@venfleet/core';
import { simulateFleet } from '../devices.js';
import { bareNodeMemory, metricOf, residentMemory } from '../metrics.js';
import type { Contest, Row } from '../row.js';
import { ROOT, type Workplace } from '../workplace.js';

/** The fleet's biggest VEN has 627 resources. */
const ONE_VEN = 1;
const WHOLE_FLEET = 158;
/** Long enough for every first contact to be over, then so long it is watched. */
const SETTLING = { full: seconds(60), smoke: seconds(12) };
const HOUR = { full: seconds(3600), smoke: SETTLING.smoke };
const WATCHED = { full: seconds(60), smoke: seconds(10) };

type Settling = Readonly<Record<'full' | 'smoke', Duration>>;

/** @returns URL of the agent's own view */
async function startAgent(place: Workplace, vens: number, settling: Settling): Promise<string> {
  const { db, profiles } = await simulateFleet(place, vens);
  const main = join(ROOT, 'apps/ven-agent/dist/main.js');
  const where = [
    '--db',
    db,
    '--state',
    place.path('agent.db'),
    '--profiles',
    profiles,
    '--limit',
    String(vens),
    '--ops-port',
    '0',
  ];
  const { firstLine } = await place.start(process.execPath, [main, 'run', '--no-report', '--json', ...where]);
  const { ops } = JSON.parse(firstLine) as { ops: string };
  await pause(place.smoke ? settling.smoke : settling.full, place.signal);
  return ops;
}

const pause = (duration: Duration, signal?: AbortSignal) => systemClock.sleep(duration, signal);

async function memoryContest(place: Workplace, vens: number, settling: Settling = SETTLING): Promise<Contest> {
  const ops = await startAgent(place, place.smoke ? ONE_VEN : vens, settling);
  return {
    async ours() {
      await pause(place.smoke ? seconds(1) : seconds(20));
      return residentMemory(ops);
    },
    peer: () => bareNodeMemory(place),
    notes: [`after ${(place.smoke ? settling.smoke : settling.full) / 1000} s of metering`],
  };
}

export const agentMemoryRow: Row = {
  name: 'agent-memory',
  family: 'agent',
  what: 'resident memory of an agent of one VEN, 627 resources read every 10 s',
  against: 'a Node process that does nothing',
  unit: 'MB',
  target: { atMost: 2.2 },
  prepare: (place) => memoryContest(place, ONE_VEN),
};

export const agentMemoryFleetRow: Row = {
  name: 'agent-memory-fleet',
  family: 'agent',
  what: 'resident memory of an agent of the whole fleet, 9,714 resources read every 10 s',
  against: 'a Node process that does nothing',
  unit: 'MB',
  target: { atMost: 6 },
  slow: true,
  prepare: (place) => memoryContest(place, WHOLE_FLEET),
};

/** The same when an hour has passed. */
const afterAnHour = (row: Row, vens: number): Row => ({
  ...row,
  name: `${row.name}-hour`,
  what: `${row.what}, after an hour`,
  slow: true,
  prepare: (place) => memoryContest(place, vens, HOUR),
});
export const agentMemoryHourRow = afterAnHour(agentMemoryRow, ONE_VEN);
export const agentMemoryFleetHourRow = afterAnHour(agentMemoryFleetRow, WHOLE_FLEET);

export const agentCpuRow: Row = {
  name: 'agent-cpu',
  family: 'agent',
  what: 'CPU of an agent of one VEN, 627 resources read every 10 s',
  against: 'one core',
  unit: '% of a core',
  target: { atMost: 0.04 },
  async prepare(place) {
    const ops = await startAgent(place, ONE_VEN, SETTLING);
    return {
      async ours() {
        const [cpu, at] = [await metricOf(ops, 'process_cpu_seconds_total'), systemClock.monotonic()];
        await pause(place.smoke ? WATCHED.smoke : WATCHED.full);
        const used = (await metricOf(ops, 'process_cpu_seconds_total')) - cpu;
        return (used * 100_000) / (systemClock.monotonic() - at);
      },
      peer: async () => 100,
    };
  },
};
