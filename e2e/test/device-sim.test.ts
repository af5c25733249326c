import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ModbusProfile, Values } from '@venfleet/devices';
import { loadProfiles } from '@venfleet/devices/node';
import { connectAsync, type MqttClient } from 'mqtt';
import { expectBetween, type Place, readFleet, type Site, sweepGateway, viewOf } from './support/device-reads.js';
import { freePorts, prepareDevices, type RunningSimulator, startSimulator } from './support/devices.js';
import { freePort, jsonOf, root, runProgram, temporaryFolder } from './support/programs.js';

const folder = temporaryFolder();
const catalog = loadProfiles(`${root}/config/device-profiles`);

let db: string;
let basePort: number;
let mqttPort: number;
let simulator: RunningSimulator;
let fleet: readonly Site[];
let mqtt: MqttClient;

beforeAll(async () => {
  basePort = await freePorts();
  ({ db, mqttPort } = await prepareDevices(folder, basePort));
  fleet = readFleet(db);
  simulator = await startSimulator(['--db', db, '--start', '2026-01-15T08:00', '--seed', 'e2e']);
  mqtt = await connectAsync(`mqtt://127.0.0.1:${mqttPort}`, { reconnectPeriod: 0 }, false);
}, 120_000);
afterAll(async () => {
  await mqtt.endAsync(true);
  await simulator.stop();
});

const siteWith = (profile: string): Site => fleet.find(({ meter }) => meter.profile === profile) as Site;
const view = (site: Site) => viewOf(simulator.ops, site);

describe('the whole sample fleet', () => {
  test('is up, with exact counts by protocol and profile', async () => {
    const stats = jsonOf(await runProgram('device-sim', ['stats', '--url', simulator.ops, '--json']));
    expect(stats).toMatchObject({
      resources: 9714,
      vens: 158,
      meters: {
        total: 9714,
        byProtocol: { MODBUSTCP: 6226, MQTT: 3488 },
        byProfile: {
          'sunspec-213': 1564,
          'schneider-iem3000': 1278,
          'eastron-sdm630': 1507,
          'carlo-gavazzi-em24': 336,
          'alfen-eve': 1541,
          'shelly-pro-3em': 2646,
          'tasmota-energy': 842,
        },
      },
      controllers: { total: 8173, byProtocol: { MODBUSTCP: 4685, MQTT: 3488 }, byProfile: { 'flex-controller': 8173 } },
    });
  });

  test('answers over Modbus: every meter and every controller, within its physical range', async () => {
    const gateways = new Map<number, { unitId: number; profile: ModbusProfile; pMax: number }[]>();
    for (const { resource, meter, controller } of fleet) {
      for (const place of meter.type === 'MODBUSTCP' && sameUnit(meter, controller) ? [meter] : [meter, controller]) {
        if (place.type !== 'MODBUSTCP') continue;
        const devices = gateways.get(place.port) ?? [];
        devices.push({ unitId: place.unitId, profile: catalog.modbus(place.profile), pMax: resource.pMax });
        gateways.set(place.port, devices);
      }
    }
    const counts = await Promise.all(
      [...gateways].map(async ([port, devices]) => {
        const readings = await sweepGateway(port, devices);
        for (const [i, values] of readings.entries()) expectPlausible(values, devices[i]?.pMax ?? 0);
        return readings.length;
      }),
    );
    expect(counts.reduce((a, b) => a + b, 0)).toBe(6226 + 4685);
  }, 120_000);

  test('answers over MQTT: every meter in its dialect, every controller with its retained state', async () => {
    const waiting = new Map<string, number>();
    for (const { resource, meter } of fleet) {
      if (meter.type !== 'MQTT') continue;
      const answer = meter.profile === 'shelly-pro-3em' ? `e2e/${resource.resourceId}/rpc` : `stat/${meter.topic}/STATUS8`;
      waiting.set(answer, resource.pMax);
      waiting.set(meter.topic.replace(/meter$/, 'controller/state'), resource.pMax);
    }
    expect(waiting.size).toBe(2 * 3488);
    const client = await connectAsync(`mqtt://127.0.0.1:${mqttPort}`, { reconnectPeriod: 0 }, false);
    const all = new Promise<void>((done) => {
      client.on('message', (topic, payload) => {
        const pMax = waiting.get(topic);
        if (pMax === undefined) return;
        waiting.delete(topic);
        expectPlausible(powerIn(topic, JSON.parse(String(payload))), pMax);
        if (waiting.size === 0) done();
      });
    });
    await client.subscribeAsync(['e2e/+/rpc', 'stat/+/+/meter/STATUS8', '+/+/controller/state'], { qos: 1 });
    const asking = fleet.map(async ({ resource, meter }) => {
      if (meter.type !== 'MQTT') return;
      const request = { id: 1, src: `e2e/${resource.resourceId}`, method: 'EM.GetStatus', params: { id: 0 } };
      if (meter.profile === 'shelly-pro-3em')
        await client.publishAsync(`${meter.topic}/rpc`, JSON.stringify(request), { qos: 1 });
      else await client.publishAsync(`cmnd/${meter.topic}/Status`, '8', { qos: 1 });
    });
    await Promise.all(asking);
    await all;
    await client.endAsync();
  }, 120_000);

  test.each(['sunspec-213', 'schneider-iem3000', 'eastron-sdm630', 'carlo-gavazzi-em24', 'alfen-eve'])(
    'a %s and device-sim:read agree',
    async (id) => {
      const site = siteWith(id);
      const { port, unitId } = site.meter as { port: number; unitId: number };
      const before = await view(site);
      const [shown] = await sweepGateway(port, [{ unitId, profile: catalog.modbus(id) }]);
      const after = await view(site);
      expectBetween(shown?.powerW, before.measurement.powerW, after.measurement.powerW, 1);
      expectBetween(shown?.energyImportWh, before.measurement.energyImportWh, after.measurement.energyImportWh, 100);
    },
  );

  test('ends within five seconds when it is asked to, and says nothing', async () => {
    const other = await prepareDevices(folder, await freePorts());
    const second = await startSimulator(['--db', other.db]);
    const { status, stderr, tookMs } = await second.stop();
    expect([status, stderr]).toEqual([0, '']);
    expect(tookMs).toBeLessThan(5000);
  }, 120_000);
});

