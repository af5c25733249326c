import { type EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { minutes, seconds, silentLogger, systemClock } from '@venfleet/core';
import { FakeClock, sequenceRandom } from '@venfleet/core/testing';
import { decodeMessage, type Values } from '@venfleet/devices';
import { loadProfiles } from '@venfleet/devices/node';
import { connectAsync, type IPublishPacket, type MqttClient } from 'mqtt';
import type { Simulator } from '../../src/fleet/simulator.js';
import { readDevice } from '../../src/fleet/view.js';
import { EmbeddedBroker } from '../../src/mqtt/embedded-broker.js';
import { ExternalBroker } from '../../src/mqtt/external-broker.js';
import {
  freePort,
  idOf,
  mqttAt,
  profilesDir,
  type SiteSpec,
  simulatorOf,
  temporaryFolder,
  writeDatabase,
} from '../support/fleet.js';

const folder = temporaryFolder();
const catalog = loadProfiles(profilesDir);
const ports = { clock: systemClock, random: sequenceRandom(0.5), logger: silentLogger };
const START = '2026-01-15T05:00:00Z';
const [SHELLY, TASMOTA] = [catalog.mqtt('shelly-pro-3em'), catalog.mqtt('tasmota-energy')];

let port: number;
let db: string;
beforeAll(async () => {
  port = await freePort();
  db = writeDatabase(join(folder, 'mqtt.db'), [
    {
      subType: 'Bars',
      meter: mqttAt(port, 'f/1/meter', SHELLY.id),
      controller: mqttAt(port, 'f/1/controller', 'flex-controller'),
    },
    {
      subType: 'Bakeries',
      meter: mqttAt(port, 'f/2/meter', TASMOTA.id),
      controller: mqttAt(port, 'f/2/controller', 'flex-controller'),
    },
  ]);
});

const running: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});

/** A simulator, and a client of its broker that keeps all that it hears. */
async function started(start = START) {
  const clock = new FakeClock(start);
  const simulator: Simulator = simulatorOf(db, { clock });
  await simulator.start();
  running.push(simulator);
  return { clock, simulator, ...(await listener(port)) };
}

async function listener(at: number) {
  const client = await connectAsync(`mqtt://127.0.0.1:${at}`, { reconnectPeriod: 0 }, false);
  running.push({ stop: () => client.endAsync(true) });
  const heard: { topic: string; text: string; packet: IPublishPacket }[] = [];
  client.on('message', (topic, payload, packet) => heard.push({ topic, text: String(payload), packet }));
  await client.subscribeAsync('#', { qos: 1 });
  /** Waits for a message on `topic`, past or to come, and takes it away. */
  const take = async (topic: string) => {
    for (;;) {
      const at = heard.findIndex((message) => message.topic === topic);
      if (at >= 0) return heard.splice(at, 1)[0] as (typeof heard)[number];
      await once(client as unknown as EventEmitter, 'message');
    }
  };
  return { client, heard, take };
}

async function ask(client: MqttClient, topic: string, payload: string | object): Promise<void> {
  await client.publishAsync(topic, typeof payload === 'string' ? payload : JSON.stringify(payload), { qos: 1 });
}

function expectClose(shown: Values | undefined, truth: Values, names: readonly string[]): void {
  for (const name of names) expect(Math.abs(Number(shown?.[name]) - Number(truth[name]))).toBeLessThanOrEqual(1.1);
}

