import { quantityOf } from '../quantities.js';
import { checkControl, checkDerived } from './common-checks.js';
import type { Derived } from './common-schema.js';
import { duplicates, type Entry, type Finding } from './findings.js';
import { absoluteAddress, layOutModels, registersOf, SUNSPEC_HEADER } from './modbus-layout.js';
import type { ModbusControlFile, ModbusPointFile, ModbusProfileFile, ModbusTransport, ProbeFile } from './modbus-schema.js';
import { byTable } from './order.js';
import type { SunSpecLayout } from './types.js';
import { checkValue, fitsRegister } from './value-checks.js';

/** The parts of a Modbus profile that make sense by themselves. */
export interface ModbusParts {
  readonly points: readonly Entry<ModbusPointFile>[];
  readonly controls: readonly Entry<ModbusControlFile>[];
  readonly derived: readonly Entry<Derived>[];
  readonly transport: ModbusTransport | undefined;
  readonly sunspec: ModbusProfileFile['sunspec'];
  readonly probe: ProbeFile | undefined;
  readonly pointNames: ReadonlySet<string>;
  readonly controlNames: ReadonlySet<string>;
}

/** A piece of a table that somebody claims, `from` up to but not including `to`. */
interface Claim {
  readonly path: readonly (string | number)[];
  readonly label: string;
  readonly table: string;
  readonly from: number;
  readonly to: number;
  readonly type: string;
  readonly mask: number | undefined;
  readonly writes: boolean;
}

/** Everything that a schema cannot say: what the entries of a profile owe each other. */
export function checkModbus(parts: ModbusParts): Finding[] {
  const layout = parts.sunspec === undefined ? undefined : layOutModels(parts.sunspec);
  const readable = new Set([...parts.pointNames, ...parts.derived.map(({ value }) => value.name)]);
  return [
    ...duplicates('points', parts.points, 'name', (p) => p.name),
    ...duplicates('controls', parts.controls, 'name', (c) => c.name),
    ...parts.points.flatMap((entry) => checkPoint(entry, parts, layout)),
    ...parts.controls.flatMap((entry) => checkWritable(entry, readable, parts.controlNames)),
    ...checkDerived(parts.derived, parts.pointNames),
    ...checkProbe(parts.probe, parts.sunspec !== undefined),
    ...checkLayout(layout),
    ...checkClaims([
      ...headerClaims(layout),
      ...parts.points.flatMap((e) => pointClaim(e, layout)),
      ...parts.controls.flatMap(controlClaim),
    ]),
  ];
}

function checkPoint({ index, value }: Entry<ModbusPointFile>, parts: ModbusParts, layout: SunSpecLayout | undefined): Finding[] {
  const found: Finding[] = checkValue(value).map(({ field, reason }) => ({ path: ['points', index, field], reason }));
  const add = (field: string, reason: string) => found.push({ path: ['points', index, field], reason });
  const isBit = value.table === 'coil' || value.table === 'discrete';
  if (isBit !== (value.type === 'bool')) add('type', `${value.type} does not fit the ${value.table} table`);
  if (value.model !== undefined) {
    const model = parts.sunspec?.models.find(({ id }) => id === value.model);
    const end = value.address + (registersOf(value) ?? 1);
    if (model === undefined) add('model', `sunspec.models has no model ${value.model}`);
    else if (end > model.length + SUNSPEC_HEADER) add('address', `ends beyond model ${value.model} of ${model.length} registers`);
    if (value.table !== 'holding') add('table', 'SunSpec models are holding registers');
  }
  const absolute = absoluteAddress(value, layout);
  const registers = registersOf(value) ?? 1;
  if (absolute !== undefined && absolute + registers > 0x10000) add('address', 'ends beyond address 65535');
  if (!isBit && registers > (parts.transport?.maxRegisters ?? 125)) {
    add('length', `${registers} registers cannot be read at once with maxRegisters ${parts.transport?.maxRegisters}`);
  }
  if (value.type === 'sunssf' && (value.scaleRef ?? value.scale) !== undefined)
    add('type', 'a scale factor is not scaled itself');
  if (value.scaleRef !== undefined) {
    const target = parts.points.find(({ value: p }) => p.name === value.scaleRef)?.value;
    if (!parts.pointNames.has(value.scaleRef)) add('scaleRef', `no point is called ${value.scaleRef}`);
    else if (target !== undefined && target.type !== 'sunssf') add('scaleRef', `${value.scaleRef} is ${target.type}, not sunssf`);
  }
  if (value.monotonic && quantityOf(value.name)?.kind !== 'number') add('monotonic', 'only a canonical number can be monotonic');
  if (value.invalid?.length === 0 && value.initial === undefined) {
    add('invalid', 'a point that always has a value needs initial: the one that a simulated device begins with');
  }
  if (value.initial !== undefined && typeof value.initial !== initialType(value)) {
    add('initial', `must be a ${initialType(value)}`);
  }
  return found;
}

/** The JavaScript type of a point's value. */
function initialType(value: ModbusPointFile): 'string' | 'boolean' | 'number' {
  if (value.type === 'string' || value.enum !== undefined) return 'string';
  return value.type === 'bool' || quantityOf(value.name)?.kind === 'flag' ? 'boolean' : 'number';
}

