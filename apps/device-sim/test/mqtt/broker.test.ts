import { type EventEmitter, once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { silentLogger, systemClock } from '@venfleet/core';
import { sequenceRandom } from '@venfleet/core/testing';
import fc from 'fast-check';
import { connectAsync, type IClientOptions } from 'mqtt';
import { generate } from 'mqtt-packet';
import { BrokerUsers } from '../../src/mqtt/broker-users.js';
import { EmbeddedBroker } from '../../src/mqtt/embedded-broker.js';
import { protocolLevel } from '../../src/mqtt/mqtt5-bridge.js';
import { client, next, opened, rawClient, startBroker } from './support.js';

describe.each([4, 5] as const)('the embedded broker to a plain client of protocol level %i', (version) => {
  test.each([0, 1, 2] as const)('passes messages with quality of service %i', async (qos) => {
    const { port } = await startBroker();
    const [sender, receiver] = [await client(port, version), await client(port, version)];
    await receiver.subscribeAsync('a/+', { qos });
    const message = next(receiver);
    await sender.publishAsync('a/b', 'hello', { qos });
    expect(await message).toBe(`a/b hello ${qos} false`);
  });

  test('keeps retained messages for those who come later, and forgets them by an empty one', async () => {
    const { port, broker } = await startBroker();
    const sender = await client(port, version);
    await sender.publishAsync('state', 'on', { qos: 1, retain: true });
    await broker.publish({ topic: 'own', payload: 'meter', qos: 1, retain: true });
    const late = await client(port, version);
    const first = next(late);
    await late.subscribeAsync('state', { qos: 1 });
    expect(await first).toBe('state on 1 true');
    const second = next(late);
    await late.subscribeAsync('own');
    expect(await second).toBe('own meter 0 true');
    await sender.publishAsync('state', '', { qos: 1, retain: true });
    const later = await client(port, version);
    const heard: string[] = [];
    later.on('message', (topic) => heard.push(topic));
    await later.subscribeAsync(['state', 'marker']);
    const marker = next(later);
    await sender.publishAsync('marker', '1');
    await marker;
    expect(heard).toEqual(['marker']);
  });

  test('gives a new subscription all that is retained and fits, and each message as it was published', async () => {
    const { port } = await startBroker();
    const sender = await client(port, version);
    const binary = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    for (const topic of ['m/1/state', 'm/2/state', 'm/2/online', 'other', 'm', 'last'])
      await sender.publishAsync(topic, binary, { qos: 1, retain: true });
    const late = await client(port, version);
    const heard: string[] = [];
    late.on('message', (topic, payload, packet) => {
      expect([payload.equals(binary), packet.qos]).toEqual([true, 1]);
      heard.push(topic);
    });
    for (const [filter, fitting] of [
      ['m/+/state', ['m/1/state', 'm/2/state']],
      ['m/#', ['m', 'm/1/state', 'm/2/online', 'm/2/state']],
      ['other', ['other']],
      ['nothing', []],
    ] as const) {
      // What is retained comes in the order of the filters.
      await late.subscribeAsync([filter, 'last'], { qos: 1 });
      while (!heard.includes('last')) await once(late as unknown as EventEmitter, 'message');
      expect(heard.splice(0).sort()).toEqual([...fitting, 'last'].sort());
    }
  });

  test('publishes the last will of a client that is gone, and not of one that says goodbye', async () => {
    const { port } = await startBroker();
    const watcher = await client(port, version);
    await watcher.subscribeAsync('will/#');
    const heard: string[] = [];
    watcher.on('message', (topic) => heard.push(topic));
    const will = (name: string) => ({
      will: { topic: `will/${name}`, payload: Buffer.from('gone'), qos: 1 as const, retain: false },
    });
    const polite = await client(port, version, will('polite'));
    await polite.endAsync();
    const lost = await client(port, version, will('lost'));
    const message = next(watcher);
    lost.stream.destroy();
    expect(await message).toBe('will/lost gone 0 false');
    expect(heard).toEqual(['will/lost']);
  });

  test('keeps the session of a client that asks for it, with what came meanwhile', async () => {
    const { port } = await startBroker();
    const session: IClientOptions = {
      clientId: 'keeper',
      clean: false,
      ...(version === 5 ? { properties: { sessionExpiryInterval: 3600 } } : {}),
    };
    const before = await client(port, version, session);
    await before.subscribeAsync('kept', { qos: 1 });
    await before.endAsync();
    const sender = await client(port, version);
    await sender.publishAsync('kept', 'meanwhile', { qos: 1 });
    const again = connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion: version, reconnectPeriod: 0, ...session }, false);
    const resumed = await again;
    opened.push({ stop: () => resumed.endAsync(true) });
    expect(await next(resumed)).toBe('kept meanwhile 1 false');
  });

  test('lets a client unsubscribe from several topics at once', async () => {
    const { port } = await startBroker();
    const c = await client(port, version);
    await c.subscribeAsync(['x', 'y', 'z']);
    await c.unsubscribeAsync(['x', 'y']);
    const message = next(c);
    for (const topic of ['x', 'y', 'z']) await c.publishAsync(topic, '1');
    expect(await message).toMatch(/^z/);
  });

  test('asks for a login when there are users, and lets each publish only below its own topics', async () => {
    const users = new BrokerUsers([
      { name: 'one', password: 'secret', prefixes: ['fleet/1/meter/'] },
      { name: 'two', password: 'other', prefixes: ['fleet/2/meter/'] },
    ]);
    const { port } = await startBroker({ users });
    for (const login of [{}, { username: 'one', password: 'other' }, { username: 'nobody', password: '' }]) {
      await expect(client(port, version, login)).rejects.toMatchObject({ code: version === 4 ? 4 : 134 });
    }
    const one = await client(port, version, { username: 'one', password: 'secret' });
    const two = await client(port, version, { username: 'two', password: 'other' });
    await two.subscribeAsync('fleet/#');
    const message = next(two);
    const cutOff = once(one as unknown as EventEmitter, 'close');
    await one.publishAsync('fleet/1/meter/status', 'mine');
    one.publish('fleet/2/meter/status', 'forged');
    expect(await message).toMatch(/^fleet\/1\/meter\/status mine/);
    await cutOff;
  });
});

