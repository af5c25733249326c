import { hours, type Instant, minutes, type WattHours, type Watts, wattHours } from '@venfleet/core';
import { ReadingFlag } from './reading.js';

/** When something was measured, by both clocks. Before the present process nobody knows the monotonic one. */
export interface Moment {
  readonly at: Instant;
  readonly monotonicMs: number | undefined;
}

/** What a resource's meter can say at most. */
export interface MeterLimits {
  /** The most the resource draws; 0 for unknown, which nothing is held against. */
  readonly pMax: Watts;
  /** The step in which the counters move; 0.1 kWh unless given. */
  readonly counterResolution?: WattHours;
}

interface Level {
  readonly value: number;
  readonly moment: Moment;
}

/** What is remembered of one counter. */
export interface CounterMemory {
  /** The last value that was believed, in Wh, unrolled. */
  readonly believed: Level;
  /** The level before the counter began anew, in case that was a slip of the device. */
  readonly former?: Level;
  /** A level that cannot be, but might be a new beginning if it stays. */
  readonly doubted?: Level & { readonly times: number };
}

export interface JudgedCounter {
  readonly value: WattHours | undefined;
  readonly flags: number;
  readonly memory: CounterMemory | 'lost' | undefined;
}

/** A site may draw more than it was described with, and briefly does; twice as much is no site's power. */
export const TOLERANCE = 2;
/** So many values in a row that fit together make a new level believable. */
const CONFIRMATIONS = 3;
/** A slip of the device is over by then. */
const SLIP_AT_MOST = minutes(10);
/** Where counters roll over, in Wh: registers of 31 and 32 bits in 0.1 Wh … 0.1 kWh, and displays of 5 … 8 digits of kWh. */
const MODULI = [...[2 ** 31, 2 ** 32].flatMap((n) => [n / 10, n, n * 10, n * 100]), 1e8, 1e9, 1e10, 1e11];
const DEFAULT_RESOLUTION = wattHours(100);

export const resolutionOf = (limits: MeterLimits): number => limits.counterResolution ?? DEFAULT_RESOLUTION;

/** Time from one moment to another in ms; infinite where only a wall clock that ran backwards could tell. */
export function elapsed(from: Moment, to: Moment): number {
  if (from.monotonicMs !== undefined && to.monotonicMs !== undefined) return to.monotonicMs - from.monotonicMs;
  return to.at < from.at ? Number.POSITIVE_INFINITY : to.at - from.at;
}

/**
 * Judges one value of an energy counter. Counters never run backwards: a lower value is a roll-over where the gain
 * across a usual modulus fits, and is unrolled (the result goes on rising); a beginning anew where it fits a start
 * from 0, returns to where it was before, or stays; else a slip that is not believed.
 * @param memory `'lost'` when there were earlier values of which none can be believed
 * @param raw Wh as decoded
 */
export function judgeCounter(
  memory: CounterMemory | 'lost' | undefined,
  raw: number | undefined,
  now: Moment,
  limits: MeterLimits,
): JudgedCounter {
  if (raw === undefined) return { value: undefined, flags: 0, memory };
  if (!Number.isFinite(raw)) return { value: undefined, flags: ReadingFlag.INVALID, memory };
  if (memory === undefined || memory === 'lost') {
    return believe({ value: raw, moment: now }, memory === 'lost' ? ReadingFlag.COUNTER_RESET : 0);
  }
  const level = { value: unroll(memory.believed, raw, now, limits), moment: now };
  if (follows(memory.believed, level, limits)) {
    const { former } = memory;
    const mayBeSlip = former !== undefined && elapsed(former.moment, now) <= SLIP_AT_MOST;
    return believe(level, 0, mayBeSlip ? former : undefined);
  }
  return judgeBreak(memory, level, raw, limits);
}

/** Judges a value that does not follow from the one before. */
function judgeBreak(memory: CounterMemory, level: Level, raw: number, limits: MeterLimits): JudgedCounter {
  const { believed, former, doubted } = memory;
  const now = level.moment;
  const slipIsOver = former !== undefined && elapsed(former.moment, now) <= SLIP_AT_MOST && follows(former, level, limits);
  if (slipIsOver) return believe(level, ReadingFlag.COUNTER_RESET);
  const fromZero = raw >= 0 && level.value < believed.value && raw <= mostGained(believed.moment, now, limits);
  if (fromZero) return believe(level, ReadingFlag.COUNTER_RESET, believed);
  const times = doubted !== undefined && follows(doubted, level, limits) ? doubted.times + 1 : 1;
  if (times >= CONFIRMATIONS) return believe(level, ReadingFlag.COUNTER_RESET, believed);
  return { value: wattHours(level.value), flags: ReadingFlag.COUNTER_JUMP, memory: { ...memory, doubted: { ...level, times } } };
}

function believe(level: Level, flags: number, former?: Level): JudgedCounter {
  const memory: CounterMemory = { believed: level, ...(former === undefined ? {} : { former }) };
  return { value: wattHours(level.value), flags, memory };
}

/**
 * The value as if the counter had never rolled over. Nobody need say where it does: a value that cannot be, but
 * would be just right one roll-over on, is hardly anything else.
 */
function unroll(believed: Level, raw: number, now: Moment, limits: MeterLimits): number {
  if (raw < 0 || limits.pMax <= 0 || follows(believed, { value: raw, moment: now }, limits)) return raw;
  for (const modulus of MODULI) {
    const base = Math.floor(believed.value / modulus) * modulus;
    const unrolled = [raw + base, raw + base + modulus].find(
      (value) => raw < modulus && follows(believed, { value, moment: now }, limits),
    );
    if (unrolled !== undefined) return unrolled;
  }
  return raw;
}

/** True when a counter can have got from one level to the other in that time. */
function follows(from: Level, to: Level, limits: MeterLimits): boolean {
  return to.value >= from.value && to.value - from.value <= mostGained(from.moment, to.moment, limits);
}

/** In Wh. */
function mostGained(from: Moment, to: Moment, limits: MeterLimits): number {
  const { pMax } = limits;
  if (pMax <= 0) return Number.POSITIVE_INFINITY;
  return TOLERANCE * (pMax * (elapsed(from, to) / hours(1)) + resolutionOf(limits));
}
