import { quantityOf, toBaseUnit } from '../quantities.js';
import type { Derived, Fallback } from './common-schema.js';
import type { Entry, Finding } from './findings.js';

/** A canonical number needs a unit of its own dimension; a text or flag has none. */
export function checkUnit(value: { readonly name: string; readonly unit?: string | undefined }): string | undefined {
  const quantity = quantityOf(value.name);
  if (quantity === undefined) return undefined;
  if (quantity.kind !== 'number')
    return value.unit === undefined ? undefined : `${value.name} is a ${quantity.kind}, it has no unit`;
  const base = toBaseUnit(value.unit ?? '1');
  if (base?.unit === quantity.unit) return undefined;
  if (value.unit === undefined) return `${value.name} needs a unit that is convertible to ${quantity.unit}`;
  return `${value.unit} is no unit for ${value.name}, which is in ${quantity.unit}`;
}

/** What both transports' controls say alike. */
interface ControlFile {
  readonly name: string;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly readback?: string | undefined;
  readonly keepaliveS?: number | undefined;
  readonly fallback?: Fallback | undefined;
}

/**
 * @param points names that can be read; @param numeric whether the control takes a number.
 */
export function checkControl(
  control: ControlFile,
  numeric: boolean,
  points: ReadonlySet<string>,
  controls: ReadonlySet<string>,
): { field: string; reason: string }[] {
  const found: { field: string; reason: string }[] = [];
  const add = (field: string, reason: string) => found.push({ field, reason });
  const { min, max, readback, keepaliveS, fallback } = control;
  if (numeric && (min === undefined || max === undefined)) add('name', 'a number that is written needs min and max');
  if (!numeric && (min !== undefined || max !== undefined)) add('name', 'only a number has min and max');
  if (min !== undefined && max !== undefined && min > max) add('min', `${min} is above max ${max}`);
  if (readback !== undefined && !points.has(readback)) add('readback', `no point is called ${readback}`);
  if (keepaliveS !== undefined && fallback === undefined) {
    add('keepaliveS', 'needs a fallback: what holds when it is not renewed, and after how long');
  }
  if (fallback === undefined) return found;
  const { value, after } = fallback;
  if (typeof value === 'string' && !points.has(value)) add('fallback', `value: no point is called ${value}`);
  if (typeof after === 'string' && !points.has(after) && !controls.has(after)) {
    add('fallback', `after: no point or control is called ${after}`);
  }
  if (keepaliveS === undefined) add('fallback', 'needs keepaliveS: how often the control is to be renewed');
  else if (typeof after === 'number' && keepaliveS >= after) add('keepaliveS', `must be shorter than the fallback's ${after} s`);
  return found;
}

/** Inputs must be numbers of the result's own unit, from points or from derived values further up. */
export function checkDerived(derived: readonly Entry<Derived>[], points: ReadonlySet<string>): Finding[] {
  const known = new Set(points);
  return derived.flatMap(({ index, value }) => {
    const found: Finding[] = [];
    const add = (field: string, reason: string) => found.push({ path: ['derived', index, field], reason });
    const unit = unitOf(value.name);
    if (unit === undefined) add('name', `${value.name} is no canonical number`);
    if (known.has(value.name)) add('name', `${value.name} is already a point or derived`);
    const [field, inputs] = 'sum' in value ? (['sum', value.sum] as const) : (['difference', value.difference] as const);
    for (const input of new Set(inputs)) {
      if (!known.has(input)) add(field, `no point is called ${input}`);
      else if (unit !== undefined && unitOf(input) !== unit) add(field, `${input} is not in ${unit} as ${value.name} is`);
    }
    known.add(value.name);
    return found;
  });
}

function unitOf(name: string): string | undefined {
  const quantity = quantityOf(name);
  return quantity?.kind === 'number' ? quantity.unit : undefined;
}