describe('a Shelly', () => {
  test('publishes em and emdata once a minute, retains that it is online, and says offline when it ends', async () => {
    const { clock, simulator, take } = await started();
    expect(await take('f/1/meter/online')).toMatchObject({ text: 'online', packet: { retain: true } });
    await clock.advance(minutes(3));
    const em = decodeMessage(SHELLY, 'em', (await take('f/1/meter/status/em:0')).text);
    expect(Object.keys(em ?? {})).toEqual(expect.arrayContaining(['powerW', 'voltageL1V', 'currentL3A', 'frequencyHz']));
    await take('f/1/meter/status/emdata:0');
    await take('f/1/meter/status/emdata:0');
    const notify = JSON.parse((await take('f/1/meter/events/rpc')).text);
    expect(notify).toMatchObject({ method: 'NotifyStatus', params: { 'em:0': { id: 0, b_freq: expect.any(Number) } } });
    expect(notify.params['emdata:0']).toBeUndefined();
    await simulator.stop();
    expect((await take('f/1/meter/online')).text).toBe('offline');
  });

  test('answers EM.GetStatus to whom it is asked by, with what its meter shows', async () => {
    const { clock, simulator, client, take } = await started();
    await clock.advance(minutes(10));
    await ask(client, 'f/1/meter/rpc', { id: 7, src: 'me', method: 'EM.GetStatus', params: { id: 0 } });
    const { text } = await take('me/rpc');
    expect(JSON.parse(text)).toMatchObject({ id: 7, dst: 'me' });
    expectClose(decodeMessage(SHELLY, 'answer', text), readDevice(simulator, idOf(1)).measurement, [
      'powerW',
      'powerL2W',
      'currentA',
    ]);
  });

  test('leaves unanswered what it does not understand', async () => {
    const { client, take } = await started();
    for (const payload of ['', '{', '{"id":1}', '{"id":1,"src":"a/#","method":"EM.GetStatus","params":{"id":0}}']) {
      await ask(client, 'f/1/meter/rpc', payload);
    }
    await ask(client, 'f/1/meter/rpc', { id: 8, src: 'me', method: 'EM.GetStatus', params: { id: 0 } });
    expect(JSON.parse((await take('me/rpc')).text).id).toBe(8);
  });
});

describe('a Tasmota', () => {
  test('publishes SENSOR each TelePeriod, with the counters of today and since the last one', async () => {
    const { clock, take } = await started();
    expect((await take('tele/f/2/meter/LWT')).text).toBe('Online');
    await clock.advance(minutes(11));
    await take('tele/f/2/meter/SENSOR');
    const { ENERGY, Time } = JSON.parse((await take('tele/f/2/meter/SENSOR')).text);
    expect(Time).toMatch(/^2026-01-15T06:\d\d:\d\d$/);
    expect(ENERGY).toMatchObject({ TotalStartTime: '2026-01-15T06:00:00', Yesterday: 0, Today: ENERGY.Total });
    expect(ENERGY.Period).toBeGreaterThan(0);
    expect(ENERGY.Power).toHaveLength(3);
  });

  test('closes the day’s counter at local midnight', async () => {
    const { clock, client, take } = await started('2026-01-15T22:50:00Z');
    await clock.advance(minutes(30));
    await ask(client, 'cmnd/f/2/meter/Status', '8');
    const { ENERGY } = JSON.parse((await take('stat/f/2/meter/STATUS8')).text).StatusSNS;
    expect(ENERGY.Yesterday).toBeGreaterThan(0);
    expect(ENERGY.Today).toBeGreaterThan(0);
    expect(ENERGY.Yesterday + ENERGY.Today).toBeCloseTo(ENERGY.Total, 2);
  });

  test('answers Status 8 with what its meter shows, and POWER with its relay', async () => {
    const { clock, simulator, client, take } = await started();
    await clock.advance(minutes(10));
    await ask(client, 'cmnd/f/2/meter/Status', '8');
    const shown = decodeMessage(TASMOTA, 'status', (await take('stat/f/2/meter/STATUS8')).text);
    expectClose(shown, readDevice(simulator, idOf(2)).measurement, ['powerL1W', 'voltageL3V']);
    await ask(client, 'cmnd/f/2/meter/POWER', 'OFF');
    expect(await take('stat/f/2/meter/RESULT')).toMatchObject({ text: '{"POWER":"OFF"}' });
    await ask(client, 'cmnd/f/2/meter/POWER', '');
    expect(await take('stat/f/2/meter/RESULT')).toMatchObject({ text: '{"POWER":"OFF"}' });
  });
});

