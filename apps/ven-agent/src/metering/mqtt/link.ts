import { VenfleetError } from '@venfleet/core';

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
  readonly username: string | null;
  /** `env:NAME` or `file:PATH` of the password. */
  readonly secretRef: string | null;
}

export interface Subscription {
  readonly topic: string;
  readonly qos: 0 | 1 | 2;
}

/** A connection to a broker that is made again by itself whenever it breaks. */
export interface BrokerLink {
  /** @throws VenfleetError BROKER_REFUSED with the topics that the broker does not grant */
  subscribe(subscriptions: readonly Subscription[]): Promise<void>;
  /** At most once and without waiting; what cannot be sent now is dropped. */
  publish(topic: string, payload: string, qos: 0 | 1 | 2): void;
  close(): Promise<void>;
}

/** What a link tells of. */
export interface BrokerListener {
  /** Connected, without any subscription. */
  connected(): void;
  /** The connection broke, or could not be made. */
  disconnected(reason: string): void;
  /** @param retained kept by the broker from some time before the subscription. */
  message(topic: string, payload: Uint8Array, retained: boolean): void;
}

/**
 * Begins to connect; all else comes through the listener.
 * @throws VenfleetError SECRET_…, FILE_UNREADABLE
 */
export type OpenBroker = (address: BrokerAddress, listener: BrokerListener) => BrokerLink;

export const brokerErrors = {
  unreachable: ({ host, port }: BrokerAddress, reason: string) =>
    new VenfleetError('BROKER_UNREACHABLE', `no connection to the broker ${host}:${port}: ${reason}`, {
      context: { host, port },
      hint: 'is the broker on, and are host, port, user and password of the connection right?',
    }),
  refused: ({ host, port }: BrokerAddress, topics: readonly string[]) =>
    new VenfleetError('BROKER_REFUSED', `the broker ${host}:${port} does not grant ${topics.length} subscriptions`, {
      context: { host, port },
      details: topics.slice(0, 10),
      hint: "let the agent's user read these topics",
    }),
};
