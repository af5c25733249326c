import { connect, type Socket } from 'node:net';
import { afterAwake, type Duration, describeError, systemCode } from '@venfleet/core';
import type { ModbusTable, WriteRequest } from '@venfleet/devices';
import modbus from 'modbus-serial';
import { type GatewayAddress, type GatewayLink, linkErrors, type OpenGateway } from '../modbus/link.js';

/** The library's client, with what it remembers of each of its last 256 requests, the answer among it. */
type Client = InstanceType<typeof modbus.default> & {
  readonly _transactions: Record<number, unknown>;
  readonly _port: { readonly _transactionIdWrite: number };
};

type Answer<T> = (error: unknown, result: T | undefined) => void;
type Block = Parameters<GatewayLink['read']>[1];

/**
 * Modbus TCP by modbus-serial, on the methods that take the unit id with each request: `setID` is one for the
 * whole client, so requests in flight would get each other's. The socket is ours, because the library does not
 * tell of one that ended by a reset, and leaves pending what it took along; so are time-outs, because the library's
 * fire for answers that are there, if only the process had the time to look.
 */
export const openModbusSerial: OpenGateway = async (address, timeout) => {
  const socket = await connectSocket(address, timeout);
  const client = new modbus.default() as Client;
  await client.linkTCP(socket, { port: address.port });
  return new ModbusSerialLink(client, socket, address);
};

function connectSocket(address: GatewayAddress, timeout: Duration): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address.host, port: address.port, noDelay: true, keepAlive: true, timeout });
    const refuse = (reason: string, cause?: unknown) => {
      socket.destroy();
      reject(linkErrors.unreachable(address, reason, cause));
    };
    socket.once('connect', () => {
      socket.removeAllListeners().setTimeout(0);
      resolve(socket);
    });
    socket.once('timeout', () => refuse(`no answer within ${timeout} ms`));
    socket.once('error', (error) =>
      refuse(systemCode(error) === 'ECONNREFUSED' ? 'nothing listens there' : describeError(error), error),
    );
  });
}

class ModbusSerialLink implements GatewayLink {
  readonly closed: Promise<void>;
  readonly #client: Client;
  readonly #socket: Socket;
  readonly #address: GatewayAddress;
  readonly #pending = new Set<() => void>();

  constructor(client: Client, socket: Socket, address: GatewayAddress) {
    this.#client = client;
    this.#socket = socket;
    this.#address = address;
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.close();
        resolve();
      });
    });
  }

  async read(unitId: number, block: Block, timeout: Duration): Promise<Uint8Array> {
    const ask = readFunction(this.#client, block.table);
    const { buffer } = await this.#request<{ readonly buffer: Buffer }>(unitId, block, 'read', timeout, (next) =>
      ask(unitId, block.address, block.count, next),
    );
    return buffer;
  }

  async write(unitId: number, request: WriteRequest, timeout: Duration): Promise<void> {
    await this.#request(unitId, request, 'write', timeout, (next) => send(this.#client, unitId, request, next));
  }

  #request<T>(unitId: number, block: Block, what: 'read' | 'write', timeout: Duration, begin: (next: Answer<T>) => void) {
    return new Promise<T>((resolve, reject) => {
      if (this.#socket.destroyed || !this.#client.isOpen) {
        reject(linkErrors.lost(this.#address));
        return;
      }
      const { _transactions: remembered, _port: port } = this.#client;
      const transaction = port._transactionIdWrite;
      const end = (settle: () => void) => {
        this.#pending.delete(lost);
        // The library would keep it until 256 requests later: 50 MB for the gateways of a fleet.
        delete remembered[transaction];
        callOff();
        settle();
      };
      const lost = () => end(() => reject(linkErrors.lost(this.#address)));
      this.#pending.add(lost);
      const callOff = afterAwake(timeout, () => end(() => reject(linkErrors.timeout(unitId, timeout))));
      begin((error, result) => {
        if (error) end(() => reject(translate(error, unitId, block, what)));
        else if (result === undefined) end(() => reject(linkErrors.garbled(unitId, 'it is empty')));
        else end(() => resolve(result));
      });
    });
  }

  close(): void {
    this.#client.destroy(() => {});
    for (const lost of this.#pending) lost();
    this.#pending.clear();
  }
}

function readFunction(client: Client, table: ModbusTable) {
  const read = { coil: client.writeFC1, discrete: client.writeFC2, holding: client.writeFC3, input: client.writeFC4 }[table] as (
    unit: number,
    address: number,
    count: number,
    next: Answer<{ readonly buffer: Buffer }>,
  ) => void;
  return read.bind(client);
}

function send(client: Client, unitId: number, { fc, address, count, data }: WriteRequest, next: Answer<unknown>): void {
  const bits = () => Array.from({ length: count }, (_, i) => (((data[i >> 3] as number) >> (i & 7)) & 1) === 1);
  if (fc === 5) client.writeFC5(unitId, address, bits()[0] === true, next);
  else if (fc === 6) client.writeFC6(unitId, address, data.readUInt16BE(0), next);
  else if (fc === 15) client.writeFC15(unitId, address, bits(), next);
  // A buffer is taken for registers as they go over the wire, which the library's types do not know.
  else client.writeFC16(unitId, address, data as never, next);
}

function translate(error: unknown, unitId: number, block: Block, what: 'read' | 'write') {
  const { modbusCode, message } = error as Partial<Error> & { modbusCode?: number };
  if (modbusCode !== undefined) return linkErrors.refused(unitId, modbusCode, block, what);
  return linkErrors.garbled(unitId, message ?? 'unknown error');
}
