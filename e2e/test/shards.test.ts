import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Instant, seconds, shardOf, systemClock } from '@venfleet/core';
import { openResourceDb, type Resource } from '@venfleet/resource-db';
import { ReadingStore } from '@venfleet/ven-agent';
import { Aedes } from 'aedes';
import { type MeterView, type RunningAgent, startAgent, until } from './support/agent.js';
import { freePorts, prepareDevices, type RunningSimulator, startSimulator } from './support/devices.js';
import { smallerFleet } from './support/fleet.js';
import { root, temporaryFolder } from './support/programs.js';

const VENS = ['Aalborg', 'Aarhus', 'Esbjerg', 'Frederikshavn', 'Horsens', 'Vejle'];
const SIMULATORS = 2;
const AGENTS = 3;

const folder = temporaryFolder();
let db: string;
let broker: { server: Server; aedes: Aedes };
let sites: Resource[];
const simulators: RunningSimulator[] = [];
const agents: RunningAgent[] = [];

const simulate = (shard: number) =>
  startSimulator(['--db', db, '--broker', `mqtt://127.0.0.1:${mqttPort}`, '--shard', `${shard}/${SIMULATORS}`]);
const meter = (shard: number) => {
  const state = join(folder, `agent-${shard}`);
  mkdirSync(state, { recursive: true });
  const where = ['--db', db, '--state', join(state, 'agent.db'), '--profiles', join(root, 'config/device-profiles')];
  return startAgent([...where, '--shard', `${shard}/${AGENTS}`, '--no-report']);
};
let mqttPort: number;

/** The sites of the VENs that `shardOf` puts there. */
const idsOf = (shard: number, count: number) =>
  sites
    .filter(({ ven }) => shardOf(ven, count) === shard)
    .map(({ resourceId }) => resourceId)
    .sort();
const meters = async (some: readonly RunningAgent[] = agents) => (await Promise.all(some.map((agent) => agent.meters()))).flat();
const answering = async () => (await meters()).every(({ problem, onTime }) => problem === null && onTime > 0);
/** Waits until each of these meters has been read in time so many times more. */
const goOn = async (some: readonly RunningAgent[], times: number, wanted: (meter: MeterView) => boolean = () => true) => {
  const before = new Map((await meters(some)).map(({ resourceId, onTime }) => [resourceId, onTime]));
  await until(async () =>
    (await meters(some)).filter(wanted).every(({ resourceId, onTime }) => onTime >= (before.get(resourceId) ?? 0) + times),
  );
};

beforeAll(async () => {
  ({ db, mqttPort } = await prepareDevices(folder, await freePorts(), smallerFleet(folder, VENS, 2)));
  const resources = openResourceDb(db, 'readwrite');
  sites = resources.resources.list();
  resources.transaction(() => {
    for (const { resourceId } of sites) resources.resources.update(resourceId, { readInterval: seconds(2) });
  });
  resources.close();
  const aedes = await Aedes.createBroker();
  const server = createServer(aedes.handle);
  await new Promise<void>((up) => server.listen(mqttPort, '127.0.0.1', up));
  broker = { aedes, server };
  simulators.push(...(await Promise.all([simulate(1), simulate(2)])));
  agents.push(...(await Promise.all([meter(1), meter(2), meter(3)])));
}, 120_000);

afterAll(async () => {
  await Promise.all([...agents, ...simulators].map((program) => program.stop()));
  await new Promise<void>((closed) => broker.aedes.close(closed));
  broker.server.close();
});

test('every resource is simulated once and metered once', async () => {
  const simulated = await Promise.all(
    simulators.map(async ({ ops }) => {
      const { devices } = (await (await fetch(`${ops}/v1/devices?limit=1000`)).json()) as { devices: { resourceId: string }[] };
      return devices.map(({ resourceId }) => resourceId).sort();
    }),
  );
  expect(simulated).toEqual([1, 2].map((shard) => idsOf(shard, SIMULATORS)));
  const metered = await Promise.all(agents.map(async (agent) => (await agent.meters()).map((m) => m.resourceId).sort()));
  expect(metered).toEqual([1, 2, 3].map((shard) => idsOf(shard, AGENTS)));
  expect(metered.flat().sort()).toEqual(sites.map(({ resourceId }) => resourceId).sort());
  for (const part of [...simulated, ...metered]) expect(part).not.toHaveLength(0);
  await until(answering);
}, 120_000);

test('an agent that is killed leaves the others reading, and takes up the same meters when it is back', async () => {
  const [lost, ...others] = agents as [RunningAgent, ...RunningAgent[]];
  await lost.kill();
  await goOn(others, 2);
  agents[0] = await meter(1);
  expect((await agents[0].meters()).map(({ resourceId }) => resourceId).sort()).toEqual(idsOf(1, AGENTS));
  await until(answering);
  await until(async () => (await Promise.all(agents.map((agent) => agent.readiness()))).every((status) => status === 200));
}, 120_000);

test('of a simulator that is killed only its own meters fall silent, until it is back', async () => {
  const gone = new Set(idsOf(1, SIMULATORS));
  await simulators[0]?.kill();
  await until(async () => (await meters()).every(({ resourceId, problem }) => !gone.has(resourceId) || problem !== null));
  await goOn(agents, 2, ({ resourceId }) => !gone.has(resourceId));
  simulators[0] = await simulate(1);
  await until(answering);
}, 180_000);

test('what each agent has kept is of its own VENs', async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.stop()));
  const alarms = { raise() {}, clear() {} };
  for (const shard of [1, 2, 3]) {
    const path = join(folder, `agent-${shard}`, 'readings.db');
    const store = new ReadingStore({ path, clock: systemClock, alarms, reportedUntil: () => undefined });
    store.start();
    const kept = sites.filter(({ id }) => store.around(id, 0 as Instant, systemClock.now()).length > 0);
    await store.stop();
    expect(kept.map(({ resourceId }) => resourceId).sort()).toEqual(idsOf(shard, AGENTS));
  }
});
