import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, test } from '@jest/globals';
import { type Clock, instant, seconds, systemClock } from '@venfleet/core';
import { canMakeCertificates, makeCertificate, type SmallDisk, smallDisk } from '@venfleet/core/testing';
import { loadCredentials } from '@venfleet/openadr';
import type { Resource } from '@venfleet/resource-db';
import type { VtnMock } from '@venfleet/vtn-mock';
import { businessToken, startVtn } from './support/fleet.js';
import { eventually, type LoopFleet, LoopOperator, startLoopFleet } from './support/loop.js';
import { freePort, temporaryFolder } from './support/programs.js';
import { prometheusMissing, type RunningPrometheus, startPrometheus } from './support/prometheus.js';
import {
  listen,
  POLLING,
  type Receiver,
  startReceiver,
  startWatched,
  type Watched,
  withInstance,
} from './support/watched-agent.js';

/** One VEN for each trouble, one that stays well, and one whose agent is in trouble from its start. */
const VENS = { reports: 'Hvidovre', token: 'Køge', meters: 'Rødovre', control: 'Hillerød', feed: 'Taastrup', well: 'Ballerup' };
const LATE = 'Horsens';
const PATIENCE = 300_000;
/** So long a trouble lasts before its alert fires, here. */
const FOR_S = 2;

const folder = temporaryFolder();
const missing = prometheusMissing();
const stops: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
}, PATIENCE);

let fleet: LoopFleet;
let vtn: VtnMock;
let port: number;
let url: string;
let operator: LoopOperator;
let prometheus: RunningPrometheus | undefined;
let receiver: Receiver;

async function serveVtn(withoutVen?: string): Promise<void> {
  const clients = loadCredentials(fleet.credentials).clients.filter(
    ({ venName }) => venName === undefined || venName !== withoutVen,
  );
  const started = await startVtn({ port, clients, dataFile: join(folder, 'vtn.db'), faults: { seed: 1 } });
  vtn = started.vtn;
  url = started.address.urls['3.1.0'];
}

async function startAgent(name: string, at: string, vens: readonly string[], settings: object, clock: Clock): Promise<Watched> {
  const watched = await startWatched(fleet, { name, at, vens, vtnUrl: url, receiver, settings, clock, patience: FOR_S });
  stops.push(() => watched.agent.stop());
  return watched;
}

/** Waits until agents by themselves, and Prometheus where there is one, tell exactly that. */
async function fires(expected: ReadonlyMap<Watched, readonly string[]>): Promise<void> {
  const wanted = [...expected].flatMap(([agent, own]) => own.map((alert) => withInstance(alert, agent))).sort();
  let seen: readonly string[][] = [];
  const isSo = async () => {
    const own = [...expected.keys()].flatMap((agent) => receiver.firing(agent.name).map((alert) => withInstance(alert, agent)));
    seen = [own.sort(), ...(prometheus === undefined ? [] : [await prometheus.firing()])];
    return seen.every((each) => String(each) === String(wanted));
  };
  const saw = () => `\n${JSON.stringify({ wanted, agents: seen[0], prometheus: seen[1] }, undefined, 1)}`;
  await eventually('exactly the alerts fire whose causes there are', isSo, { withinS: 150, saw });
}

const CERTIFICATES = canMakeCertificates ? { good: makeCertificate(90), expiring: makeCertificate(3) } : undefined;

/** Writes the certificate that the first agent's webhook shows. */
function useCertificate(of: { cert: string; key: string } | undefined): object {
  if (of === undefined) return {};
  const tls = { certFile: join(folder, 'webhook.pem'), keyFile: join(folder, 'webhook-key.pem') };
  writeFileSync(tls.certFile, of.cert);
  writeFileSync(tls.keyFile, of.key);
  return { webhook: { tls } };
}

beforeAll(async () => {
  fleet = await startLoopFleet(folder, [...Object.values(VENS), LATE]);
  stops.push(() => fleet.stop());
  receiver = await startReceiver();
  stops.push(() => receiver.stop());
  port = await freePort();
  await serveVtn();
  stops.push(() => vtn.stop());
  operator = new LoopOperator(url, fleet.credentials);
  if (missing === undefined) {
    prometheus = await startPrometheus(join(folder, 'prometheus'), FOR_S);
    stops.push(async () => prometheus?.stop());
  }
}, PATIENCE);

let well: Watched;
let troubled: Watched;
/** What the first agent keeps of events is on a disk of its own, and all of the second. */
let eventsDisk: SmallDisk;
let disk: SmallDisk;
/** Takes the copy of the first agent's readings. */
let series: { url: string; stop(): Promise<unknown> };
let ahead = 0;
const steppable: Clock = { ...systemClock, now: () => instant(systemClock.now() + ahead) };
const in1970: Clock = { ...systemClock, now: () => instant(seconds(1000) + systemClock.monotonic()) };

async function vtnFault(spec: object): Promise<void> {
  const authorization = `Bearer ${await businessToken(url, fleet.credentials)}`;
  const headers = { authorization, 'content-type': 'application/json' };
  const answer = await fetch(`${new URL(url).origin}/operator/faults`, { method: 'POST', headers, body: JSON.stringify(spec) });
  if (answer.status !== 201) throw new Error(await answer.text());
}

/** A disk that is there until all that runs has ended. */
function mount(megabytes: number): SmallDisk {
  const mounted = smallDisk(megabytes);
  stops.unshift(async () => mounted.remove());
  return mounted;
}

