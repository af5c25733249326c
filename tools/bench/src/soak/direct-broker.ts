import { type MqttLink, matchesFilter, type OnMessage, type Publication } from '@venfleet/device-sim';
import type { AgentOptions } from '@venfleet/ven-agent';

type OpenBroker = NonNullable<NonNullable<AgentOptions['links']>['openBroker']>;
type Listener = Parameters<OpenBroker>[1];

/** A broker between the simulator's MQTT devices and the agent without a network: no time passes on the way. */
export class DirectBroker implements MqttLink {
  readonly connected = true;
  readonly clients = 1;
  readonly #retained = new Map<string, Buffer>();
  readonly #topics = new Set<string>();
  readonly #filters = new Set<string>();
  #devices: ReadonlySet<string> = new Set();
  #toDevices: OnMessage = () => {};
  #agent: Listener | undefined;

  /** For the simulator. */
  async start(topics: readonly string[], onMessage: OnMessage): Promise<void> {
    this.#devices = new Set(topics);
    this.#toDevices = onMessage;
  }

  async publish({ topic, payload, retain }: Publication): Promise<void> {
    const bytes = Buffer.from(payload);
    if (retain) this.#retained.set(topic, bytes);
    if (this.#isSubscribed(topic)) this.#agent?.message(topic, bytes, false);
  }

  async stop(): Promise<void> {
    this.#agent = undefined;
  }

  /** For the agent, which has one connection. */
  readonly open: OpenBroker = (_address, listener) => {
    this.#agent = listener;
    queueMicrotask(() => listener.connected());
    return {
      subscribe: async (subscriptions) => {
        for (const { topic } of subscriptions) (/[+#]/.test(topic) ? this.#filters : this.#topics).add(topic);
        for (const [topic, payload] of this.#retained) if (this.#isSubscribed(topic)) listener.message(topic, payload, true);
      },
      publish: (topic, payload) => {
        if (this.#devices.has(topic)) queueMicrotask(() => this.#toDevices(topic, Buffer.from(payload)));
      },
      close: async () => {
        this.#agent = undefined;
      },
    };
  };

  #isSubscribed(topic: string): boolean {
    return this.#topics.has(topic) || [...this.#filters].some((filter) => matchesFilter(filter, topic));
  }
}
