import { NUMBER_TYPES } from '../codec/number-types.js';
import type { RegisterType } from '../codec/point-codec.js';
import { multiply, quantityOf, ratio, toBaseUnit } from '../quantities.js';
import { checkUnit } from './common-checks.js';
import { registersOf } from './modbus-layout.js';

/** What a point and a control have in common. */
interface ValueFile {
  readonly name: string;
  readonly unit?: string | undefined;
  readonly type: RegisterType;
  readonly length?: number | undefined;
  readonly scale?: number | undefined;
  readonly scaleRef?: string | undefined;
  readonly enum?: Readonly<Record<string, string>> | undefined;
  readonly invalid?: readonly number[] | undefined;
  readonly mask?: number | undefined;
}

interface Flaw {
  readonly field: string;
  readonly reason: string;
}

/** The largest bit pattern of an integer type; undefined for floats, texts and bits. */
function largestPattern(type: RegisterType, registers: number): number | undefined {
  if (type === 'string' || type === 'bool') return undefined;
  if (type !== 'bitfield' && NUMBER_TYPES[type].float) return undefined;
  return 2 ** (16 * registers) - 1;
}

/** Does the value's type fit its length, its meaning and its extras? */
export function checkValue(value: ValueFile): Flaw[] {
  const registers = registersOf(value);
  if (registers === undefined) {
    const reason = value.type === 'string' ? 'a string needs a length' : `${value.length} registers do not fit ${value.type}`;
    return [{ field: value.length === undefined ? 'type' : 'length', reason }];
  }
  const unit = checkUnit(value);
  return [
    ...(unit === undefined ? [] : [{ field: value.unit === undefined ? 'name' : 'unit', reason: unit }]),
    ...checkMeaning(value),
    ...checkExtras(value, largestPattern(value.type, registers)),
  ];
}

/** A canonical text needs a string or an enum, a flag a bit or a whole number, a number a number. */
function checkMeaning(value: ValueFile): Flaw[] {
  const quantity = quantityOf(value.name);
  const { type } = value;
  const numeric = type !== 'string' && type !== 'bool';
  if (quantity?.kind === 'text' && type !== 'string' && value.enum === undefined) {
    return [{ field: 'type', reason: `${value.name} is a text: it needs type string, or an enum` }];
  }
  if (quantity?.kind === 'flag' && (type === 'string' || (numeric && type !== 'bitfield' && NUMBER_TYPES[type].float))) {
    return [{ field: 'type', reason: `${value.name} is a flag: it needs bool or a whole number` }];
  }
  if (quantity?.kind === 'number' && !numeric) return [{ field: 'type', reason: `${value.name} is a number, ${type} is none` }];
  if (quantity?.kind !== 'text' && quantity !== undefined && value.enum !== undefined) {
    return [{ field: 'enum', reason: `${value.name} is a ${quantity.kind}, an enum gives texts` }];
  }
  return [];
}

function checkExtras(value: ValueFile, pattern: number | undefined): Flaw[] {
  const flaws: Flaw[] = [];
  const add = (field: string, reason: string) => flaws.push({ field, reason });
  const { type } = value;
  const countable = type !== 'string' && type !== 'bool' && value.enum === undefined && quantityOf(value.name)?.kind !== 'flag';
  if (!countable && value.scale !== undefined) add('scale', 'only a number can be scaled');
  if (!countable && value.scaleRef !== undefined) add('scaleRef', 'only a number can be scaled');
  if (value.scale !== undefined && value.scaleRef !== undefined) add('scale', 'scale and scaleRef exclude each other');
  if (value.enum !== undefined) {
    const tooLarge = Object.keys(value.enum).find((key) => Number(key) > (pattern ?? -1));
    if (pattern === undefined) add('enum', `an enum needs a whole-number type, not ${type}`);
    else if (tooLarge !== undefined) add('enum', `${tooLarge} does not fit ${type}`);
  }
  if (
    value.mask !== undefined &&
    !((type === 'uint16' || type === 'uint32' || type === 'bitfield') && value.mask <= (pattern ?? 0))
  ) {
    add('mask', `does not fit ${type}: it needs uint16, uint32 or bitfield of that width`);
  }
  for (const invalid of value.invalid ?? []) {
    if (type === 'string' || type === 'bool') add('invalid', `a ${type} has no invalid number`);
    else if (pattern !== undefined && !fitsPattern(type, invalid, pattern)) add('invalid', `${invalid} does not fit ${type}`);
  }
  return flaws;
}

/** As the number itself or as the bits that documents print: 0x8000 and -32768 are the same int16. */
function fitsPattern(type: RegisterType, invalid: number, pattern: number): boolean {
  return Number.isInteger(invalid) && invalid <= pattern && invalid >= (type.startsWith('int') ? -(pattern + 1) / 2 : 0);
}

/** Whether a value in the canonical unit lies within what the register can say. */
export function fitsRegister(value: ValueFile, canonical: number | undefined): boolean {
  if (canonical === undefined || value.type === 'string' || value.type === 'bool') return true;
  const unit = quantityOf(value.name) === undefined ? undefined : toBaseUnit(value.unit ?? '1')?.factor;
  const factor = multiply(ratio(value.scale ?? 1), unit ?? ratio(1));
  const raw = (canonical * factor.divisor) / factor.multiplier;
  const registers = registersOf(value) ?? 1;
  const { min, max } = value.type === 'bitfield' ? { min: 0, max: 2 ** (16 * registers) - 1 } : NUMBER_TYPES[value.type];
  return raw >= min && raw <= max;
}

/** `invalid` as the numbers that parsing gives: bits of a signed type become negative. */
export function normalizeInvalid(type: RegisterType, registers: number, invalid: readonly number[]): readonly number[] {
  const range = 2 ** (16 * registers);
  return invalid.map((n) => (type.startsWith('int') && n >= range / 2 ? n - range : n));
}
