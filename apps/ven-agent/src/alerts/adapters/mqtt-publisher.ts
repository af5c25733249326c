import { describeError, type Logger, type Random, uniform } from '@venfleet/core';
import { connect, type MqttClient } from 'mqtt';
import type { AlertBroker } from '../config.js';
import type { Publisher } from '../publisher.js';

const CONNECT_TIMEOUT_MS = 10_000;
const KEEPALIVE_S = 30;
/** Before connecting again, drawn anew for each agent, so that a fleet does not come back at once. */
const RECONNECT_MS = { min: 2000, max: 10_000 };

/**
 * Publishes retained messages by MQTT 3.1.1, QoS 1. While the broker is away nothing is queued: `connected` tells when
 * to publish everything anew. The broker itself tells when this agent is gone (last will).
 */
export function openPublisher(
  { url, topic, username, password, ca }: AlertBroker,
  connected: () => void,
  { random, logger }: { readonly random: Random; readonly logger: Logger },
): Publisher {
  const presence = `${topic}/status`;
  const client = connect(url, {
    clean: true,
    keepalive: KEEPALIVE_S,
    connectTimeout: CONNECT_TIMEOUT_MS,
    reconnectPeriod: Math.round(uniform(random, RECONNECT_MS.min, RECONNECT_MS.max)),
    queueQoSZero: false,
    writeCache: false,
    rejectUnauthorized: true,
    will: { topic: presence, payload: Buffer.from('offline'), qos: 1, retain: true },
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(ca === undefined ? {} : { ca }),
  });
  const send = (to: string, payload: string) => {
    if (client.connected) client.publish(to, payload, { qos: 1, retain: true });
  };
  logChanges(client, logger);
  client.on('connect', () => {
    send(presence, 'online');
    connected();
  });
  return {
    publish: (name, payload) => send(`${topic}/${name}`, payload),
    async close() {
      if (client.connected) await client.publishAsync(presence, 'offline', { qos: 1, retain: true });
      await client.endAsync(true);
    },
  };
}

/** Once when the broker is lost, and once when it is back. */
function logChanges(client: MqttClient, logger: Logger): void {
  let reason = 'it does not answer';
  let isLost = false;
  client.on('error', (error) => {
    reason = describeError(error);
  });
  client.on('close', () => {
    if (!isLost) logger.warn({ reason }, 'the broker for alerts cannot be reached');
    isLost = true;
  });
  client.on('connect', () => {
    if (isLost) logger.info({}, 'the broker for alerts is there again');
    isLost = false;
  });
}
