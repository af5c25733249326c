import { byTable } from '../profile/order.js';
import type { ModbusControl, ModbusPoint, ModbusProfile, ModbusTable } from '../profile/types.js';
import type { PointValue, Values } from '../quantities.js';

/** A stretch of a table that a device has: registers as they go over the wire, or one byte (0 or 1) a bit. */
export interface ImageRange {
  readonly table: ModbusTable;
  readonly address: number;
  readonly count: number;
  /** Where it begins in the device's bytes. */
  readonly byteOffset: number;
}

/** How a simulated device's registers lie in one piece of memory. */
export interface ImageLayout {
  readonly ranges: readonly ImageRange[];
  readonly byteLength: number;
}

const layouts = new WeakMap<ModbusProfile, ImageLayout>();

/**
 * The ranges of a profile's points and controls. Unused registers between two values are part of the
 * device (and answer 0) unless the hole is too wide for any one read to span, Modbus Application Protocol
 * 1.1b3 §6.3; beyond that the device has none.
 */
export function imageLayout(profile: ModbusProfile): ImageLayout {
  let layout = layouts.get(profile);
  if (layout === undefined) {
    layout = buildLayout([...profile.points.values(), ...profile.controls.values()]);
    layouts.set(profile, layout);
  }
  return layout;
}

type Placed = Pick<ModbusPoint, 'table' | 'address' | 'registers'>;

function buildLayout(values: readonly Placed[]): ImageLayout {
  const sorted = [...values].sort((a, b) => byTable(a, b) || a.address - b.address);
  const ranges: { table: ModbusTable; address: number; count: number; byteOffset: number }[] = [];
  for (const { table, address, registers } of sorted) {
    const last = ranges.at(-1);
    if (last?.table === table && address - (last.address + last.count) < 125) {
      last.count = Math.max(last.count, address + registers - last.address);
    } else ranges.push({ table, address, count: registers, byteOffset: 0 });
  }
  let byteLength = 0;
  for (const range of ranges) {
    // Registers start at even offsets, so that a server may view them as words.
    range.byteOffset = byteLength + (byteLength % 2);
    byteLength = range.byteOffset + range.count * bytesPer(range.table);
  }
  return { ranges, byteLength: byteLength + (byteLength % 2) };
}

function bytesPer(table: ModbusTable): 1 | 2 {
  return table === 'coil' || table === 'discrete' ? 1 : 2;
}

/**
 * Where `count` registers or bits from `address` begin in a device's bytes; undefined when the device
 * does not have all of them (exception 2, illegal data address).
 */
export function imageOffset(layout: ImageLayout, table: ModbusTable, address: number, count: number): number | undefined {
  for (const range of layout.ranges) {
    if (range.table === table && address >= range.address && address + count <= range.address + range.count) {
      return range.byteOffset + (address - range.address) * bytesPer(table);
    }
  }
  return undefined;
}

/** How one name's value gets into a device's bytes. */
interface Slot {
  readonly byteOffset: number;
  readonly point: ModbusPoint | ModbusControl;
  /** Where its scale factor stands. */
  readonly scale: Slot | undefined;
}

const slotsOf = new WeakMap<ModbusProfile, ReadonlyMap<string, Slot>>();

/** A name that is both read and written stands for what is read. */
function imageSlots(profile: ModbusProfile): ReadonlyMap<string, Slot> {
  const known = slotsOf.get(profile);
  if (known !== undefined) return known;
  const layout = imageLayout(profile);
  const slots = new Map<string, Slot>();
  const add = (point: ModbusPoint | ModbusControl): Slot => {
    const scaleRef = 'scaleRef' in point ? profile.points.get(point.scaleRef ?? '') : undefined;
    const byteOffset = imageOffset(layout, point.table, point.address, point.registers) ?? 0;
    const slot = { byteOffset, point, scale: scaleRef === undefined ? undefined : (slots.get(scaleRef.name) ?? add(scaleRef)) };
    slots.set(point.name, slot);
    return slot;
  };
  for (const control of profile.controls.values()) add(control);
  for (const point of profile.points.values()) add(point);
  slotsOf.set(profile, slots);
  return slots;
}

/**
 * A new device's bytes: each point as in `values`, else at its `initial`, else not implemented; registers
 * that can only be written, and bits without a value, at 0.
 */
export function encodeImage(profile: ModbusProfile, values: Values = {}): Buffer {
  const image = Buffer.alloc(imageLayout(profile).byteLength);
  const initial: Record<string, PointValue | undefined> = {};
  for (const point of profile.points.values()) {
    if (point.initial !== undefined || point.codec !== undefined) initial[point.name] = point.initial;
  }
  writeImage(profile, { ...initial, ...values }, image);
  return image;
}

/**
 * Writes the given values, and only these, into a device's bytes from `offset` of `slab`. Values of names
 * that the profile does not have are skipped: one model of a site serves every profile. Scale factors
 * that `values` lacks are those in the slab.
 * @throws VenfleetError VALUE_INVALID for a value of the wrong kind; those before it are written.
 */
export function writeImage(profile: ModbusProfile, values: Values, slab: Buffer, offset = 0): void {
  const slots = imageSlots(profile);
  // What a value is scaled by must be there before it.
  for (const name in values) if (slots.get(name)?.point.type === 'sunssf') writeSlot(slots, name, values, slab, offset);
  for (const name in values) if (slots.get(name)?.point.type !== 'sunssf') writeSlot(slots, name, values, slab, offset);
}

function writeSlot(slots: ReadonlyMap<string, Slot>, name: string, values: Values, slab: Buffer, offset: number): void {
  const slot = slots.get(name);
  if (slot === undefined) return;
  const { codec } = slot.point;
  if (codec === undefined) slab[offset + slot.byteOffset] = values[name] === true ? 1 : 0;
  else codec.encode(slab, offset + slot.byteOffset, values[name], readExponent(slot.scale, slab, offset));
}

function readExponent(scale: Slot | undefined, slab: Buffer, offset: number): number | undefined {
  const exponent = scale?.point.codec?.decode(slab, offset + scale.byteOffset);
  return typeof exponent === 'number' ? exponent : undefined;
}

/** What a device answers to a read of `block`; undefined for exception 2, illegal data address. */
export function readImage(
  layout: ImageLayout,
  block: { readonly table: ModbusTable; readonly address: number; readonly count: number },
  slab: Buffer,
  offset = 0,
): Buffer | undefined {
  const at = imageOffset(layout, block.table, block.address, block.count);
  if (at === undefined) return undefined;
  if (bytesPer(block.table) === 2) return slab.subarray(offset + at, offset + at + block.count * 2);
  const packed = Buffer.alloc(Math.ceil(block.count / 8));
  for (let i = 0; i < block.count; i++)
    packed[i >> 3] = (packed[i >> 3] as number) | ((slab[offset + at + i] as number) << (i & 7));
  return packed;
}
