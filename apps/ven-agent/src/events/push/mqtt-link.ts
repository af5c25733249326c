/** How to reach a VTN's broker. */
export interface BrokerAccess {
  /** mqtt, mqtts, ws or wss. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** PEM. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly verifyTls: boolean;
}

/** A connection to a broker with its subscriptions. */
export interface NotificationLink {
  /** Topics that the broker does not let this client have. */
  readonly refused: readonly string[];
  /** Resolves with the reason when the connection has ended. */
  readonly ended: Promise<string>;
  close(): Promise<void>;
}

/**
 * Connects and subscribes.
 * @throws VenfleetError BROKER_UNREACHABLE, or BROKER_REFUSED where the broker does not accept the credentials
 */
export type OpenNotifications = (
  access: BrokerAccess,
  topics: readonly string[],
  receive: (payload: Buffer) => void,
  signal: AbortSignal,
) => Promise<NotificationLink>;
