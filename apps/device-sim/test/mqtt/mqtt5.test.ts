import { type EventEmitter, once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { seconds } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import type { IPublishPacket, MqttClient } from 'mqtt';
import { client, rawClient, startBroker } from './support.js';

const PROPERTIES = {
  payloadFormatIndicator: true,
  contentType: 'application/json',
  responseTopic: 'answer/here',
  correlationData: Buffer.from([0, 1, 255]),
  userProperties: { site: ['a', 'b'], unit: 'W' },
};

async function nextPacket(c: MqttClient): Promise<IPublishPacket> {
  const [, , packet] = await once(c as unknown as EventEmitter, 'message');
  return packet;
}

describe('what MQTT 5 says beside a message', () => {
  test.each([0, 1, 2] as const)(
    'is passed on unaltered with quality of service %i, and a 3.1.1 client gets the payload',
    async (qos) => {
      const { port } = await startBroker();
      const [sender, modern, plain] = [await client(port, 5), await client(port, 5), await client(port, 4)];
      for (const one of [modern, plain]) await one.subscribeAsync('a/#', { qos });
      const [first, second] = [nextPacket(modern), nextPacket(plain)];
      await sender.publishAsync('a/b', 'hello', { qos, properties: PROPERTIES });
      const [toModern, toPlain] = await Promise.all([first, second]);
      expect([toModern.payload.toString(), toPlain.payload.toString()]).toEqual(['hello', 'hello']);
      expect({ ...toModern.properties, userProperties: { ...toModern.properties?.userProperties } }).toEqual(PROPERTIES);
      expect(toPlain.properties).toBeUndefined();
    },
  );

  test('stays with what is retained, with a will, and with what a session has missed', async () => {
    const { port } = await startBroker();
    const session = { clientId: 'keeper', clean: false, properties: { sessionExpiryInterval: 3600 } };
    const before = await client(port, 5, session);
    await before.subscribeAsync('kept/#', { qos: 1 });
    await before.endAsync();
    const properties = { contentType: 'text/plain', userProperties: { n: '1' } };
    const will = { topic: 'kept/will', payload: Buffer.from('gone'), qos: 1 as const, retain: true, properties };
    const sender = await client(port, 5, { will });
    await sender.publishAsync('kept/said', 'x', { qos: 1, retain: true, properties });
    sender.stream.destroy();
    const later = await client(port, 5);
    const heard = new Map<string, string | undefined>();
    later.on('message', (topic, _payload, packet) => heard.set(topic, packet.properties?.contentType));
    await later.subscribeAsync('kept/#', { qos: 1 });
    while (heard.size < 2) await once(later as unknown as EventEmitter, 'message');
    expect(Object.fromEntries(heard)).toEqual({ 'kept/said': 'text/plain', 'kept/will': 'text/plain' });
    const resumed = await client(port, 5, session);
    const missed = await nextPacket(resumed);
    expect([missed.topic, missed.payload.toString(), missed.properties?.contentType]).toEqual(['kept/said', 'x', 'text/plain']);
  });

  test('a message that has expired is not delivered, another with what is left of its life', async () => {
    const clock = new FakeClock('2026-01-15T05:00:00Z');
    const { port } = await startBroker({ clock });
    const sender = await client(port, 5);
    for (const [topic, messageExpiryInterval] of [
      ['short', 10],
      ['long', 100],
    ] as const)
      await sender.publishAsync(topic, 'x', { qos: 1, retain: true, properties: { messageExpiryInterval } });
    await clock.advance(seconds(30));
    const late = await client(port, 5);
    const message = nextPacket(late);
    await late.subscribeAsync(['short', 'long']);
    const { topic, properties } = await message;
    expect([topic, properties?.messageExpiryInterval]).toEqual(['long', 70]);
  });
});

describe('the options of a subscription', () => {
  /** A client that keeps what it hears, and how to have all of it that was published until now, as `topic retain`. */
  async function listener(port: number, sender: MqttClient) {
    const own = await client(port, 5);
    const heard: string[] = [];
    own.on('message', (topic, _payload, { retain }) => heard.push(`${topic} ${retain}`));
    const all = async () => {
      await own.subscribeAsync('end', { qos: 1 });
      await sender.publishAsync('end', '', { qos: 1 });
      while (!heard.includes('end false')) await once(own as unknown as EventEmitter, 'message');
      return heard.splice(0).sort();
    };
    return { own, all };
  }

  test('no-local keeps away what the client itself has published, unless another subscription wants it', async () => {
    const { port } = await startBroker();
    const other = await client(port, 5);
    const { own, all } = await listener(port, other);
    await own.subscribeAsync('x/#', { qos: 1, nl: true });
    await own.subscribeAsync('x/wanted', { qos: 1 });
    for (const topic of ['x/own', 'x/wanted']) await own.publishAsync(topic, '1', { qos: 1 });
    await other.publishAsync('x/other', '1', { qos: 1 });
    expect(await all()).toEqual(['end false', 'x/other false', 'x/wanted false']);
  });

  test('retain as published keeps the mark, and retain handling says who gets what is retained', async () => {
    const { port } = await startBroker();
    const sender = await client(port, 5);
    const { own: c, all } = await listener(port, sender);
    for (const topic of ['zero', 'one', 'two']) await sender.publishAsync(topic, 'old', { qos: 1, retain: true });
    await c.subscribeAsync('zero', { qos: 1, rap: true, rh: 0 });
    await c.subscribeAsync('one', { qos: 1, rh: 1 });
    await c.subscribeAsync('two', { qos: 1, rh: 2 });
    expect(await all()).toEqual(['end false', 'one true', 'zero true']);
    await c.subscribeAsync('one', { qos: 1, rh: 1 });
    for (const topic of ['zero', 'one']) await sender.publishAsync(topic, 'new', { qos: 1, retain: true });
    expect(await all()).toEqual(['end false', 'one false', 'zero true']);
  });
});

describe('what a client can take', () => {
  test('it gets no more messages of QoS 1 and 2 at once than it says, and the rest as it acknowledges them', async () => {
    const { port } = await startBroker();
    const raw = await rawClient(port, { properties: { receiveMaximum: 2 } });
    await raw.take('connack');
    raw.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'a/#', qos: 2 }] });
    await raw.take('suback');
    const sender = await client(port, 5);
    for (let i = 0; i < 5; i++) await sender.publishAsync(`a/${i}`, 'x', { qos: i % 2 === 0 ? 1 : 2 });
    await sender.publishAsync('a/free', 'x', { qos: 0 });
    const topics: string[] = [];
    const takeOne = async () => {
      const packet = await raw.take('publish');
      topics.push(packet.topic);
      return packet;
    };
    const first = [await takeOne(), await takeOne(), await takeOne()];
    expect(topics.sort()).toEqual(['a/0', 'a/1', 'a/free']);
    const acknowledge = async ({ qos, messageId }: Awaited<ReturnType<typeof takeOne>>) => {
      if (qos === 1) raw.send({ cmd: 'puback', messageId });
      if (qos !== 2) return;
      raw.send({ cmd: 'pubrec', messageId });
      const { messageId: released } = await raw.take('pubrel');
      raw.send({ cmd: 'pubcomp', messageId: released });
    };
    for (const packet of first) await acknowledge(packet);
    for (let i = 0; i < 3; i++) await acknowledge(await takeOne());
    expect(topics.sort()).toEqual(['a/0', 'a/1', 'a/2', 'a/3', 'a/4', 'a/free']);
    expect(raw.packets).toEqual([]);
  });

  test('a message that is larger than it says is left out, whatever its quality of service', async () => {
    const { port } = await startBroker();
    const raw = await rawClient(port, { properties: { maximumPacketSize: 100 } });
    raw.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'a', qos: 2 }] });
    await raw.take('suback');
    const sender = await client(port, 4);
    for (const qos of [0, 1, 2] as const) await sender.publishAsync('a', 'x'.repeat(100), { qos });
    await sender.publishAsync('a', 'small', { qos: 1 });
    expect(String((await raw.take('publish')).payload)).toBe('small');
  });
});
