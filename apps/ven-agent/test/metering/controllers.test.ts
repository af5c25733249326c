import { describe, expect, test } from '@jest/globals';
import { milliseconds, seconds, silentLogger } from '@venfleet/core';
import { encodeAvailability, encodeMessage, type PointValue, type Values } from '@venfleet/devices';
import { Gateway } from '../../src/metering/modbus/gateway.js';
import { Layouts } from '../../src/metering/modbus/layout.js';
import { Broker } from '../../src/metering/mqtt/broker.js';
import type { BrokerListener } from '../../src/metering/mqtt/link.js';
import { type Behaviour, catalog, FakeClock, middling, resource, SimulatedGateway } from './support.js';

const em24 = catalog.modbus('carlo-gavazzi-em24');
const flex = catalog.modbus('flex-controller');
const alfen = catalog.modbus('alfen-eve');
const flexMqtt = catalog.mqtt('flex-controller');

const hold = { limitW: 5000, limitActive: true, limitValidForS: 60 };
const freeController: Values = { 'x-identification': 'VFLX', limitW: 50_000, limitActive: false, controllerState: 'released' };

/** What became of a promise, as text. */
function track(promise: Promise<unknown> | undefined) {
  const state = { outcome: 'pending' as unknown };
  promise?.then(
    (value) => {
      state.outcome = value;
    },
    (error: { code: string }) => {
      state.outcome = error.code;
    },
  );
  return state;
}

/** Meters at units 1…, and their flex-controllers at 101…, behind one gateway. */
function modbus(sites: number) {
  const clock = new FakeClock();
  const gateway = new SimulatedGateway(clock, em24);
  const ids = Array.from({ length: sites }, (_, i) => i + 1);
  for (const id of ids) {
    gateway.devices.set(id, { values: { powerW: id * 100, energyImportWh: 1000, deviceTypeId: 1650 }, afterMs: 5 });
    gateway.devices.set(100 + id, { values: freeController, afterMs: 5 });
    gateway.profiles.set(100 + id, flex);
  }
  const queue = new Gateway({
    plan: {
      host: '127.0.0.1',
      port: 502,
      meters: ids.map((id) => ({ resource: resource(id), unitId: id, profile: em24 })),
      controllers: ids.map((id) => ({ resource: resource(id), unitId: 100 + id, profile: flex })),
    },
    open: gateway.open,
    layouts: new Layouts(),
    inFlight: 4,
    clock,
    random: middling,
    logger: silentLogger,
  });
  const write = (id: number, controls: Readonly<Record<string, PointValue>> = hold) =>
    track(queue.controllers[id - 1]?.write(controls, () => true));
  const read = (id: number) => track(queue.drivers[id - 1]?.read());
  return { clock, gateway, queue, write, read };
}

