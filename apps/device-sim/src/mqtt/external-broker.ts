import { describeError, type Logger, type Random, seconds, systemCode, VenfleetError } from '@venfleet/core';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import type { MqttLink, OnMessage, Publication } from './link.js';

export interface ExternalBrokerOptions {
  /** `mqtt://HOST[:PORT]` or `mqtts://…` */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** PEM of the authority that signed the broker's certificate; the system's authorities unless given. */
  readonly ca?: string | undefined;
  readonly random: Random;
  readonly logger: Logger;
}

/** Enough that one slow acknowledgement does not hold up the others, few enough for any broker. */
const CONNECTIONS = 4;
/** Topics in one SUBSCRIBE: its packet stays below 16 kB. */
const TOPICS_PER_SUBSCRIBE = 100;
const CONNECT_TIMEOUT_MS = seconds(5);
const RECONNECT_MS = seconds(2);

/** What Node says of a certificate: of an unknown authority, out of date, of another host. */
const UNTRUSTED = /CERT|UNABLE_TO_(GET|VERIFY)/;

/**
 * Some broker elsewhere, over four connections for all devices. A connection has one will, not one a
 * device: it is retained offline on `venfleet/device-sim/CLIENT_ID/online`; the devices' own retained
 * offline is published by the simulator, at its stop and when a fault asks for it.
 */
export class ExternalBroker implements MqttLink {
  readonly #options: ExternalBrokerOptions;
  readonly #logger: Logger;
  #clients: MqttClient[] = [];

  constructor(options: ExternalBrokerOptions) {
    this.#options = options;
    this.#logger = options.logger.child({ component: 'broker' });
  }

  get connected(): boolean {
    return this.#clients.length > 0 && this.#clients.every((client) => client.connected);
  }

  get clients(): undefined {
    return undefined;
  }

  async start(topics: readonly string[], onMessage: OnMessage): Promise<void> {
    const run = Math.floor(this.#options.random.next() * 0xffffffff).toString(16);
    try {
      for (let i = 0; i < CONNECTIONS; i++) {
        const client = await this.#connect(`venfleet-sim-${run}-${i}`);
        this.#clients.push(client);
        client.on('message', (topic, payload) => onMessage(topic, payload));
        const own = topics.filter((topic) => this.#clientOf(topic) === i);
        for (let at = 0; at < own.length; at += TOPICS_PER_SUBSCRIBE) {
          await client.subscribeAsync(own.slice(at, at + TOPICS_PER_SUBSCRIBE), { qos: 1 });
        }
      }
    } catch (cause) {
      await this.stop();
      throw cause instanceof VenfleetError ? cause : this.#unreachable(cause);
    }
  }

  async publish({ topic, payload, qos, retain }: Publication): Promise<void> {
    const client = this.#clients[this.#clientOf(topic)];
    // What is measured during an outage is old when it is over; a meter without memory does not queue it.
    if (client?.connected !== true) return;
    await client.publishAsync(topic, payload, { qos, retain });
  }

  async stop(): Promise<void> {
    const clients = this.#clients;
    this.#clients = [];
    await Promise.all(
      clients.map(async (client) => {
        if (client.connected) await client.publishAsync(statusTopic(client), 'offline', { qos: 1, retain: true }).catch(() => {});
        await client.endAsync(!client.connected);
      }),
    );
  }

  async #connect(clientId: string): Promise<MqttClient> {
    const { url, username, password, ca } = this.#options;
    const options: IClientOptions = {
      clientId,
      protocolVersion: 4,
      connectTimeout: CONNECT_TIMEOUT_MS,
      // Each its own pause, so that a broker that comes back is not stormed.
      reconnectPeriod: RECONNECT_MS * (1 + this.#options.random.next()),
      queueQoSZero: false,
      will: { topic: `venfleet/device-sim/${clientId}/online`, payload: Buffer.from('offline'), qos: 1, retain: true },
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(ca === undefined ? {} : { ca }),
    };
    let client: MqttClient;
    try {
      // Without retries: a broker that cannot be reached at the start is a mistake to tell, not to wait for.
      client = await connectAsync(url, options, false);
    } catch (cause) {
      throw this.#unreachable(cause);
    }
    client.on('close', () => {
      if (!client.disconnecting) this.#logger.warn({ client: clientId }, 'connection to the broker lost');
    });
    client.on('error', (error) => this.#logger.warn({ client: clientId, reason: describeError(error) }, 'broker error'));
    const greet = () =>
      client.publishAsync(statusTopic(client), 'online', { qos: 1, retain: true }).catch((error: unknown) => {
        this.#logger.debug({ client: clientId, reason: describeError(error) }, 'status not published');
      });
    client.on('connect', () => void greet());
    await greet();
    return client;
  }

  #clientOf(topic: string): number {
    let hash = 0;
    for (let i = 0; i < topic.length; i++) hash = (hash * 31 + topic.charCodeAt(i)) | 0;
    return Math.abs(hash) % CONNECTIONS;
  }

  #unreachable(cause: unknown): VenfleetError {
    const { url, username } = this.#options;
    // CONNACK 4 and 5: bad user name or password, not authorised (MQTT 3.1.1 §3.2.2.3).
    const code = (cause as { code?: unknown }).code;
    if (code === 4 || code === 5) {
      return new VenfleetError(
        'BROKER_REFUSED',
        `the broker ${url} refuses the login${username === undefined ? '' : ` of ${username}`}`,
        {
          cause,
          context: { url },
          hint: 'give its user with --broker-user and the password with --broker-secret env:NAME or file:PATH',
        },
      );
    }
    const reason = systemCode(cause);
    if (UNTRUSTED.test(reason ?? '')) {
      return new VenfleetError('BROKER_UNTRUSTED', `the broker ${url} cannot be trusted: ${describeError(cause)}`, {
        cause,
        context: { url, reason },
        hint: 'give the authority that signed its certificate with --broker-ca FILE (PEM), and the host by the name in the certificate',
      });
    }
    return new VenfleetError('BROKER_UNREACHABLE', `cannot connect to the broker ${url}: ${describeError(cause)}`, {
      cause,
      context: { url, reason },
      hint: 'check that it runs and that host, port and TLS are right; without --broker the simulator brings its own',
    });
  }
}

function statusTopic(client: MqttClient): string {
  return `venfleet/device-sim/${client.options.clientId}/online`;
}
