import { join } from 'node:path';
import { seconds, systemClock } from '@venfleet/core';
import { simulateFleet } from '../devices.js';
import type { Contest, Row } from '../row.js';
import { ROOT, type Workplace } from '../workplace.js';

/** The fleet's biggest VEN has 627 resources. */
const ONE_VEN = 1;
const WHOLE_FLEET = 158;
/** Long enough for every first contact to be over, then so long it is watched. */
const SETTLING = { full: seconds(60), smoke: seconds(12) };
const WATCHED = { full: seconds(60), smoke: seconds(10) };

/** What a running agent says of itself, by metric. */
interface Agent {
  metric(name: string): Promise<number>;
}

async function startAgent(place: Workplace, vens: number): Promise<Agent> {
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
  await pause(place.smoke ? SETTLING.smoke : SETTLING.full);
  return {
    async metric(name) {
      const text = await (await fetch(`${ops}/metrics`)).text();
      const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
      if (line === undefined) throw new Error(`the agent has no metric ${name}`);
      return Number(line.slice(name.length + 1));
    },
  };
}

const pause = (duration: ReturnType<typeof seconds>) => systemClock.sleep(duration);

/** Resident memory of a Node process that does nothing, in MB. */
async function bareNode(place: Workplace): Promise<number> {
  const script = 'setTimeout(() => console.log(process.memoryUsage.rss() / 1e6), 500)';
  return Number(await place.run(process.execPath, ['-e', script]));
}

async function memoryContest(place: Workplace, vens: number): Promise<Contest> {
  const agent = await startAgent(place, place.smoke ? ONE_VEN : vens);
  return {
    async ours() {
      await pause(place.smoke ? seconds(1) : seconds(20));
      return (await agent.metric('process_resident_memory_bytes')) / 1e6;
    },
    peer: () => bareNode(place),
    notes: [
      `after ${(place.smoke ? SETTLING.smoke : SETTLING.full) / 1000} s of metering; not over the hour that the target speaks of`,
    ],
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

export const agentCpuRow: Row = {
  name: 'agent-cpu',
  family: 'agent',
  what: 'CPU of an agent of one VEN, 627 resources read every 10 s',
  against: 'one core',
  unit: '% of a core',
  target: { atMost: 0.04 },
  async prepare(place) {
    const agent = await startAgent(place, ONE_VEN);
    return {
      async ours() {
        const [cpu, at] = [await agent.metric('process_cpu_seconds_total'), systemClock.monotonic()];
        await pause(place.smoke ? WATCHED.smoke : WATCHED.full);
        const used = (await agent.metric('process_cpu_seconds_total')) - cpu;
        return (used * 100_000) / (systemClock.monotonic() - at);
      },
      peer: async () => 100,
    };
  },
};
