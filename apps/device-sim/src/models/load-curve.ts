import { DAY_MS, type DayFacts, dayFacts, HOUR_MS, toLocal } from './calendar.js';
import type { DayCurve, LoadProfile } from './load-profiles.js';
import { chance, noise, type Octave } from './noise.js';

/** Channels of chance, so that no two draws about one site are the same. */
const SCALE_CHANNEL = 0;
const SHIFT_CHANNEL = 1;
const NOISE_CHANNEL = 16;

/** Shares of a profile's noise: the mood of the day, people coming and going, machines, single switches. */
export const LOAD_NOISE: readonly Octave[] = [
  { periodMs: 6 * HOUR_MS, amplitude: 0.35 },
  { periodMs: 20 * 60_000, amplitude: 0.3 },
  { periodMs: 2 * 60_000, amplitude: 0.2 },
  { periodMs: 10_000, amplitude: 0.15 },
];

/** Neighbours in the same trade differ: this much in level … */
const SMALLEST_SCALE = 0.75;
const LARGEST_SCALE = 1.05;
/** … and by up to this much earlier or later. */
const LARGEST_SHIFT_MS = 40 * 60_000;

/**
 * What the site `key` would draw at `utcMs` if nobody limited it, as a fraction of P_max, 0…1. A pure
 * function of its arguments: it does not matter when or how often it is asked.
 * @param octaves of the noise: {@link LOAD_NOISE}, or those of it that the caller's grid can show.
 */
export function loadFraction(profile: LoadProfile, key: number, octaves: readonly Octave[], utcMs: number): number {
  const scale = SMALLEST_SCALE + (LARGEST_SCALE - SMALLEST_SCALE) * chance(key, SCALE_CHANNEL);
  const shift = (2 * chance(key, SHIFT_CHANNEL) - 1) * LARGEST_SHIFT_MS;
  const local = toLocal(utcMs) + shift;
  const relative = 1 + profile.noise * noise(key, NOISE_CHANNEL, octaves, utcMs);
  const fraction = scale * seasonFactor(profile, local) * relative * curveAt(profile, local);
  return Math.min(1, Math.max(0, fraction));
}

/** The curve alone, without season, site and noise, at a local time. */
function curveAt(profile: LoadProfile, localMs: number): number {
  const day = Math.floor(localMs / DAY_MS);
  const position = (localMs - day * DAY_MS) / HOUR_MS;
  const hour = Math.floor(position);
  const curve = curveOf(profile, dayFacts(day));
  const left = curve[hour] as number;
  const right = hour < 23 ? (curve[hour + 1] as number) : (curveOf(profile, dayFacts(day + 1))[0] as number);
  return left + (right - left) * (position - hour);
}

function curveOf(profile: LoadProfile, { weekday, publicHoliday, schoolHoliday }: DayFacts): DayCurve {
  if (publicHoliday || weekday === 6) return profile.sunday;
  if (weekday === 5) return profile.saturday;
  if (schoolHoliday && profile.schoolHoliday !== undefined) return profile.schoolHoliday;
  return weekday === 4 ? (profile.friday ?? profile.workday) : profile.workday;
}

/** Mid-January is the 15th day of the year: the coldest and darkest weeks in Denmark. */
function seasonFactor(profile: LoadProfile, localMs: number): number {
  const { dayOfYear } = dayFacts(Math.floor(localMs / DAY_MS));
  return 1 + profile.winterSwing * Math.cos((2 * Math.PI * (dayOfYear - 14)) / 365.25);
}
