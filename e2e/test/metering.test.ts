import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type Instant, systemClock } from '@venfleet/core';
import { type NewConnection, openResourceDb, type Resource } from '@venfleet/resource-db';
import { ReadingStore } from '@venfleet/ven-agent';
import { type RunningAgent, startAgent, until } from './support/agent.js';
import { prepareDevices, type RunningSimulator, startSimulator } from './support/devices.js';
import { freePort, root, temporaryFolder } from './support/programs.js';

/** A city of 93 sites, of every kind. */
const VEN = 'Horsens';
const PATIENCE = 240_000;

const folder = temporaryFolder();
const running: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const program of running.splice(0).reverse()) await program.stop();
});

let places = 0;
/** The devices of one VEN on ports of their own, and a folder for an agent's state. */
async function setUp() {
  const name = `place-${++places}`;
  const { db, mqttPort } = await prepareDevices(folder, 24_000 + places * 200);
  mkdirSync(join(folder, name));
  const state = join(folder, name, 'agent.db');
  const resources = openResourceDb(db, 'readonly');
  const sites = resources.resources.byVen(VEN);
  resources.close();
  const simulate = async (): Promise<RunningSimulator> => {
    const simulator = await startSimulator(['--db', db, '--ven', VEN]);
    running.push(simulator);
    return simulator;
  };
  const meter = async (...args: string[]): Promise<RunningAgent> => meterWith(db, ...args);
  const meterWith = async (database: string, ...args: string[]): Promise<RunningAgent> => {
    const agent = await startAgent([
      '--db',
      database,
      '--state',
      state,
      '--ven',
      VEN,
      '--profiles',
      join(root, 'config/device-profiles'),
      ...args,
    ]);
    running.push(agent);
    return agent;
  };
  return { db, state, mqttPort, sites, simulate, meter, meterWith };
}

const allAnswer = (agent: RunningAgent) =>
  until(async () => (await agent.meters()).every(({ problem, scheduled, failed }) => problem === null && scheduled > failed));

/** The readings that an agent has left on the disk. */
function stored<T>(state: string, look: (store: ReadingStore) => T): Promise<T> {
  const path = join(state, '..', 'readings.db');
  const alarms = { raise() {}, clear() {} };
  const store = new ReadingStore({ path, clock: systemClock, alarms, reportedUntil: () => undefined });
  store.start();
  const result = look(store);
  return store.stop().then(() => result);
}

