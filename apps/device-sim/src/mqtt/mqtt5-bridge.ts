import { Duplex } from 'node:stream';
import {
  generate,
  type IConnackPacket,
  type IConnectPacket,
  type IDisconnectPacket,
  type Packet,
  type Parser,
  parser as packetParser,
} from 'mqtt-packet';

/** CONNACK return codes of MQTT 3.1.1 §3.2.2.3 as reason codes of MQTT 5 §3.2.2.2. */
const CONNACK_REASONS = [0x00, 0x84, 0x85, 0x88, 0x86, 0x87];
/** A session that the broker keeps until it stops, MQTT 5 §3.2.2.3.2. */
const SESSION_NEVER_EXPIRES = 0xffffffff;
const UNSPECIFIED_ERROR = 0x80;
const DISCONNECT_WITH_WILL = 0x04;
const MALFORMED_PACKET = 0x81;

/**
 * Lets an MQTT 5 client talk to a 3.1.1 broker: a stream of 3.1.1 bytes for the broker over the client's
 * socket. Sessions, wills, retained messages and all three qualities of service pass; what MQTT 5 adds
 * to a message (properties, expiry, subscription options) does not, and CONNACK says so where it can.
 */
export class Mqtt5Bridge extends Duplex {
  readonly #socket: Duplex;
  readonly #newClientId: () => string;
  readonly #fromClient: Parser = packetParser();
  readonly #fromBroker: Parser = packetParser({ protocolVersion: 4 });
  /** How many topics each pending UNSUBSCRIBE has: MQTT 5 wants a reason code for each. */
  readonly #unsubscribing = new Map<number, number>();
  #assignedId: string | undefined;
  #clean = true;

  /** @param newClientId gives a client that came without an id one. */
  constructor(socket: Duplex, newClientId: () => string) {
    super();
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

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#fromBroker.parse(chunk);
    // The client's pace is the broker's: its drain time-out then ends one that does not read.
    if (this.#socket.writableNeedDrain && !this.#socket.destroyed) this.#socket.once('drain', () => done());
    else done();
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
    if (packet.cmd === 'auth') {
      this.#refuse(UNSPECIFIED_ERROR);
      return;
    }
    if (packet.cmd === 'disconnect' && packet.reasonCode === DISCONNECT_WITH_WILL) {
      // A 3.1.1 broker publishes the will when the connection ends without a DISCONNECT.
      this.destroy();
      return;
    }
    if (packet.cmd === 'unsubscribe') this.#unsubscribing.set(packet.messageId ?? 0, packet.unsubscriptions.length);
    const plain = packet.cmd === 'connect' ? this.#plainConnect(packet) : withoutProperties(packet);
    if (!this.push(generate(plain, { protocolVersion: 4 }))) this.#socket.pause();
  }

  #plainConnect(packet: IConnectPacket): Packet {
    const { properties: _, will, ...plain } = packet;
    if (plain.clientId === '') {
      this.#assignedId = this.#newClientId();
      plain.clientId = this.#assignedId;
    }
    this.#clean = plain.clean === true;
    // Absent is absent: an undefined will would count as one.
    const { properties: __, ...plainWill } = will ?? { topic: '', payload: '' };
    return { ...plain, protocolVersion: 4, ...(will === undefined ? {} : { will: plainWill }) };
  }

  #toClient(packet: Packet): void {
    if (this.#socket.destroyed || !this.#socket.writable) return;
    const translated = packet.cmd === 'connack' ? this.#connack(packet) : this.#answer(packet);
    this.#socket.write(generate(translated, { protocolVersion: 5 }));
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
