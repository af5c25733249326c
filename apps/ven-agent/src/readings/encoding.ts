import { type Instant, instant, wattHours, watts } from '@venfleet/core';
import type { Reading } from './reading.js';

/** A row of the table `readings`: whole numbers, which SQLite stores in as few bytes as they need. */
export interface ReadingRow {
  readonly resource: number;
  readonly at_ms: number;
  readonly power_milliwatt: number | null;
  readonly import_milliwatthour: number | null;
  readonly export_milliwatthour: number | null;
  readonly state_of_charge_ppm: number | null;
  readonly flags: number;
}

/** In the order of the columns. Absurd values, which are flagged, are cut to what a whole number can hold. */
export function toColumns(reading: Reading): (number | null)[] {
  const { resource, at, power, importEnergy, exportEnergy, stateOfCharge, flags } = reading;
  return [
    resource,
    at,
    whole(power, 1000),
    whole(importEnergy, 1000),
    whole(exportEnergy, 1000),
    whole(stateOfCharge, 1_000_000),
    flags,
  ];
}

export function fromRow(row: ReadingRow): Reading {
  return {
    resource: row.resource,
    at: instant(row.at_ms),
    power: row.power_milliwatt === null ? undefined : watts(row.power_milliwatt / 1000),
    importEnergy: row.import_milliwatthour === null ? undefined : wattHours(row.import_milliwatthour / 1000),
    exportEnergy: row.export_milliwatthour === null ? undefined : wattHours(row.export_milliwatthour / 1000),
    ...(row.state_of_charge_ppm === null ? {} : { stateOfCharge: row.state_of_charge_ppm / 1_000_000 }),
    flags: row.flags,
  };
}

function whole(value: number | undefined, perUnit: number): number | null {
  if (value === undefined) return null;
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Math.round(value * perUnit)));
}

const FIELDS = 7;
const BYTES = FIELDS * Float64Array.BYTES_PER_ELEMENT;

/** Readings as one block: seven doubles each, little-endian, NaN for absent. */
export function packReadings(readings: readonly Reading[]): Buffer {
  const block = Buffer.allocUnsafe(readings.length * BYTES);
  let offset = 0;
  for (const { resource, at, power, importEnergy, exportEnergy, stateOfCharge, flags } of readings) {
    offset = block.writeDoubleLE(resource, offset);
    offset = block.writeDoubleLE(at, offset);
    offset = block.writeDoubleLE(power ?? Number.NaN, offset);
    offset = block.writeDoubleLE(importEnergy ?? Number.NaN, offset);
    offset = block.writeDoubleLE(exportEnergy ?? Number.NaN, offset);
    offset = block.writeDoubleLE(stateOfCharge ?? Number.NaN, offset);
    offset = block.writeDoubleLE(flags, offset);
  }
  return block;
}

/** The inverse of {@link packReadings}. */
export function unpackReadings(block: Buffer): Reading[] {
  return Array.from({ length: Math.floor(block.length / BYTES) }, (_, i) => {
    const field = (n: number) => block.readDoubleLE(i * BYTES + n * Float64Array.BYTES_PER_ELEMENT);
    const quantity = <Q>(n: number, make: (value: number) => Q): Q | undefined => {
      const value = field(n);
      return Number.isNaN(value) ? undefined : make(value);
    };
    const stateOfCharge = quantity(5, Number);
    return {
      resource: field(0),
      at: field(1) as Instant,
      power: quantity(2, watts),
      importEnergy: quantity(3, wattHours),
      exportEnergy: quantity(4, wattHours),
      ...(stateOfCharge === undefined ? {} : { stateOfCharge }),
      flags: field(6),
    };
  });
}
