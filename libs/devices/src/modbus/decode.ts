import { VenfleetError } from '@venfleet/core';
import { withDerived } from '../derived.js';
import type { ModbusPoint, ModbusProfile } from '../profile/types.js';
import type { PointValue, Values } from '../quantities.js';
import type { ReadBlock } from './plan.js';

/** A block's answer: the data bytes of the response, registers big-endian, bits packed from the lowest (§6.1). */
export interface BlockReply {
  readonly block: ReadBlock;
  readonly data: Uint8Array;
}

/**
 * The canonical values in the answers of one device, derived ones included. Answers that failed are
 * simply left out: what needs them is absent or undefined.
 * @throws VenfleetError REPLY_LENGTH when an answer has another length than was asked for.
 */
export function decodeReplies(profile: ModbusProfile, replies: readonly BlockReply[]): Values {
  const buffers = replies.map(({ block, data }) => ({ block, data: checkedData(profile, block, data) }));
  const values: Record<string, PointValue | undefined> = {};
  // Scale factors first: they may stand behind what they scale, or in another block.
  for (const scaleFactors of [true, false]) {
    for (const { block, data } of buffers) {
      for (const point of block.points) {
        if ((point.type === 'sunssf') === scaleFactors) values[point.name] = decodePoint(point, block, data, values);
      }
    }
  }
  return withDerived(profile.derived, values);
}

/** The values of one block that needs no other; see {@link decodeReplies}. */
export function decodeBlock(profile: ModbusProfile, block: ReadBlock, data: Uint8Array): Values {
  return decodeReplies(profile, [{ block, data }]);
}

function decodePoint(point: ModbusPoint, block: ReadBlock, data: Buffer, values: Values): PointValue | undefined {
  const index = point.address - block.address;
  if (point.codec === undefined) return (((data[index >> 3] as number) >> (index & 7)) & 1) === 1;
  return point.codec.decode(data, index * 2, exponentOf(point, values));
}

/** The SunSpec scale factor that goes with a point, if it is known. */
function exponentOf(point: ModbusPoint, values: Values): number | undefined {
  const exponent = point.scaleRef === undefined ? undefined : values[point.scaleRef];
  return typeof exponent === 'number' ? exponent : undefined;
}

function checkedData(profile: ModbusProfile, block: ReadBlock, data: Uint8Array): Buffer {
  const isBit = block.table === 'coil' || block.table === 'discrete';
  const length = isBit ? Math.ceil(block.count / 8) : block.count * 2;
  if (data.length !== length) {
    throw new VenfleetError(
      'REPLY_LENGTH',
      `${profile.id} answered ${data.length} bytes for ${block.count} at ${block.table} ${block.address}, not ${length}`,
      { context: { profile: profile.id, table: block.table, address: block.address, expected: length, actual: data.length } },
    );
  }
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
