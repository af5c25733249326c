/** What a device says on a topic. */
export interface Publication {
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
}

/** A message that somebody else published on one of the devices' topics. */
export type OnMessage = (topic: string, payload: Uint8Array) => void;

/**
 * The devices' common way to a broker. 3,488 meters and as many controllers do not make 7,000 TCP
 * clients: they share what the link has.
 */
export interface MqttLink {
  /**
   * Connects, and hears everything on `topics` (no wildcards) from then on.
   * @throws VenfleetError PORT_TAKEN, LISTEN_FAILED, BROKER_UNREACHABLE or BROKER_REFUSED; nothing stays open then.
   */
  start(topics: readonly string[], onMessage: OnMessage): Promise<void>;
  /** Resolves when the broker has it. While the broker is away what is published is lost, as from a device without memory. */
  publish(publication: Publication): Promise<void>;
  /** Whether publications reach the broker at this moment. */
  readonly connected: boolean;
  /** Clients that the broker has, where the link can know. */
  readonly clients: number | undefined;
  stop(): Promise<void>;
}