function checkWritable(
  { index, value }: Entry<ModbusControlFile>,
  points: ReadonlySet<string>,
  controls: ReadonlySet<string>,
): Finding[] {
  const numeric =
    value.type !== 'bool' && value.type !== 'string' && value.enum === undefined && quantityOf(value.name)?.kind !== 'flag';
  const flaws = [...checkValue(value), ...checkControl(value, numeric, points, controls)];
  const registers = registersOf(value) ?? 1;
  if ((value.fc === 5 || value.fc === 15) !== (value.type === 'bool')) {
    flaws.push({ field: 'fc', reason: `function code ${value.fc} does not write ${value.type}` });
  } else if (value.fc === 6 && registers !== 1) {
    flaws.push({ field: 'fc', reason: `function code 6 writes one register, ${value.type} takes ${registers}` });
  }
  for (const field of ['min', 'max'] as const) {
    // A limit that the register cannot hold would be saturated: the device would be told another one.
    if (numeric && !fitsRegister(value, value[field]))
      flaws.push({ field, reason: `${value[field]} does not fit ${value.type}` });
  }
  if (registers > 123) flaws.push({ field: 'length', reason: 'function code 16 writes at most 123 registers' });
  if (value.address + registers > 0x10000) flaws.push({ field: 'address', reason: 'ends beyond address 65535' });
  return flaws.map(({ field, reason }) => ({ path: ['controls', index, field], reason }));
}

function checkProbe(probe: ProbeFile | undefined, discoverable: boolean): Finding[] {
  if (probe === undefined) return [];
  if (discoverable) return [{ path: ['probe'], reason: 'a SunSpec device is proven by discovery, wherever its models stand' }];
  const flaws = checkValue({ ...probe, name: 'x-probe' });
  const text = typeof probe.expect === 'string';
  if (probe.type === 'bool') flaws.push({ field: 'type', reason: 'a probe reads registers' });
  else if (text !== (probe.type === 'string')) flaws.push({ field: 'expect', reason: `does not fit ${probe.type}` });
  if (probe.address + (registersOf(probe) ?? 1) > 0x10000) flaws.push({ field: 'address', reason: 'ends beyond address 65535' });
  return flaws.map(({ field, reason }) => ({ path: ['probe', field], reason }));
}

function checkLayout(layout: SunSpecLayout | undefined): Finding[] {
  if (layout === undefined) return [];
  const twice = layout.models.findIndex(({ id }, i) => layout.models.findIndex((m) => m.id === id) < i);
  return [
    ...(twice === -1
      ? []
      : [{ path: ['sunspec', 'models', twice, 'id'], reason: `model ${layout.models[twice]?.id} is there twice` }]),
    ...(layout.end + SUNSPEC_HEADER > 0x10000
      ? [{ path: ['sunspec', 'models'], reason: 'the model chain ends beyond address 65535' }]
      : []),
  ];
}

/** "SunS", every model's id and length, and the end marker are nobody else's. */
function headerClaims(layout: SunSpecLayout | undefined): Claim[] {
  if (layout === undefined) return [];
  const starts = [layout.base, ...layout.models.map((m) => m.address), layout.end];
  const common = {
    path: ['sunspec'],
    label: 'a SunSpec header',
    table: 'holding',
    type: 'header',
    mask: undefined,
    writes: false,
  };
  return starts.map((from) => ({ ...common, from, to: from + SUNSPEC_HEADER }));
}

function pointClaim({ index, value }: Entry<ModbusPointFile>, layout: SunSpecLayout | undefined): Claim[] {
  const from = absoluteAddress(value, layout);
  const registers = registersOf(value);
  if (from === undefined || registers === undefined) return [];
  const { name: label, table, type, mask } = value;
  return [{ path: ['points', index, 'address'], label, table, from, to: from + registers, type, mask, writes: false }];
}

function controlClaim({ index, value }: Entry<ModbusControlFile>): Claim[] {
  const registers = registersOf(value);
  if (registers === undefined) return [];
  const { name: label, address: from, type } = value;
  const table = type === 'bool' ? 'coil' : 'holding';
  return [
    { path: ['controls', index, 'address'], label, table, from, to: from + registers, type, mask: undefined, writes: true },
  ];
}

/** Each claim against those before it; sorted by table and address, an overlap needs only its neighbours. */
function checkClaims(claims: readonly Claim[]): Finding[] {
  const sorted = [...claims].sort((a, b) => byTable(a, b) || a.from - b.from || a.to - b.to);
  const found: Finding[] = [];
  let open: Claim[] = [];
  for (const claim of sorted) {
    open = open.filter((o) => o.table === claim.table && o.to > claim.from);
    const other = open.find((o) => !mayShare(o, claim));
    if (other !== undefined) {
      // The header is nobody's line; blame the entry that lies on it.
      const [blamed, rival] = claim.label === 'a SunSpec header' ? [other, claim] : [claim, other];
      found.push({ path: blamed.path, reason: `${blamed.label} overlaps ${rival.label} in the ${claim.table} table` });
    }
    open.push(claim);
  }
  return found;
}

/** The same register may be read as several masked fields, and read and written as the same value. */
function mayShare(a: Claim, b: Claim): boolean {
  if (a.from !== b.from || a.to !== b.to || a.type !== b.type) return false;
  if (a.writes !== b.writes) return true;
  return a.mask !== undefined && b.mask !== undefined && (a.mask & b.mask) === 0;
}
