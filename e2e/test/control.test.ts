import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type Instant, instant, milliseconds, silentLogger, systemClock, systemRandom, watts } from '@venfleet/core';
import { createSite, createWorld, openLink, Simulator } from '@venfleet/device-sim';
import { loadProfiles } from '@venfleet/devices/node';
import { type Connection, openResourceDb, type Resource } from '@venfleet/resource-db';
import {
  Control,
  controlSettings,
  createChannels,
  Metering,
  openModbusSerial,
  openMqttWith,
  planMetering,
} from '@venfleet/ven-agent';
import { prepareDevices } from './support/devices.js';
import { root, temporaryFolder } from './support/programs.js';

/** A city of 93 sites, of every kind. */
const VEN = 'Horsens';
const SEED = 'control';
/** A winter's working day, when all kinds of sites draw power. */
const START = instant(Date.parse('2026-01-15T11:00:00+01:00'));
/** Simulated seconds in a real one, for devices and control alike. */
const SPEED = 10;
const PATIENCE = 240_000;

const profiles = join(root, 'config/device-profiles');
const folder = temporaryFolder();
let db: string;
let sites: readonly Resource[];
let connections: ReadonlyMap<number, Connection>;

beforeAll(async () => {
  ({ db } = await prepareDevices(folder, 28_500));
  const open = openResourceDb(db, 'readonly');
  sites = open.resources.byVen(VEN);
  connections = new Map(open.connections.list().map((connection) => [connection.id, connection]));
  open.close();
}, PATIENCE);

const running: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});

async function simulate() {
  const simulator = new Simulator({
    db,
    profiles,
    selection: { ven: VEN },
    seed: SEED,
    start: START,
    speed: SPEED,
    link: (plans) => openLink(plans, { clock: systemClock, random: systemRandom, logger: silentLogger }),
    clock: systemClock,
    logger: silentLogger,
  });
  await simulator.start();
  running.push(simulator);
  const siteOf = ({ resourceId }: Resource) => {
    const device = simulator.devices.get(resourceId);
    if (device === undefined) throw new Error(`${resourceId} is not simulated`);
    return device.site;
  };
  return {
    simulator,
    /** What a site really draws now. */
    power: (site: Resource) => Number(siteOf(site).meter(simulator.clock.now()).powerW),
    /** What its controller really does now. */
    controller: (site: Resource) => siteOf(site).control(simulator.clock.now()),
    fault: (kind: 'exception' | 'timeout' | 'offline', site: Resource) =>
      simulator.faults.add({ kind, device: site.resourceId, ...(kind === 'offline' ? { lastWill: true } : {}) }),
  };
}
type Simulation = Awaited<ReturnType<typeof simulate>>;

/** Metering and control as the agent has them, in the simulator's time; what they talk over is in real time. */
function control({ simulator }: Simulation, wiring: ReadonlyMap<number, Connection> = connections, resources = sites) {
  const plan = planMetering(resources, wiring, loadProfiles(profiles));
  expect(plan.uncontrolled).toEqual([]);
  const ports = { clock: systemClock, random: systemRandom, logger: silentLogger };
  const channels = createChannels(
    plan,
    { inFlight: 4, replyPrefix: 'venfleet-agent' },
    {
      openGateway: openModbusSerial,
      openBroker: openMqttWith({}, systemRandom, {}),
      openRows: () => {
        throw new Error('no site is read from a file');
      },
      ...ports,
    },
  );
  const { clock } = simulator;
  const controlled = new Control({
    controllers: channels.flatMap(({ controllers }) => controllers),
    settings: controlSettings({ restoreOverS: 30 }),
    ...ports,
    clock,
  });
  const sink = { add: (readings: Parameters<Control['observe']>[0]) => controlled.observe(readings) };
  const metering = new Metering({ channels, sink, clock, logger: silentLogger });
  metering.start();
  controlled.start();
  const stop = async () => {
    await controlled.stop();
    await metering.stop();
  };
  running.push({ stop });
  const hold = (site: Resource, limitW: number) =>
    controlled.set(site.id, { setpoint: { kind: 'limit', limit: watts(Math.round(limitW)) }, cause: 'event-1' });
  const release = (site: Resource) => controlled.set(site.id, { setpoint: { kind: 'free' }, cause: 'event-1' });
  return { control: controlled, stop, hold, release, state: (site: Resource) => controlled.state(site.id) };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await systemClock.sleep(milliseconds(50));
}

const isLoad = ({ type }: Resource) => type === 'DSR';
const first = (subType: string, n = 0) => sites.filter((site) => site.subType === subType)[n] as Resource;
/** What a site would draw if nobody had ever limited it. */
function twinsOf(resources: readonly Resource[]) {
  const world = createWorld({ seed: SEED, start: START });
  const twins = new Map(resources.map((site) => [site.id, createSite(site, world)]));
  return (site: Resource, at: Instant) => twins.get(site.id)?.readMeter(instant(Math.floor(at / 1000) * 1000)).powerW ?? 0;
}

