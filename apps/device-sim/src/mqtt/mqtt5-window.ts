import type { IPublishPacket } from 'mqtt-packet';

/** What a client can take that names no Receive Maximum, MQTT 5 §3.1.2.11.3. */
export const LARGEST_WINDOW = 65_535;

/** Sends a client no more messages of QoS 1 and 2 than it can take at once; the others wait for its acknowledgements. */
export class Mqtt5Window {
  size = LARGEST_WINDOW;
  readonly #write: (packet: IPublishPacket) => void;
  readonly #inFlight = new Set<number>();
  readonly #held: IPublishPacket[] = [];
  /** Messages of QoS 2 that are not sent to it at all. */
  readonly #discarded = new Set<number>();
  #waiting: { readonly below: number; readonly done: () => void } | undefined;

  constructor(write: (packet: IPublishPacket) => void) {
    this.#write = write;
  }

  send(packet: IPublishPacket): void {
    if (packet.qos === 0) this.#write(packet);
    else {
      this.#held.push(packet);
      this.#release();
    }
  }

  /** Calls `done` as soon as fewer than `below` messages wait. One at a time may ask. */
  whenBelow(below: number, done: () => void): void {
    if (this.#held.length < below) done();
    else this.#waiting = { below, done };
  }

  acknowledged(messageId: number): void {
    this.#inFlight.delete(messageId);
    this.#release();
    const waiting = this.#waiting;
    if (waiting === undefined || this.#held.length >= waiting.below) return;
    this.#waiting = undefined;
    waiting.done();
  }

  discard(messageId: number): void {
    this.#discarded.add(messageId);
  }

  /** True once for each that was discarded. */
  isDiscarded(messageId: number): boolean {
    return this.#discarded.delete(messageId);
  }

  #release(): void {
    while (this.#held.length > 0 && this.#inFlight.size < this.size) {
      const packet = this.#held.shift() as IPublishPacket;
      this.#inFlight.add(packet.messageId ?? 0);
      this.#write(packet);
    }
  }
}
