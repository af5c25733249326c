/**
 * The canonical names under which every device's values are known, whatever the vendor calls them. A
 * number's name ends in its unit, so that a value never travels without it. Power and current are
 * positive for consumption (import), energy counters count upwards. Phases are L1…L3, line to neutral.
 */

export const UNITS = ['W', 'Wh', 'V', 'A', 'Hz', 'VA', 'var', 's', '1'] as const;
/** A base unit; `1` is a plain number such as a power factor. */
export type BaseUnit = (typeof UNITS)[number];

/** What a value is: a number in a base unit, a yes or no, or a text. */
export type Quantity =
  | { readonly kind: 'number'; readonly unit: BaseUnit }
  | { readonly kind: 'flag' }
  | { readonly kind: 'text' };

export type PointValue = number | boolean | string;
/** Values by canonical name; `undefined` is "the device does not tell", never 0. */
export type Values = Readonly<Record<string, PointValue | undefined>>;

/** The JavaScript type of a quantity's values; undefined for a private name, which takes any. */
export function valueTypeOf(quantity: Quantity | undefined): 'number' | 'boolean' | 'string' | undefined {
  return quantity === undefined ? undefined : ({ number: 'number', flag: 'boolean', text: 'string' } as const)[quantity.kind];
}

const number = (unit: BaseUnit): Quantity => ({ kind: 'number', unit });
const flag: Quantity = { kind: 'flag' };
const text: Quantity = { kind: 'text' };

/** `prefix`, and `prefixL1` … `prefixL3`, each with the unit as suffix. */
function perPhase(prefix: string, suffix: string, unit: BaseUnit): [string, Quantity][] {
  return ['', 'L1', 'L2', 'L3'].map((phase) => [`${prefix}${phase}${suffix}`, number(unit)]);
}

const QUANTITIES: ReadonlyMap<string, Quantity> = new Map<string, Quantity>([
  // Meter. `currentA` is the sum over the phases, `voltageV` their mean.
  ...perPhase('power', 'W', 'W'),
  ...perPhase('apparentPower', 'VA', 'VA'),
  ...perPhase('reactivePower', 'Var', 'var'),
  ...perPhase('voltage', 'V', 'V'),
  ...perPhase('current', 'A', 'A'),
  ...perPhase('powerFactor', '', '1'),
  ...perPhase('energyImport', 'Wh', 'Wh'),
  ...perPhase('energyExport', 'Wh', 'Wh'),
  ['energyTotalWh', number('Wh')],
  ['currentNeutralA', number('A')],
  ['frequencyHz', number('Hz')],
  // Charger. The state is IEC 61851's letter, with its digit where the device tells (C2), or 'stopped'.
  ['chargerState', text],
  ['chargerAvailable', flag],
  ['chargerLocked', flag],
  ['chargerErrorCode', number('1')],
  ['chargerStopped', flag],
  ['sessionEnergyWh', number('Wh')],
  ['phasesInUse', number('1')],
  // Limits of a charger (A each phase) and of a site (W), as asked for, as applied, and after the fallback.
  ['limitA', number('A')],
  ['appliedLimitA', number('A')],
  ['fallbackLimitA', number('A')],
  ['limitW', number('W')],
  ['appliedLimitW', number('W')],
  ['fallbackLimitW', number('W')],
  ['limitActive', flag],
  ['limitAccountedFor', flag],
  ['limitValidForS', number('s')],
  ['limitTimeLeftS', number('s')],
  ['controllerState', text],
  // Identity.
  ['manufacturer', text],
  ['model', text],
  ['options', text],
  ['firmwareVersion', text],
  ['serialNumber', text],
  ['deviceTypeId', number('1')],
  ['deviceAddress', number('1')],
  ['eventBits', number('1')],
]);

/** Every canonical name. */
export const quantityNames: readonly string[] = [...QUANTITIES.keys()];

/** What `name` stands for; undefined for a name that is not canonical. */
export function quantityOf(name: string): Quantity | undefined {
  return QUANTITIES.get(name);
}

/** Vendor-private points (`x-…`: scale factors, identification words) are read and encoded, but mean nothing to the agent. */
export const PRIVATE_NAME = /^x-[A-Za-z0-9][A-Za-z0-9-]*$/;

/** A factor as a fraction, so that 0.1 divides by 10 instead of multiplying by a number that is not quite 0.1. */
export interface Ratio {
  readonly multiplier: number;
  readonly divisor: number;
}

/** `factor` as a ratio: n, or 1/n for a factor below 1 that is the reciprocal of a whole number. */
export function ratio(factor: number): Ratio {
  const inverse = Math.round(1 / factor);
  const isReciprocal = Math.abs(factor) < 1 && Math.abs(inverse * factor - 1) < 1e-12;
  return isReciprocal ? { multiplier: 1, divisor: inverse } : { multiplier: factor, divisor: 1 };
}

/** The product, reduced where one side divides the other: ×1000 (kW) with ÷10 is ×100. */
export function multiply(a: Ratio, b: Ratio): Ratio {
  const multiplier = a.multiplier * b.multiplier;
  const divisor = a.divisor * b.divisor;
  if (multiplier % divisor === 0) return { multiplier: multiplier / divisor, divisor: 1 };
  if (divisor % multiplier === 0) return { multiplier: 1, divisor: divisor / multiplier };
  return { multiplier, divisor };
}

const PREFIXED: Readonly<Record<string, readonly [BaseUnit, number]>> = {
  kW: ['W', 1000],
  MW: ['W', 1e6],
  kWh: ['Wh', 1000],
  MWh: ['Wh', 1e6],
  mV: ['V', 0.001],
  kV: ['V', 1000],
  mA: ['A', 0.001],
  mHz: ['Hz', 0.001],
  kVA: ['VA', 1000],
  kvar: ['var', 1000],
  ms: ['s', 0.001],
  min: ['s', 60],
  '%': ['1', 0.01],
};

/** Every unit that a profile may use. */
export const profileUnits: readonly string[] = [...UNITS, ...Object.keys(PREFIXED)];

/** The base unit of a profile's unit and the factor to it; undefined for an unknown unit. */
export function toBaseUnit(unit: string): { readonly unit: BaseUnit; readonly factor: Ratio } | undefined {
  const prefixed = PREFIXED[unit];
  if (prefixed !== undefined) return { unit: prefixed[0], factor: ratio(prefixed[1]) };
  const base = UNITS.find((u) => u === unit);
  return base === undefined ? undefined : { unit: base, factor: { multiplier: 1, divisor: 1 } };
}
