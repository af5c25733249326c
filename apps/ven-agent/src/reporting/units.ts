/** What a value is a measure of: the base units inside are W, Wh, and 1 for a ratio. */
export type Dimension = 'power' | 'energy' | 'ratio';

export interface Unit {
  readonly name: string;
  readonly dimension: Dimension;
  /** How many of it make one base unit. */
  readonly perBase: number;
}

/** OpenADR's units (Definition, table of units) that the agent can answer in, and their everyday multiples. */
const UNITS: readonly Unit[] = [
  { name: 'KW', dimension: 'power', perBase: 1e-3 },
  { name: 'W', dimension: 'power', perBase: 1 },
  { name: 'MW', dimension: 'power', perBase: 1e-6 },
  { name: 'KWH', dimension: 'energy', perBase: 1e-3 },
  { name: 'WH', dimension: 'energy', perBase: 1 },
  { name: 'MWH', dimension: 'energy', perBase: 1e-6 },
  { name: 'PERCENT', dimension: 'ratio', perBase: 100 },
];

/** Charge levels are told from 0 to 1, and have no unit of their own. */
const NONE: Unit = { name: '', dimension: 'ratio', perBase: 1 };

const BY_NAME = new Map(UNITS.map((unit) => [unit.name, unit]));

/** @returns undefined for a unit that is not known: no answer is better than one in another unit. */
export function unitNamed(name: string): Unit | undefined {
  return BY_NAME.get(name.toUpperCase());
}

/** The unit of an answer to a request that names none. */
export function usualUnit(dimension: Dimension): Unit {
  return UNITS.find((unit) => unit.dimension === dimension && dimension !== 'ratio') ?? NONE;
}

/** A value for the wire: six decimals are mW and mWh, and rid of what floating point adds. */
export function inUnit(value: number, unit: Unit): number {
  return Math.round(value * unit.perBase * 1e6) / 1e6;
}
