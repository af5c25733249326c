import { Duplex } from 'node:stream';
import {
  generate,
  type IConnackPacket,
  type IConnectPacket,
  type IDisconnectPacket,
  type IPublishPacket,
  type Packet,
  type Parser,
  parser as packetParser,
} from 'mqtt-packet';
import { leaving, type MessageExtras } from './message-extras.js';
import { Mqtt5Subscriptions } from './mqtt5-subscriptions.js';
import { LARGEST_WINDOW, Mqtt5Window } from './mqtt5-window.js';

/** CONNACK return codes of MQTT 3.1.1 §3.2.2.3 as reason codes of MQTT 5 §3.2.2.2. */
const CONNACK_REASONS = [0x00, 0x84, 0x85, 0x88, 0x86, 0x87];
/** A session that the broker keeps until it stops, MQTT 5 §3.2.2.3.2. */
const SESSION_NEVER_EXPIRES = 0xffffffff;
const UNSPECIFIED_ERROR = 0x80;
const DISCONNECT_WITH_WILL = 0x04;
const MALFORMED_PACKET = 0x81;
const PROTOCOL_ERROR = 0x82;

/** In front of the payload of each message from the broker: a number that its extras are known by. */
const TICKET_BYTES = 4;
/** Messages that wait for the client's acknowledgement of others: with more, the broker has to wait too. */
const MOST_HELD = 1000;

/** A message on its way from the broker to the client, as aedes has it. */
export interface Delivery {
  readonly topic: string;
  payload: Buffer;
  /** Who published it; undefined for the simulator's own devices. */
  readonly clientId?: string | undefined;
}

interface Ticket {
  readonly extras: MessageExtras | undefined;
  readonly retain: boolean;
}

/**
 * Lets an MQTT 5 client talk to a 3.1.1 broker: a stream of 3.1.1 bytes for the broker over the client's
 * socket. What 5 adds to a message goes around the broker: the broker's hooks ask for what came with a message
 * ({@link nextProperties}), and hand over what is to go with it ({@link prepare}).
 */
export class Mqtt5Bridge extends Duplex {
  readonly #socket: Duplex;
  readonly #newClientId: () => string;
  readonly #fromClient: Parser = packetParser();
  readonly #fromBroker: Parser = packetParser({ protocolVersion: 4 });
  /** How many topics each pending UNSUBSCRIBE has: MQTT 5 wants a reason code for each. */
  readonly #unsubscribing = new Map<number, number>();
  /** Of the messages that the broker has not come to yet, in their order. */
  readonly #properties: IPublishPacket['properties'][] = [];
  readonly #subscriptions = new Mqtt5Subscriptions();
  readonly #tickets = new Map<number, Ticket>();
  /** What the payload was before {@link prepare}: a session's message may come twice. */
  readonly #bare = new WeakMap<Buffer, Buffer>();
  readonly #window: Mqtt5Window;
  readonly #now: () => number;
  #lastTicket = 0;
  #will: IPublishPacket['properties'];
  #clientId = '';
  #maximumBytes = Number.POSITIVE_INFINITY;
  #assignedId: string | undefined;
  #clean = true;