describe('a controller on Modbus', () => {
  test('is told limit, activity and validity in one request, and read back', async () => {
    const { clock, gateway, write } = modbus(1);
    const written = write(1);
    await clock.advance(seconds(1));
    expect(written.outcome).toMatchObject(hold);
    expect(gateway.asked.map(({ what }) => what)).toEqual(['read', 'write', 'read']);
  });

  test('is not written to before its probe has shown that it is the one', async () => {
    const { clock, gateway, write } = modbus(1);
    gateway.devices.set(101, { values: { ...freeController, 'x-identification': 'ABCD' } });
    const written = write(1);
    await clock.advance(seconds(1));
    expect(written.outcome).toBe('PROFILE_MISMATCH');
    expect(gateway.asked.some(({ what }) => what === 'write')).toBe(false);
  });

  test('is written to before meters are read, over the same connection, with no more requests in flight than may be', async () => {
    const { clock, gateway, queue, write, read } = modbus(40);
    for (let id = 1; id <= 40; id++) {
      read(id);
      void queue.controllers[id - 1]?.read();
    }
    await clock.advance(seconds(5));
    gateway.asked.splice(0);
    for (let id = 1; id <= 40; id++) read(id);
    const writes = Array.from({ length: 40 }, (_, i) => write(i + 1));
    await clock.advance(seconds(5));
    expect(writes.every(({ outcome }) => typeof outcome === 'object')).toBe(true);
    // The four reads that were under way already have their second block to read.
    const firstMeters = gateway.asked.slice(8, 60).filter(({ unitId }) => unitId <= 100);
    expect(firstMeters).toEqual([]);
    expect(gateway.connects).toBe(1);
    expect(gateway.mostInFlight).toBeLessThanOrEqual(4);
  });

  test('that hangs holds up no meter', async () => {
    const { clock, gateway, queue, write, read } = modbus(30);
    for (let id = 1; id <= 30; id++) {
      read(id);
      void queue.controllers[id - 1]?.read();
    }
    await clock.advance(seconds(5));
    for (let id = 1; id <= 30; id++) gateway.devices.set(100 + id, 'silent');
    for (let id = 1; id <= 30; id++) write(id);
    await clock.advance(seconds(30));
    const reads = Array.from({ length: 30 }, (_, i) => read(i + 1));
    await clock.advance(seconds(2));
    expect(reads.every(({ outcome }) => Array.isArray(outcome))).toBe(true);
  });

  test('a gateway that restarts under a write is told again', async () => {
    const { clock, gateway, write } = modbus(1);
    gateway.devices.set(101, { values: freeController, afterMs: 50 });
    const written = write(1);
    await clock.advance(milliseconds(70));
    gateway.drop(true);
    await clock.advance(seconds(1));
    expect(written.outcome).toMatchObject(hold);
  });

  test('what the device cannot be told is no failure of the device', async () => {
    const { clock, gateway, write } = modbus(1);
    const wrong = track(
      (async () => {
        await modbus(1).queue.controllers[0]?.write({ limitW: -1 }, () => true);
      })(),
    );
    await clock.advance(milliseconds(1));
    expect(wrong.outcome).toBe('CONTROL_OUT_OF_RANGE');
    expect(gateway.asked).toEqual([]);
    write(1);
    await clock.advance(seconds(1));
    expect(gateway.asked).not.toEqual([]);
  });

  test('a charger is meter and controller at once, asked one thing at a time; refusing a command, it is still read', async () => {
    const clock = new FakeClock();
    const gateway = new SimulatedGateway(clock, alfen);
    const values = {
      voltageL1V: 230,
      powerW: 7000,
      energyImportWh: 5,
      limitA: 32,
      fallbackLimitA: 16,
      limitTimeLeftS: 0,
      phasesInUse: 3,
    };
    gateway.devices.set(1, { values, afterMs: 5 });
    const place = { resource: resource(1), unitId: 1, profile: alfen };
    const queue = new Gateway({
      plan: { host: 'g', port: 502, meters: [place], controllers: [place] },
      open: gateway.open,
      layouts: new Layouts(),
      inFlight: 4,
      clock,
      random: middling,
      logger: silentLogger,
    });
    const read = () => track(queue.drivers[0]?.read());
    const both = [read(), track(queue.controllers[0]?.write({ limitA: 8 }, () => true))];
    await clock.advance(seconds(1));
    expect(both.map(({ outcome }) => outcome)).toMatchObject([[{ values: { powerW: 7000 } }], { limitA: 8 }]);
    expect(gateway.mostInFlight).toBe(1);
    // 40 A would be out of range; a register that is none is refused by the device.
    const refused = track(queue.controllers[0]?.write({ phasesInUse: 2 }, () => true));
    gateway.devices.set(1, { exception: 4 });
    await clock.advance(seconds(1));
    expect(refused.outcome).toBe('METER_REFUSED');
    gateway.devices.set(1, { values } as Behaviour);
    const again = read();
    await clock.advance(seconds(1));
    expect(again.outcome).toMatchObject([{ values: { powerW: 7000 } }]);
  });
});

/** Flex-controllers c1, c2, … at one broker. */
async function mqtt(count = 1) {
  const clock = new FakeClock();
  const published: { topic: string; payload: Record<string, unknown>; qos: number }[] = [];
  let listener: BrokerListener | undefined;
  let answer: (topic: string) => void = () => {};
  const broker = new Broker({
    plan: {
      host: 'b',
      port: 1883,
      username: null,
      secretRef: null,
      meters: [],
      controllers: Array.from({ length: count }, (_, i) => ({
        resource: resource(i + 1),
        topic: `c${i + 1}`,
        profile: flexMqtt,
      })),
    },
    open: (_, given) => {
      listener = given;
      return {
        subscribe: async () => {},
        publish: (topic, payload, qos) => {
          published.push({ topic, payload: JSON.parse(payload), qos });
          answer(topic);
        },
        close: async () => {},
      };
    },
    replyPrefix: 'agent',
    clock,
    logger: silentLogger,
  });
  broker.start();
  const hear = listener as unknown as BrokerListener;
  hear.connected();
  await clock.advance(milliseconds(1));
  const say = (values: Values, retained = false, id = 1) =>
    hear.message(`c${id}/state`, Buffer.from(encodeMessage(flexMqtt, 'state', values)), retained);
  const will = (online: boolean) => hear.message('c1/online', Buffer.from(encodeAvailability(flexMqtt, online)), true);
  const write = (id = 1) =>
    track(broker.controllers[id - 1]?.write(hold, ({ limitW, limitActive }) => limitW === 5000 && limitActive === true));
  const read = () => track(broker.controllers[0]?.read());
  const whenTold = (act: (topic: string) => void) => {
    answer = act;
  };
  return { clock, broker, hear, say, will, write, read, published, whenTold };
}

