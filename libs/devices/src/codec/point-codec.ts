import { VenfleetError } from '@venfleet/core';
import { multiply, type PointValue, type Quantity, type Ratio, ratio, toBaseUnit } from '../quantities.js';
import { adaptNumberType, fitNumber, NUMBER_TYPES, type NumberType, type NumberTypeName } from './number-types.js';
import { encodeText, parseText } from './text.js';
import { reorder, type WordOrder } from './word-order.js';

/** How a register type is called in a profile. `bool` is one bit of the coil or discrete table. */
export const REGISTER_TYPES = [...(Object.keys(NUMBER_TYPES) as NumberTypeName[]), 'bitfield', 'string', 'bool'] as const;
export type RegisterType = (typeof REGISTER_TYPES)[number];

/** What the codec needs of a point or control. */
export interface CodecSpec {
  readonly name: string;
  readonly type: Exclude<RegisterType, 'bool'>;
  readonly registers: number;
  readonly wordOrder: WordOrder;
  readonly quantity: Quantity | undefined;
  readonly unit?: string | undefined;
  readonly scale?: number | undefined;
  /** The value is multiplied by ten to the power of another point, given to each call. */
  readonly scaled: boolean;
  readonly mask?: number | undefined;
  readonly enum?: Readonly<Record<string, string>> | undefined;
  readonly invalid?: readonly number[] | undefined;
}

/**
 * One value between registers and its canonical unit. The caller has checked that
 * `offset + 2 * registers` bytes are there.
 */
export interface PointCodec {
  /** @param exponent the SunSpec scale factor (−10…10) of a point that has one; without it the value is unknown. */
  decode(bytes: Buffer, offset: number, exponent?: number): PointValue | undefined;
  /**
   * Writes `value` (rounded to the nearest step, saturated at the type's ends), or for undefined the
   * type's "not implemented".
   * @throws VenfleetError VALUE_INVALID for a value of the wrong kind; nothing is written then.
   */
  encode(bytes: Buffer, offset: number, value: PointValue | undefined, exponent?: number): void;
}

const POWERS: readonly Ratio[] = Array.from({ length: 21 }, (_, i) =>
  i < 10 ? { multiplier: 1, divisor: 10 ** (10 - i) } : { multiplier: 10 ** (i - 10), divisor: 1 },
);

/** A field of a register by its mask: shifted down to its lowest bit; other bits are kept on writing. */
function maskField(mask: number | undefined) {
  if (mask === undefined) return { get: (raw: number) => raw, put: (_before: number, field: number) => field };
  const shift = 31 - Math.clz32(mask & -mask);
  const largest = mask >>> shift;
  return {
    get: (raw: number) => (raw & mask) >>> shift,
    put: (before: number, field: number) => ((before & ~mask) | (Math.min(field, largest) << shift)) >>> 0,
  };
}

/** Builds the codec of a point once; its functions are the hot path of simulator and agent. */
export function createPointCodec(spec: CodecSpec): PointCodec {
  if (spec.type === 'string') return createTextCodec(spec);
  const base = spec.type === 'bitfield' ? bitfieldType(spec.registers) : NUMBER_TYPES[spec.type];
  const type = adaptNumberType(base, spec.wordOrder, spec.invalid);
  const meaning = createMeaning(spec);
  const field = maskField(spec.mask);

  return {
    decode(bytes, offset, exponent) {
      const raw = type.parse(bytes, offset);
      if (isNotImplemented(type, raw)) return undefined;
      return meaning.fromRaw(field.get(raw), exponent);
    },
    encode(bytes, offset, value, exponent) {
      const raw = meaning.toRaw(value, exponent);
      if (raw !== undefined) {
        const before = spec.mask === undefined ? 0 : type.parse(bytes, offset);
        type.encode(bytes, offset, field.put(isNotImplemented(type, before) ? 0 : before, fitNumber(type, raw)));
        return;
      }
      const absent = type.notImplemented[0];
      if (absent === undefined) throw invalidValue(spec, 'a value (it has no "not implemented")', value);
      type.encode(bytes, offset, absent);
    },
  };
}

/** NaN and infinities are never numbers, whatever the profile says; nor is a scale factor beyond ±10. */
function isNotImplemented(type: NumberType, raw: number): boolean {
  return !(raw >= type.min && raw <= type.max) || type.notImplemented.includes(raw);
}

