import { hours, type Instant, minutes, seconds, type Watts, watts } from '@venfleet/core';
import {
  type CounterMemory,
  elapsed,
  type JudgedCounter,
  judgeCounter,
  type MeterLimits,
  type Moment,
  resolutionOf,
  TOLERANCE,
} from './counter.js';
import { hasGoodEnergy, type Reading, ReadingFlag } from './reading.js';

export type { MeterLimits } from './counter.js';

/** What a meter said, not judged yet: numbers may be NaN, infinite or absurd. */
export interface Sample {
  /** Resource.id of the resource database. */
  readonly resource: number;
  /** Wall clock when the value was taken. */
  readonly at: Instant;
  /** Clock.monotonic() at the same time, which tells a step of the wall clock; undefined where another clock gave `at`. */
  readonly monotonicMs: number | undefined;
  /** W, consumption positive. */
  readonly power?: number | undefined;
  /** Wh */
  readonly importEnergy?: number | undefined;
  /** Wh */
  readonly exportEnergy?: number | undefined;
  /** 0…1 */
  readonly stateOfCharge?: number | undefined;
  /** What is known already, as ReadingFlag bits: STALE, ESTIMATED. */
  readonly flags?: number;
}

type CounterName = 'importEnergy' | 'exportEnergy';

/** What is remembered of a meter to judge what it says next. */
export interface MeterMemory {
  readonly last: Moment;
  /** The latest wall clock of its readings. */
  readonly latestAt: Instant;
  readonly importEnergy: CounterMemory | 'lost' | undefined;
  readonly exportEnergy: CounterMemory | 'lost' | undefined;
  /** Counters that began anew in readings of which none is good: the next good one says so again. */
  readonly unsaidResets: readonly CounterName[];
  /** Since when it says the same. */
  readonly unchanged: Unchanged | undefined;
}

type Unchanged = Pick<Sample, 'power' | 'importEnergy' | 'exportEnergy'> & { readonly since: Moment };

const COUNTERS: readonly CounterName[] = ['importEnergy', 'exportEnergy'];
/** NTP slews by at most 500 ppm (RFC 5905); what differs more was stepped. */
const CLOCK_SLACK = seconds(2);
const SLEW = 500e-6;
/** Two readings of one time further apart than this are no overlap but a clock that was wrong altogether. */
const LONGEST_OVERLAP = hours(24);
const FROZEN_AFTER = minutes(5);

/**
 * Judges what a meter says by what it said before, by its resource's capacities and by the time between.
 * Values are kept and flagged; only what is no number is left out. Pure: the same arguments, the same verdict.
 * @param memory of the same resource's last call; undefined for the first reading ever
 */
export function judge(
  memory: MeterMemory | undefined,
  sample: Sample,
  limits: MeterLimits,
): { readonly reading: Reading; readonly memory: MeterMemory } {
  const now: Moment = { at: sample.at, monotonicMs: sample.monotonicMs };
  const power = judgePower(sample.power, limits);
  const charge = judgeCharge(sample.stateOfCharge);
  const imported = judgeCounter(memory?.importEnergy, sample.importEnergy, now, limits);
  const exported = judgeCounter(memory?.exportEnergy, sample.exportEnergy, now, limits);
  const unchanged = unchangedSince(memory, sample, now);
  const resets = resetsOf({ importEnergy: imported, exportEnergy: exported }, memory);
  const flags = [
    sample.flags ?? 0,
    ...[power, charge, imported, exported].map((judged) => judged.flags),
    flagIf(ReadingFlag.COUNTER_RESET, resets.length > 0),
    flagIf(
      ReadingFlag.MISSING,
      [power, charge, imported, exported].every(({ value }) => value === undefined),
    ),
    flagIf(ReadingFlag.CLOCK_SUSPECT, isClockSuspect(memory, now)),
    flagIf(ReadingFlag.FROZEN, isFrozen(unchanged.since, now, sample, limits)),
  ].reduce((all, bits) => all | bits);
  const reading: Reading = {
    resource: sample.resource,
    at: sample.at,
    power: power.value,
    importEnergy: imported.value,
    exportEnergy: exported.value,
    ...(charge.value === undefined ? {} : { stateOfCharge: charge.value }),
    flags,
  };
  const unsaidResets = resets.filter((name) => reading[name] === undefined || !hasGoodEnergy(reading));
  const latestAt = memory !== undefined && overlaps(memory, sample.at) ? memory.latestAt : sample.at;
  return {
    reading,
    memory: { last: now, latestAt, importEnergy: imported.memory, exportEnergy: exported.memory, unsaidResets, unchanged },
  };
}

