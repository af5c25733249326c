import { type EventEmitter, once } from 'node:events';
import { type Socket, connect as tcpConnect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { milliseconds } from '@venfleet/core';
import fc from 'fast-check';
import type { MqttClient } from 'mqtt';
import { generate, type Packet } from 'mqtt-packet';
import { client, closed, opened, rawClient, startBroker } from './support.js';

const connectPacket = (protocolVersion: 4 | 5, clientId = 'fuzz'): Buffer =>
  generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion, clientId, clean: true, keepalive: 0 });

/** What clients say, in each protocol's own form. */
const PACKETS: readonly Packet[] = [
  { cmd: 'publish', topic: 'a/b', payload: 'x', qos: 1, dup: false, retain: true, messageId: 7 },
  { cmd: 'publish', topic: 'a/c', payload: 'x', qos: 2, dup: true, retain: false, messageId: 8 },
  { cmd: 'subscribe', messageId: 3, subscriptions: [{ topic: 'a/#', qos: 2 }] },
  { cmd: 'unsubscribe', messageId: 4, unsubscriptions: ['a/#', 'b'] },
  { cmd: 'puback', messageId: 7, reasonCode: 0 },
  { cmd: 'pubrec', messageId: 8, reasonCode: 0 },
  { cmd: 'pubrel', messageId: 9, reasonCode: 0 },
  { cmd: 'pubcomp', messageId: 9, reasonCode: 0 },
  { cmd: 'pingreq' },
  { cmd: 'disconnect', reasonCode: 4 },
];
const ONLY_5: readonly Packet[] = [
  { cmd: 'auth', reasonCode: 0x18 },
  {
    cmd: 'publish',
    topic: 'a/d',
    payload: 'x',
    qos: 0,
    dup: false,
    retain: true,
    properties: { topicAlias: 3, messageExpiryInterval: 1, userProperties: { a: ['b', 'c'] }, correlationData: Buffer.of(0) },
  },
];

/** Valid packets behind CONNECT or without it, some with bytes changed, cut off or with noise behind; and plain noise. */
const streams = (version: 4 | 5) =>
  fc
    .record({
      connected: fc.boolean(),
      chosen: fc.array(fc.constantFrom(...PACKETS, ...(version === 5 ? ONLY_5 : [])), { maxLength: 5 }),
      changes: fc.array(fc.tuple(fc.nat(120), fc.nat(255)), { maxLength: 4 }),
      noise: fc.uint8Array({ maxLength: 60 }),
      cut: fc.nat(200),
    })
    .map(({ connected, chosen, changes, noise, cut }) => {
      const said = chosen.map((packet) => generate(packet, { protocolVersion: version }));
      const bytes = Buffer.concat([...(connected ? [] : [connectPacket(version)]), ...said, noise]);
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      const mutated = bytes.subarray(0, cut < 100 ? bytes.length : cut);
      return connected ? Buffer.concat([connectPacket(version), mutated]) : mutated;
    });

/** TCP connections that this process has, both ends counted. */
const sockets = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;

async function turn(): Promise<void> {
  await new Promise((done) => setImmediate(done));
}

/** Sends itself a message through the broker. */
async function pingItself(c: MqttClient, text: string): Promise<void> {
  const message = once(c as unknown as EventEmitter, 'message');
  await c.publishAsync('witness', text, { qos: 1 });
  expect(String((await message)[1])).toBe(text);
}

describe.each([4, 5] as const)('clients of protocol level %i', (version) => {
  test('1,000 random and mutated streams crash nothing, leak no connection and disturb no other client', async () => {
    const { port, broker } = await startBroker();
    const witness = await client(port, 4);
    // Else each message waits for a delayed acknowledgement of TCP.
    (witness.stream as Socket).setNoDelay(true);
    await witness.subscribeAsync('witness');
    const before = sockets();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(streams(version), async (bytes) => {
        const bad = tcpConnect(port, '127.0.0.1').on('error', () => {});
        bad.resume();
        bad.end(bytes);
        await pingItself(witness, String(++run));
        await closed(bad);
      }),
      { numRuns: 1000 },
    );
    while (broker.clients > 1 || sockets() > before) await turn();
    await pingItself(witness, 'still there');
  });

  test('1,000 at once all get in, and leave nothing behind', async () => {
    const { port, broker } = await startBroker();
    const before = sockets();
    const raws = await Promise.all(
      Array.from({ length: 1000 }, (_, i) => rawClient(port, { clientId: `c${i}`, protocolVersion: version })),
    );
    const connacks = await Promise.all(raws.map(({ take }) => take('connack')));
    expect(connacks.every(({ reasonCode, returnCode }) => (reasonCode ?? returnCode) === 0)).toBe(true);
    expect(broker.clients).toBe(1000);
    for (const { socket } of raws) socket.destroy();
    while (broker.clients > 0 || sockets() > before) await turn();
  });

  test('one that does not read is cut off, and the others get everything', async () => {
    const { port, broker } = await startBroker();
    const slow = await rawClient(port, { protocolVersion: version });
    slow.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'flood', qos: 0 }] });
    await slow.take('suback');
    slow.socket.pause();
    const good = await client(port, 4);
    await good.subscribeAsync('flood', { qos: 1 });
    let heard = 0;
    good.on('message', () => heard++);
    const payload = Buffer.alloc(64 * 1024);
    let sent = 0;
    while (broker.clients > 1) {
      await broker.publish({ topic: 'flood', payload, qos: 0, retain: false });
      sent++;
    }
    while (heard < sent) await turn();
    expect(heard).toBe(sent);
  });
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['the first bytes of CONNECT', connectPacket(4).subarray(0, 5)],
  ['all of CONNECT but its last byte', connectPacket(4).subarray(0, -1)],
  ['all of a 5 CONNECT but its last byte', connectPacket(5).subarray(0, -1)],
])('a client that says %s is cut off after the time for CONNECT', async (_, bytes) => {
  const { port } = await startBroker({ connectTimeout: milliseconds(50) });
  const socket = tcpConnect(port, '127.0.0.1').on('error', () => {});
  opened.push({ stop: () => socket.destroy() });
  socket.resume();
  socket.write(bytes);
  await closed(socket);
});