/** The events' disk is full when there is one more to keep. */
async function fillEventsDisk(): Promise<void> {
  if (eventsDisk.reason !== undefined) return;
  eventsDisk.fill();
  await operator.event('--payload', 'SIMPLE=0', '--no-report', '--ven', VENS.well);
}

/** An agent that begins in 1970, with a damaged file, on a disk that is nearly full. */
async function startTroubled(): Promise<Watched> {
  disk = mount(96);
  writeFileSync(join(disk.path, 'readings.db'), 'no database, however long one looks at it'.repeat(100));
  const started = await startAgent('troubled', disk.path, [LATE], {}, in1970);
  if (disk.reason === undefined) disk.fill(0.045);
  return started;
}

const clientOf = (ven: string) => loadCredentials(fleet.credentials).clients.find(({ venName }) => venName === ven)?.clientId;

const firstOf = (ven: string, subType: string): Resource => {
  const found = fleet.sites(ven).find((site) => site.subType === subType);
  if (found === undefined) throw new Error(`${ven} has no site of kind ${subType}`);
  return found;
};

test(
  `no alert fires while all is well${missing === undefined ? '' : ` (without Prometheus: ${missing})`}`,
  async () => {
    eventsDisk = mount(16);
    const database = join(eventsDisk.path, 'events.db');
    const events = { ...POLLING, database, ...useCertificate(CERTIFICATES?.good) };
    series = await listen(() => 204);
    stops.push(() => series.stop());
    const readings = { influx: { version: 1, url: series.url, database: 'readings', intervalMs: 1000 } };
    well = await startAgent('well', join(folder, 'well'), Object.values(VENS), { events, readings }, steppable);
    const reports = ['--interval', '1s', '--count', '600', '--report', 'load:1s'];
    await operator.event('--payload', 'SIMPLE=0', ...reports, '--ven', VENS.reports, '--ven', VENS.well);
    await operator.event('--shed', '30%', '--for', '30m', '--no-report', '--ven', VENS.control, '--ven', VENS.well);
    await eventually('it does its work', () => {
      const { metering, control, reporting } = well.agent.status() ?? {};
      return (
        metering?.answering === metering?.meters && (control?.byStatus.holding ?? 0) > 20 && (reporting?.acknowledged ?? 0) > 4
      );
    });
    prometheus?.watch(well);
    await fires(new Map([[well, []]]));
    await systemClock.sleep(seconds(2 * FOR_S));
    await fires(new Map([[well, []]]));
  },
  PATIENCE,
);

test(
  'each alert fires when its cause is there, and no other does',
  async () => {
    // First, as controllers that are told nothing are looked at now and then only.
    fleet.simulator.faults.add({ kind: 'timeout', city: VENS.meters });
    // The VTN forgets a client: its tokens go with the restart, and it gets no new ones.
    await vtn.stop();
    await serveVtn(VENS.token);
    await vtnFault({ kind: 'error', status: 500, objects: 'reports', client: clientOf(VENS.reports) });
    await vtnFault({ kind: 'latency', delayMs: 25_000, objects: 'events', operation: 'list', client: clientOf(VENS.feed) });
    fleet.simulator.faults.add({ kind: 'exception', device: firstOf(VENS.control, 'Swimming Pools').resourceId });
    ahead = seconds(10);
    useCertificate(CERTIFICATES?.expiring);
    await fillEventsDisk();
    await series.stop();
    troubled = await startTroubled();
    prometheus?.watch(well, troubled);
    await fires(
      new Map([
        [
          well,
          [
            `ReportsFailing ven=${VENS.reports}`,
            `OutboxGrowing ven=${VENS.reports}`,
            `TokenFailing ven=${VENS.token}`,
            `VenSilent ven=${VENS.token}`,
            `MetersStale ven=${VENS.meters}`,
            `ControllersFailing ven=${VENS.meters}`,
            `ControllerNotConfirming ven=${VENS.control}`,
            `EventFeedStalled ven=${VENS.feed}`,
            'ClockOff',
            'CopyFailing code=COPY_WAITING',
            ...(CERTIFICATES === undefined ? [] : ['CertificateExpiring certificate=webhook']),
            ...(eventsDisk.reason === undefined
              ? [`DiskLow folder=${eventsDisk.path}`, 'DatabaseUnwritable code=EVENTS_UNWRITABLE']
              : []),
          ],
        ],
        [
          troubled,
          [
            'ClockInDoubt code=CLOCK_IN_DOUBT',
            'ReadingsAtRisk code=READINGS_CORRUPT',
            `VenSilent ven=${LATE}`,
            ...(disk.reason === undefined ? [`DiskLow folder=${disk.path}`] : []),
          ],
        ],
      ]),
    );
  },
  PATIENCE,
);

test(
  'alerts are over when their causes are, and an agent that is gone is told by Prometheus alone',
  async () => {
    fleet.simulator.faults.clearAll();
    ahead = 0;
    useCertificate(CERTIFICATES?.good);
    if (eventsDisk.reason === undefined) eventsDisk.makeRoom();
    await troubled.agent.stop();
    const over = ['MetersStale', 'ClockOff', 'CertificateExpiring', 'DatabaseUnwritable'];
    const seen = async () => [...receiver.firing(well.name), ...((await prometheus?.firing()) ?? [])];
    await eventually('what was mended is over', async () =>
      (await seen()).every((alert) => over.every((name) => !alert.startsWith(name))),
    );
    if (prometheus === undefined) return;
    const down = withInstance('AgentDown', troubled);
    await eventually('the agent that ended is down', async () => (await seen()).includes(down));
  },
  PATIENCE,
);
