import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Clock } from '@venfleet/core';
import { FakeClock, MemoryLogger } from '@venfleet/core/testing';
import { ModbusGateway, type ModbusGatewayOptions } from '../../src/modbus/gateway.js';
import type { ModbusUnit, UnitDevice, UnitLayout, UnitSpec, UnitWrite } from '../../src/modbus/unit.js';

/** Holding 100…299 and 40000…40009, input 0…199, coils 0…2499, discrete inputs 10…29. */
export const LAYOUT: UnitLayout = {
  ranges: [
    { table: 'holding', address: 100, count: 200, byteOffset: 0 },
    { table: 'holding', address: 40_000, count: 10, byteOffset: 400 },
    { table: 'input', address: 0, count: 200, byteOffset: 420 },
    { table: 'coil', address: 0, count: 2500, byteOffset: 820 },
    { table: 'discrete', address: 10, count: 20, byteOffset: 3320 },
  ],
  byteLength: 3340,
};

/** A device that takes every write and remembers what it was asked. */
export class MemoryDevice implements UnitDevice {
  readonly reads: string[] = [];
  readonly writes: string[] = [];

  beforeRead(_unit: ModbusUnit, table: string, address: number, count: number): void {
    this.reads.push(`${table} ${address}+${count}`);
  }

  onWrite(_unit: ModbusUnit, { table, address, count, data }: UnitWrite): 2 | 3 | 4 | undefined {
    this.writes.push(`${table} ${address}+${count} ${data.toString('hex')}`);
    return undefined;
  }
}

/** Register n of a table holds n; each third bit is set. */
export function countingImage(): Buffer {
  const image = Buffer.alloc(LAYOUT.byteLength);
  for (const { table, address, count, byteOffset } of LAYOUT.ranges) {
    for (let i = 0; i < count; i++) {
      if (table === 'coil' || table === 'discrete') image[byteOffset + i] = (address + i) % 3 === 0 ? 1 : 0;
      else image.writeUInt16BE(address + i, byteOffset + i * 2);
    }
  }
  return image;
}

export function memoryUnit(id: number, device: UnitDevice = new MemoryDevice()): UnitSpec {
  return { id, layout: LAYOUT, image: countingImage(), device };
}

export interface Running {
  readonly gateway: ModbusGateway;
  readonly clock: Clock;
  readonly logger: MemoryLogger;
  client(): Promise<RawClient>;
}

const started: ModbusGateway[] = [];
const clients: RawClient[] = [];

/** A gateway on a free port, with units 1 and 2 unless given; stopped by {@link stopAll}. */
export async function startGateway(options: Partial<ModbusGatewayOptions> = {}): Promise<Running> {
  const logger = new MemoryLogger();
  const clock = options.clock ?? new FakeClock();
  const gateway = new ModbusGateway({
    host: '127.0.0.1',
    port: 0,
    units: [memoryUnit(1), memoryUnit(2)],
    logger,
    ...options,
    clock,
  });
  await gateway.start();
  started.push(gateway);
  return { gateway, clock, logger, client: () => RawClient.connect(gateway.address.port) };
}

export async function stopAll(): Promise<void> {
  for (const client of clients.splice(0)) client.socket.destroy();
  await Promise.all(started.splice(0).map((gateway) => gateway.stop()));
}

/** A client that sends bytes and waits for bytes; nothing in it knows Modbus but the length field. */
export class RawClient {
  readonly socket: Socket;
  received = Buffer.alloc(0);
  readonly closed: Promise<void>;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        resolve();
        this.#wake();
      });
    });
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.#wake();
    });
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    const client = new RawClient(socket);
    clients.push(client);
    await once(socket, 'connect');
    return client;
  }

  send(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  /** Waits for `count` bytes. @throws when the connection closes before. */
  async bytes(count: number): Promise<Buffer> {
    while (this.received.length < count) {
      if (this.socket.destroyed) throw new Error(`closed after ${this.received.length} of ${count} bytes`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const taken = this.received.subarray(0, count);
    this.received = this.received.subarray(count);
    return taken;
  }

  async frame(): Promise<Buffer> {
    const prefix = await this.bytes(6);
    return Buffer.concat([prefix, await this.bytes(prefix.readUInt16BE(4))]);
  }

  /** Sends one PDU (hex) and gives the answer's PDU (hex). */
  async ask(pdu: string, unitId = 1, transactionId = 7): Promise<string> {
    this.send(frame(pdu, unitId, transactionId));
    const answer = await this.frame();
    if (answer.readUInt16BE(0) !== transactionId || answer[6] !== unitId)
      throw new Error(`a foreign answer: ${answer.toString('hex')}`);
    return answer.subarray(7).toString('hex');
  }
}

/** An MBAP frame around a PDU in hex (blanks allowed). */
export function frame(pdu: string, unitId = 1, transactionId = 7): Buffer {
  const body = Buffer.from(pdu.replaceAll(' ', ''), 'hex');
  const header = Buffer.alloc(7);
  header.writeUInt16BE(transactionId, 0);
  header.writeUInt16BE(body.length + 1, 4);
  header[6] = unitId;
  return Buffer.concat([header, body]);
}

export const hex16 = (value: number): string => value.toString(16).padStart(4, '0');
