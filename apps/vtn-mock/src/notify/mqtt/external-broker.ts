import { describeError, type Logger, VenfleetError } from '@venfleet/core';
import type { wire310 } from '@venfleet/openadr';
import { connectAsync, type MqttClient } from 'mqtt';
import type { MqttLink, MqttMessage } from './link.js';

export interface ExternalBrokerOptions {
  /** `mqtt://` or `mqtts://`, as clients reach it. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** How clients log in there. */
  readonly clients: 'anonymous' | 'token';
  readonly logger: Logger;
}

const RECONNECT_MS = 1_000;
const CONNECT_MS = 5_000;

/** A broker beside this process. It has to keep the clients apart by itself: each reads `openadr/vens/ITS-VEN/#` alone. */
export class ExternalBroker implements MqttLink {
  readonly #options: ExternalBrokerOptions;
  #client: MqttClient | undefined;

  constructor(options: ExternalBrokerOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { url, username, password, logger } = this.#options;
    const login = { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) };
    try {
      this.#client = await connectAsync(
        url,
        { ...login, reconnectPeriod: RECONNECT_MS, connectTimeout: CONNECT_MS, queueQoSZero: false },
        false,
      );
    } catch (cause) {
      throw new VenfleetError('MQTT_UNREACHABLE', `cannot connect to the MQTT broker ${url}: ${describeError(cause)}`, {
        cause,
        context: { url },
        hint: 'start it, mend --mqtt, or leave that out to use the embedded broker',
      });
    }
    this.#client.on('error', (error) => logger.warn({ url, reason: describeError(error) }, 'MQTT broker'));
    this.#client.on('offline', () => logger.warn({ url }, 'MQTT broker lost: changes are not told until it is back'));
  }

  async stop(): Promise<void> {
    await this.#client?.endAsync(true);
    this.#client = undefined;
  }

  get heard(): boolean {
    return this.#client?.connected === true;
  }

  hears(): boolean {
    return this.heard;
  }

  async publish({ topic, payload }: MqttMessage): Promise<void> {
    await this.#client?.publishAsync(topic, payload, { qos: 1 });
  }

  /** Out of reach here: the broker has to see to it. */
  disconnect(): void {}

  notifier(): wire310.MqttNotifier {
    const { url, clients } = this.#options;
    return {
      URIS: [url],
      serialization: 'JSON',
      authentication: clients === 'token' ? { method: 'OAUTH2_BEARER_TOKEN', username: '{clientID}' } : { method: 'ANONYMOUS' },
    };
  }
}
