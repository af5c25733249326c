import { NUMBER_TYPES } from '../codec/number-types.js';
import type { RegisterType } from '../codec/point-codec.js';
import type { ModbusProfileFile } from './modbus-schema.js';
import type { SunSpecLayout } from './types.js';

/** The marker "SunS" and a model's header (id and length) take two registers each. */
export const SUNSPEC_HEADER = 2;

/** How many registers (bits for bool) a value takes; undefined when its length does not fit its type. */
export function registersOf(value: { readonly type: RegisterType; readonly length?: number | undefined }): number | undefined {
  if (value.type === 'string') return value.length;
  if (value.type === 'bitfield') return (value.length ?? 1) <= 2 ? (value.length ?? 1) : undefined;
  const registers = value.type === 'bool' ? 1 : NUMBER_TYPES[value.type].registers;
  return value.length === undefined || value.length === registers ? registers : undefined;
}

/** The model chain as it stands behind `base`, SunSpec Device Information Model §2. */
export function layOutModels(sunspec: NonNullable<ModbusProfileFile['sunspec']>): SunSpecLayout {
  let address = sunspec.base + SUNSPEC_HEADER;
  const models = sunspec.models.map(({ id, length }) => {
    const model = { id, length, address };
    address += SUNSPEC_HEADER + length;
    return model;
  });
  return { base: sunspec.base, models, end: address };
}

/** The address on the wire of a point that counts from its model's id register; undefined for a model that is not there. */
export function absoluteAddress(
  point: { readonly address: number; readonly model?: number | undefined },
  layout: SunSpecLayout | undefined,
): number | undefined {
  if (point.model === undefined) return point.address;
  const model = layout?.models.find(({ id }) => id === point.model);
  return model === undefined ? undefined : model.address + point.address;
}
