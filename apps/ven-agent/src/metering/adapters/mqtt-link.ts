import { describeError, type Random, uniform } from '@venfleet/core';
import { readTextFile, resolveSecret } from '@venfleet/core/node';
import { connect, type ISubscriptionMap } from 'mqtt';
import { type BrokerAddress, type BrokerLink, type BrokerListener, brokerErrors, type OpenBroker } from '../mqtt/link.js';

export interface MqttSettings {
  /** TLS; by default on the port that is registered for it, 8883. */
  readonly tls?: boolean | undefined;
  /** Path of a PEM file with the certificate authorities to trust instead of the system's. */
  readonly caFile?: string | undefined;
  /** Only `false` turns certificate checks off: for tests on a private network. */
  readonly verifyTls?: boolean | undefined;
}

const SECURE_PORT = 8883;
const CONNECT_TIMEOUT_MS = 10_000;
const KEEPALIVE_S = 30;
/** Pauses before connecting again, drawn anew for each agent, so that a fleet does not come back at once. */
const RECONNECT_MS = { min: 1000, max: 5000 };
/** MQTT 5.0 §3.9.3 and MQTT 3.1.1 §3.9.3: from there on, return codes are failures. */
const FIRST_FAILURE = 0x80;

/** MQTT 3.1.1 by mqtt.js. @param settings how to secure the connection, the same for all brokers */
export function openMqttWith(settings: MqttSettings, random: Random, env: NodeJS.ProcessEnv): OpenBroker {
  return (address, listener) => openMqtt(address, listener, settings, random, env);
}

function openMqtt(
  address: BrokerAddress,
  listener: BrokerListener,
  settings: MqttSettings,
  random: Random,
  env: NodeJS.ProcessEnv,
): BrokerLink {
  const tls = settings.tls ?? address.port === SECURE_PORT;
  const client = connect({
    protocol: tls ? 'mqtts' : 'mqtt',
    host: address.host,
    port: address.port,
    clean: true,
    keepalive: KEEPALIVE_S,
    connectTimeout: CONNECT_TIMEOUT_MS,
    reconnectPeriod: Math.round(uniform(random, RECONNECT_MS.min, RECONNECT_MS.max)),
    // Subscriptions are made on each connection by the listener; nothing is kept for later.
    resubscribe: false,
    queueQoSZero: false,
    // Else the library keeps a buffer for each of the numbers up to 65,535: 7 MB.
    writeCache: false,
    ...(address.username === null ? {} : { username: address.username }),
    ...(address.secretRef === null ? {} : { password: resolveSecret(address.secretRef, env) }),
    ...(tls ? { rejectUnauthorized: settings.verifyTls ?? true } : {}),
    ...(tls && settings.caFile !== undefined ? { ca: readTextFile(settings.caFile, 'the CA file') } : {}),
  });
  let reason = 'it does not answer';
  client.on('connect', () => listener.connected());
  client.on('error', (error) => {
    reason = describeError(error);
  });
  client.on('close', () => {
    listener.disconnected(reason);
    reason = 'the connection ended';
  });
  client.on('message', (topic, payload, { retain }) => listener.message(topic, payload, retain));
  return {
    async subscribe(subscriptions) {
      const wanted: ISubscriptionMap = Object.fromEntries(subscriptions.map(({ topic, qos }) => [topic, { qos }]));
      const granted = await client.subscribeAsync(wanted);
      const refused = granted.filter(({ qos }) => qos >= FIRST_FAILURE).map(({ topic }) => topic);
      if (refused.length > 0) throw brokerErrors.refused(address, refused);
    },
    publish(topic, payload, qos) {
      if (client.connected) client.publish(topic, payload, { qos });
    },
    close: () => client.endAsync(true),
  };
}
