import { describe, expect, test } from '@jest/globals';
import { milliseconds, seconds, silentLogger } from '@venfleet/core';
import { encodeAvailability, encodeMessage, expandTopic, type MqttProfile, type Values } from '@venfleet/devices';
import { Broker } from '../../src/metering/mqtt/broker.js';
import type { BrokerListener } from '../../src/metering/mqtt/link.js';
import { catalog, FakeClock, resource } from './support.js';

const shelly = catalog.mqtt('shelly-pro-3em');
const tasmota = catalog.mqtt('tasmota-energy');

/** Where answers to the queries of `resource(1)` come. */
const CLIENT = `agent/${resource(1).resourceId}`;

async function setUp(profile: MqttProfile, { connect = true, meter = resource(1) } = {}) {
  const clock = new FakeClock();
  const subscribed: string[] = [];
  const published: { topic: string; payload: string }[] = [];
  let listener: BrokerListener | undefined;
  const broker = new Broker({
    plan: {
      host: 'b',
      port: 1883,
      username: null,
      secretRef: null,
      meters: [{ resource: meter, topic: 'm1', profile }],
      controllers: [],
    },
    open: (_, given) => {
      listener = given;
      return {
        subscribe: async (subscriptions) => void subscribed.push(...subscriptions.map(({ topic }) => topic)),
        publish: (topic, payload) => void published.push({ topic, payload }),
        close: async () => {},
      };
    },
    replyPrefix: 'agent',
    clock,
    logger: silentLogger,
  });
  broker.start();
  const hear = listener as unknown as BrokerListener;
  if (connect) hear.connected();
  await clock.advance(milliseconds(1));
  const say = (message: string, values: Values, retained = false) => {
    const topic = expandTopic(profile.messages.get(message)?.topic as string, { topic: 'm1', client: CLIENT });
    const parameters = { topic: 'm1', client: CLIENT, device: 'd', id: 1, ts: 1, time: '2026-01-01T00:00:00' };
    hear.message(topic, Buffer.from(encodeMessage(profile, message, values, parameters)), retained);
  };
  const will = (online: boolean) =>
    hear.message(
      expandTopic(profile.availability.topic, { topic: 'm1' }),
      Buffer.from(encodeAvailability(profile, online)),
      true,
    );
  /** Reads, lets `ms` pass, and tells the samples or the error's code. */
  const read = async (ms = 3000) => {
    const outcome = broker.drivers[0]?.read().then(
      (samples) => samples,
      (error: { code: string }) => error.code,
    );
    await clock.advance(milliseconds(ms));
    return outcome;
  };
  return { clock, broker, hear, say, will, read, subscribed, published };
}