describe('the commands', () => {
  test('fault adds, lists and clears', async () => {
    const { resource, meter } = siteWith('eastron-sdm630');
    const { port, unitId } = meter as { port: number; unitId: number };
    const sim = (...args: string[]) => runProgram('device-sim', ['fault', ...args, '--url', simulator.ops, '--json']);
    const added = jsonOf<{ id: number }>(
      await sim('add', '--kind', 'exception', '--exception', '4', '--resource', resource.resourceId, '--for', '600'),
    );
    expect(jsonOf(await sim('list'))).toMatchObject({ faults: [{ id: added.id, devices: 1 }] });
    const profile = catalog.modbus('eastron-sdm630');
    await expect(sweepGateway(port, [{ unitId, profile }])).rejects.toMatchObject({ modbusCode: 4 });
    expect(jsonOf(await sim('clear', '--id', String(added.id)))).toEqual({ cleared: 1 });
    expect(await sweepGateway(port, [{ unitId, profile }])).toHaveLength(1);
    expect((await sim('add', '--kind', 'timeout', '--exception', '4')).stderr).toContain('has no such parameter');
    expect((await sim('remove')).status).toBe(2);
  });

  test('say so when no simulator runs, when a port is taken, and when options make no sense', async () => {
    const nowhere = await runProgram('device-sim', ['read', 'x', '--url', `http://127.0.0.1:${await freePort()}`]);
    expect([nowhere.status, nowhere.stderr]).toEqual([1, expect.stringContaining('no device simulator answers')]);
    const taken = await runProgram('device-sim', ['serve', '--db', db, '--ops-port', '0']);
    expect([taken.status, taken.stderr]).toEqual([1, expect.stringContaining(`127.0.0.1:${basePort} is in use`)]);
    const missing = await runProgram('device-sim', ['serve', '--db', `${folder}/none.db`]);
    expect([missing.status, missing.stderr]).toEqual([1, expect.stringContaining('resource-db:prepare')]);
    for (const wrong of [
      ['--shard', '3/2'],
      ['--speed', '0'],
      ['--broker', 'http://x'],
      ['--nonsense'],
      ['--broker-user', 'me'],
    ]) {
      expect((await runProgram('device-sim', ['serve', '--db', db, ...wrong])).status).toBe(2);
    }
    const noBroker = await runProgram('device-sim', [
      'serve',
      '--db',
      db,
      '--ven',
      'Herning',
      '--broker',
      'mqtt://127.0.0.1:1',
      '--host',
      '127.0.0.2',
      '--ops-port',
      '0',
    ]);
    expect([noBroker.status, noBroker.stderr]).toEqual([1, expect.stringContaining('cannot connect to the broker')]);
  });

  test('serve is undone when the port of its HTTP view is taken', async () => {
    const other = createServer();
    const port = await new Promise<number>((done) =>
      other.listen(0, '127.0.0.1', () => done((other.address() as { port: number }).port)),
    );
    const { db: small } = await prepareDevices(folder, await freePorts());
    const outcome = await runProgram('device-sim', ['serve', '--db', small, '--limit', '1', '--ops-port', String(port)]);
    await new Promise((done) => other.close(done));
    expect([outcome.status, outcome.stderr]).toEqual([1, expect.stringContaining('--ops-port')]);
  });
});

function sameUnit(a: Place, b: Place): boolean {
  return a.type === 'MODBUSTCP' && b.type === 'MODBUSTCP' && a.port === b.port && a.unitId === b.unitId;
}

/** The power of either dialect, or the limit of a controller. */
function powerIn(topic: string, message: Record<string, unknown>): Values {
  if (topic.endsWith('/state')) return { appliedLimitW: message.appliedLimitW as number };
  if (topic.endsWith('/rpc')) return { powerW: (message.result as { total_act_power: number }).total_act_power };
  const { Power } = (message.StatusSNS as { ENERGY: { Power: number[] } }).ENERGY;
  return { powerW: Power.reduce((a, b) => a + b, 0) };
}

function expectPlausible({ powerW, voltageL1V, frequencyHz, appliedLimitW }: Values, pMax: number): void {
  expect(powerW ?? appliedLimitW).toBeDefined();
  // Three phases in whole watts may be rounded up.
  for (const power of [powerW, appliedLimitW]) if (power !== undefined) expectBetween(power, 0, pMax, 2);
  if (voltageL1V !== undefined) expectBetween(voltageL1V, 207, 253, 0);
  if (frequencyHz !== undefined) expectBetween(frequencyHz, 49.9, 50.1, 0.05);
}