  /** @param newClientId gives a client that came without an id one. @param now epoch ms */
  constructor(socket: Duplex, newClientId: () => string, now: () => number) {
    super();
    this.#now = now;
    this.#window = new Mqtt5Window((packet) => this.#write(packet));
    this.#socket = socket;
    this.#newClientId = newClientId;
    this.#fromClient.on('packet', (packet) => this.#toBroker(packet));
    this.#fromBroker.on('packet', (packet) => this.#toClient(packet));
    this.#fromClient.on('error', () => this.#refuse(MALFORMED_PACKET));
    this.#fromBroker.on('error', (error) => this.destroy(error));
    socket.on('data', (chunk: Buffer) => this.#fromClient.parse(chunk));
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  /** What came with the next message that the client has published; the broker asks once for each, in order. */
  nextProperties(): IPublishPacket['properties'] {
    return this.#properties.shift();
  }

  get willProperties(): IPublishPacket['properties'] {
    return this.#will;
  }

  /** Makes a message ready for the client, changing its payload; false when the client does not want it. */
  prepare(message: Delivery, extras: MessageExtras | undefined): boolean {
    const { wanted, retain } = this.#subscriptions.judge(message.topic, message.clientId === this.#clientId, extras);
    if (!wanted) return false;
    const bare = this.#bare.get(message.payload) ?? message.payload;
    const ticket = ++this.#lastTicket >>> 0;
    this.#tickets.set(ticket, { extras, retain });
    message.payload = Buffer.allocUnsafe(TICKET_BYTES + bare.length);
    message.payload.writeUInt32BE(ticket);
    bare.copy(message.payload, TICKET_BYTES);
    this.#bare.set(message.payload, bare);
    return true;
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#fromBroker.parse(chunk);
    // The client's pace is the broker's: its drain time-out then ends one that does not read.
    if (this.#socket.writableNeedDrain && !this.#socket.destroyed) this.#socket.once('drain', () => done());
    else this.#window.whenBelow(MOST_HELD, () => done());
  }

  override _final(done: () => void): void {
    this.#socket.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  #toBroker(packet: Packet): void {
    // The rest of a chunk in which there was something wrong.
    if (this.destroyed) return;
    if (packet.cmd === 'auth') {
      this.#refuse(UNSPECIFIED_ERROR);
      return;
    }
    if (packet.cmd === 'disconnect' && packet.reasonCode === DISCONNECT_WITH_WILL) {
      // A 3.1.1 broker publishes the will when the connection ends without a DISCONNECT.
      this.destroy();
      return;
    }
    this.#note(packet);
    const plain = packet.cmd === 'connect' ? this.#plainConnect(packet) : withoutProperties(packet);
    this.#push(plain);
  }

  #push(packet: Packet): void {
    let bytes: Buffer;
    try {
      bytes = generate(packet, { protocolVersion: 4 });
    } catch {
      // What could be read, but says what no packet may say.
      this.#refuse(PROTOCOL_ERROR);
      return;
    }
    if (!this.push(bytes)) this.#socket.pause();
  }

  /** Keeps what the broker does not understand. */
  #note(packet: Packet): void {
    if (packet.cmd === 'publish') this.#properties.push(packet.properties);
    if (packet.cmd === 'subscribe') for (const one of packet.subscriptions) this.#subscriptions.add(one);
    if (packet.cmd === 'unsubscribe') {
      this.#unsubscribing.set(packet.messageId ?? 0, packet.unsubscriptions.length);
      for (const filter of packet.unsubscriptions) this.#subscriptions.remove(filter);
    }
    if (packet.cmd === 'puback' || packet.cmd === 'pubcomp') this.#window.acknowledged(packet.messageId ?? 0);
  }

  #plainConnect(packet: IConnectPacket): Packet {
    const { properties, will, ...plain } = packet;
    this.#window.size = properties?.receiveMaximum ?? LARGEST_WINDOW;
    this.#maximumBytes = properties?.maximumPacketSize ?? this.#maximumBytes;
    if (plain.clientId === '') {
      this.#assignedId = this.#newClientId();
      plain.clientId = this.#assignedId;
    }
    this.#clientId = plain.clientId;
    this.#clean = plain.clean === true;
    // Absent is absent: an undefined will would count as one.
    const { properties: willProperties, ...plainWill } = will ?? { topic: '', payload: '' };
    const { willDelayInterval: _, ...ofMessage } = willProperties ?? {};
    this.#will = ofMessage as IPublishPacket['properties'];
    return { ...plain, protocolVersion: 4, ...(will === undefined ? {} : { will: plainWill }) };
  }

