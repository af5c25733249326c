import { describeError, systemCode, VenfleetError } from '@venfleet/core';
import { connect, ErrorWithReasonCode, ErrorWithSubackPacket, type IClientOptions, type MqttClient } from 'mqtt';
import type { BrokerAccess, NotificationLink, OpenNotifications } from '../push/mqtt-link.js';

const CONNECT_TIMEOUT_MS = 10_000;
const KEEPALIVE_S = 30;
/** MQTT 3.1.1 §3.2.2.3: bad user name or password, not authorised. */
const REFUSALS: ReadonlySet<number> = new Set([4, 5]);

/** MQTT 3.1.1 by mqtt.js: one connection, which its owner makes anew with a new token when it ends. */
export const openMqttNotifications: OpenNotifications = async (access, topics, receive, signal) => {
  signal.throwIfAborted();
  const client = connect(access.url, optionsOf(access));
  const onAbort = () => void client.endAsync(true);
  signal.addEventListener('abort', onAbort, { once: true });
  const ended = endOf(client);
  try {
    await connected(client, access.url);
    signal.throwIfAborted();
    client.on('message', (_topic, payload) => receive(payload));
    const refused = await Promise.all(topics.map((topic) => refusedTopic(client, topic)));
    return linkOf(client, ended, refused.flat());
  } catch (error) {
    await client.endAsync(true);
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
};

function optionsOf({ username, password, ca, cert, key, verifyTls }: BrokerAccess): IClientOptions {
  return {
    clean: true,
    keepalive: KEEPALIVE_S,
    connectTimeout: CONNECT_TIMEOUT_MS,
    reconnectPeriod: 0,
    resubscribe: false,
    rejectUnauthorized: verifyTls,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

const linkOf = (client: MqttClient, ended: Promise<string>, refused: readonly string[]): NotificationLink => ({
  refused,
  ended,
  close: () => client.endAsync(true),
});

/** One subscription at a time: the library tells a refusal as the failure of all that were asked for together. */
async function refusedTopic(client: MqttClient, topic: string): Promise<string[]> {
  try {
    await client.subscribeAsync(topic, { qos: 1 });
    return [];
  } catch (error) {
    if (error instanceof ErrorWithSubackPacket) return [topic];
    throw error;
  }
}

function endOf(client: MqttClient): Promise<string> {
  return new Promise((resolve) => {
    let reason = 'the connection ended';
    client.on('error', (error) => {
      reason = describeError(error);
    });
    client.on('close', () => resolve(reason));
  });
}

async function connected(client: MqttClient, url: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('error', (cause) => reject(brokerError(cause, url)));
    client.once('close', () => reject(brokerError(new Error('no connection in time'), url)));
  });
}

function brokerError(cause: Error, url: string): VenfleetError {
  const { host } = new URL(url);
  if (cause instanceof ErrorWithReasonCode && REFUSALS.has(cause.code)) {
    return new VenfleetError('BROKER_REFUSED', `the VTN's broker ${host} does not accept this VEN`, { cause, context: { host } });
  }
  const reason = systemCode(cause) ?? describeError(cause);
  return new VenfleetError('BROKER_UNREACHABLE', `the VTN's broker ${host} cannot be reached: ${reason}`, {
    cause,
    context: { host },
    hint: 'the VTN names it at GET /notifiers; a firewall may be in the way',
  });
}