describe('control of simulated devices', () => {
  test(
    'what is written reduces the load, is renewed as long as it is wanted, and released; the sites make up for it',
    async () => {
      const simulation = await simulate();
      const { simulator, power, controller } = simulation;
      const { control: agent, hold, release, state } = control(simulation);
      await until(() => agent.stats.byStatus.free === sites.length);
      const loads = sites.filter(isLoad).filter((site) => power(site) > 2000);
      const limits = new Map(loads.map((site) => [site, Math.round(power(site) / 2)]));
      for (const [site, limitW] of limits) hold(site, limitW);
      for (const site of sites.filter((each) => !isLoad(each))) hold(site, 4200);
      await until(() => [...limits.keys()].every((site) => state(site)?.status === 'holding'));
      const begun = simulator.clock.now();
      // Twice the validity: without renewals the controllers would have let go.
      while (simulator.clock.now() < begun + 120_000) {
        for (const [site, limitW] of limits) {
          if (controller(site).controllerState !== 'overridden') expect(power(site)).toBeLessThanOrEqual(limitW);
        }
        await systemClock.sleep(milliseconds(200));
      }
      for (const site of sites.filter((each) => !isLoad(each))) expect(power(site)).toBeLessThanOrEqual(4200 * 1.05);
      expect(agent.stats).toMatchObject({ problems: {}, mismatches: 0 });
      expect(agent.stats.renewals).toBeGreaterThan(2 * limits.size);
      for (const site of sites) release(site);
      await until(() => agent.stats.byStatus.free === sites.length);
      // Its meter renews what it shows once a second.
      await systemClock.sleep(milliseconds(200));
      const freeLoad = twinsOf(loads);
      const now = simulator.clock.now();
      for (const site of loads) {
        expect(controller(site).controllerState).toBe('released');
        expect(Number(simulator.devices.get(site.resourceId)?.site.meter(now).powerW)).toBeGreaterThan(freeLoad(site, now));
      }
    },
    PATIENCE,
  );

  test(
    'one that refuses, one that is silent and one that is offline are told as such, and held again when that is over',
    async () => {
      const simulation = await simulate();
      const { simulator, fault, power, controller } = simulation;
      const { control: agent, hold, state } = control(simulation);
      await until(() => agent.stats.byStatus.free === sites.length);
      const [refusing, silent, offline, healthy] = [first('Hotels'), first('Schools'), first('Bars'), first('Industries')];
      fault('exception', refusing);
      fault('timeout', silent);
      fault('offline', offline);
      const all = [refusing, silent, offline, healthy];
      for (const site of all) hold(site, 1000);
      await until(() => state(healthy)?.status === 'holding');
      const problemOf = (site: Resource) => state(site)?.problem?.code;
      await until(() => [refusing, silent, offline].every((site) => problemOf(site) !== undefined));
      expect([refusing, silent, offline, healthy].map(problemOf)).toEqual([
        'CONTROLLER_REFUSES',
        'CONTROLLER_SILENT',
        'CONTROLLER_SILENT',
        undefined,
      ]);
      expect(all.map((site) => state(site)?.obeys)).toEqual([false, false, false, true]);
      simulator.faults.clearAll();
      await until(() => all.every((site) => state(site)?.obeys === true && state(site)?.status === 'holding'));
      for (const site of all) {
        expect(controller(site).limitW).toBe(1000);
        expect(power(site)).toBeLessThanOrEqual(1000);
      }
    },
    PATIENCE,
  );

  test(
    'a controller that confirms a limit while its meter shows no effect is found out',
    async () => {
      const simulation = await simulate();
      const [lying, other] = [first('Hotels', 0), first('Hotels', 1)];
      // Wired to the neighbour's site: it obeys, but not here.
      const wiring = new Map(connections);
      wiring.set(lying.writerConnectionId ?? 0, connections.get(other.writerConnectionId ?? 0) as Connection);
      const { control: agent, hold, state } = control(simulation, wiring, [lying]);
      await until(() => agent.stats.byStatus.free === 1);
      hold(lying, simulation.power(lying) / 4);
      await until(() => state(lying)?.problem !== undefined);
      expect(state(lying)).toMatchObject({ status: 'holding', obeys: false, problem: { code: 'CONTROL_NO_EFFECT' } });
    },
    PATIENCE,
  );

  test(
    'limits are back soon after gateways and broker have restarted, and the devices behind them with these',
    async () => {
      const simulation = await simulate();
      const { simulator, controller } = simulation;
      const { control: agent, hold } = control(simulation);
      await until(() => agent.stats.byStatus.free === sites.length);
      const loads = sites.filter(isLoad);
      for (const site of loads) hold(site, 3000);
      await until(() => loads.every((site) => controller(site).controllerState !== 'released'));
      await simulator.stop();
      await systemClock.sleep(milliseconds(500));
      await simulator.start();
      expect(loads.every((site) => controller(site).controllerState === 'released')).toBe(true);
      await until(() => loads.every((site) => controller(site).limitW === 3000 && controller(site).limitActive === true));
      await until(() => Object.keys(agent.stats.problems).length === 0);
    },
    PATIENCE,
  );

  test(
    'a dead agent leaves nobody curtailed; one that comes back in time finds its limits and carries on',
    async () => {
      const simulation = await simulate();
      const { simulator, power, controller } = simulation;
      const before = control(simulation);
      await until(() => before.control.stats.byStatus.free === sites.length);
      const loads = sites.filter(isLoad);
      const isHeld = (site: Resource) => controller(site).limitActive === true && controller(site).limitW === 2000;
      for (const site of loads) before.hold(site, 2000);
      await until(() => loads.every(isHeld));
      await before.stop();
      const after = control(simulation);
      for (const site of loads) after.hold(site, 2000);
      const back = simulator.clock.now();
      while (simulator.clock.now() < back + 90_000) {
        expect(loads.filter((site) => !isHeld(site))).toEqual([]);
        await systemClock.sleep(milliseconds(200));
      }
      expect(after.control.stats.holds).toBe(0);
      await after.stop();
      await until(() => loads.every((site) => controller(site).controllerState === 'expired'));
      expect(loads.filter((site) => power(site) > 2000).length).toBeGreaterThan(loads.length / 2);
    },
    PATIENCE,
  );
});
