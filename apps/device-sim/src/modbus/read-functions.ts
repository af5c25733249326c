import { ILLEGAL_DATA_ADDRESS, ILLEGAL_DATA_VALUE, ILLEGAL_FUNCTION, putException } from './exceptions.js';
import { uint16 } from './mbap.js';
import type { ModbusTable, ModbusUnit } from './unit.js';

export const READ_COILS = 1;
export const READ_DISCRETE_INPUTS = 2;
export const READ_HOLDING_REGISTERS = 3;
export const READ_INPUT_REGISTERS = 4;

/** Modbus Application Protocol 1.1b3, §6.1 to §6.4. */
const MAX_BITS = 2000;
const MAX_REGISTERS = 125;
/** Function code, address, quantity. */
const READ_REQUEST_BYTES = 5;

/*
 * Every function below answers one request PDU, `request` from `at` to `end`, with one response PDU in
 * `out` from `outAt`, and gives the response's length. Checks come in the order of the state diagrams of
 * §6: function, quantity, address, value, execution. A PDU of another length than its function has is an
 * illegal value, §7: "the implied length is incorrect".
 */

/** FC 3 and 4. */
export function readRegisters(
  unit: ModbusUnit,
  table: 'holding' | 'input',
  request: Buffer,
  at: number,
  end: number,
  out: Buffer,
  outAt: number,
): number {
  const functionCode = request[at] as number;
  const place = locate(unit, table, MAX_REGISTERS, request, at, end);
  if (place < 0) return putException(out, outAt, functionCode, -place);
  return putRegisters(unit, place, uint16(request, at + 3), functionCode, out, outAt);
}

/** The response of FC 3, 4 and 23: function code, byte count, registers. */
export function putRegisters(
  unit: ModbusUnit,
  place: number,
  count: number,
  functionCode: number,
  out: Buffer,
  outAt: number,
): number {
  out[outAt] = functionCode;
  out[outAt + 1] = count * 2;
  unit.slab.copy(out, outAt + 2, place, place + count * 2);
  return 2 + count * 2;
}

/** FC 1 and 2. */
export function readBits(
  unit: ModbusUnit,
  table: 'coil' | 'discrete',
  request: Buffer,
  at: number,
  end: number,
  out: Buffer,
  outAt: number,
): number {
  const functionCode = request[at] as number;
  const place = locate(unit, table, MAX_BITS, request, at, end);
  if (place < 0) return putException(out, outAt, functionCode, -place);
  const count = uint16(request, at + 3);
  const bytes = (count + 7) >> 3;
  out[outAt] = functionCode;
  out[outAt + 1] = bytes;
  out.fill(0, outAt + 2, outAt + 2 + bytes);
  for (let i = 0; i < count; i++) {
    if (unit.slab[place + i] !== 0) (out[outAt + 2 + (i >> 3)] as number) |= 1 << (i & 7);
  }
  return 2 + bytes;
}

/** Where what a read asks for begins in the slab, brought up to date; a negative exception code when it cannot be read. */
function locate(unit: ModbusUnit, table: ModbusTable, most: number, request: Buffer, at: number, end: number): number {
  if (!unit.has(table)) return -ILLEGAL_FUNCTION;
  const count = end - at === READ_REQUEST_BYTES ? uint16(request, at + 3) : 0;
  if (count < 1 || count > most) return -ILLEGAL_DATA_VALUE;
  const address = uint16(request, at + 1);
  const place = unit.find(table, address, count);
  if (place < 0) return -ILLEGAL_DATA_ADDRESS;
  unit.device.beforeRead?.(unit, table, address, count);
  return place;
}
