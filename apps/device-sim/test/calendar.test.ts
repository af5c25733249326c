import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { copenhagenOffset, DAY_MS, dayFacts, HOUR_MS, toLocal, toUtc } from '../src/models/calendar.js';

const clock = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Europe/Copenhagen',
  hourCycle: 'h23',
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
  minute: 'numeric',
  second: 'numeric',
});

/** The wall clock according to the time zone database. */
function wallClock(utcMs: number): number {
  const parts = Object.fromEntries(clock.formatToParts(utcMs).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 0, day = 0, hour, minute, second } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

const instants = fc.integer({ min: Date.UTC(1997, 0, 1) / 1000, max: Date.UTC(2045, 0, 1) / 1000 }).map((s) => s * 1000);
const day = (iso: string) => Date.parse(iso) / DAY_MS;
const facts = (iso: string) => dayFacts(day(iso));

describe('Danish time', () => {
  test('agrees with the time zone database at any second', () => {
    fc.assert(fc.property(instants, (utc) => expect(toLocal(utc)).toBe(wallClock(utc))));
  });

  test.each(['2026-03-29T01:00Z', '2026-10-25T01:00Z', '2027-03-28T01:00Z', '2027-10-31T01:00Z'])(
    'changes exactly at %s',
    (iso) => {
      const change = Date.parse(iso);
      for (const utc of [change - 1000, change, change + 1000]) expect(toLocal(utc)).toBe(wallClock(utc));
      expect(copenhagenOffset(change - 1)).not.toBe(copenhagenOffset(change));
    },
  );

  test('from the wall clock back to the instant, the first of two in the hour that comes twice', () => {
    fc.assert(
      fc.property(instants, (utc) => {
        const back = toUtc(toLocal(utc));
        const isSecondOfTwo = back === utc - HOUR_MS;
        expect(toLocal(back)).toBe(toLocal(utc));
        expect(back === utc || isSecondOfTwo).toBe(true);
      }),
    );
    expect(toUtc(Date.parse('2026-10-25T02:30Z'))).toBe(Date.parse('2026-10-25T00:30Z'));
    expect(toUtc(Date.parse('2026-03-29T02:30Z'))).toBe(Date.parse('2026-03-29T01:30Z'));
  });
});

describe('Danish days', () => {
  test('weekdays count from Monday, days of the year from 1 January', () => {
    expect(facts('2026-01-05')).toMatchObject({ weekday: 0, dayOfYear: 4 });
    expect(facts('2028-12-31')).toMatchObject({ weekday: 6, dayOfYear: 365 });
  });

  test('the public holidays of 2026, and no others', () => {
    const holidays: string[] = [];
    for (let d = day('2026-01-01'); d <= day('2026-12-31'); d++)
      if (dayFacts(d).publicHoliday) holidays.push(new Date(d * DAY_MS).toISOString().slice(5, 10));
    const easter = ['04-02', '04-03', '04-05', '04-06'];
    expect(holidays).toEqual(['01-01', ...easter, '05-14', '05-24', '05-25', '06-05', '12-24', '12-25', '12-26', '12-31']);
  });

  test.each(['2000-04-23', '2008-03-23', '2011-04-24', '2025-04-20', '2027-03-28', '2038-04-25'])(
    'Easter Monday follows %s',
    (sunday) => {
      expect(dayFacts(day(sunday)).publicHoliday).toBe(true);
      expect(dayFacts(day(sunday) + 1).publicHoliday).toBe(true);
      expect(dayFacts(day(sunday) - 1).publicHoliday).toBe(false);
    },
  );

  test.each([
    ['2026-01-02', true],
    ['2026-01-05', false],
    ['2026-02-09', true],
    ['2026-02-16', false],
    ['2026-03-27', false],
    ['2026-03-30', true],
    ['2026-04-07', false],
    ['2026-06-26', false],
    ['2026-06-29', true],
    ['2026-08-07', true],
    ['2026-08-10', false],
    ['2026-10-12', true],
    ['2026-10-19', false],
    ['2026-12-22', true],
  ])('the schools are closed on %s: %s', (iso, closed) => {
    expect(facts(iso).schoolHoliday).toBe(closed);
  });
});