describe('a running agent', () => {
  test(
    'reads every meter of its VEN; what it kept agrees with what the meters say',
    async () => {
      const { state, sites, simulate, meter } = await setUp();
      const simulator = await simulate();
      const agent = await meter('--no-report');
      expect(agent).toMatchObject({ vens: 1, resources: sites.length, brokers: 1 });
      await allAnswer(agent);
      await until(async () => (await agent.meters()).every(({ onTime }) => onTime >= 2));
      expect(await agent.readiness()).toBe(200);
      const said = new Map<string, { energyImportWh: number }>();
      for (const { resourceId } of sites) {
        const answer = await fetch(`${simulator.ops}/v1/devices/${resourceId}`);
        said.set(resourceId, ((await answer.json()) as { measurement: { energyImportWh: number } }).measurement);
      }
      const { status, tookMs } = await agent.stop();
      expect(status).toBe(0);
      expect(tookMs).toBeLessThan(5000);
      await stored(state, (store) => {
        for (const site of sites) {
          // Some meters tell power and counters apart, and either may have come last.
          const readings = store.around(site.id, 0 as Instant, systemClock.now());
          const counted = readings.findLast(({ importEnergy }) => importEnergy !== undefined);
          // A meter that says its counter each minute, at its greatest power, and rounded by its protocol.
          const slack = (site.pMax * 70) / 3600 + 100 + (said.get(site.resourceId)?.energyImportWh ?? 0) * 1e-6;
          if (counted === undefined) expect(kindOf(site)).toBe('shelly');
          else
            expect(
              Math.abs((counted.importEnergy as number) - (said.get(site.resourceId)?.energyImportWh as number)),
            ).toBeLessThan(slack);
          expect(readings.findLast(({ power }) => power !== undefined)?.power).toBeGreaterThanOrEqual(0);
        }
      });
    },
    PATIENCE,
  );

  test(
    'keeps reading the others on time while a third of the devices hang',
    async () => {
      const { simulate, meter } = await setUp();
      const simulator = await simulate();
      const agent = await meter('--no-report');
      await allAnswer(agent);
      const fault = await fetch(`${simulator.ops}/v1/faults`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ kind: 'timeout', percent: 30 }),
      });
      expect(fault.ok).toBe(true);
      const before = new Map((await agent.meters()).map((meter) => [meter.resourceId, meter]));
      await until(async () => (await agent.meters()).filter(({ problem }) => problem !== null).length >= before.size * 0.2);
      await until(async () =>
        (await agent.meters()).every(({ resourceId, scheduled }) => scheduled - scheduledOf(before, resourceId) >= 3),
      );
      const healthy = (await agent.meters()).filter(
        ({ problem, failed, resourceId }) => problem === null && failed === before.get(resourceId)?.failed,
      );
      expect(healthy.length).toBeGreaterThan(before.size * 0.6);
      const slots = healthy.map(({ resourceId, scheduled, skipped }) => ({
        scheduled: scheduled - scheduledOf(before, resourceId),
        skipped: skipped - (before.get(resourceId)?.skipped ?? 0),
      }));
      const sum = (of: 'scheduled' | 'skipped') => slots.reduce((total, slot) => total + slot[of], 0);
      // A machine that is busy with other tests may be late with one; a queue behind the dead would lose most.
      expect(sum('skipped')).toBeLessThan(0.05 * sum('scheduled'));
      await fetch(`${simulator.ops}/v1/faults`, { method: 'DELETE' });
    },
    PATIENCE,
  );

  test(
    'says of each meter that it cannot make sense of where it is, why, and what to do, and reads the others',
    async () => {
      const { db, sites, simulate, meterWith } = await setUp();
      const of = (subType: string, nth: number) => sites.filter((site) => site.subType === subType)[nth] as Resource;
      const [another, refusing, unknown] = [of('Schools', 0), of('Schools', 1), of('Bakeries', 0)];
      const [jumbled, hanging] = [of('Bakeries', 1), of('Hotels', 0)];
      const misread = `${db}-misread`;
      copyFileSync(db, misread);
      giveProfile(misread, another, 'sunspec-213');
      giveProfile(misread, refusing, 'eastron-sdm630');
      giveProfile(misread, unknown, 'no-such-meter');
      const simulator = await simulate();
      for (const [kind, { resourceId }] of [
        ['junk', jumbled],
        ['timeout', hanging],
      ] as const) {
        await fetch(`${simulator.ops}/v1/faults`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ kind, device: resourceId }),
        });
      }
      const agent = await meterWith(misread, '--no-report');
      const failing = [another, refusing, jumbled, hanging].map(({ resourceId }) => resourceId).sort();
      await until(async () => {
        const meters = await agent.meters();
        const failed = meters.filter(({ problem }) => problem !== null).map(({ resourceId }) => resourceId);
        return meters.every(({ scheduled }) => scheduled > 0) && JSON.stringify(failed.sort()) === JSON.stringify(failing);
      });
      const told = new Map((await agent.meters()).map((meter) => [meter.resourceId, meter]));
      expect(told.has(unknown.resourceId)).toBe(false);
      const expectTold = ({ resourceId }: Resource, where: RegExp, why: RegExp, cure: RegExp) => {
        const { where: place, problem } = told.get(resourceId) ?? {};
        expect([place, problem?.message, problem?.hint]).toEqual([where, why, cure].map((part) => expect.stringMatching(part)));
      };
      expectTold(another, /modbus 127\.0\.0\.1:\d+ unit \d+ \(sunspec-213\)/, /no SunSpec marker/, /profile/);
      expectTold(refusing, /unit \d+ \(eastron-sdm630\)/, /refused to read .* exception/, /profile/);
      expectTold(jumbled, /mqtt 127\.0\.0\.1:\d+ .*\(tasmota-energy\)/, /makes no sense: .*JSON/, /profile/);
      expectTold(hanging, /unit \d+ \(eastron-sdm630\)/, /did not answer/, /unit id/);
      const { stderr } = await agent.stop();
      expect(stderr).toMatch(new RegExp(`${unknown.resourceId}.*no-such-meter.*use one of .*tasmota-energy`));
    },
    PATIENCE,
  );

  test(
    'starts without gateways, broker and VTN, says that it is not ready, and reads as soon as they are there',
    async () => {
      const { simulate, meter } = await setUp();
      const vtn = `http://127.0.0.1:${await freePort()}/openadr3/3.0.1`;
      const agent = await meter('--vtn-url', vtn, '--no-auth');
      await until(async () => (await agent.meters()).every(({ problem }) => problem !== null));
      expect(await agent.readiness()).toBe(503);
      const codes = new Set((await agent.meters()).map(({ problem }) => problem?.code));
      expect(codes).toEqual(new Set(['GATEWAY_UNREACHABLE', 'BROKER_UNREACHABLE']));
      await simulate();
      await allAnswer(agent);
      const { status, tookMs } = await agent.stop();
      expect(status).toBe(0);
      expect(tookMs).toBeLessThan(5000);
    },
    PATIENCE,
  );
});

/** Says of a site's meter that it is one of another kind. */
function giveProfile(path: string, { readerConnectionId }: Resource, profile: string): void {
  const db = openResourceDb(path, 'readwrite');
  const connection = db.connections.get(readerConnectionId as number);
  if (connection === undefined) throw new Error('it has no meter');
  const { id, createdAt, updatedAt, ...settings } = connection;
  db.connections.update(id, { ...settings, profile } as NewConnection);
  db.close();
}

const scheduledOf = (meters: ReadonlyMap<string, { scheduled: number }>, id: string) => meters.get(id)?.scheduled ?? 0;

/** Restaurants and bars have a Shelly, which says its counter each full minute only. */
const kindOf = ({ subType }: Resource) => (['Restaurants', 'Bars'].includes(subType) ? 'shelly' : 'other');