describe('a meter on MQTT', () => {
  test('is heard on its own topics only, answers to queries included', async () => {
    const { subscribed } = await setUp(shelly);
    expect(subscribed).toEqual(['m1/online', 'm1/status/em:0', 'm1/status/emdata:0', 'm1/events/rpc', `${CLIENT}/rpc`]);
  });

  // Row ids of two databases are the same numbers.
  test('of another database gets its answers elsewhere, so that agents can share a broker', async () => {
    const { subscribed } = await setUp(shelly);
    const other = await setUp(shelly, { meter: resource(1, { resourceId: resource(2).resourceId }) });
    expect(subscribed.at(-1)).not.toEqual(other.subscribed.at(-1));
  });

  test('gives what it said since the last slot, stamped with the time of receipt', async () => {
    const { clock, say, read } = await setUp(tasmota);
    const at = clock.now();
    say('sensor', { powerW: 1200, energyImportWh: 5000 });
    await clock.advance(seconds(4));
    expect(await read(0)).toEqual([{ at, values: { powerW: 1200, energyImportWh: 5000, energyExportWh: undefined } }]);
  });

  test('gives power and counters each with its own time when they come apart', async () => {
    const { clock, say, read } = await setUp(shelly);
    const first = clock.now();
    say('emdata', { energyImportWh: 5000, energyExportWh: 0 });
    await clock.advance(seconds(4));
    const second = clock.now();
    say('em', { powerW: 1200 });
    expect(await read(0)).toEqual([
      { at: first, values: { energyImportWh: 5000, energyExportWh: 0 } },
      { at: second, values: { powerW: 1200 } },
    ]);
  });

  test('is asked when it was silent for a slot, and its answer is the reading', async () => {
    const { say, read, published } = await setUp(tasmota);
    const reading = read(100);
    await new Promise((done) => setImmediate(done));
    expect(published).toEqual([{ topic: 'cmnd/m1/Status', payload: '8' }]);
    say('status', { powerW: 77, energyImportWh: 1000 });
    expect(await reading).toMatchObject([{ values: { powerW: 77 } }]);
  });

  test('that does not answer gives an error, never its last value again', async () => {
    const { say, read } = await setUp(tasmota);
    say('sensor', { powerW: 1200, energyImportWh: 5000 });
    expect(await read()).toMatchObject([{ values: { powerW: 1200 } }]);
    expect(await read()).toBe('METER_SILENT');
  });

  test('without a query holds what it said until that is stale by its profile', async () => {
    const { clock, say, read } = await setUp({ ...tasmota, queries: new Map() });
    say('sensor', { powerW: 1200, energyImportWh: 5000 });
    expect(await read(0)).toHaveLength(1);
    await clock.advance(seconds(659));
    expect(await read(0)).toEqual([]);
    await clock.advance(seconds(2));
    expect(await read(0)).toBe('METER_STALE');
  });

  test('is offline at once by its last will, and back by its availability', async () => {
    const { say, will, read } = await setUp(shelly);
    say('em', { powerW: 5 });
    will(false);
    expect(await read(0)).toBe('METER_OFFLINE');
    will(true);
    expect(await read(0)).toHaveLength(1);
  });

  test('is not believed what the broker retained, whose age nobody knows', async () => {
    const { say, read } = await setUp(tasmota);
    say('sensor', { powerW: 1200, energyImportWh: 5000 }, true);
    expect(await read()).toBe('METER_SILENT');
  });

  test('has a part of its status laid over what is known', async () => {
    const { say, read } = await setUp(shelly);
    say('em', { powerW: 300, powerL1W: 100 });
    say('notify', { powerW: 330 });
    expect(await read(0)).toMatchObject([{ values: { powerW: 330 } }]);
  });

  test('that sends what cannot be read keeps what it said before', async () => {
    const { hear, say, read } = await setUp(shelly);
    say('em', { powerW: 300 });
    for (const junk of ['{"id":0,"total_act_pow', '[]', '{"total_act_power":"12"}', '']) {
      hear.message('m1/status/em:0', Buffer.from(junk), false);
    }
    expect(await read(0)).toMatchObject([{ values: { powerW: 300 } }]);
  });

  test.each([
    ['is cut short', '{"StatusSNS":{"ENERGY":{"Pow', /PAYLOAD|JSON/i],
    ['has text for a number', '{"StatusSNS":{"ENERGY":{"Power":"12 W"}}}', /Power is "12 W"/],
  ])('whose answer %s is told as one that nobody can make sense of, not as silent', async (_, answer, reason) => {
    const { hear, broker, clock, published } = await setUp(tasmota);
    const reading = broker.drivers[0]?.read();
    const outcome = expect(reading).rejects.toMatchObject({
      code: 'METER_GARBLED',
      message: expect.stringMatching(reason),
      hint: expect.stringContaining('profile'),
    });
    await clock.advance(milliseconds(10));
    expect(published).toHaveLength(1);
    hear.message('stat/m1/STATUS8', Buffer.from(answer), false);
    await clock.advance(milliseconds(10));
    await outcome;
  });

  test('waits for the broker at the start until it is there, or known not to be', async () => {
    const there = await setUp(shelly, { connect: false });
    const value = there.read(0);
    there.hear.connected();
    await there.clock.advance(milliseconds(1));
    there.say('em', { powerW: 300 });
    await there.clock.advance(milliseconds(1));
    expect(await value).toMatchObject([{ values: { powerW: 300 } }]);
    const away = await setUp(shelly, { connect: false });
    const failure = away.read(0);
    away.hear.disconnected('nothing listens there');
    expect(await failure).toBe('BROKER_UNREACHABLE');
  });

  test('cannot be read while its broker is away, and can be again when that is back', async () => {
    const { clock, broker, hear, say, read } = await setUp(shelly);
    say('em', { powerW: 300 });
    hear.disconnected('the connection ended');
    expect(await read(0)).toBe('BROKER_UNREACHABLE');
    expect(broker.reachable).toBe(false);
    hear.connected();
    await clock.advance(milliseconds(1));
    say('em', { powerW: 310 });
    expect(await read(0)).toMatchObject([{ values: { powerW: 310 } }]);
  });
});
