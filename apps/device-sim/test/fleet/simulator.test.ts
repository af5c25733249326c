import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { minutes, seconds } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import { decodeBlock, discoverSunSpec, encodeControls, type ModbusProfile, planReads, type Values } from '@venfleet/devices';
import { loadProfiles } from '@venfleet/devices/node';
import modbusSerial from 'modbus-serial';
import type { Simulator } from '../../src/fleet/simulator.js';
import { simulatorStats } from '../../src/fleet/stats.js';
import { controlDevice, listDevices, readDevice } from '../../src/fleet/view.js';
import {
  freePort,
  idOf,
  modbusAt,
  mqttAt,
  profilesDir,
  type SiteSpec,
  simulatorOf,
  temporaryFolder,
  writeDatabase,
} from '../support/fleet.js';

const folder = temporaryFolder();
const catalog = loadProfiles(profilesDir);
const START = '2026-01-15T05:00:00Z';

const METERS: readonly (readonly [profile: string, subType: string])[] = [
  ['sunspec-213', 'Industries'],
  ['sunspec-203', 'Industries'],
  ['schneider-iem3000', 'Schools'],
  ['eastron-sdm630', 'Hotels'],
  ['carlo-gavazzi-em24', 'Swimming Pools'],
  ['alfen-eve', 'Charging Stations'],
  ['abb-terra-ac', 'Charging Stations'],
];

let port: number;
let db: string;
beforeAll(async () => {
  port = await freePort();
  const sites = METERS.map(([profile, subType], i): SiteSpec => {
    const isCharger = subType === 'Charging Stations';
    const controller = isCharger ? modbusAt(port, i + 1, profile) : modbusAt(port, 100 + i, 'flex-controller');
    return { subType, type: isCharger ? 'EV' : 'DSR', meter: modbusAt(port, i + 1, profile), controller };
  });
  db = writeDatabase(join(folder, 'modbus.db'), sites);
});

const running: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});

async function started(path: string, clock = new FakeClock(START), seed = 'test'): Promise<Simulator> {
  const simulator = simulatorOf(path, { clock, seed });
  await simulator.start();
  running.push(simulator);
  return simulator;
}

type ModbusClient = InstanceType<typeof modbusSerial.default>;

async function modbusClient(unit: number): Promise<ModbusClient> {
  // CommonJS: the class is both the module and its default export.
  const client = new modbusSerial.default();
  await client.connectTCP('127.0.0.1', { port });
  client.setID(unit);
  client.setTimeout(2000);
  running.push({ stop: () => new Promise<void>((done) => client.close(() => done())) });
  return client;
}

/** All values of a device, read and decoded as the agent does. */
async function readAll(client: ModbusClient, profile: ModbusProfile): Promise<Values> {
  let values: Values = {};
  for (const block of planReads(profile)) {
    const read = block.table === 'input' ? client.readInputRegisters : client.readHoldingRegisters;
    const { buffer } = await read.call(client, block.address, block.count);
    values = { ...values, ...decodeBlock(profile, block, buffer) };
  }
  return values;
}

/** Within what the device's registers can show of a value. */
function expectAgreement(shown: Values, truth: Values): void {
  const names = Object.keys(shown).filter((name) => name in truth && shown[name] !== undefined);
  expect(names.length).toBeGreaterThan(2);
  for (const name of names) {
    const [a, b] = [shown[name], truth[name]];
    if (typeof a !== 'number' || typeof b !== 'number') expect([name, a]).toEqual([name, b]);
    else expect(Math.abs(a - b)).toBeLessThanOrEqual(Math.max(Math.abs(b) * 1e-3, name.startsWith('energy') ? 100 : 1));
  }
}

