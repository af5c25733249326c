import type { IPublishPacket } from 'mqtt-packet';

/** What MQTT 5 lets a publisher say about a message, and wants to be passed on unaltered (§3.3.2.3). */
export type MessageProperties = Pick<
  NonNullable<IPublishPacket['properties']>,
  'payloadFormatIndicator' | 'responseTopic' | 'correlationData' | 'userProperties' | 'contentType'
>;

/** What goes with a message through a broker that knows MQTT 3.1.1 alone. */
export interface MessageExtras {
  readonly properties: MessageProperties;
  /** When it is of no use any more, epoch ms; undefined for never. */
  readonly expiresAt: number | undefined;
  /** Whether it was published to be retained. */
  readonly retain: boolean;
  /** Whether it comes from what is retained, for a new subscription. */
  readonly fromStore: boolean;
}

/** By its payload: aedes makes a packet of a packet many times, but hands on the same payload. */
const extrasOf = new WeakMap<object, MessageExtras>();

export function remember(payload: Uint8Array, extras: MessageExtras): void {
  extrasOf.set(payload, extras);
}

export function recall(payload: Uint8Array | string): MessageExtras | undefined {
  return typeof payload === 'string' ? undefined : extrasOf.get(payload);
}

/** Of a message as it arrives. @param sent the properties that a client of MQTT 5 gave */
export function arriving(sent: IPublishPacket['properties'] = {}, retain: boolean, now: number): MessageExtras {
  const { messageExpiryInterval, topicAlias: _, subscriptionIdentifier: __, ...properties } = sent;
  const expiresAt = messageExpiryInterval === undefined ? undefined : now + messageExpiryInterval * 1000;
  return { properties, expiresAt, retain, fromStore: false };
}

/** Its properties as they leave the broker: what is left of its life counts down (MQTT 5 §3.3.2.3.3). */
export function leaving({ properties, expiresAt }: MessageExtras, now: number): IPublishPacket['properties'] {
  if (expiresAt === undefined) return properties;
  return { ...properties, messageExpiryInterval: Math.max(1, Math.ceil((expiresAt - now) / 1000)) };
}

export function hasExpired(extras: MessageExtras | undefined, now: number): boolean {
  return extras?.expiresAt !== undefined && extras.expiresAt <= now;
}