const holding = { ...hold, limitTimeLeftS: 60, controllerState: 'limiting' };

describe('a controller on MQTT', () => {
  test('is told by one command of quality of service 1, which its state confirms', async () => {
    const { clock, say, write, published } = await mqtt();
    const written = write();
    await clock.advance(milliseconds(10));
    expect(published).toEqual([{ topic: 'c1/set', payload: { limitW: 5000, active: true, validForS: 60 }, qos: 1 }]);
    expect(written.outcome).toBe('pending');
    say(holding);
    await clock.advance(milliseconds(1));
    expect(written.outcome).toMatchObject(hold);
  });

  test('that says something else meanwhile is waited for; what it says in the end counts', async () => {
    const { clock, say, write } = await mqtt();
    const written = write();
    await clock.advance(milliseconds(1));
    say({ limitW: 9000, limitActive: false });
    await clock.advance(seconds(1));
    expect(written.outcome).toBe('pending');
    await clock.advance(seconds(1));
    expect(written.outcome).toMatchObject({ limitW: 9000, limitActive: false });
  });

  test('that says nothing is silent, whatever it said before', async () => {
    const { clock, say, write } = await mqtt();
    say(holding);
    await clock.advance(seconds(1));
    const written = write();
    await clock.advance(seconds(3));
    expect(written.outcome).toBe('CONTROLLER_SILENT');
  });

  test('is known by the state that the broker retained, but not how long its limit still holds', async () => {
    const { clock, say, read } = await mqtt();
    say(holding, true);
    const known = read();
    await clock.advance(milliseconds(1));
    expect(known.outcome).toMatchObject({ limitW: 5000, limitActive: true, limitTimeLeftS: undefined });
  });

  test('counts the seconds that its limit still holds on while it is not heard', async () => {
    const { clock, say, read } = await mqtt();
    say(holding);
    await clock.advance(seconds(25));
    const known = read();
    await clock.advance(milliseconds(1));
    expect(known.outcome).toMatchObject({ limitTimeLeftS: 35 });
  });

  test('is stale by its profile, offline by its last will, unreachable with its broker', async () => {
    const { clock, hear, say, will, read, write } = await mqtt();
    const unknown = read();
    await clock.advance(seconds(3));
    expect(unknown.outcome).toBe('CONTROLLER_SILENT');
    say(holding);
    await clock.advance(seconds(91));
    const stale = read();
    await clock.advance(milliseconds(1));
    expect(stale.outcome).toBe('CONTROLLER_SILENT');
    will(false);
    const offline = [read(), write()];
    await clock.advance(milliseconds(1));
    expect(offline.map(({ outcome }) => outcome)).toEqual(['METER_OFFLINE', 'METER_OFFLINE']);
    hear.disconnected('the connection ended');
    const gone = [read(), write()];
    await clock.advance(milliseconds(1));
    expect(gone.map(({ outcome }) => outcome)).toEqual(['BROKER_UNREACHABLE', 'BROKER_UNREACHABLE']);
  });

  test('is one of thousands that are told at once, many at a time', async () => {
    const { clock, say, write, published, whenTold } = await mqtt(3000);
    whenTold((topic) => void clock.sleep(milliseconds(20)).then(() => say(holding, false, Number(topic.slice(1, -4)))));
    const written = Array.from({ length: 3000 }, (_, i) => write(i + 1));
    await clock.advance(milliseconds(1));
    expect(published.length).toBe(128);
    await clock.advance(seconds(1));
    expect(written.every(({ outcome }) => typeof outcome === 'object')).toBe(true);
  });
});