describe('Modbus devices', () => {
  test.each(METERS.map(([profile], i) => [profile, i] as const))('%s says what the simulator’s own view says', async (id, i) => {
    const clock = new FakeClock(START);
    const simulator = await started(db, clock);
    await clock.advance(minutes(90));
    const profile = catalog.modbus(id);
    const shown = await readAll(await modbusClient(i + 1), profile);
    const { measurement } = readDevice(simulator, idOf(i + 1));
    expectAgreement(shown, measurement);
  });

  test('a SunSpec meter is found by its model chain', async () => {
    await started(db);
    const client = await modbusClient(1);
    const found = await discoverSunSpec(async (address, count) => {
      try {
        return (await client.readHoldingRegisters(address, count)).buffer;
      } catch {
        return undefined;
      }
    });
    expect(found?.models.map(({ id }) => id)).toEqual([1, 213]);
  });

  test('a device tells vendor and model by function 43/14', async () => {
    await started(db);
    const { data } = await (await modbusClient(3)).readDeviceIdentification(1, 0);
    expect(data[0]).toBe(catalog.modbus('schneider-iem3000').vendor);
  });

  test('a limit written over Modbus acts at once, expires by itself, and what was shed is made up later', async () => {
    const clock = new FakeClock('2026-01-15T09:00:00Z');
    const simulator = await started(db, clock);
    const client = await modbusClient(100);
    const id = idOf(1);
    await clock.advance(minutes(10));
    const free = Number(readDevice(simulator, id).measurement.powerW);
    const limitW = Math.round(free / 2);
    const profile = catalog.modbus('flex-controller');
    for (const { address, data } of encodeControls(profile, { limitW, limitActive: true, limitValidForS: 600 })) {
      await client.writeRegisters(address, data as never);
    }
    expect(readDevice(simulator, id).measurement.powerW).toBeLessThanOrEqual(limitW);
    expect(await readAll(client, profile)).toMatchObject({
      limitW,
      limitActive: true,
      controllerState: 'limiting',
      limitTimeLeftS: 600,
    });
    await clock.advance(minutes(9));
    expect(readDevice(simulator, id).measurement.powerW).toBeLessThanOrEqual(limitW);
    await clock.advance(minutes(2));
    expect(await readAll(client, profile)).toMatchObject({ limitActive: false, controllerState: 'expired' });
    const twin = await twinAt(clock);
    expect(Number(readDevice(simulator, id).measurement.powerW)).toBeGreaterThan(twin);
  });

  /** What the site would draw now if it had never been held. */
  async function twinAt(clock: FakeClock): Promise<number> {
    const path = writeDatabase(join(folder, `twin-${clock.now()}.db`), [
      { subType: 'Industries', meter: modbusAt(await freePort(), 1, 'sunspec-213') },
    ]);
    const twinClock = new FakeClock('2026-01-15T09:00:00Z');
    const simulator = await started(path, twinClock);
    await twinClock.advance(seconds((clock.now() - Date.parse('2026-01-15T09:00:00Z')) / 1000));
    return Number(readDevice(simulator, idOf(1)).measurement.powerW);
  }

  test('a value out of range is refused with exception 3, a meter’s register with 2, and nothing changes', async () => {
    const simulator = await started(db);
    const controller = await modbusClient(100);
    await expect(controller.writeRegisters(13, [1])).rejects.toMatchObject({ modbusCode: 3 });
    const meter = await modbusClient(1);
    await expect(meter.writeRegisters(40_100, [1])).rejects.toMatchObject({ modbusCode: 2 });
    expect(readDevice(simulator, idOf(1)).control).toMatchObject({ limitActive: false, limitValidForS: 60 });
  });
});

describe('the simulator', () => {
  test('gives the same values for the same seed, however often somebody reads', async () => {
    const [a, b] = [new FakeClock(START), new FakeClock(START)];
    const first = await started(db, a);
    const often: unknown[] = [];
    for (let i = 0; i < 10; i++) {
      await a.advance(seconds(36.5));
      often.push(readDevice(first, idOf(4)).measurement);
    }
    await first.stop();
    const second = await started(db, b);
    await b.advance(seconds(365));
    expect(readDevice(second, idOf(4)).measurement).toEqual(often.at(-1));
    await second.stop();
    const other = await started(db, new FakeClock(START), 'other seed');
    expect(readDevice(other, idOf(4)).measurement.powerW).not.toBe(0);
  });

  test('counts devices by protocol and profile, and lists them by pages', async () => {
    const simulator = await started(db);
    const stats = simulatorStats(simulator);
    expect(stats.meters).toMatchObject({
      total: 7,
      byProtocol: { MODBUSTCP: 7 },
      byProfile: { 'sunspec-213': 1, 'alfen-eve': 1 },
    });
    expect(stats.controllers).toMatchObject({ total: 5, byProfile: { 'flex-controller': 5 } });
    expect(stats.modbus).toMatchObject({ gateways: 1, units: 12 });
    const page = listDevices(simulator, { subType: 'Industries' }, 1, 5);
    expect([page.total, page.devices.map(({ resourceId }) => resourceId)]).toEqual([2, [idOf(2)]]);
  });

  test('takes a write through its own view, and refuses one that the controller does not have', async () => {
    const simulator = await started(db);
    expect(controlDevice(simulator, idOf(2), { limitW: 0, limitActive: true }).measurement.powerW).toBe(0);
    expect(() => controlDevice(simulator, idOf(2), { limitA: 6 })).toThrow(
      expect.objectContaining({ code: 'SIM_WRITE_REFUSED' }),
    );
    expect(() => readDevice(simulator, 'nobody')).toThrow(expect.objectContaining({ code: 'DEVICE_UNKNOWN' }));
  });

  test.each([
    [
      'frozen',
      async (read: () => Values, clock: FakeClock) => {
        const before = read();
        await clock.advance(minutes(5));
        expect(read()).toEqual(before);
      },
    ],
    [
      'counter-reset',
      async (read: () => Values, clock: FakeClock) => {
        expect(read().energyImportWh).toBe(0);
        await clock.advance(minutes(5));
        expect(Number(read().energyImportWh)).toBeGreaterThan(0);
      },
    ],
  ] as const)('a meter with the fault %s shows it', async (kind, check) => {
    const clock = new FakeClock(START);
    const simulator = await started(db, clock);
    await clock.advance(minutes(30));
    const read = () => readDevice(simulator, idOf(1)).measurement;
    const before = Number(read().energyImportWh);
    simulator.faults.add({ kind, device: idOf(1), durationS: 900 });
    await check(read, clock);
    await clock.advance(minutes(15));
    const after = Number(read().energyImportWh);
    // A counter that was reset stays so.
    if (kind === 'frozen') expect(after).toBeGreaterThan(before);
    else expect(after).toBeLessThan(before);
  });

  test('a meter with the wrong word order shows its numbers’ registers backwards, and after it as before', async () => {
    const simulator = await started(db);
    const client = await modbusClient(1);
    const power = catalog.modbus('sunspec-213').points.get('powerW')?.address ?? 0;
    const [high, low] = (await client.readHoldingRegisters(power, 2)).data;
    const { id } = simulator.faults.add({ kind: 'word-order', device: idOf(1) });
    expect((await client.readHoldingRegisters(power, 2)).data).toEqual([low, high]);
    expect((await client.readHoldingRegisters(power, 2)).data).toEqual([low, high]);
    simulator.faults.clear(id);
    expect((await client.readHoldingRegisters(power, 2)).data).toEqual([high, low]);
  });
});

