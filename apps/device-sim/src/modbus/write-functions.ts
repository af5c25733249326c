import { ILLEGAL_DATA_ADDRESS, ILLEGAL_DATA_VALUE, ILLEGAL_FUNCTION, putException } from './exceptions.js';
import { putUint16, uint16 } from './mbap.js';
import { putRegisters } from './read-functions.js';
import type { ModbusUnit } from './unit.js';

export const WRITE_SINGLE_COIL = 5;
export const WRITE_SINGLE_REGISTER = 6;
export const WRITE_MULTIPLE_COILS = 15;
export const WRITE_MULTIPLE_REGISTERS = 16;
export const MASK_WRITE_REGISTER = 22;
export const READ_WRITE_MULTIPLE_REGISTERS = 23;

/** Modbus Application Protocol 1.1b3, §6.11, §6.12 and §6.17. */
const MAX_WRITE_BITS = 1968;
const MAX_WRITE_REGISTERS = 123;
const MAX_READ_REGISTERS = 125;
const MAX_READ_WRITE_REGISTERS = 121;

const COIL_ON = 0xff00;
const COIL_OFF = 0;

/** Requests of FC 5 and 6 (function code, address, value) and of FC 22 (…, AND mask, OR mask): echoed as they are. */
const SINGLE_BYTES = 5;
const MASK_BYTES = 7;
/** Before the data: of FC 15 and 16 (function code, address, quantity, byte count), of FC 23 (…, both quantities). */
const MULTIPLE_HEADER_BYTES = 6;
const READ_WRITE_HEADER_BYTES = 10;

/*
 * FC 5, 6, 15, 16 and 22: each carries out one request PDU, `request` from `at` to `end`, and gives the exception that
 * refuses it, or undefined. What was carried out is answered with the beginning of the request.
 */

/** What a write is answered with: function code, address and value or quantity; of FC 22 both masks. */
export function echoedBytes(functionCode: number): number {
  return functionCode === MASK_WRITE_REGISTER ? MASK_BYTES : SINGLE_BYTES;
}

/** FC 5. */
export function writeSingleCoil(unit: ModbusUnit, request: Buffer, at: number, end: number): number | undefined {
  if (!unit.has('coil')) return ILLEGAL_FUNCTION;
  const value = end - at === SINGLE_BYTES ? uint16(request, at + 3) : undefined;
  if (value !== COIL_ON && value !== COIL_OFF) return ILLEGAL_DATA_VALUE;
  return write(unit, 'coil', uint16(request, at + 1), 1, Buffer.of(value === COIL_ON ? 1 : 0));
}

/** FC 6. */
export function writeSingleRegister(unit: ModbusUnit, request: Buffer, at: number, end: number): number | undefined {
  if (!unit.has('holding')) return ILLEGAL_FUNCTION;
  if (end - at !== SINGLE_BYTES) return ILLEGAL_DATA_VALUE;
  return write(unit, 'holding', uint16(request, at + 1), 1, request.subarray(at + 3, end));
}

/** FC 15 and 16. */
export function writeMultiple(
  unit: ModbusUnit,
  table: 'coil' | 'holding',
  request: Buffer,
  at: number,
  end: number,
): number | undefined {
  if (!unit.has(table)) return ILLEGAL_FUNCTION;
  const data = at + MULTIPLE_HEADER_BYTES;
  const count = data <= end ? uint16(request, at + 3) : 0;
  const bytes = table === 'coil' ? (count + 7) >> 3 : count * 2;
  const most = table === 'coil' ? MAX_WRITE_BITS : MAX_WRITE_REGISTERS;
  if (count < 1 || count > most || request[data - 1] !== bytes || end - data !== bytes) return ILLEGAL_DATA_VALUE;
  return write(unit, table, uint16(request, at + 1), count, request.subarray(data, end));
}

/** FC 22: new = (old AND and-mask) OR (or-mask AND NOT and-mask), §6.16. */
export function maskWriteRegister(unit: ModbusUnit, request: Buffer, at: number, end: number): number | undefined {
  if (!unit.has('holding')) return ILLEGAL_FUNCTION;
  if (end - at !== MASK_BYTES) return ILLEGAL_DATA_VALUE;
  const address = uint16(request, at + 1);
  const place = unit.find('holding', address, 1);
  if (place < 0) return ILLEGAL_DATA_ADDRESS;
  unit.device.beforeRead?.(unit, 'holding', address, 1);
  const [and, or] = [uint16(request, at + 3), uint16(request, at + 5)];
  const data = Buffer.alloc(2);
  putUint16(data, 0, (uint16(unit.slab, place) & and) | (or & ~and));
  return write(unit, 'holding', address, 1, data);
}

/** FC 23: writes, then reads, §6.17. Both quantities and both addresses are checked before anything is written. */
export function readWriteMultipleRegisters(
  unit: ModbusUnit,
  request: Buffer,
  at: number,
  end: number,
  out: Buffer,
  outAt: number,
): number {
  const refuse = (exception: number) => putException(out, outAt, READ_WRITE_MULTIPLE_REGISTERS, exception);
  if (!unit.has('holding')) return refuse(ILLEGAL_FUNCTION);
  const data = at + READ_WRITE_HEADER_BYTES;
  if (data > end) return refuse(ILLEGAL_DATA_VALUE);
  const readCount = uint16(request, at + 3);
  const writeCount = uint16(request, at + 7);
  if (readCount < 1 || readCount > MAX_READ_REGISTERS || writeCount < 1 || writeCount > MAX_READ_WRITE_REGISTERS) {
    return refuse(ILLEGAL_DATA_VALUE);
  }
  if (request[data - 1] !== writeCount * 2 || end - data !== writeCount * 2) return refuse(ILLEGAL_DATA_VALUE);
  const readAddress = uint16(request, at + 1);
  const place = unit.find('holding', readAddress, readCount);
  if (place < 0) return refuse(ILLEGAL_DATA_ADDRESS);
  const refusal = write(unit, 'holding', uint16(request, at + 5), writeCount, request.subarray(data, end));
  if (refusal !== undefined) return refuse(refusal);
  unit.device.beforeRead?.(unit, 'holding', readAddress, readCount);
  return putRegisters(unit, place, readCount, READ_WRITE_MULTIPLE_REGISTERS, out, outAt);
}

/** Stores and acts, or says which exception refuses it. A device that does not take writes has read-only registers. */
function write(unit: ModbusUnit, table: 'holding' | 'coil', address: number, count: number, data: Buffer): number | undefined {
  const place = unit.find(table, address, count);
  if (place < 0 || unit.device.onWrite === undefined) return ILLEGAL_DATA_ADDRESS;
  const refusal = unit.device.onWrite(unit, { table, address, count, data });
  if (refusal !== undefined) return refusal;
  if (table === 'holding') data.copy(unit.slab, place);
  else for (let i = 0; i < count; i++) unit.slab[place + i] = ((data[i >> 3] as number) >> (i & 7)) & 1;
  return undefined;
}
