import { type EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach } from '@jest/globals';
import { type Duration, type HasNow, type HasSleep, silentLogger, systemClock } from '@venfleet/core';
import { sequenceRandom } from '@venfleet/core/testing';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { generate, type IConnectPacket, type Packet, parser } from 'mqtt-packet';
import type { BrokerUsers } from '../../src/mqtt/broker-users.js';
import { EmbeddedBroker } from '../../src/mqtt/embedded-broker.js';

/** What a test has opened, the latest first to be closed. */
export const opened: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.stop();
});

export interface BrokerSpec {
  readonly users?: BrokerUsers;
  readonly topics?: readonly string[];
  /** Takes what the devices hear, as `topic payload`. */
  readonly heard?: string[];
  readonly clock?: HasNow & HasSleep;
  readonly connectTimeout?: Duration;
}

export async function startBroker({ users, topics = [], heard = [], clock = systemClock, connectTimeout }: BrokerSpec = {}) {
  const addresses = [{ host: '127.0.0.1', port: 0 }];
  const broker = new EmbeddedBroker({
    addresses,
    users,
    clock,
    connectTimeout,
    random: sequenceRandom(0.5),
    logger: silentLogger,
  });
  await broker.start(topics, (topic, payload) => heard.push(`${topic} ${Buffer.from(payload)}`));
  opened.push(broker);
  return { broker, port: broker.ports[0] as number };
}

export async function client(port: number, version: 4 | 5, options: IClientOptions = {}): Promise<MqttClient> {
  const c = await connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion: version, reconnectPeriod: 0, ...options }, false);
  opened.push({ stop: () => c.endAsync(true) });
  return c;
}

/** The next message of a client, as `topic payload qos retain`. */
export async function next(c: MqttClient): Promise<string> {
  const [topic, payload, packet] = await once(c as unknown as EventEmitter, 'message');
  return `${topic} ${payload} ${packet.qos} ${packet.retain}`;
}

/** A client that sends what it is told, and keeps the packets that come. */
export async function rawClient(port: number, connectPacket: Partial<IConnectPacket> = {}) {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  opened.push({ stop: () => socket.destroy() });
  const packets: Packet[] = [];
  const { protocolVersion = 5 } = connectPacket;
  const fromBroker = parser({ protocolVersion });
  fromBroker.on('packet', (packet) => packets.push(packet));
  socket.on('data', (chunk) => fromBroker.parse(chunk));
  const send = (packet: Packet) => socket.write(generate(packet, { protocolVersion }));
  /** The next packet of a kind, past or to come. */
  const take = async <C extends Packet['cmd']>(cmd: C): Promise<Extract<Packet, { cmd: C }>> => {
    for (;;) {
      const at = packets.findIndex((packet) => packet.cmd === cmd);
      if (at >= 0) return packets.splice(at, 1)[0] as Extract<Packet, { cmd: C }>;
      await once(fromBroker, 'packet');
    }
  };
  send({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion,
    clientId: 'raw',
    clean: true,
    keepalive: 0,
    ...connectPacket,
  });
  return { socket, send, take, packets };
}

export function closed(socket: Socket): Promise<void> {
  return new Promise((done) => {
    if (socket.destroyed) done();
    else socket.once('close', () => done());
  });
}
