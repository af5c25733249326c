import { connect, type Socket } from 'node:net';
import { type Duration, describeError, systemCode } from '@venfleet/core';
import type { ModbusTable } from '@venfleet/devices';
import modbus from 'modbus-serial';
import { type GatewayAddress, type GatewayLink, linkErrors, type OpenGateway } from '../modbus/link.js';

type Client = InstanceType<typeof modbus.default>;
type Answer = (error: unknown, result: { readonly buffer: Buffer } | undefined) => void;

/**
 * Modbus TCP by modbus-serial, on the methods that take the unit id with each request: `setID` is one for the
 * whole client, so requests in flight would get each other's. The socket is ours, because the library does not
 * tell of one that ended by a reset, and leaves pending what it took along.
 */
export const openModbusSerial: OpenGateway = async (address, timeout) => {
  const socket = await connectSocket(address, timeout);
  const client: Client = new modbus.default();
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

  read(
    unitId: number,
    block: { readonly table: ModbusTable; readonly address: number; readonly count: number },
    timeout: Duration,
  ): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const lost = () => reject(linkErrors.lost(this.#address));
      if (this.#socket.destroyed || !this.#client.isOpen) {
        lost();
        return;
      }
      this.#pending.add(lost);
      this.#client.setTimeout(timeout);
      request(this.#client, block.table)(unitId, block.address, block.count, (error, result) => {
        this.#pending.delete(lost);
        if (error) reject(translate(error, unitId, block, timeout));
        else if (result === undefined) reject(linkErrors.garbled(unitId, 'it is empty'));
        else resolve(result.buffer);
      });
    });
  }

  close(): void {
    this.#client.destroy(() => {});
    for (const lost of this.#pending) lost();
    this.#pending.clear();
  }
}

function request(client: Client, table: ModbusTable) {
  const write = { coil: client.writeFC1, discrete: client.writeFC2, holding: client.writeFC3, input: client.writeFC4 }[table] as (
    unit: number,
    address: number,
    count: number,
    next: Answer,
  ) => void;
  return write.bind(client);
}

function translate(error: unknown, unitId: number, block: Parameters<GatewayLink['read']>[1], timeout: Duration) {
  const { name, modbusCode, errno, message } = error as Partial<Error> & { modbusCode?: number; errno?: string };
  if (name === 'TransactionTimedOutError' || errno === 'ETIMEDOUT') return linkErrors.timeout(unitId, timeout);
  if (modbusCode !== undefined) return linkErrors.refused(unitId, modbusCode, block);
  return linkErrors.garbled(unitId, message ?? 'unknown error');
}
