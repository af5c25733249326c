import { ENCAPSULATED_INTERFACE, readDeviceIdentification } from './device-identification.js';
import { ILLEGAL_FUNCTION, putException } from './exceptions.js';
import * as read from './read-functions.js';
import type { ModbusUnit } from './unit.js';
import * as write from './write-functions.js';

/**
 * Answers one request PDU, `request` from `at` to `end` (at least a function code), with one response
 * PDU in `out` from `outAt`, which has room for 253 bytes; gives the response's length. A function
 * that the device does not have, and one for a table that it does not have, is exception 1.
 */
export function answerPdu(unit: ModbusUnit, request: Buffer, at: number, end: number, out: Buffer, outAt: number): number {
  const functionCode = request[at] as number;
  switch (functionCode) {
    case read.READ_COILS:
      return read.readBits(unit, 'coil', request, at, end, out, outAt);
    case read.READ_DISCRETE_INPUTS:
      return read.readBits(unit, 'discrete', request, at, end, out, outAt);
    case read.READ_HOLDING_REGISTERS:
      return read.readRegisters(unit, 'holding', request, at, end, out, outAt);
    case read.READ_INPUT_REGISTERS:
      return read.readRegisters(unit, 'input', request, at, end, out, outAt);
    case write.WRITE_SINGLE_COIL:
      return answerWrite(write.writeSingleCoil(unit, request, at, end), request, at, out, outAt);
    case write.WRITE_SINGLE_REGISTER:
      return answerWrite(write.writeSingleRegister(unit, request, at, end), request, at, out, outAt);
    case write.WRITE_MULTIPLE_COILS:
      return answerWrite(write.writeMultiple(unit, 'coil', request, at, end), request, at, out, outAt);
    case write.WRITE_MULTIPLE_REGISTERS:
      return answerWrite(write.writeMultiple(unit, 'holding', request, at, end), request, at, out, outAt);
    case write.MASK_WRITE_REGISTER:
      return answerWrite(write.maskWriteRegister(unit, request, at, end), request, at, out, outAt);
    case write.READ_WRITE_MULTIPLE_REGISTERS:
      return write.readWriteMultipleRegisters(unit, request, at, end, out, outAt);
    case ENCAPSULATED_INTERFACE:
      return readDeviceIdentification(unit.device.identification, request, at, end, out, outAt);
    default:
      return putException(out, outAt, functionCode, ILLEGAL_FUNCTION);
  }
}

function answerWrite(refusal: number | undefined, request: Buffer, at: number, out: Buffer, outAt: number): number {
  const functionCode = request[at] as number;
  if (refusal !== undefined) return putException(out, outAt, functionCode, refusal);
  const bytes = write.echoedBytes(functionCode);
  request.copy(out, outAt, at, at + bytes);
  return bytes;
}