/** What can be remembered of a meter by its stored readings, in time order: of the last hour, say. */
export function recall(stored: readonly Reading[]): MeterMemory | undefined {
  const last = stored.at(-1);
  if (last === undefined) return undefined;
  return {
    last: { at: last.at, monotonicMs: undefined },
    latestAt: last.at,
    importEnergy: recallCounter(stored, 'importEnergy'),
    exportEnergy: recallCounter(stored, 'exportEnergy'),
    unsaidResets: COUNTERS.filter((name) => {
      const sinceGood = stored.slice(stored.findLastIndex((r) => r[name] !== undefined && hasGoodEnergy(r)) + 1);
      return sinceGood.some(({ flags }) => (flags & ReadingFlag.COUNTER_RESET) !== 0);
    }),
    unchanged: undefined,
  };
}

function recallCounter(stored: readonly Reading[], name: CounterName): CounterMemory | 'lost' | undefined {
  const counted = stored.filter((reading) => reading[name] !== undefined);
  const believed = counted.findLast(hasGoodEnergy);
  if (believed === undefined) return counted.length === 0 ? undefined : 'lost';
  return { believed: { value: believed[name] as number, moment: { at: believed.at, monotonicMs: undefined } } };
}

const flagIf = (bit: number, condition: boolean): number => (condition ? bit : 0);

/** The counters that began anew, now or since their last good reading. */
function resetsOf(judged: Record<CounterName, JudgedCounter>, memory: MeterMemory | undefined): CounterName[] {
  return COUNTERS.filter((name) => {
    const isNow = (judged[name].flags & ReadingFlag.COUNTER_RESET) !== 0;
    return isNow || memory?.unsaidResets.includes(name);
  });
}

interface Judged<T> {
  readonly value: T | undefined;
  readonly flags: number;
}

function judgePower(raw: number | undefined, { pMax }: MeterLimits): Judged<Watts> {
  if (raw === undefined) return { value: undefined, flags: 0 };
  if (!Number.isFinite(raw)) return { value: undefined, flags: ReadingFlag.INVALID };
  const isOutside = pMax > 0 && Math.abs(raw) > TOLERANCE * pMax;
  return { value: watts(raw), flags: isOutside ? ReadingFlag.IMPLAUSIBLE : 0 };
}

function judgeCharge(raw: number | undefined): Judged<number> {
  if (raw === undefined) return { value: undefined, flags: 0 };
  if (!Number.isFinite(raw)) return { value: undefined, flags: ReadingFlag.INVALID };
  return { value: raw, flags: raw < 0 || raw > 1 ? ReadingFlag.IMPLAUSIBLE : 0 };
}

function isClockSuspect(memory: MeterMemory | undefined, now: Moment): boolean {
  if (memory === undefined) return false;
  if (overlaps(memory, now.at)) return true;
  const { last } = memory;
  if (last.monotonicMs === undefined || now.monotonicMs === undefined) return false;
  const passed = now.monotonicMs - last.monotonicMs;
  return Math.abs(now.at - last.at - passed) > CLOCK_SLACK + SLEW * passed;
}

/** True when this time of the wall clock was there before. */
function overlaps({ latestAt }: MeterMemory, at: Instant): boolean {
  return at <= latestAt && latestAt - at <= LONGEST_OVERLAP;
}

function unchangedSince(memory: MeterMemory | undefined, { power, importEnergy, exportEnergy }: Sample, now: Moment): Unchanged {
  const before = memory?.unchanged;
  const isSame =
    before !== undefined &&
    Object.is(before.power, power) &&
    Object.is(before.importEnergy, importEnergy) &&
    Object.is(before.exportEnergy, exportEnergy);
  return isSame ? before : { power, importEnergy, exportEnergy, since: now };
}

/** A meter that measures power must count it: by then at least three steps of its counter. */
function isFrozen(since: Moment, now: Moment, { power, importEnergy, exportEnergy }: Sample, limits: MeterLimits): boolean {
  if (power === undefined || (power > 0 ? importEnergy : exportEnergy) === undefined) return false;
  const span = elapsed(since, now);
  return span >= FROZEN_AFTER && Math.abs(power) * (span / hours(1)) >= 3 * resolutionOf(limits);
}
