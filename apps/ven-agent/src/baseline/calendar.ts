import { type Duration, hours, type Instant, instant, milliseconds } from '@venfleet/core';

/** Days of one kind have similar loads. */
export type DayKind = 'working day' | 'day off';

const DAY = hours(24);

/** Local time: which kind of day it is, and the same time of day on earlier days. */
export interface LocalCalendar {
  /** The local date, `2026-06-15`. */
  dateOf(at: Instant): string;
  kindOf(at: Instant): DayKind;
  /** The same local time `days` days before, also over a change to or from summer time. */
  daysBefore(at: Instant, days: number): Instant;
}

/**
 * The calendar of a time zone.
 * @param isHoliday whether a local date (`2026-12-25`) is a public holiday
 * @param timeZone of the IANA database; what asks of another one throws RangeError
 */
export function localCalendar(timeZone: string, isHoliday: (date: string) => boolean): LocalCalendar {
  // Made when it is first needed: the tables of the world's languages and zones take 6 MB of a process.
  let format: Intl.DateTimeFormat | undefined;
  // Swedish writes ISO 8601: what the wall clock shows, read as if it were UTC.
  const local = (at: Instant): string => {
    format ??= new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
    return format.format(at).replace(' ', 'T');
  };
  const offset = (at: Instant): Duration => milliseconds(Date.parse(`${local(at)}Z`) - Math.floor(at / 1000) * 1000);
  const dateOf = (at: Instant): string => local(at).slice(0, 10);
  return {
    dateOf,
    kindOf(at) {
      const date = dateOf(at);
      const weekday = new Date(`${date}T00:00:00Z`).getUTCDay();
      return weekday === 0 || weekday === 6 || isHoliday(date) ? 'day off' : 'working day';
    },
    daysBefore(at, days) {
      const roughly = instant(at - days * DAY);
      return instant(roughly + offset(at) - offset(roughly));
    },
  };
}

/** Days from Easter Sunday: Maundy Thursday, Good Friday, Easter Sunday and Monday, Ascension, Whit Sunday and Monday. */
const AROUND_EASTER = [-3, -2, 0, 1, 39, 49, 50];
const FIXED = ['01-01', '12-24', '12-25', '12-26', '12-31'];

/** Public holidays of Denmark, with the days on which business rests all the same (24 and 31 December). */
export function isDanishHoliday(date: string): boolean {
  if (FIXED.includes(date.slice(5))) return true;
  const easter = easterSunday(Number(date.slice(0, 4)));
  return AROUND_EASTER.includes(Math.round((Date.parse(`${date}T00:00:00Z`) - easter) / DAY));
}

/** Gregorian Easter (Meeus, Astronomical Algorithms, chapter 8; anonymous algorithm of 1876). */
function easterSunday(year: number): number {
  const a = year % 19;
  const [b, c] = [Math.floor(year / 100), year % 100];
  const [d, e] = [Math.floor(b / 4), b % 4];
  const g = Math.floor((8 * b + 13) / 25);
  const h = (19 * a + b - d - g + 15) % 30;
  const [i, k] = [Math.floor(c / 4), c % 4];
  const l = (32 + 2 * e + 2 * i - h - k) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const sum = h + l - 7 * m + 114;
  return Date.UTC(year, Math.floor(sum / 31) - 1, (sum % 31) + 1);
}
