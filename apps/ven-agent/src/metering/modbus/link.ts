import { type Duration, isVenfleetError, VenfleetError } from '@venfleet/core';
import type { ReadBlock, WriteRequest } from '@venfleet/devices';

export interface GatewayAddress {
  readonly host: string;
  readonly port: number;
}

/** An open connection to a Modbus TCP gateway. */
export interface GatewayLink {
  /**
   * The data bytes of one read request's answer.
   * @throws VenfleetError METER_TIMEOUT after `timeout`; METER_REFUSED for a Modbus exception, its code in
   *   `context.exception`; METER_GARBLED for an answer that is not one to this request; GATEWAY_LOST when the
   *   connection ends first.
   */
  read(unitId: number, block: Pick<ReadBlock, 'table' | 'address' | 'count'>, timeout: Duration): Promise<Uint8Array>;
  /**
   * Done when the device has confirmed it; whether it also does what it confirms, only a read tells.
   * @throws as {@link read}
   */
  write(unitId: number, request: WriteRequest, timeout: Duration): Promise<void>;
  /** Settles when the connection has ended, whoever ended it. */
  readonly closed: Promise<void>;
  /** Ends it at once; what is under way ends with GATEWAY_LOST. */
  close(): void;
}

/** @throws VenfleetError GATEWAY_UNREACHABLE */
export type OpenGateway = (address: GatewayAddress, timeout: Duration) => Promise<GatewayLink>;

/** Modbus Application Protocol 1.1b3 §7: the device does not have this function or address. */
export const ILLEGAL_FUNCTION = 1;
export const ILLEGAL_ADDRESS = 2;

/** The code of a Modbus exception; undefined for any other error. */
export function exceptionOf(error: unknown): number | undefined {
  const code = isVenfleetError(error, 'METER_REFUSED') ? error.context.exception : undefined;
  return typeof code === 'number' ? code : undefined;
}

export const linkErrors = {
  timeout: (unitId: number, timeout: Duration) =>
    new VenfleetError('METER_TIMEOUT', `unit ${unitId} did not answer within ${timeout} ms`, {
      context: { unitId, timeout },
      hint: 'is the device on and wired to the gateway, and is the unit id of the connection right?',
    }),
  refused: (
    unitId: number,
    exception: number,
    block: Pick<ReadBlock, 'table' | 'address' | 'count'>,
    what: 'read' | 'write' = 'read',
  ) =>
    new VenfleetError(
      'METER_REFUSED',
      `unit ${unitId} refused to ${what} ${block.count} at ${block.table} ${block.address}: Modbus exception ${exception}`,
      {
        context: { unitId, exception, table: block.table, address: block.address },
        hint:
          exception <= ILLEGAL_ADDRESS
            ? 'the device profile does not fit this device'
            : 'look at the wiring behind the gateway, and whether the device is on',
      },
    ),
  garbled: (unitId: number, reason: string) =>
    new VenfleetError('METER_GARBLED', `the answer for unit ${unitId} makes no sense: ${reason}`, {
      context: { unitId },
      hint: 'do two masters share the bus, or does the gateway mix up answers?',
    }),
  lost: ({ host, port }: GatewayAddress) =>
    new VenfleetError('GATEWAY_LOST', `the connection to ${host}:${port} ended`, { context: { host, port } }),
  unreachable: ({ host, port }: GatewayAddress, reason: string, cause?: unknown) =>
    new VenfleetError('GATEWAY_UNREACHABLE', `no connection to ${host}:${port}: ${reason}`, {
      cause,
      context: { host, port },
      hint: 'is the gateway on, and are host and port of the connection right?',
    }),
};
