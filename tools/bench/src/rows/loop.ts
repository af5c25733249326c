import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { milliseconds, seconds, silentLogger, systemClock, systemRandom } from '@venfleet/core';
import { openLink, Simulator } from '@venfleet/device-sim';
import { clientCredentialsTokens, createHttpTransport, createVtnClient, detectVtn, type VtnClient } from '@venfleet/openadr';
import { prepareDevices } from '../devices.js';
import { venNamesOf } from '../fleet.js';
import { metricOf } from '../metrics.js';
import { startMock } from '../mock.js';
import { fleetOf } from '../recording.js';
import type { Contest, Row } from '../row.js';
import { ROOT, type Workplace } from '../workplace.js';

const AGENT = join(ROOT, 'apps/ven-agent/dist/main.js');
const WHOLE_FLEET = 158;
/** So often it is looked which controllers were written to. */
const LOOK = milliseconds(10);
/** What has not happened by then does not happen. */
const LONGEST = seconds(60);
/** Long enough for every meter and controller to be met. */
const LONGEST_START = seconds(300);
/** A limit for every site: whatever it draws, it is told. */
const EMERGENCY = { type: 'ALERT_BLACK_START', values: ['bench'] };

interface LoopOptions {
  readonly vens: number;
  /** How the agent hears of events: its settings file's `events`. */
  readonly events: string;
  readonly limitS: number;
}

/** Devices in this process, which see each write; mock VTN and agent in processes of their own. */
async function loopContest(place: Workplace, { vens, events, limitS }: LoopOptions): Promise<Contest> {
  const { db, profiles } = await prepareDevices(place);
  const simulator = new Simulator({
    db,
    profiles,
    selection: { limit: vens },
    seed: 'loop',
    link: (plans) => openLink(plans, { clock: systemClock, random: systemRandom, logger: silentLogger }),
    clock: systemClock,
    logger: silentLogger,
  });
  await simulator.start();
  place.atEnd(() => simulator.stop());
  const fleet = fleetOf(place, db, venNamesOf(db), vens);
  const mock = await startMock(place, fleet.credentials);
  const url = mock.urls['3.1.0'];
  const config = place.path('ven-agent.yaml');
  writeFileSync(config, `version: 1\ncontrol: { restoreOverS: 2 }\nevents: ${events}\n`);
  const common = ['--config', config, '--db', db, '--state', place.path('agent.db'), '--vtn-url', url, '--limit', String(vens)];
  await place.run(process.execPath, [AGENT, 'register', ...common, '--credentials', fleet.credentials, '--json']);
  const own = ['--profiles', profiles, '--credentials', fleet.credentials, '--ops-port', '0', '--json'];
  const { firstLine } = await place.start(process.execPath, [AGENT, 'run', ...common, ...own]);
  const { ops } = JSON.parse(firstLine) as { ops: string };
  const sites = [...simulator.devices.values()].map(({ site }) => site);
  await until(place, LONGEST_START, 'not every controller was met', async () => (await free(ops)) === sites.length);
  const client = await businessClient(place, url, fleet.business);
  const program = await client.createProgram({ name: 'bench-loop' });
  return {
    async ours() {
      const before = sites.map(({ writes }) => writes);
      const posted = systemClock.monotonic();
      const event = await client.createEvent({
        programId: program.id,
        start: 'now',
        length: seconds(600),
        intervals: [{ id: 0, payloads: [EMERGENCY] }],
      });
      const needed = Math.ceil(sites.length * 0.95);
      const written = () => sites.filter(({ writes }, i) => writes !== before[i]).length;
      await until(place, LONGEST, `fewer than ${needed} of ${sites.length} setpoints arrived`, () => written() >= needed);
      const took = systemClock.monotonic() - posted;
      await client.deleteEvent(event.id);
      await until(place, LONGEST, 'not every site was released', async () => (await free(ops)) === sites.length);
      return took;
    },
    peer: async () => limitS * 1000,
    notes: [`${sites.length} controllers; the time of the 95th in a hundred`],
  };
}

/** How many controllers hold nothing, by the agent's own account; asked now and then. */
async function free(ops: string): Promise<number> {
  await systemClock.sleep(seconds(0.5));
  return metricOf(ops, 'ven_agent_controllers_by_status{status="free"}');
}

async function until(place: Workplace, limit: number, otherwise: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = systemClock.monotonic() + limit;
  while (!(await isSo())) {
    if (systemClock.monotonic() > end) throw new Error(`${otherwise} within ${limit / 1000} s`);
    await systemClock.sleep(LOOK, place.signal);
  }
}

async function businessClient(
  place: Workplace,
  url: string,
  { clientId, clientSecret }: { readonly clientId: string; readonly clientSecret: string },
): Promise<VtnClient> {
  const ports = { clock: systemClock, random: systemRandom, logger: silentLogger };
  const transport = createHttpTransport({ connections: 2, ...ports });
  place.atEnd(() => transport.close());
  const vtn = await detectVtn(url, { transport });
  const tokens = clientCredentialsTokens({ transport, tokenUrl: vtn.tokenUrl, clientId, clientSecret, clock: systemClock });
  return createVtnClient({ transport, vtn, role: 'BL', tokens, ...ports });
}

const what = 'from the POST of an event to the setpoint in 95 of 100 devices,';

export const loopRow: Row = {
  name: 'loop',
  family: 'loop',
  what: `${what} one VEN of 627 resources, told by notification`,
  against: 'one second',
  unit: 'ms',
  target: { atMost: 1 },
  prepare: (place) => loopContest(place, { vens: 1, events: '{ push: auto }', limitS: 1 }),
};

export const loopFleetRow: Row = {
  name: 'loop-fleet',
  family: 'loop',
  what: `${what} the whole fleet of 9,714 resources, told by notification`,
  against: 'five seconds',
  unit: 'ms',
  target: { atMost: 1 },
  slow: true,
  prepare: (place) => loopContest(place, { vens: place.smoke ? 3 : WHOLE_FLEET, events: '{ push: auto }', limitS: 5 }),
};

/** The poll interval is a mean: each pause differs by up to a fifth. */
const POLL_S = 5;

export const loopPollRow: Row = {
  name: 'loop-poll',
  family: 'loop',
  what: `${what} one VEN of 627 resources that polls each ${POLL_S} s`,
  against: 'one second and the longest pause',
  unit: 'ms',
  target: { atMost: 1 },
  prepare: (place) =>
    loopContest(place, { vens: 1, events: `{ push: off, pollIntervalS: ${POLL_S} }`, limitS: 1 + 1.2 * POLL_S }),
};