describe('a flex-controller', () => {
  const state = 'f/1/controller/state';

  test('obeys a command at once, retains its state, and tells when it has released the limit by itself', async () => {
    const { clock, simulator, client, take, heard } = await started();
    expect(JSON.parse((await take(state)).text)).toMatchObject({ active: false, state: 'released' });
    await ask(client, 'f/1/controller/set', { limitW: 500, active: true, validForS: 20 });
    expect(JSON.parse((await take(state)).text)).toMatchObject({
      limitW: 500,
      active: true,
      secondsLeft: 20,
      appliedLimitW: 500,
    });
    expect(readDevice(simulator, idOf(1)).measurement.powerW).toBeLessThanOrEqual(500);
    await clock.advance(seconds(25));
    let told = JSON.parse((await take(state)).text);
    while (told.state !== 'expired') told = JSON.parse((await take(state)).text);
    expect(told).toMatchObject({ active: false, secondsLeft: 0, appliedLimitW: 25_000 });
    const late = await listener(port);
    expect((await late.take(state)).packet.retain).toBe(true);
    expect(heard.some(({ topic }) => topic === 'f/2/controller/set')).toBe(false);
  });

  test('refuses a command that is wrong in any part, and says in what state that leaves it', async () => {
    const { client, take } = await started();
    await take(state);
    for (const command of [
      '',
      '{}',
      '{"limitW":"x"}',
      '{"limitW":100,"active":true,"validForS":1}',
      '{"limitW":100,"extra":1}',
    ]) {
      await ask(client, 'f/1/controller/set', command);
      expect(JSON.parse((await take(state)).text)).toMatchObject({ active: false, state: 'released' });
    }
  });
});

describe('faults of MQTT devices', () => {
  test('offline with a last will is announced, and silent without; either way nothing is published or answered', async () => {
    const { clock, simulator, client, take, heard } = await started();
    const retained = ['f/1/meter/online', 'tele/f/2/meter/LWT', 'f/1/controller/online', 'f/2/controller/online'];
    for (const topic of [...retained, 'f/1/controller/state', 'f/2/controller/state']) await take(topic);
    simulator.faults.add({ kind: 'offline', device: idOf(1), durationS: 600 });
    const silent = simulator.faults.add({ kind: 'offline', device: idOf(2), lastWill: false });
    for (const topic of ['f/1/meter/online', 'f/1/controller/online']) expect((await take(topic)).text).toBe('offline');
    await clock.advance(minutes(9));
    await ask(client, 'f/1/meter/rpc', { id: 1, src: 'me', method: 'EM.GetStatus', params: { id: 0 } });
    await ask(client, 'f/1/controller/set', { limitW: 500, active: true });
    await ask(client, 'cmnd/f/2/meter/Status', '8');
    await clock.advance(seconds(10));
    const own = heard.filter(({ topic }) => !/rpc$|set$|Status$/.test(topic));
    expect(own).toEqual([]);
    await clock.advance(minutes(2));
    expect((await take('f/1/meter/online')).text).toBe('online');
    simulator.faults.clear(silent.id);
    expect((await take('tele/f/2/meter/LWT')).text).toBe('Online');
  });

  test('a clock that is wrong shows in the time stamps', async () => {
    const { simulator, client, take } = await started();
    simulator.faults.add({ kind: 'clock-skew', device: idOf(2), skewS: -3600 });
    await ask(client, 'cmnd/f/2/meter/Status', '8');
    expect(JSON.parse((await take('stat/f/2/meter/STATUS8')).text).StatusSNS.Time).toBe('2026-01-15T05:00:00');
  });

  test('junk before a message, and lost messages', async () => {
    const { simulator, client, take } = await started();
    const junk = simulator.faults.add({ kind: 'junk', device: idOf(2), junkBytes: 5 });
    await ask(client, 'cmnd/f/2/meter/Status', '8');
    const { text } = await take('stat/f/2/meter/STATUS8');
    expect(() => JSON.parse(text)).toThrow();
    simulator.faults.clear(junk.id);
    const lost = simulator.faults.add({ kind: 'timeout', device: idOf(2) });
    await ask(client, 'cmnd/f/2/meter/POWER', 'OFF');
    simulator.faults.clear(lost.id);
    await ask(client, 'cmnd/f/2/meter/POWER', '');
    expect((await take('stat/f/2/meter/RESULT')).text).toBe('{"POWER":"OFF"}');
  });
});

