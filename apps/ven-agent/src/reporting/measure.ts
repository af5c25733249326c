import type { Duration, Instant } from '@venfleet/core';
import { hasGoodEnergy, hasGoodPower, type Reading, ReadingFlag } from '../readings/reading.js';
import { type Measured, missing, type Quality, worse } from './quality.js';

/** A stretch of time, and how far apart two readings may be for the time between them to count as measured. */
export interface Window {
  readonly from: Instant;
  readonly to: Instant;
  readonly maxGap: Duration;
}

/** Below this part of the window measured there is no value at all; above it, the rest is taken to be like the measured part. */
const LEAST_COVERED = 0.5;
const HOUR_MS = 3_600_000;

/** Flags that leave a value usable, though not good. */
const USABLE = ReadingFlag.ESTIMATED | ReadingFlag.CLOCK_SUSPECT;

/** Flags of a value that was told and cannot be believed. */
const RUBBISH = ReadingFlag.IMPLAUSIBLE | ReadingFlag.COUNTER_JUMP | ReadingFlag.STALE | ReadingFlag.FROZEN | ReadingFlag.INVALID;

interface Sample {
  readonly at: Instant;
  readonly value: number;
  readonly good: boolean;
}

/** Change of a quantity between two readings. */
interface Segment {
  readonly from: Instant;
  readonly to: Instant;
  /** In Wh. */
  readonly energy: number;
  readonly good: boolean;
  /** False: only what is known of the whole segment; a part of it is an estimate. */
  readonly divisible: boolean;
}

/** @param readings of one resource, as ReadingSource.around gives them: in time order, with the neighbours outside. */
export type Measure = (readings: readonly Reading[], window: Window) => Measured;

/**
 * Energy consumed in the window, in Wh: what the counter gained, interpolated at the edges. Across a counter's reset it
 * is reckoned from the power, and all of it where the meter has no counter; both are estimates.
 */
export const importEnergy: Measure = (readings, window) => {
  const counted = counterSegments(readings, window.maxGap);
  const segments = counted.length > 0 ? counted : powerSegments(readings, window.maxGap, (power) => Math.max(0, power));
  return overWindow(segments, readings, window, counted.length > 0 ? 'OK' : 'ESTIMATED');
};

/** Mean power over the window, time-weighted, in W; between readings it is taken to change evenly. */
export const meanPower: Measure = (readings, window) => {
  const length = window.to - window.from;
  if (length <= 0) return lastPower(readings, window);
  const energy = overWindow(powerSegments(readings, window.maxGap), readings, window, 'OK');
  return { ...energy, value: energy.value === undefined ? undefined : (energy.value * HOUR_MS) / length };
};

/** The highest power read in the window, in W. */
export const peakPower: Measure = (readings, window) => {
  const mean = meanPower(readings, window);
  const within = powerSamples(readings).filter(({ at }) => at >= window.from && at <= window.to);
  if (mean.value === undefined || within.length === 0) return { value: undefined, quality: whyNothing(readings, window) };
  return { value: Math.max(...within.map(({ value }) => value)), quality: mean.quality };
};

/** The last power read by the end of the window, in W; never older than a reading may be. */
export const lastPower: Measure = (readings, window) => lastOf(powerSamples(readings), readings, window);

/** The state of charge at the end of the window, 0…1. */
export const chargeLevel: Measure = (readings, window) =>
  lastOf(
    samples(readings, ({ stateOfCharge }) => stateOfCharge, hasGoodPower),
    readings,
    window,
  );

/** The counter of consumed energy at the end of the window, in Wh. */
export const counterReading: Measure = (readings, window) => {
  const counters = samples(readings, (reading) => reading.importEnergy, hasGoodEnergy);
  const next = counters.find(({ at }) => at >= window.to);
  const previous = counters.findLast(({ at }) => at <= window.to);
  if (previous === undefined || next === undefined || next.value < previous.value || next.at - previous.at > window.maxGap) {
    return lastOf(counters, readings, window);
  }
  const part = next.at === previous.at ? 0 : (window.to - previous.at) / (next.at - previous.at);
  return {
    value: previous.value + part * (next.value - previous.value),
    quality: previous.good && next.good ? 'OK' : 'ESTIMATED',
  };
};

