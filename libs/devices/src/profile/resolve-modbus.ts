import { createPointCodec, type RegisterType } from '../codec/point-codec.js';
import type { WordOrder } from '../codec/word-order.js';
import { quantityOf } from '../quantities.js';
import { absoluteAddress, layOutModels, registersOf, SUNSPEC_HEADER } from './modbus-layout.js';
import type { ModbusControlFile, ModbusPointFile, ModbusProfileFile, ProbeFile } from './modbus-schema.js';
import type { ModbusControl, ModbusPoint, ModbusProfile, Probe, SunSpecLayout } from './types.js';
import { normalizeInvalid } from './value-checks.js';

interface ValueFile {
  readonly name: string;
  readonly type: RegisterType;
  readonly length?: number | undefined;
  readonly wordOrder: WordOrder;
  readonly unit?: string | undefined;
  readonly scale?: number | undefined;
  readonly scaleRef?: string | undefined;
  readonly mask?: number | undefined;
  readonly enum?: Readonly<Record<string, string>> | undefined;
  readonly invalid?: readonly number[] | undefined;
}

/** What the value takes in its table, and its codec unless it is a bit. */
function resolveValue(value: ValueFile) {
  const registers = registersOf(value) ?? 1;
  const quantity = quantityOf(value.name);
  const { name, type, wordOrder, unit, scale, mask } = value;
  if (type === 'bool') return { name, quantity, type, registers, codec: undefined };
  const codec = createPointCodec({
    ...{ name, type, registers, wordOrder, quantity, unit, scale, mask },
    scaled: value.scaleRef !== undefined,
    enum: value.enum,
    invalid: value.invalid === undefined ? undefined : normalizeInvalid(type, registers, value.invalid),
  });
  return { name, quantity, type, registers, codec };
}

function resolvePoint(point: ModbusPointFile, layout: SunSpecLayout | undefined): ModbusPoint {
  const { table, model, scaleRef, poll, monotonic, initial } = point;
  return {
    ...resolveValue(point),
    address: absoluteAddress(point, layout) ?? point.address,
    ...{ table, model, scaleRef, poll, monotonic, initial },
  };
}

function resolveControl(control: ModbusControlFile): ModbusControl {
  const { fc, address, min, max, readback, keepaliveS, fallback } = control;
  const table = control.type === 'bool' ? 'coil' : 'holding';
  return { ...resolveValue(control), table, fc, address, min, max, readback, keepaliveS, fallback };
}

function resolveProbe(probe: ProbeFile): Probe {
  const { codec, registers } = resolveValue({ ...probe, name: 'x-probe' });
  if (codec === undefined) throw new TypeError('a probe reads registers');
  return { table: probe.table, address: probe.address, registers, codec, expect: probe.expect };
}

/** The registers that make a device discoverable, as points like all others. */
function headerPoints(layout: SunSpecLayout): ModbusPoint[] {
  const common = { table: 'holding', wordOrder: 'ABCD', poll: 'once', monotonic: false } as const;
  const word = (name: string, address: number, initial: number, model?: number): ModbusPoint => ({
    ...resolvePoint({ ...common, name, address, type: 'uint16', initial, invalid: [] }, undefined),
    model,
  });
  return [
    resolvePoint(
      { ...common, name: 'x-sunspec-marker', address: layout.base, type: 'string', length: 2, initial: 'SunS' },
      undefined,
    ),
    ...layout.models.flatMap(({ id, length, address }) => [
      word(`x-sunspec-${id}-id`, address, id, id),
      word(`x-sunspec-${id}-length`, address + 1, length, id),
    ]),
    word('x-sunspec-end-id', layout.end, 0xffff),
    word('x-sunspec-end-length', layout.end + SUNSPEC_HEADER - 1, 0),
  ];
}

/** The profile that a checked file describes: addresses as on the wire, codecs built. */
export function resolveModbus(file: ModbusProfileFile): ModbusProfile {
  const layout = file.sunspec === undefined ? undefined : layOutModels(file.sunspec);
  const points = [...(layout === undefined ? [] : headerPoints(layout)), ...file.points.map((p) => resolvePoint(p, layout))];
  const { kind, id, vendor, model, source, verified, derived, transport } = file;
  return {
    ...{ kind, id, vendor, model, source, verified, derived, transport },
    probe: file.probe === undefined ? undefined : resolveProbe(file.probe),
    sunspec: layout,
    points: new Map(points.map((p) => [p.name, p])),
    controls: new Map(file.controls.map((c) => [c.name, resolveControl(c)])),
  };
}