describe('credentials', () => {
  test('a device’s user may publish for its own device alone', async () => {
    const own = await freePort();
    process.env.SIM_TEST_SECRET = 'secret';
    const site = (n: number): SiteSpec => ({
      meter: mqttAt(own, `f/${n}/meter`, TASMOTA.id, { username: `user${n}`, secretRef: 'env:SIM_TEST_SECRET' }),
    });
    const simulator = simulatorOf(writeDatabase(join(folder, 'login.db'), [site(1), site(2)]), { clock: new FakeClock(START) });
    await simulator.start();
    running.push(simulator);
    await expect(connectAsync(`mqtt://127.0.0.1:${own}`, { reconnectPeriod: 0 }, false)).rejects.toMatchObject({ code: 4 });
    const login = { reconnectPeriod: 0, username: 'user1', password: 'secret' };
    const one = await connectAsync(`mqtt://127.0.0.1:${own}`, login, false);
    running.push({ stop: () => one.endAsync(true) });
    await one.subscribeAsync('stat/f/+/meter/#');
    const answer = once(one as unknown as EventEmitter, 'message');
    await ask(one, 'cmnd/f/1/meter/Status', '8');
    expect((await answer)[0]).toBe('stat/f/1/meter/STATUS8');
    const cutOff = once(one as unknown as EventEmitter, 'close');
    one.publish('cmnd/f/2/meter/POWER', 'OFF');
    await cutOff;
  });
});

describe('an external broker', () => {
  test('carries all devices over a few connections, and comes back after an outage', async () => {
    const at = await freePort();
    const broker = () => new EmbeddedBroker({ addresses: [{ host: '127.0.0.1', port: at }], ...ports });
    const first = broker();
    await first.start([], () => {});
    const link = () => Promise.resolve(new ExternalBroker({ url: `mqtt://127.0.0.1:${at}`, ...ports }));
    const simulator = simulatorOf(db, { clock: new FakeClock(START), link });
    await simulator.start();
    running.push({ stop: () => first.stop() }, simulator);
    expect(first.clients).toBe(4);
    const { client, take } = await listener(at);
    expect((await take('f/1/meter/online')).text).toBe('online');
    await ask(client, 'f/1/controller/set', { limitW: 500, active: true });
    let state = JSON.parse((await take('f/1/controller/state')).text);
    while (!state.active) state = JSON.parse((await take('f/1/controller/state')).text);
    await first.stop();
    while (simulator.isReady) await new Promise((done) => setImmediate(done));
    const second = broker();
    await second.start([], () => {});
    running.push({ stop: () => second.stop() });
    const after = await listener(at);
    // Their subscriptions are theirs again once they are back.
    while (!simulator.isReady || (second.clients ?? 0) < 5) await new Promise((done) => setImmediate(done));
    let answered = false;
    const answer = after.take('me/rpc').then(() => {
      answered = true;
    });
    while (!answered) {
      await ask(after.client, 'f/1/meter/rpc', { id: 1, src: 'me', method: 'EM.GetStatus', params: { id: 0 } });
      await new Promise((done) => setImmediate(done));
    }
    await answer;
    await simulator.stop();
    expect((await after.take('f/1/meter/online')).text).toMatch(/online|offline/);
  });

  test('that cannot be reached, or that refuses the login, is told at the start, which then has not begun', async () => {
    const nobody = await freePort();
    const options = ports;
    const unreachable = new ExternalBroker({ url: `mqtt://127.0.0.1:${nobody}`, ...options });
    await expect(unreachable.start([], () => {})).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE' });
    const { BrokerUsers } = await import('../../src/mqtt/broker-users.js');
    const users = new BrokerUsers([{ name: 'sim', password: 'right', prefixes: [] }]);
    const strict = new EmbeddedBroker({ addresses: [{ host: '127.0.0.1', port: nobody }], users, ...options });
    await strict.start([], () => {});
    running.push(strict);
    const refused = new ExternalBroker({ url: `mqtt://127.0.0.1:${nobody}`, username: 'sim', password: 'wrong', ...options });
    await expect(refused.start([], () => {})).rejects.toMatchObject({ code: 'BROKER_REFUSED' });
  });
});
