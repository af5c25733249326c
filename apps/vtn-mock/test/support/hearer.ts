import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import type { TestVtn } from './vtn.js';

// biome-ignore lint/suspicious/noExplicitAny: notifications are examined member by member.
type Heard = { topic: string; body: any };

/** A client of a VTN's broker, and what it hears. */
export interface Hearer {
  readonly client: MqttClient;
  readonly heard: readonly Heard[];
  /** Resolves when so many have come. */
  until(count: number): Promise<void>;
  end(): Promise<void>;
}

/** Logs in as one client of a VTN, and subscribes to topic filters. */
export async function hear(
  vtn: TestVtn,
  clientId: string,
  filters: readonly string[],
  options: IClientOptions = {},
): Promise<Hearer> {
  const api = vtn.api('3.1.0', clientId);
  const { MQTT } = await api.ok(api.get('/notifiers'));
  const login = { username: clientId, password: await vtn.token(clientId, '3.1.0'), reconnectPeriod: 0 };
  const client = await mqtt.connectAsync(MQTT.URIS[0], { ...login, ...options }, false);
  const heard: Heard[] = [];
  let look: () => void = () => undefined;
  client.on('message', (topic, payload) => {
    heard.push({ topic, body: JSON.parse(payload.toString()) });
    look();
  });
  for (const filter of filters) await client.subscribeAsync(filter, { qos: 1 });
  return {
    client,
    heard,
    until: (count) =>
      new Promise((resolve) => {
        look = () => heard.length >= count && resolve();
        look();
      }),
    end: () => client.endAsync(true),
  };
}
