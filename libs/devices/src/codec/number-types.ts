import type { WordOrder } from './word-order.js';
import { reorder } from './word-order.js';

/**
 * A number as it stands in registers. `parse` gives undefined for "not implemented" (SunSpec Device
 * Information Model §3.1's value of the type, or the profile's own); `encode` is its inverse.
 */
export interface NumberType {
  /** How many registers (16 bits each). */
  readonly registers: number;
  /** Fractions survive; otherwise a value is rounded to a whole number. */
  readonly float: boolean;
  /** The smallest and the largest bit pattern's number. */
  readonly min: number;
  readonly max: number;
  /** Numbers that mean "not implemented"; the first one is written. Floats have NaN and need none. */
  readonly notImplemented: readonly number[];
  /** Reads ABCD at `offset`. */
  parse(bytes: Buffer, offset: number): number;
  /** Writes a number that lies within min…max as ABCD. */
  encode(bytes: Buffer, offset: number, value: number): void;
  /** A counter: it starts over where others saturate. */
  readonly wraps?: boolean;
}

const FLOAT32_MAX = 3.4028234663852886e38;

/**
 * 64-bit integers become doubles: exact up to 2^53 (9 PWh in Wh), the nearest double beyond. Their limits
 * are the doubles next inside, so that a saturated value still fits.
 */
const INT64_MAX = 2 ** 63 - 1024;
const UINT64_MAX = 2 ** 64 - 2048;

const uint16 = {
  registers: 1,
  float: false,
  min: 0,
  max: 0xffff,
  notImplemented: [0xffff],
  parse: (b, o) => b.readUInt16BE(o),
  encode: (b, o, v) => void b.writeUInt16BE(v, o),
} satisfies NumberType;

const uint32 = {
  registers: 2,
  float: false,
  min: 0,
  max: 0xffff_ffff,
  notImplemented: [0xffff_ffff],
  parse: (b, o) => b.readUInt32BE(o),
  encode: (b, o, v) => void b.writeUInt32BE(v, o),
} satisfies NumberType;

const uint64 = {
  registers: 4,
  float: false,
  min: 0,
  max: UINT64_MAX,
  notImplemented: [2 ** 64],
  parse: (b, o) => Number(b.readBigUInt64BE(o)),
  // 2^64 - 1, "not implemented", is 2^64 as a double.
  encode: (b, o, v) => void b.writeBigUInt64BE(v >= 2 ** 64 ? 0xffff_ffff_ffff_ffffn : BigInt(v), o),
} satisfies NumberType;

const int16 = {
  registers: 1,
  float: false,
  min: -0x8000,
  max: 0x7fff,
  notImplemented: [-0x8000],
  parse: (b, o) => b.readInt16BE(o),
  encode: (b, o, v) => void b.writeInt16BE(v, o),
} satisfies NumberType;

export const NUMBER_TYPES = {
  uint16,
  int16,
  uint32,
  int32: {
    registers: 2,
    float: false,
    min: -0x8000_0000,
    max: 0x7fff_ffff,
    notImplemented: [-0x8000_0000],
    parse: (b, o) => b.readInt32BE(o),
    encode: (b, o, v) => void b.writeInt32BE(v, o),
  },
  uint64,
  int64: {
    registers: 4,
    float: false,
    min: -INT64_MAX,
    max: INT64_MAX,
    notImplemented: [-(2 ** 63)],
    parse: (b, o) => Number(b.readBigInt64BE(o)),
    encode: (b, o, v) => void b.writeBigInt64BE(BigInt(v), o),
  },
  float32: {
    registers: 2,
    float: true,
    min: -FLOAT32_MAX,
    max: FLOAT32_MAX,
    notImplemented: [Number.NaN],
    parse: (b, o) => b.readFloatBE(o),
    encode: (b, o, v) => void b.writeFloatBE(v, o),
  },
  float64: {
    registers: 4,
    float: true,
    min: -Number.MAX_VALUE,
    max: Number.MAX_VALUE,
    notImplemented: [Number.NaN],
    parse: (b, o) => b.readDoubleBE(o),
    encode: (b, o, v) => void b.writeDoubleBE(v, o),
  },
  // SunSpec accumulators count modulo their width and say 0 for "not accumulated".
  acc32: { ...uint32, notImplemented: [0], wraps: true },
  acc64: { ...uint64, notImplemented: [0], wraps: true },
  // A power of ten, -10…10.
  sunssf: { ...int16, min: -10, max: 10 },
} as const satisfies Record<string, NumberType>;

export type NumberTypeName = keyof typeof NUMBER_TYPES;

/** The same type with its words in another order, or with other "not implemented" numbers. */
export function adaptNumberType(type: NumberType, order: WordOrder, notImplemented?: readonly number[]): NumberType {
  const adapted = notImplemented === undefined ? type : { ...type, notImplemented };
  if (order === 'ABCD') return adapted;
  const length = type.registers * 2;
  const scratch = Buffer.alloc(length);
  return {
    ...adapted,
    parse: (bytes, offset) => {
      reorder(bytes, offset, scratch, 0, length, order);
      return type.parse(scratch, 0);
    },
    encode: (bytes, offset, value) => {
      type.encode(scratch, 0, value);
      reorder(scratch, 0, bytes, offset, length, order);
    },
  };
}

/**
 * The number to write for `value`: rounded to the nearest whole one (half upwards) unless the type is a
 * float, then held within the type's range (saturated; a counter starts over), then moved one step off a
 * "not implemented" number at the end of the range. In mid-range such a number stays as it is: it reads
 * back as absent, never as something else.
 */
export function fitNumber(type: NumberType, value: number): number {
  const range = type.max - type.min + 1;
  let fitted = type.float ? value : Math.round(value);
  if (type.wraps && fitted > type.max && Number.isFinite(fitted)) fitted %= range;
  fitted = Math.min(type.max, Math.max(type.min, fitted));
  if (!type.float && type.notImplemented.includes(fitted)) {
    if (fitted === type.max) fitted -= 1;
    else if (fitted === type.min && !type.wraps) fitted += 1;
  }
  return fitted === 0 ? 0 : fitted; // Math.round gives -0, which a float would keep.
}
