import { VenfleetError } from '@venfleet/core';
import type { FrameFault } from '../faults/frame-fault.js';
import type { DeviceIdentification } from './device-identification.js';

export type ModbusTable = 'holding' | 'input' | 'coil' | 'discrete';

/** A stretch of a table that a device has: registers big-endian as on the wire, or one byte (0 or 1) a bit. */
export interface TableRange {
  readonly table: ModbusTable;
  /** 0-based, as on the wire. */
  readonly address: number;
  /** Registers or bits. */
  readonly count: number;
  /** Where it begins in the device's bytes. */
  readonly byteOffset: number;
}

/** How a device's tables lie in its bytes; libs/devices makes one of a profile (`imageLayout`). */
export interface UnitLayout {
  readonly ranges: readonly TableRange[];
  readonly byteLength: number;
}

/** A write that has passed the protocol's checks: registers big-endian, bits packed from the lowest. */
export interface UnitWrite {
  readonly table: 'holding' | 'coil';
  readonly address: number;
  /** Registers or bits. */
  readonly count: number;
  /** A view of the request: copy what is to be kept. */
  readonly data: Buffer;
}

/** What a write is refused with: an address that is read-only, a value out of range, a device that failed. */
export type WriteRefusal = 2 | 3 | 4;

/** The device behind a unit id. What it throws is logged and answered with exception 4, server device failure. */
export interface UnitDevice {
  /** FC 43/14; without one the device does not know the function. */
  readonly identification?: DeviceIdentification | undefined;
  /** Asked before each request; without one nothing is ever wrong. */
  readonly faults?: { next(): FrameFault | undefined } | undefined;
  /** About to be read: bring `unit.slab` from `unit.offset` up to date. */
  beforeRead?(unit: ModbusUnit, table: ModbusTable, address: number, count: number): void;
  /**
   * Acts on a write at once, or refuses it; a device without this is read-only. The server then stores
   * in the slab what was accepted; a refusal must change nothing.
   */
  onWrite?(unit: ModbusUnit, write: UnitWrite): WriteRefusal | undefined;
}

export interface UnitSpec {
  /** 1…247, or up to 255 for a device that documents one (Alfen's station is 200). */
  readonly id: number;
  readonly layout: UnitLayout;
  /** First content, `layout.byteLength` bytes; zeros unless given. */
  readonly image?: Buffer | undefined;
  readonly device: UnitDevice;
}

type Tables = Readonly<Record<ModbusTable, readonly TableRange[]>>;

/** Devices of one profile share one. */
const tablesOf = new WeakMap<UnitLayout, Tables>();

/** A device's place in its gateway's slab. */
export class ModbusUnit {
  readonly id: number;
  readonly slab: Buffer;
  /** Where the device's bytes begin in `slab`. */
  readonly offset: number;
  readonly device: UnitDevice;
  readonly #tables: Tables;

  /** @throws VenfleetError MODBUS_UNIT_INVALID with every mistake of the layout. */
  constructor(spec: UnitSpec, slab: Buffer, offset: number) {
    this.id = spec.id;
    this.slab = slab;
    this.offset = offset;
    this.device = spec.device;
    let tables = tablesOf.get(spec.layout);
    if (tables === undefined) {
      checkLayout(spec);
      tables = tablesByName(spec.layout);
      tablesOf.set(spec.layout, tables);
    }
    this.#tables = tables;
    spec.image?.copy(slab, offset, 0, spec.layout.byteLength);
  }

  has(table: ModbusTable): boolean {
    return this.#tables[table].length > 0;
  }

  /** Where `count` registers or bits from `address` begin in the slab; -1 when the device lacks any of them. */
  find(table: ModbusTable, address: number, count: number): number {
    for (const range of this.#tables[table]) {
      if (address >= range.address && address + count <= range.address + range.count) {
        return this.offset + range.byteOffset + (address - range.address) * bytesPer(table);
      }
    }
    return -1;
  }
}

function bytesPer(table: ModbusTable): 1 | 2 {
  return table === 'coil' || table === 'discrete' ? 1 : 2;
}

function tablesByName({ ranges }: UnitLayout): Tables {
  const of = (table: ModbusTable) => ranges.filter((r) => r.table === table).sort((a, b) => a.address - b.address);
  return { holding: of('holding'), input: of('input'), coil: of('coil'), discrete: of('discrete') };
}

function checkLayout({ id, layout }: UnitSpec): void {
  const mistakes: string[] = [];
  for (const { table, address, count, byteOffset } of layout.ranges) {
    const end = byteOffset + count * bytesPer(table);
    if (address < 0 || count < 1 || address + count > 65_536) mistakes.push(`${table} ${address}+${count}: outside 0…65535`);
    if (byteOffset < 0 || end > layout.byteLength) mistakes.push(`${table} ${address}+${count}: outside the device's bytes`);
  }
  for (const ranges of Object.values(tablesByName(layout))) {
    for (const [i, range] of ranges.entries()) {
      const next = ranges[i + 1];
      // A read may cross from one range into an adjoining one, so their bytes would have to adjoin too.
      if (next !== undefined && next.address <= range.address + range.count) {
        mistakes.push(`${range.table} ${range.address}+${range.count} and ${next.address}+${next.count}: overlap or adjoin`);
      }
    }
  }
  if (mistakes.length > 0) {
    throw new VenfleetError('MODBUS_UNIT_INVALID', `the register layout of unit ${id} has mistakes`, {
      context: { unit: id },
      details: mistakes,
      hint: 'give ranges that lie apart, adjoining ones as one',
    });
  }
}