describe('a start that cannot be leaves nothing half-started', () => {
  const isOpen = (at: number) =>
    new Promise<boolean>((done) => {
      const socket = connect(at, '127.0.0.1', () => {
        socket.destroy();
        done(true);
      }).on('error', () => done(false));
    });

  test('a Modbus port is taken', async () => {
    const [free, taken] = [await freePort(), await freePort()];
    const other = createServer().listen(taken, '127.0.0.1');
    running.push({ stop: () => new Promise((done) => other.close(done)) });
    const path = writeDatabase(join(folder, 'taken.db'), [
      { meter: modbusAt(free, 1, 'eastron-sdm630') },
      { meter: modbusAt(taken, 1, 'eastron-sdm630') },
    ]);
    const simulator = simulatorOf(path);
    await expect(simulator.start()).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringContaining(String(taken)),
    });
    expect([simulator.isRunning, await isOpen(free)]).toEqual([false, false]);
  });

  test('the MQTT port is taken: the gateways are stopped again', async () => {
    const [free, taken] = [await freePort(), await freePort()];
    const other = createServer().listen(taken, '127.0.0.1');
    running.push({ stop: () => new Promise((done) => other.close(done)) });
    const path = writeDatabase(join(folder, 'mqtt-taken.db'), [
      { meter: modbusAt(free, 1, 'eastron-sdm630') },
      { meter: mqttAt(taken, 'a/meter', 'shelly-pro-3em') },
    ]);
    await expect(simulatorOf(path).start()).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      hint: expect.stringContaining('--broker'),
    });
    expect(await isOpen(free)).toBe(false);
  });

  test('the database is wrong: every connection that cannot be simulated is named', async () => {
    const free = await freePort();
    const path = writeDatabase(join(folder, 'wrong.db'), [
      { meter: modbusAt(free, 1, 'no-such-meter') },
      { meter: modbusAt(free, 2, 'eastron-sdm630') },
      { meter: modbusAt(free, 2, 'eastron-sdm630') },
      { meter: mqttAt(1883, 'a', 'shelly-pro-3em') },
      { meter: mqttAt(1883, 'a', 'tasmota-energy') },
    ]);
    await expect(simulatorOf(path).start()).rejects.toMatchObject({
      code: 'FLEET_INVALID',
      details: [
        expect.stringContaining('no-such-meter'),
        expect.stringMatching(/unit 2: claimed by Site 2, Aalborg, and by Site 3/),
        expect.stringMatching(/topic a: claimed by Site 4, Aalborg, and by Site 5/),
      ],
    });
    expect(await isOpen(free)).toBe(false);
  });

  test('a gateway has more devices than there are unit ids', async () => {
    const free = await freePort();
    const sites = Array.from({ length: 248 }, (_, i) => ({ meter: modbusAt(free, Math.min(i + 1, 247), 'eastron-sdm630') }));
    await expect(simulatorOf(writeDatabase(join(folder, 'many.db'), sites)).start()).rejects.toMatchObject({
      code: 'FLEET_INVALID',
      details: [expect.stringMatching(/unit 247: claimed by Site 247, Aalborg, and by Site 248/)],
    });
    expect(await isOpen(free)).toBe(false);
  });

  test('the database or the profiles are missing, or there is nothing to simulate', async () => {
    await expect(simulatorOf(join(folder, 'missing.db')).start()).rejects.toMatchObject({ code: 'DB_MISSING' });
    await expect(simulatorOf(db, { profiles: join(folder, 'none') }).start()).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
    const empty = writeDatabase(join(folder, 'empty.db'), [{}]);
    await expect(simulatorOf(empty).start()).rejects.toMatchObject({ code: 'FLEET_EMPTY' });
    await expect(simulatorOf(db, { selection: { ven: 'Nowhere' } }).start()).rejects.toMatchObject({ code: 'VEN_UNKNOWN' });
  });
});
