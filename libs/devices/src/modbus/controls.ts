import { checkControlValue, rangeProblem, requireControl } from '../control-value.js';
import { byTable } from '../profile/order.js';
import type { ModbusControl, ModbusProfile } from '../profile/types.js';
import type { PointValue } from '../quantities.js';

/** A write as it goes over the wire: registers big-endian, bits packed from the lowest (§6.11, §6.12). */
export interface WriteRequest {
  readonly fc: 5 | 6 | 15 | 16;
  readonly table: 'holding' | 'coil';
  readonly address: number;
  /** Registers or bits. */
  readonly count: number;
  readonly data: Buffer;
}

/** What a device makes of a write: the controls' new values, or the Modbus exception it refuses with. */
export type WriteOutcome =
  | { readonly ok: true; readonly values: Readonly<Record<string, PointValue>> }
  | { readonly ok: false; readonly exception: 2 | 3; readonly reason: string };

/**
 * The request that sets one control.
 * @param value in the control's canonical unit; rounded to the nearest step of the register.
 * @throws VenfleetError CONTROL_UNKNOWN, CONTROL_OUT_OF_RANGE or VALUE_INVALID; nothing is sent then.
 */
export function encodeControl(profile: ModbusProfile, name: string, value: PointValue): WriteRequest {
  const control = requireControl(profile, name);
  checkControlValue(control, value);
  const { fc, table, address, registers } = control;
  if (control.codec === undefined) return { fc, table, address, count: 1, data: Buffer.of(value === true ? 1 : 0) };
  const data = Buffer.alloc(registers * 2);
  control.codec.encode(data, 0, value);
  return { fc, table, address, count: registers, data };
}

/**
 * The requests that set several controls, in the order of their addresses; neighbours that are written
 * by function code 16 share one, so that the device takes them at once or not at all.
 * @throws as {@link encodeControl}
 */
export function encodeControls(profile: ModbusProfile, values: Readonly<Record<string, PointValue>>): WriteRequest[] {
  const single = Object.entries(values)
    .map(([name, value]) => encodeControl(profile, name, value))
    .sort((a, b) => byTable(a, b) || a.address - b.address);
  const merged: WriteRequest[] = [];
  for (const request of single) {
    const last = merged.at(-1);
    const adjoins = last?.fc === 16 && request.fc === 16 && last.address + last.count === request.address;
    if (last !== undefined && adjoins && last.count + request.count <= MAX_WRITE) {
      merged[merged.length - 1] = { ...last, count: last.count + request.count, data: Buffer.concat([last.data, request.data]) };
    } else merged.push(request);
  }
  return merged;
}

/** Modbus Application Protocol 1.1b3 §6.12. */
const MAX_WRITE = 123;

/**
 * The inverse of {@link encodeControls}, as a device sees it: whatever the function code, all that is
 * written must be controls (else exception 2, illegal data address), each as a whole and within its
 * range (else exception 3, illegal data value).
 */
export function decodeWrite(profile: ModbusProfile, request: Omit<WriteRequest, 'fc'>): WriteOutcome {
  const { table, address, count, data } = request;
  const end = address + count;
  if (data.length !== (table === 'coil' ? Math.ceil(count / 8) : count * 2)) {
    return { ok: false, exception: 3, reason: `${data.length} bytes do not hold ${count} values` };
  }
  const values: Record<string, PointValue> = {};
  let covered = 0;
  for (const control of profile.controls.values()) {
    if (control.table !== table || control.address >= end || control.address + control.registers <= address) continue;
    if (control.address < address || control.address + control.registers > end) {
      return { ok: false, exception: 3, reason: `${control.name} takes ${control.registers} registers, written as a whole` };
    }
    const value = decodeValue(control, control.address - address, data);
    const problem = value === undefined ? 'no value' : rangeProblem(control, value);
    if (value === undefined || problem !== undefined) return { ok: false, exception: 3, reason: `${control.name}: ${problem}` };
    values[control.name] = value;
    covered += control.registers;
  }
  if (covered < count) return { ok: false, exception: 2, reason: `${table} ${address}…${end - 1} is not all writable` };
  return { ok: true, values };
}

function decodeValue(control: ModbusControl, index: number, data: Buffer): PointValue | undefined {
  if (control.codec === undefined) return (((data[index >> 3] as number) >> (index & 7)) & 1) === 1;
  return control.codec.decode(data, index * 2);
}
