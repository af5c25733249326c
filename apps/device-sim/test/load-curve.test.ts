import { describe, expect, test } from '@jest/globals';
import { HOUR_MS } from '../src/models/calendar.js';
import { LOAD_NOISE, loadFraction } from '../src/models/load-curve.js';
import { loadProfile } from '../src/models/load-profiles.js';
import { chanceKey } from '../src/models/noise.js';
import { SUB_TYPES } from './support/sites.js';

const SITES = Array.from({ length: 40 }, (_, i) => chanceKey('curves', `site ${i}`));

/** Mean of many sites of a sub-type, every quarter of an hour from a local midnight (given in UTC) on. */
function day(subType: string, midnight: string): number[] {
  const profile = loadProfile(subType);
  return Array.from({ length: 96 }, (_, quarter) => {
    const utc = Date.parse(midnight) + (quarter * HOUR_MS) / 4;
    return mean(SITES.map((key) => loadFraction(profile, key, LOAD_NOISE, utc)));
  });
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const hours = (curve: readonly number[], from: number, to: number): number => mean(curve.slice(from * 4, to * 4));
const peakHour = (curve: readonly number[]): number => curve.indexOf(Math.max(...curve)) / 4;

const MONDAY = '2026-01-11T23:00Z';
const WEDNESDAY = '2026-01-13T23:00Z';
const FRIDAY = '2026-01-15T23:00Z';
const SATURDAY = '2026-01-16T23:00Z';
const SUNDAY = '2026-01-17T23:00Z';

describe('a sub-type has the day of its trade', () => {
  test('bakeries peak before six and sleep in the evening', () => {
    for (const midnight of [WEDNESDAY, SATURDAY]) {
      const curve = day('Bakeries', midnight);
      expect(peakHour(curve)).toBeLessThan(6);
      expect(hours(curve, 19, 23)).toBeLessThan(0.25 * Math.max(...curve));
    }
  });

  test('bars peak in the evening, and on Friday later and higher, far into Saturday', () => {
    const wednesday = day('Bars', WEDNESDAY);
    const friday = day('Bars', FRIDAY);
    expect(peakHour(wednesday)).toBeGreaterThanOrEqual(19);
    expect(peakHour(friday)).toBeGreaterThan(peakHour(wednesday));
    expect(hours(friday, 22, 24)).toBeGreaterThan(1.4 * hours(wednesday, 22, 24));
    expect(hours(day('Bars', SATURDAY), 0, 3)).toBeGreaterThan(2.5 * hours(wednesday, 0, 3));
  });

  test('restaurants peak at lunch and, higher, in the evening', () => {
    const curve = day('Restaurants', WEDNESDAY);
    expect(hours(curve, 11, 13)).toBeGreaterThan(1.2 * hours(curve, 14, 16));
    expect(peakHour(curve)).toBeGreaterThan(17);
    expect(peakHour(curve)).toBeLessThan(21);
  });

  test('schools draw little at weekends and in the holidays', () => {
    const lesson = hours(day('Schools', WEDNESDAY), 8, 14);
    expect(hours(day('Schools', SATURDAY), 8, 14)).toBeLessThan(0.3 * lesson);
    expect(hours(day('Schools', SUNDAY), 8, 14)).toBeLessThan(0.3 * lesson);
    expect(hours(day('Schools', '2026-02-10T23:00Z'), 8, 14)).toBeLessThan(0.35 * lesson);
    expect(hours(day('Schools', '2026-07-14T22:00Z'), 8, 14)).toBeLessThan(0.35 * lesson);
    expect(hours(day('Schools', '2026-12-24T23:00Z'), 8, 14)).toBeLessThan(0.3 * lesson);
  });

  test('industries work in shifts on weekdays and rest at weekends', () => {
    const curve = day('Industries', WEDNESDAY);
    expect(hours(curve, 7, 13)).toBeGreaterThan(1.05 * hours(curve, 15, 21));
    expect(hours(curve, 15, 21)).toBeGreaterThan(1.4 * hours(curve, 0, 4));
    expect(mean(day('Industries', SUNDAY))).toBeLessThan(0.45 * mean(curve));
  });

  test('swimming pools run all day on a high base, hotels peak in the morning and in the evening', () => {
    const pool = day('Swimming Pools', WEDNESDAY);
    expect(Math.min(...pool)).toBeGreaterThan(0.45 * Math.max(...pool));
    const hotel = day('Hotels', WEDNESDAY);
    expect(Math.min(hours(hotel, 7, 9), hours(hotel, 18, 21))).toBeGreaterThan(1.3 * hours(hotel, 11, 15));
    expect(hours(hotel, 1, 4)).toBeLessThan(hours(hotel, 11, 15));
  });

  test('winter asks for more than summer', () => {
    for (const subType of SUB_TYPES) {
      const [winter, summer] = [mean(day(subType, MONDAY)), mean(day(subType, '2026-06-14T22:00Z'))];
      expect(winter).toBeGreaterThan(summer);
    }
  });
});

describe('a load curve', () => {
  test.each([
    ['2026-03-28T23:00Z', 23],
    ['2026-10-24T22:00Z', 25],
  ])('keeps to the wall clock on the day of %s with its %d hours', (midnight, length) => {
    const profile = loadProfile('Bakeries');
    const quarters = Array.from({ length: length * 4 }, (_, i) => Date.parse(midnight) + (i * HOUR_MS) / 4);
    const curve = quarters.map((utc) => mean(SITES.map((key) => loadFraction(profile, key, [], utc))));
    const peak = quarters[curve.indexOf(Math.max(...curve))] ?? 0;
    const local = new Date(peak).toLocaleString('en-GB', { timeZone: 'Europe/Copenhagen', hour: 'numeric', hourCycle: 'h23' });
    expect(Number(local)).toBeGreaterThanOrEqual(3);
    expect(Number(local)).toBeLessThan(6);
    expect(curve.at(-1)).toBeLessThan(0.25 * Math.max(...curve));
  });

  test('differs from site to site, and its noise returns to the mean', () => {
    const profile = loadProfile('Hotels');
    const noon = Date.parse('2026-01-14T11:00Z');
    const levels = SITES.map((key) => loadFraction(profile, key, [], noon));
    expect(Math.max(...levels) / Math.min(...levels)).toBeGreaterThan(1.2);
    const key = SITES[0] ?? 0;
    const ratios = Array.from({ length: 4000 }, (_, i) => {
      const utc = noon + i * HOUR_MS;
      return loadFraction(profile, key, LOAD_NOISE, utc) / loadFraction(profile, key, [], utc);
    });
    expect(mean(ratios)).toBeCloseTo(1, 2);
    expect(Math.max(...ratios)).toBeLessThan(1 + profile.noise);
    expect(Math.min(...ratios)).toBeGreaterThan(1 - profile.noise);
  });
});
