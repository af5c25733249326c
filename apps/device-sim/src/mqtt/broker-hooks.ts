import type { AedesOptions, Client, PublishPacket } from 'aedes';
import type { BrokerUsers } from './broker-users.js';
import { arriving, hasExpired, recall, remember } from './message-extras.js';
import { Mqtt5Bridge } from './mqtt5-bridge.js';
import { matchesFilter } from './topic-filter.js';

export interface BrokerHooksOptions {
  /** Who may log in and publish what; undefined lets everybody. */
  readonly users: BrokerUsers | undefined;
  /** Epoch ms. */
  readonly now: () => number;
}

/** Stands for a client's record of what it has had, and is always empty. */
const NOTHING_SEEN = new Proxy({}, { get: () => 0, set: () => true, deleteProperty: () => true });

/** Where aedes asks what to do about a connection or a message. */
export function brokerHooks({
  users,
  now,
}: BrokerHooksOptions): Pick<AedesOptions, 'preConnect' | 'authenticate' | 'authorizePublish' | 'authorizeForward'> {
  const isFirst = onceEach();
  return {
    preConnect: (client, _packet, done) => {
      Object.assign(client, { duplicates: NOTHING_SEEN });
      done(null, true);
    },
    // CONNACK 4 otherwise.
    authenticate: (client, username, password, done) => {
      const isWelcome = users === undefined || (username !== undefined && users.accepts(username, password));
      if (isWelcome && username !== undefined) users?.admit(client, username);
      if (isWelcome) done(null, true);
      else done(Object.assign(new Error('bad user name or password'), { returnCode: 4 as const }), false);
    },
    // The connection ends otherwise, MQTT 3.1.1 §3.3.5.
    authorizePublish: (client, packet, done) => {
      // Without a client it is one of the simulator's own devices.
      if (client === null || client === undefined) return done(null);
      noteExtras(client, packet, now());
      if (users === undefined || users.mayPublish(client, packet.topic)) return done(null);
      return done(new Error(`not authorised to publish on ${packet.topic}`));
    },
    authorizeForward: (client, packet) => {
      if (!isFirst(client, packet.brokerCounter)) return null;
      const extras = recall(packet.payload);
      if (hasExpired(extras, now())) return null;
      if (extras?.fromStore === true) limitQos(client, packet);
      const bridge = bridgeOf(client);
      // Its payload is a Buffer here: the parser and the devices make no other.
      return bridge === undefined || bridge.prepare(packet as Parameters<Mqtt5Bridge['prepare']>[0], extras) ? packet : null;
    },
  };
}

/**
 * Each message once to each client, however many of its subscriptions fit. aedes sees to that by the
 * number of the latest message, but messages of QoS 1 and 2 and retained ones take longer than others
 * through it, come out of their order, and were taken for duplicates and lost. All deliveries of one
 * message follow each other directly, so it is enough to know the latest one.
 */
function onceEach(): (client: Client, number: number) => boolean {
  const latest = new WeakMap<object, number>();
  return (client, number) => {
    const isNew = latest.get(client) !== number;
    latest.set(client, number);
    return isNew;
  };
}

/** Keeps what MQTT 5 says beside a message, and that it is to be retained, which aedes forgets on the way. */
function noteExtras(client: Client, packet: PublishPacket, now: number): void {
  if (typeof packet.payload === 'string') return;
  const bridge = bridgeOf(client);
  // A will has come with CONNECT and is no packet of its own.
  const sent = 'cmd' in packet ? bridge?.nextProperties() : bridge?.willProperties;
  if (sent !== undefined || packet.retain) remember(packet.payload, arriving(sent, packet.retain, now));
}

/**
 * What is retained goes out with the quality of service that the subscription was granted at the most, MQTT 3.1.1
 * §3.8.4; aedes sees to that only where the subscription names the very topic.
 */
function limitQos(client: Client, packet: PublishPacket): void {
  const subscriptions = (client as unknown as { subscriptions: Readonly<Record<string, { qos: 0 | 1 | 2 }>> }).subscriptions;
  if (packet.qos === 0 || packet.topic in subscriptions) return;
  const granted = Object.entries(subscriptions).filter(([filter]) => matchesFilter(filter, packet.topic));
  packet.qos = Math.min(packet.qos, Math.max(0, ...granted.map(([, { qos }]) => qos))) as 0 | 1 | 2;
}

function bridgeOf(client: Client): Mqtt5Bridge | undefined {
  return client.conn instanceof Mqtt5Bridge ? client.conn : undefined;
}
