import { describe, expect, test } from '@jest/globals';
import { hours, type Instant, instant, minutes, type Watts, watts } from '@venfleet/core';
import fc from 'fast-check';
import { type LoadChanges, type PowerHistory, TEN_IN_TEN, tenInTen } from '../src/baseline/baseline.js';
import { isDanishHoliday, localCalendar } from '../src/baseline/calendar.js';

const calendar = localCalendar('Europe/Copenhagen', isDanishHoliday);
const noEvents: Pick<LoadChanges, 'isEventDay' | 'isChanged'> = { isEventDay: () => false, isChanged: () => false };
const local = (text: string): Instant => instant(Date.parse(`${text}+02:00`));
/** Mean power by local day, the same at all hours. */
const history = (powerOn: (date: string, hour: number) => number | undefined): PowerHistory => ({
  meanPower(_resource, from) {
    const power = powerOn(calendar.dateOf(from), new Date(from).getUTCHours() + 2);
    return power === undefined ? undefined : watts(power);
  },
});
/** Asked on Friday, 19 June 2026, for 15:00 to 16:00. */
const question = (from = local('2026-06-19T15:00'), anchor = from) => ({
  resource: 1,
  from,
  to: instant(from + hours(1)),
  anchor,
});

describe('the days that a baseline is the mean of', () => {
  const used = (powerOn: (date: string) => number | undefined, changes = noEvents, asked = question()) => {
    const dates = new Set<string>();
    const recorded: PowerHistory = {
      meanPower(_resource, from): Watts | undefined {
        const power = powerOn(calendar.dateOf(from));
        if (power !== undefined && from % hours(24) === asked.from % hours(24)) dates.add(calendar.dateOf(from));
        return power === undefined ? undefined : watts(power);
      },
    };
    const value = tenInTen(recorded, calendar, changes).value(asked);
    return { value, dates: [...dates] };
  };

  test('of a working day: the last ten working days, holidays passed over', () => {
    const { dates, value } = used(() => 1000);
    // 5 June, Constitution Day, is no public holiday; Whit Monday is 25 May.
    expect(dates.slice(0, 10)).toEqual([
      '2026-06-18',
      '2026-06-17',
      '2026-06-16',
      '2026-06-15',
      '2026-06-12',
      '2026-06-11',
      '2026-06-10',
      '2026-06-09',
      '2026-06-08',
      '2026-06-05',
    ]);
    expect(value).toMatchObject({ days: 10, tooFewDays: false, power: 1000 });
  });

  test('of a day off: the last four weekend days and holidays', () => {
    const sunday = question(local('2026-05-31T15:00'));
    const { dates } = used(() => 1000, noEvents, sunday);
    expect(dates.slice(0, 4)).toEqual(['2026-05-30', '2026-05-25', '2026-05-24', '2026-05-23']);
  });

  test('event days and days without data are passed over, and earlier ones taken', () => {
    const { dates, value } = used((date) => (date === '2026-06-17' ? undefined : 1000), {
      ...noEvents,
      isEventDay: (date) => date === '2026-06-18',
    });
    expect(dates.slice(0, 10)).not.toContain('2026-06-18');
    expect(dates.slice(0, 10)).not.toContain('2026-06-17');
    expect(value?.days).toBe(10);
  });

  test('too few of them are said to be; none gives no baseline', () => {
    expect(used((date) => (date >= '2026-06-16' ? 1000 : undefined)).value).toMatchObject({ days: 3, tooFewDays: true });
    expect(used(() => undefined).value).toBeUndefined();
  });

  test('none lies more than 45 days back', () => {
    expect(used((date) => (date < '2026-05-04' ? 1000 : undefined)).value).toBeUndefined();
  });

  test('a forecast for days ahead looks at days before today only', () => {
    const nextThursday = question(local('2026-06-25T15:00'), local('2026-06-19T09:00'));
    const { dates } = used(() => 1000, noEvents, nextThursday);
    expect(dates[0]).toBe('2026-06-18');
    expect(dates).toHaveLength(10);
  });
});

describe('the same-day adjustment', () => {
  const value = (today: number, at = question(), changes = noEvents) =>
    tenInTen(
      history((date) => (date === '2026-06-19' ? today : 1000)),
      calendar,
      changes,
    ).value(at);

  test('scales by how the hours from 4 to 1 before compare', () => {
    expect(value(1100)).toMatchObject({ adjustment: expect.closeTo(1.1), power: expect.closeTo(1100) });
  });
  test('is at most 20 % either way', () => {
    expect(value(5000)?.adjustment).toBe(1.2);
    expect(value(10)?.adjustment).toBe(0.8);
  });
  test('is left out where another event changed the load in these hours', () => {
    const asked: Instant[] = [];
    const isChanged = (from: Instant, to: Instant) => {
      asked.push(from, to);
      return true;
    };
    expect(value(700, question(), { ...noEvents, isChanged })?.adjustment).toBe(1);
    expect(asked).toEqual([local('2026-06-19T11:00'), local('2026-06-19T14:00')]);
  });
  test('is left out for other days than the anchor’s, and where the usual load is nothing', () => {
    expect(value(1100, question(local('2026-06-22T15:00'), local('2026-06-19T12:00')))?.adjustment).toBe(1);
    expect(
      tenInTen(
        history(() => 0),
        calendar,
        noEvents,
      ).value(question()),
    ).toMatchObject({ power: 0, adjustment: 1 });
  });
});

test('whatever the days were: the baseline lies between the least and the most of them, but for the adjustment', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 31, maxLength: 31 }), (powers) => {
      const of = (date: string) => powers[Number(date.slice(8)) - 1] as number;
      const found = tenInTen(history(of), calendar, noEvents).value(question());
      expect(found?.power).toBeGreaterThanOrEqual(Math.min(...powers) * TEN_IN_TEN.adjustment.least - 1e-6);
      expect(found?.power).toBeLessThanOrEqual(Math.max(...powers) * TEN_IN_TEN.adjustment.most + 1e-6);
    }),
  );
});

describe('the calendar', () => {
  test('finds the same time of day over the change to summer time', () => {
    const sunday = instant(Date.parse('2026-03-29T13:00:00Z'));
    expect(new Date(calendar.daysBefore(sunday, 1)).toISOString()).toBe('2026-03-28T14:00:00.000Z');
    const autumn = instant(Date.parse('2026-10-26T14:00:00Z'));
    expect(new Date(calendar.daysBefore(autumn, 2)).toISOString()).toBe('2026-10-24T13:00:00.000Z');
  });
  test('a day begins at local midnight', () => {
    expect(calendar.dateOf(instant(Date.parse('2026-06-14T22:30:00Z')))).toBe('2026-06-15');
    expect(calendar.kindOf(instant(local('2026-06-15T00:00') - minutes(1)))).toBe('day off');
    expect(calendar.kindOf(local('2026-06-15T00:00'))).toBe('working day');
  });
  test('knows the holidays that move with Easter', () => {
    for (const day of ['2026-04-02', '2026-04-03', '2026-04-06', '2026-05-14', '2026-05-25', '2025-04-20', '2024-05-20']) {
      expect([day, isDanishHoliday(day)]).toEqual([day, true]);
    }
    // Store Bededag is none since 2024.
    for (const day of ['2026-05-01', '2026-06-05', '2024-04-26']) expect([day, isDanishHoliday(day)]).toEqual([day, false]);
  });
});
