import { instant, type WattHours, type Watts, wattHours, watts } from '@venfleet/core';
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

/** Row after row, in the order of the columns. Absurd values, which are flagged, are cut to what a whole number can hold. */
export function toColumns(readings: readonly Reading[]): (number | null)[] {
  const columns: (number | null)[] = [];
  for (const { resource, at, power, importEnergy, exportEnergy, stateOfCharge, flags } of readings) {
    columns.push(
      resource,
      at,
      whole(power, 1000),
      whole(importEnergy, 1000),
      whole(exportEnergy, 1000),
      whole(stateOfCharge, 1_000_000),
      flags,
    );
  }
  return columns;
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

/** Bytes of a packed reading without its values: resource and time (48 bits each), flags (16), which values there are (8). */
const HEAD = 15;
const VALUES = ['power', 'importEnergy', 'exportEnergy', 'stateOfCharge'] as const;

/** Readings as one block: a head each, and a double for each value that is there; all little-endian. */
export function packReadings(readings: readonly Reading[]): Buffer {
  const block = Buffer.allocUnsafe(readings.length * (HEAD + VALUES.length * 8));
  let offset = 0;
  for (const reading of readings) {
    const head = offset;
    block.writeUIntLE(reading.resource, head, 6);
    block.writeUIntLE(reading.at, head + 6, 6);
    block.writeUInt16LE(reading.flags, head + 12);
    offset += HEAD;
    let present = 0;
    for (let i = 0; i < VALUES.length; i++) {
      const value = reading[VALUES[i] as (typeof VALUES)[number]];
      if (value === undefined) continue;
      present |= 1 << i;
      offset = block.writeDoubleLE(value, offset);
    }
    block[head + 14] = present;
  }
  return block.subarray(0, offset);
}

/** The inverse of {@link packReadings}. */
export function unpackReadings(block: Buffer): Reading[] {
  const readings: Reading[] = [];
  for (let offset = 0; offset + HEAD <= block.length; ) {
    const head = offset;
    const present = block.readUInt8(head + 14);
    offset += HEAD;
    const [power, importEnergy, exportEnergy, stateOfCharge] = VALUES.map((_, i) => {
      if ((present & (1 << i)) === 0) return undefined;
      offset += 8;
      return block.readDoubleLE(offset - 8);
    });
    readings.push({
      resource: block.readUIntLE(head, 6),
      at: instant(block.readUIntLE(head + 6, 6)),
      power: power as Watts | undefined,
      importEnergy: importEnergy as WattHours | undefined,
      exportEnergy: exportEnergy as WattHours | undefined,
      ...(stateOfCharge === undefined ? {} : { stateOfCharge }),
      flags: block.readUInt16LE(head + 12),
    });
  }
  return readings;
}
