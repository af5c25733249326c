import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HOUR_MS, toLocal } from '../src/models/calendar.js';
import { type StationKind, sessionIn, slotAt, slotStart, stationKind } from '../src/models/charging-sessions.js';
import type { ChargingSession } from '../src/models/model.js';
import { chanceKey } from '../src/models/noise.js';
import { at } from './support/sites.js';

const KINDS: readonly StationKind[] = ['workplace', 'home', 'public'];
const BOUNDS = { minWh: 0, maxWh: 100_000 };
const kinds = fc.constantFrom(...KINDS);
const keys = fc.uuid().map((id) => chanceKey('sessions', id));

/** All sessions of 50 stations of a kind between two instants. */
function sessions(kind: StationKind, from: string, to: string): ChargingSession[] {
  const found: ChargingSession[] = [];
  for (let station = 0; station < 50; station++)
    for (let slot = slotAt(kind, at(from)); slotStart(kind, slot) < at(to); slot++) {
      const session = sessionIn(kind, chanceKey('stations', `${station}`), slot, BOUNDS);
      if (session !== undefined) found.push(session);
    }
  return found;
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const localHour = (utcMs: number): number => (toLocal(utcMs) / HOUR_MS) % 24;
const arrivals = (list: readonly ChargingSession[]): number => mean(list.map(({ arrival }) => localHour(arrival)));

describe('charging sessions', () => {
  test('lie within their slot, so that no two overlap, on the days of the clock change too', () => {
    const instants = fc.oneof(
      fc.integer({ min: at('2026-01-01T00:00Z'), max: at('2028-01-01T00:00Z') }),
      fc.integer({ min: at('2026-03-27T22:00Z'), max: at('2026-03-30T22:00Z') }),
      fc.integer({ min: at('2026-10-23T22:00Z'), max: at('2026-10-26T22:00Z') }),
    );
    fc.assert(
      fc.property(kinds, keys, instants, (kind, key, utc) => {
        const slot = slotAt(kind, utc);
        const [start, end] = [slotStart(kind, slot), slotStart(kind, slot + 1)];
        expect(start).toBeLessThanOrEqual(utc);
        expect(end).toBeGreaterThan(utc);
        const session = sessionIn(kind, key, slot, BOUNDS);
        expect(session).toEqual(sessionIn(kind, key, slot, BOUNDS));
        if (session === undefined) return;
        expect(session.arrival).toBeGreaterThanOrEqual(start);
        expect(session.departure).toBeGreaterThan(session.arrival);
        expect(session.departure).toBeLessThanOrEqual(end);
      }),
      { numRuns: 2000 },
    );
  });

  test('bring batteries within the bounds, and nobody wants more than goes in', () => {
    const bounds = fc.record({ minWh: fc.integer({ min: 0, max: 50_000 }), maxWh: fc.integer({ min: 0, max: 100_000 }) });
    fc.assert(
      fc.property(kinds, keys, bounds, (kind, key, { minWh, maxWh }) => {
        const session = sessionIn(kind, key, 20_500, { minWh, maxWh });
        if (session === undefined) return;
        expect(session.batteryWh).toBeLessThanOrEqual(maxWh);
        expect(session.arrivalWh).toBeGreaterThanOrEqual(Math.min(minWh, session.batteryWh));
        expect(session.wantedWh).toBeGreaterThanOrEqual(0);
        expect(session.arrivalWh + session.wantedWh).toBeLessThanOrEqual(session.batteryWh * (1 + 1e-12));
      }),
    );
  });

  test('at work begin in the morning of a working day and seldom at a weekend', () => {
    const week = sessions('workplace', '2026-01-11T23:00Z', '2026-01-16T23:00Z');
    expect(arrivals(week)).toBeGreaterThan(7);
    expect(arrivals(week)).toBeLessThan(9);
    expect(week.length / (50 * 5)).toBeGreaterThan(0.7);
    expect(sessions('workplace', '2026-01-16T23:00Z', '2026-01-18T23:00Z').length / (50 * 2)).toBeLessThan(0.15);
  });

  test('at home last from the afternoon to the next morning', () => {
    const nights = sessions('home', '2026-01-12T12:00Z', '2026-01-15T12:00Z');
    expect(arrivals(nights)).toBeGreaterThan(16);
    expect(arrivals(nights)).toBeLessThan(19);
    const departures = mean(nights.map(({ departure }) => localHour(departure)));
    expect(departures).toBeGreaterThan(6.5);
    expect(departures).toBeLessThan(8.5);
  });

  test('in public are short and several a day, most of them by day', () => {
    const list = sessions('public', '2026-01-11T23:00Z', '2026-01-18T23:00Z');
    expect(list.length / (50 * 7)).toBeGreaterThan(2);
    expect(mean(list.map(({ arrival, departure }) => departure - arrival)) / HOUR_MS).toBeLessThan(2);
    const byDay = list.filter(({ arrival }) => localHour(arrival) >= 6 && localHour(arrival) < 21);
    expect(byDay.length / list.length).toBeGreaterThan(0.85);
  });

  test('all kinds of stations and vehicles occur', () => {
    const found = Array.from({ length: 200 }, (_, i) => stationKind(chanceKey('kinds', `${i}`)));
    for (const kind of KINDS) expect(found.filter((k) => k === kind).length).toBeGreaterThan(40);
    const list = sessions('public', '2026-01-11T23:00Z', '2026-01-18T23:00Z');
    const vehicles = new Set(list.map(({ phases, maxCurrentA }) => `${phases} × ${maxCurrentA} A`));
    expect([...vehicles].sort()).toEqual(['1 × 16 A', '1 × 32 A', '3 × 16 A', '3 × 32 A']);
  });
});
