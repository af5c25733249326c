import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { HasNow, Instant } from '@venfleet/core';

/** MQTT 3.1.1 section 2.2.1: the type of a control packet is in the upper half of its first byte. */
const SUBACK = 9;

/** Where one VEN finds the VTN's MQTT broker: sees when it is subscribed, and can cut the connection. */
export class MqttGate {
  readonly #broker: URL;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #clock: HasNow;
  /** When each connection got its first subscription. */
  readonly subscribedAt: Instant[] = [];

  /** @param broker mqtt://HOST:PORT */
  constructor(broker: string, clock: HasNow) {
    this.#clock = clock;
    this.#broker = new URL(broker);
    this.#server = createServer((socket) => this.#join(socket));
  }

  /** @returns its URL */
  async start(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    return `mqtt://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(client: Socket): void {
    const broker = connect(Number(this.#broker.port), this.#broker.hostname);
    const packets = new PacketTypes();
    let isSubscribed = false;
    broker.on('data', (bytes: Buffer) => {
      if (isSubscribed || !packets.take(bytes).includes(SUBACK)) return;
      isSubscribed = true;
      this.subscribedAt.push(this.#clock.now());
    });
    for (const [socket, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      this.#sockets.add(socket);
      socket
        .on('error', () => undefined)
        .on('close', () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
      socket.pipe(other);
    }
  }
}

/** Tells the types of the packets in a stream of MQTT, whose first bytes are the type and the length of what follows. */
export class PacketTypes {
  #rest: Buffer = Buffer.alloc(0);

  /** @returns the types of the packets that are whole with these bytes */
  take(bytes: Buffer): number[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const types: number[] = [];
    for (;;) {
      const size = sizeOf(this.#rest);
      if (size === undefined || this.#rest.length < size) return types;
      types.push((this.#rest[0] as number) >> 4);
      this.#rest = this.#rest.subarray(size);
    }
  }
}

/** MQTT 3.1.1 section 2.2.3: the length has seven bits a byte, the least first, and the eighth while more follow. */
function sizeOf(bytes: Buffer): number | undefined {
  let length = 0;
  for (let i = 1; i <= 4; i++) {
    const byte = bytes[i];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 0x80 ** (i - 1);
    if (byte < 0x80) return 1 + i + length;
  }
  return undefined;
}