function lastOf(all: readonly Sample[], readings: readonly Reading[], window: Window): Measured {
  const last = all.findLast(({ at }) => at <= window.to);
  if (last === undefined || window.to - last.at > window.maxGap) return { ...missing, quality: whyNothing(readings, window) };
  return { value: last.value, quality: last.good ? 'OK' : 'ESTIMATED' };
}

/** BAD where the meter answered in the window, but with what cannot be used; MISSING where it did not answer. */
function whyNothing(readings: readonly Reading[], { from, to }: Window): Quality {
  return readings.some(({ at, flags }) => at >= from && at <= to && (flags & RUBBISH) !== 0) ? 'BAD' : 'MISSING';
}

function samples(
  readings: readonly Reading[],
  quantityOf: (reading: Reading) => number | undefined,
  isGood: (reading: Reading) => boolean,
): Sample[] {
  const found: Sample[] = [];
  for (const reading of readings) {
    const value = quantityOf(reading);
    if (value === undefined) continue;
    const good = isGood(reading);
    if (good || isGood({ ...reading, flags: reading.flags & ~USABLE })) found.push({ at: reading.at, value, good });
  }
  return found;
}

const powerSamples = (readings: readonly Reading[]): Sample[] => samples(readings, ({ power }) => power, hasGoodPower);

function powerSegments(
  readings: readonly Reading[],
  maxGap: Duration,
  limit: (power: number) => number = (power) => power,
): Segment[] {
  return pairs(powerSamples(readings)).flatMap(([a, b]): Segment[] => {
    if (b.at - a.at > maxGap) return [];
    const energy = (((limit(a.value) + limit(b.value)) / 2) * (b.at - a.at)) / HOUR_MS;
    return [{ from: a.at, to: b.at, energy, good: a.good && b.good, divisible: true }];
  });
}

/** A counter keeps counting while nobody reads it, so that a gap costs nothing but its inner course. */
function counterSegments(readings: readonly Reading[], maxGap: Duration): Segment[] {
  const counters = samples(readings, (reading) => reading.importEnergy, hasGoodEnergy);
  const resets = new Set(readings.filter(({ flags }) => flags & ReadingFlag.COUNTER_RESET).map(({ at }) => at));
  return pairs(counters).flatMap(([a, b]): Segment[] => {
    const whole = { from: a.at, to: b.at, divisible: b.at - a.at <= maxGap };
    const reset = b.value < a.value || resets.has(b.at);
    if (!reset) return [{ ...whole, energy: b.value - a.value, good: a.good && b.good }];
    const between = readings.filter(({ at }) => at >= a.at && at <= b.at);
    const bridge = powerSegments(between, maxGap, (power) => Math.max(0, power));
    return bridge.map((segment) => ({ ...segment, good: false }));
  });
}

function overWindow(segments: readonly Segment[], readings: readonly Reading[], window: Window, best: Quality): Measured {
  const { from, to } = window;
  let [energy, covered] = [0, 0];
  let quality = best;
  for (const segment of segments) {
    const part = Math.min(segment.to, to) - Math.max(segment.from, from);
    if (part <= 0) continue;
    const share = part / (segment.to - segment.from);
    energy += share * segment.energy;
    covered += part;
    if (!segment.good || (share < 1 && !segment.divisible)) quality = worse(quality, 'ESTIMATED');
  }
  const coverage = to > from ? covered / (to - from) : 0;
  if (coverage < LEAST_COVERED) return { ...missing, quality: whyNothing(readings, window) };
  if (coverage < 1) quality = worse(quality, 'ESTIMATED');
  return { value: energy / coverage, quality };
}

function pairs<T>(items: readonly T[]): [T, T][] {
  return items.slice(1).map((item, i) => [items[i] as T, item]);
}
