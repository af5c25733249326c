import { VenfleetError } from '@venfleet/core';
import { SUNSPEC_HEADER } from '../profile/modbus-layout.js';
import type { ModbusPoint, ModbusProfile, SunSpecLayout, SunSpecModel } from '../profile/types.js';

/**
 * Reads `count` holding registers. It gives undefined when the device refuses the address (exception 1
 * or 2), and throws when there is no answer.
 */
export type ReadHolding = (address: number, count: number) => Promise<Uint8Array | undefined>;

/** Where "SunS" may stand, the usual place first (SunSpec Device Information Model §2). */
export const SUNSPEC_BASES = [40000, 0, 50000] as const;
const MARKER = 0x53756e53; // "SunS"
const END_MODEL = 0xffff;
/** No device has as many; it only ends the walk through registers that make no sense. */
const MAX_MODELS = 256;

/**
 * Finds a device's SunSpec models: the marker at 40000, 0 or 50000, then the chain of id and length up
 * to the end marker.
 * @returns undefined when the marker is in none of the places: the device does not speak SunSpec.
 * @throws VenfleetError SUNSPEC_CHAIN_BROKEN when the chain does not come to an end; whatever `read` throws.
 */
export async function discoverSunSpec(read: ReadHolding): Promise<SunSpecLayout | undefined> {
  for (const base of SUNSPEC_BASES) {
    const marker = words(await read(base, 2));
    if (marker !== undefined && marker.getUint32(0) === MARKER) return walkModels(read, base);
  }
  return undefined;
}

async function walkModels(read: ReadHolding, base: number): Promise<SunSpecLayout> {
  const models: SunSpecModel[] = [];
  let address = base + SUNSPEC_HEADER;
  while (models.length < MAX_MODELS && address + SUNSPEC_HEADER <= 0x10000) {
    const header = words(await read(address, SUNSPEC_HEADER));
    if (header === undefined) break;
    const id = header.getUint16(0);
    const length = header.getUint16(2);
    if (id === END_MODEL) return { base, models, end: address };
    models.push({ id, length, address });
    address += SUNSPEC_HEADER + length;
  }
  throw new VenfleetError('SUNSPEC_CHAIN_BROKEN', `the SunSpec models from ${base} do not end: no end marker at ${address}`, {
    context: { base, address, models: models.map(({ id }) => id).join(',') },
    hint: 'check the wiring and the unit id; a device that is still starting may answer zeros',
  });
}

function words(data: Uint8Array | undefined): DataView | undefined {
  return data?.length === 4 ? new DataView(data.buffer, data.byteOffset, 4) : undefined;
}

/**
 * The profile with its SunSpec points where `found` has their models; of several of one id, the first.
 * @throws VenfleetError SUNSPEC_MODEL_MISSING when the device lacks a model, or has it too short.
 */
export function placeSunSpec(profile: ModbusProfile, found: SunSpecLayout): ModbusProfile {
  const expected = profile.sunspec;
  if (expected === undefined) return profile;
  const moved = expected.models.map((model) => {
    const there = found.models.find(({ id }) => id === model.id);
    if (there === undefined || there.length < model.length) throw missingModel(profile, model, found);
    return [model.id, there.address - model.address] as const;
  });
  const shifts = new Map<number | undefined, number>(moved);
  const models = expected.models.map((m) => ({ ...m, address: m.address + (shifts.get(m.id) ?? 0) }));
  const place = (point: ModbusPoint): ModbusPoint => ({ ...point, address: point.address + (shifts.get(point.model) ?? 0) });
  const ends = new Map([
    ['x-sunspec-marker', found.base],
    ['x-sunspec-end-id', found.end],
    ['x-sunspec-end-length', found.end + 1],
  ]);
  const points = [...profile.points].map(([name, point]) => {
    const address = ends.get(name);
    return [name, address === undefined ? place(point) : { ...point, address }] as const;
  });
  return { ...profile, sunspec: { base: found.base, models, end: found.end }, points: new Map(points) };
}

function missingModel(profile: ModbusProfile, model: SunSpecModel, found: SunSpecLayout): VenfleetError {
  const has = found.models.map(({ id, length }) => `${id} (${length} registers)`).join(', ');
  return new VenfleetError(
    'SUNSPEC_MODEL_MISSING',
    `${profile.id} needs SunSpec model ${model.id} of at least ${model.length} registers; the device has ${has || 'none'}`,
    { context: { profile: profile.id, model: model.id }, hint: 'choose the profile whose model the device has' },
  );
}