  #toClient(packet: Packet): void {
    if (this.#socket.destroyed || !this.#socket.writable) return;
    if (packet.cmd === 'publish') this.#deliver(packet);
    else if (packet.cmd === 'pubrel' && this.#window.isDiscarded(packet.messageId ?? 0))
      this.#push({ cmd: 'pubcomp', messageId: packet.messageId ?? 0 });
    else this.#write(packet.cmd === 'connack' ? this.#connack(packet) : this.#answer(packet));
  }

  #write(packet: Packet): void {
    if (this.#socket.writable) this.#socket.write(generate(packet, { protocolVersion: 5 }));
  }

  #deliver(packet: IPublishPacket): void {
    const bytes = Buffer.from(packet.payload as Buffer);
    const number = bytes.length < TICKET_BYTES ? 0 : bytes.readUInt32BE(0);
    const { extras, retain } = this.#tickets.get(number) ?? { extras: undefined, retain: packet.retain };
    this.#tickets.delete(number);
    const payload = bytes.subarray(TICKET_BYTES);
    const properties = extras === undefined ? undefined : leaving(extras, this.#now());
    const translated: IPublishPacket = { ...packet, payload, retain, ...(properties === undefined ? {} : { properties }) };
    if (generate(translated, { protocolVersion: 5 }).length <= this.#maximumBytes) this.#window.send(translated);
    else this.#discard(translated);
  }

  /** What is too large for the client counts as delivered, MQTT 5 §3.1.2.11.4. */
  #discard({ qos, messageId = 0 }: IPublishPacket): void {
    if (qos === 1) this.#push({ cmd: 'puback', messageId });
    if (qos !== 2) return;
    this.#window.discard(messageId);
    this.#push({ cmd: 'pubrec', messageId });
  }

  #connack({ returnCode = 0, sessionPresent }: IConnackPacket): Packet {
    const reasonCode = CONNACK_REASONS[returnCode] ?? UNSPECIFIED_ERROR;
    const properties = {
      sessionExpiryInterval: this.#clean ? 0 : SESSION_NEVER_EXPIRES,
      subscriptionIdentifiersAvailable: false,
      sharedSubscriptionAvailable: false,
      ...(this.#assignedId === undefined ? {} : { assignedClientIdentifier: this.#assignedId }),
    };
    return { cmd: 'connack', reasonCode, sessionPresent, ...(reasonCode === 0 ? { properties } : {}) };
  }

  #answer(packet: Packet): Packet {
    if (packet.cmd === 'unsuback') {
      const topics = this.#unsubscribing.get(packet.messageId ?? 0) ?? 1;
      this.#unsubscribing.delete(packet.messageId ?? 0);
      return { ...packet, granted: new Array<number>(topics).fill(0) };
    }
    return packet;
  }

  #refuse(reasonCode: number): void {
    const packet: IDisconnectPacket = { cmd: 'disconnect', reasonCode };
    if (this.#socket.writable) this.#socket.end(generate(packet, { protocolVersion: 5 }));
    this.destroy();
  }
}

function withoutProperties(packet: Packet): Packet {
  if (!('properties' in packet)) return packet;
  const { properties: _, ...plain } = packet;
  return plain as Packet;
}

/** Where the protocol level of a CONNECT lies: behind fixed header, remaining length and "MQTT" with its length. */
const PROTOCOL_NAME_LENGTH = 6;

/**
 * The protocol level that a connection's first bytes name (MQTT 5 §3.1.2): 5, 4, or 3; undefined while
 * there are too few bytes, 0 for what is no CONNECT.
 */
export function protocolLevel(bytes: Buffer): number | undefined {
  if (bytes.length === 0) return undefined;
  if (bytes[0] !== 0x10) return 0;
  let at = 1;
  // The remaining length takes one to four bytes, each but the last with its highest bit set.
  for (; at <= 4; at++) {
    const byte = bytes[at];
    if (byte === undefined) return undefined;
    if ((byte & 0x80) === 0) break;
  }
  const name = at + 1;
  if (bytes.length < name + PROTOCOL_NAME_LENGTH + 1) return undefined;
  if (bytes.toString('latin1', name + 2, name + PROTOCOL_NAME_LENGTH) !== 'MQTT') return 3;
  return bytes[name + PROTOCOL_NAME_LENGTH];
}
