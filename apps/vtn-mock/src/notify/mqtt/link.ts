import type { wire310 } from '@venfleet/openadr';

export interface MqttMessage {
  readonly topic: string;
  /** JSON text. */
  readonly payload: string;
}

/** The broker over which changes are told: the embedded one, or another. */
export interface MqttLink {
  /** @throws VenfleetError when it cannot be had. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Whether anybody could hear anything; where that is not known, true. */
  readonly heard: boolean;
  /** Whether anybody hears this topic; where that is not known, true. */
  hears(topic: string): boolean;
  publish(message: MqttMessage): Promise<void>;
  /** Ends a client's connections: what it may hear has changed. */
  disconnect(clientId: string): void;
  /** How clients reach it. @param host by which the one who asks reached the VTN */
  notifier(host: string): wire310.MqttNotifier;
}