describe('the embedded broker', () => {
  test('hands on what others publish on the devices’ topics, and not what the devices say themselves', async () => {
    const heard: string[] = [];
    const { port, broker } = await startBroker({ topics: ['cmnd/x/Status'], heard });
    const sender = await client(port, 4);
    await sender.publishAsync('cmnd/y/Status', '8', { qos: 1 });
    await broker.publish({ topic: 'cmnd/x/Status', payload: '8', qos: 0, retain: false });
    const received = client(port, 4);
    await (await received).subscribeAsync('cmnd/x/Status');
    const message = next(await received);
    await sender.publishAsync('cmnd/x/Status', '8', { qos: 1 });
    await message;
    await sender.publishAsync('other', '', { qos: 1 });
    expect(heard).toEqual(['cmnd/x/Status 8']);
  });

  test('loses nothing of a burst of mixed kinds, from its own devices and from clients', async () => {
    const { port, broker } = await startBroker();
    const [sender, receiver] = [await client(port, 4), await client(port, 4)];
    const heard = new Set<string>();
    receiver.on('message', (topic) => heard.add(topic));
    await receiver.subscribeAsync('burst/#', { qos: 1 });
    const kinds = [0, 1, 2].flatMap((qos) => [false, true].map((retain) => ({ qos: qos as 0 | 1 | 2, retain })));
    const all = Array.from({ length: 300 }, (_, i) => ({
      topic: `burst/${i}`,
      ...(kinds[i % kinds.length] as (typeof kinds)[0]),
    }));
    const own = all.slice(0, 150).map((message) => broker.publish({ ...message, payload: 'x' }));
    const others = all.slice(150).map(({ topic, ...options }) => sender.publishAsync(topic, 'x', options));
    await Promise.all([...own, ...others]);
    while (heard.size < all.length) await once(receiver as unknown as EventEmitter, 'message');
  });

  test('gives a message once to a client with several subscriptions that fit', async () => {
    const { port, broker } = await startBroker();
    const receiver = await client(port, 4);
    const heard: string[] = [];
    receiver.on('message', (topic, payload) => heard.push(`${topic} ${payload}`));
    await receiver.subscribeAsync(['a/#', 'a/b', '+/b', 'end'], { qos: 1 });
    const end = new Promise<void>((done) => receiver.on('message', (topic) => topic === 'end' && done()));
    for (const payload of ['1', '2']) await broker.publish({ topic: 'a/b', payload, qos: 1, retain: false });
    await broker.publish({ topic: 'end', payload: '', qos: 1, retain: false });
    await end;
    expect(heard).toEqual(['a/b 1', 'a/b 2', 'end ']);
  });

  test('tells a 5 client the id that it was given and what this broker cannot do', async () => {
    const { port } = await startBroker();
    const connack = await (await rawClient(port, { clientId: '' })).take('connack');
    expect(connack).toMatchObject({
      reasonCode: 0,
      properties: {
        assignedClientIdentifier: expect.stringMatching(/^auto-/),
        sessionExpiryInterval: 0,
        sharedSubscriptionAvailable: false,
        subscriptionIdentifiersAvailable: false,
      },
    });
  });

  test('says PORT_TAKEN, and how to use the broker that has the port', async () => {
    const { port } = await startBroker();
    const second = new EmbeddedBroker({
      addresses: [{ host: '127.0.0.1', port }],
      clock: systemClock,
      random: sequenceRandom(0.5),
      logger: silentLogger,
    });
    await expect(second.start([], () => {})).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      hint: expect.stringContaining(`--broker mqtt://127.0.0.1:${port}`),
    });
    expect(second.connected).toBe(false);
  });
});

test('the protocol level is told from any first bytes, however few at a time', () => {
  fc.assert(
    fc.property(fc.constantFrom(3, 4, 5), fc.string({ maxLength: 200 }), (level, clientId) => {
      const packet = generate({
        cmd: 'connect',
        protocolId: level === 3 ? 'MQIsdp' : 'MQTT',
        protocolVersion: level as 3 | 4 | 5,
        clientId: `c${clientId}`,
        clean: true,
        keepalive: 10,
      });
      const first = Array.from(packet, (_, i) => protocolLevel(packet.subarray(0, i + 1))).find((l) => l !== undefined);
      expect(first).toBe(level);
    }),
  );
});