/** The bit pattern's unsigned type; SunSpec bitfield16 and bitfield32 say all ones for "not implemented". */
function bitfieldType(registers: number): NumberType {
  return registers === 2 ? NUMBER_TYPES.uint32 : NUMBER_TYPES.uint16;
}

function createTextCodec(spec: CodecSpec): PointCodec {
  const length = spec.registers * 2;
  // Words of a text stand in reading order; only the characters inside each may be turned round.
  const order: WordOrder = spec.wordOrder === 'BADC' || spec.wordOrder === 'DCBA' ? 'BADC' : 'ABCD';
  const scratch = Buffer.alloc(length);
  return {
    decode(bytes, offset) {
      reorder(bytes, offset, scratch, 0, length, order);
      return parseText(scratch, 0, length);
    },
    encode(bytes, offset, value) {
      if (value !== undefined && typeof value !== 'string') throw invalidValue(spec, 'a text', value);
      encodeText(scratch, 0, length, value);
      reorder(scratch, 0, bytes, offset, length, order);
    },
  };
}

/** What the raw number means, and back; `toRaw` gives undefined for a value that is absent or unknowable. */
interface Meaning {
  fromRaw(raw: number, exponent: number | undefined): PointValue | undefined;
  toRaw(value: PointValue | undefined, exponent: number | undefined): number | undefined;
}

function createMeaning(spec: CodecSpec): Meaning {
  if (spec.enum !== undefined) return enumMeaning(spec, spec.enum);
  if (spec.quantity?.kind === 'flag') return flagMeaning(spec);
  return numberMeaning(spec);
}

/** An enum is open: a number without a name is told as its digits, and digits are accepted back. */
function enumMeaning(spec: CodecSpec, names: Readonly<Record<string, string>>): Meaning {
  const nameOf = new Map(Object.entries(names).map(([raw, name]) => [Number(raw), name]));
  // Of two numbers with one name the first is written.
  const numberOf = new Map(
    Object.entries(names)
      .map(([raw, name]) => [name, Number(raw)] as const)
      .reverse(),
  );
  return {
    fromRaw: (raw) => nameOf.get(raw) ?? String(raw),
    toRaw: (value) => {
      if (value === undefined) return undefined;
      const known =
        typeof value === 'string' ? (numberOf.get(value) ?? (/^\d+$/.test(value) ? Number(value) : undefined)) : undefined;
      if (known === undefined) throw invalidValue(spec, `one of ${[...new Set(nameOf.values())].join(', ')}`, value);
      return known;
    },
  };
}

function flagMeaning(spec: CodecSpec): Meaning {
  return {
    fromRaw: (raw) => raw !== 0,
    toRaw: (value) => {
      if (value === undefined) return undefined;
      if (typeof value !== 'boolean') throw invalidValue(spec, 'true or false', value);
      return value ? 1 : 0;
    },
  };
}

function numberMeaning(spec: CodecSpec): Meaning {
  const unit = spec.quantity === undefined ? undefined : toBaseUnit(spec.unit ?? '1')?.factor;
  const fixed = multiply(ratio(spec.scale ?? 1), unit ?? { multiplier: 1, divisor: 1 });
  const byExponent = spec.scaled ? POWERS.map((power) => multiply(fixed, power)) : undefined;
  const factorFor = (exponent: number | undefined) =>
    byExponent === undefined ? fixed : exponent === undefined ? undefined : byExponent[exponent + 10];
  return {
    fromRaw: (raw, exponent) => {
      const factor = factorFor(exponent);
      return factor === undefined ? undefined : (raw * factor.multiplier) / factor.divisor;
    },
    toRaw: (value, exponent) => {
      if (value === undefined) return undefined;
      if (typeof value !== 'number') throw invalidValue(spec, 'a number', value);
      const factor = factorFor(exponent);
      return factor === undefined || Number.isNaN(value) ? undefined : (value * factor.divisor) / factor.multiplier;
    },
  };
}

function invalidValue(spec: { readonly name: string }, expected: string, value: unknown): VenfleetError {
  return new VenfleetError('VALUE_INVALID', `${spec.name} takes ${expected}, not ${JSON.stringify(value) ?? 'nothing'}`, {
    context: { point: spec.name },
  });
}
