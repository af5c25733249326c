import type { Instant, WattHours, Watts } from '@venfleet/core';

/** What one meter said at one time. Absent is not 0. */
export interface Reading {
  /** Resource.id of the agent's resource database. */
  readonly resource: number;
  /** Wall clock when the value was taken. */
  readonly at: Instant;
  /** Total active power, consumption positive. */
  readonly power: Watts | undefined;
  /** Counter of consumed energy: never runs backwards but where COUNTER_RESET says so. */
  readonly importEnergy: WattHours | undefined;
  /** Counter of delivered energy, as importEnergy. */
  readonly exportEnergy: WattHours | undefined;
  /** 0…1 where a device tells it. */
  readonly stateOfCharge?: number | undefined;
  /** Bits of {@link ReadingFlag}; 0 is good. */
  readonly flags: number;
}

/** What is wrong with a reading, as bits; several may hold at once. Stored, so values never change. */
export const ReadingFlag = {
  /** A counter began anew (meter exchanged, device restarted): no energy may be taken across to the good reading before. */
  COUNTER_RESET: 1,
  /** The power or state of charge is outside of what the resource can do. */
  IMPLAUSIBLE: 2,
  /** A counter gained or lost what cannot be, and is not confirmed to have begun anew. */
  COUNTER_JUMP: 4,
  /** The device gave an older value again. */
  STALE: 8,
  /** Not measured but reckoned. */
  ESTIMATED: 16,
  /** The device gave no value at all. */
  MISSING: 32,
  /** The wall clock was stepped since the reading before, or this time was already read once. */
  CLOCK_SUSPECT: 64,
  /** The power says that the counter must have moved, and nothing has for minutes: the device hangs. */
  FROZEN: 128,
  /** A value was no finite number; it is left out. The other values of the reading hold. */
  INVALID: 256,
} as const;

const { IMPLAUSIBLE, COUNTER_JUMP, STALE, ESTIMATED, MISSING, CLOCK_SUSPECT, FROZEN } = ReadingFlag;
const DOUBTFUL = STALE | ESTIMATED | MISSING | CLOCK_SUSPECT | FROZEN;

/** True when the power (and state of charge), where there is one, may be reported as good. */
export function hasGoodPower({ flags }: Reading): boolean {
  return (flags & (DOUBTFUL | IMPLAUSIBLE)) === 0;
}

/** True when the counters, where there are any, may be reported as good. COUNTER_RESET is about the step to them alone. */
export function hasGoodEnergy({ flags }: Reading): boolean {
  return (flags & (DOUBTFUL | COUNTER_JUMP)) === 0;
}

/** The names of the flags that are set, for people. */
export function flagNames(flags: number): string[] {
  return Object.entries(ReadingFlag).flatMap(([name, bit]) => ((flags & bit) === 0 ? [] : [name]));
}

/** What metering writes to. */
export interface ReadingSink {
  add(readings: readonly Reading[]): void;
}

/** What reporting reads from. */
export interface ReadingSource {
  /**
   * Readings of a resource with from ≤ at < to, in time order, plus the last one before `from` and the first
   * one at or after `to`, if any (for interpolation at the edges).
   */
  around(resource: number, from: Instant, to: Instant): Reading[];
  /** The reading with the latest time. */
  latest(resource: number): Reading | undefined;
}
