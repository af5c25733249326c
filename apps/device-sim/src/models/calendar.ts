/** Danish civil time and the days that change how people live: all plain arithmetic, because it is asked at every step. */

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** When summer time begins and ends in one year. */
interface SummerTime {
  readonly yearStart: number;
  readonly yearEnd: number;
  readonly start: number;
  readonly end: number;
}

/** The last summer time that was asked for: simulated time seldom leaves its year. */
let summerTime: SummerTime = { yearStart: 0, yearEnd: 0, start: 0, end: 0 };

/**
 * What Europe/Copenhagen is ahead of UTC at `utcMs`, in ms: two hours from the last Sunday of March to
 * that of October, 01:00 UTC both (Directive 2000/84/EC), otherwise one. Valid from 1996 on.
 */
export function copenhagenOffset(utcMs: number): number {
  if (utcMs < summerTime.yearStart || utcMs >= summerTime.yearEnd) summerTime = summerTimeOf(new Date(utcMs).getUTCFullYear());
  return utcMs >= summerTime.start && utcMs < summerTime.end ? 2 * HOUR_MS : HOUR_MS;
}

function summerTimeOf(year: number): SummerTime {
  return {
    yearStart: Date.UTC(year, 0, 1),
    yearEnd: Date.UTC(year + 1, 0, 1),
    start: lastSunday(year, 2) + HOUR_MS,
    end: lastSunday(year, 9) + HOUR_MS,
  };
}

/** Midnight UTC of the last Sunday of a month of 31 days. */
function lastSunday(year: number, month: number): number {
  const last = Date.UTC(year, month, 31);
  return last - new Date(last).getUTCDay() * DAY_MS;
}

/** Local wall time as ms since 1970-01-01T00:00 on the same wall clock. */
export function toLocal(utcMs: number): number {
  return utcMs + copenhagenOffset(utcMs);
}

/**
 * The instant at which the wall clock shows `localMs`: of the two when it shows it twice, the first; in
 * the hour that is left out in March, as if the clock had not been put forward yet.
 */
export function toUtc(localMs: number): number {
  const summer = localMs - 2 * HOUR_MS;
  return copenhagenOffset(summer) === 2 * HOUR_MS ? summer : localMs - HOUR_MS;
}

/** What is special about a local day. */
export interface DayFacts {
  /** Monday 0 … Sunday 6. */
  readonly weekday: number;
  /** 0 on 1 January. */
  readonly dayOfYear: number;
  /** A public holiday, or a day on which Denmark is as closed as on one (24 and 31 December). */
  readonly publicHoliday: boolean;
  /** The schools are closed, weekends apart. */
  readonly schoolHoliday: boolean;
}

/** Days that were asked for; one year of them is 366 small objects, shared by the whole fleet. */
const knownDays = new Map<number, DayFacts>();

/** @param day local days since 1970-01-01: `Math.floor(toLocal(t) / DAY_MS)`. */
export function dayFacts(day: number): DayFacts {
  let facts = knownDays.get(day);
  if (facts === undefined) {
    facts = factsOf(day);
    knownDays.set(day, facts);
  }
  return facts;
}

function factsOf(day: number): DayFacts {
  const year = new Date(day * DAY_MS).getUTCFullYear();
  const dayOfYear = day - dayNumber(year, 1, 1);
  const sinceEaster = day - easterSunday(year);
  return {
    weekday: weekdayOf(day),
    dayOfYear,
    publicHoliday: isPublicHoliday(day, year, sinceEaster),
    schoolHoliday: isSchoolHoliday(day, year, sinceEaster),
  };
}

/** Days since 1970-01-01 of a date, month 1…12. */
function dayNumber(year: number, month: number, dayOfMonth: number): number {
  return Date.UTC(year, month - 1, dayOfMonth) / DAY_MS;
}

/** 1970-01-01 was a Thursday. */
const weekdayOf = (day: number): number => (((day + 3) % 7) + 7) % 7;

/** Maundy Thursday, Good Friday, Easter, Ascension, Whitsun; Great Prayer Day is a working day since 2024. */
const MOVABLE_HOLIDAYS: readonly number[] = [-3, -2, 0, 1, 39, 49, 50];

function isPublicHoliday(day: number, year: number, sinceEaster: number): boolean {
  const inYear = day - dayNumber(year, 1, 1);
  const constitutionDay = dayNumber(year, 6, 5);
  return inYear === 0 || MOVABLE_HOLIDAYS.includes(sinceEaster) || day === constitutionDay || isChristmas(day, year);
}

const isChristmas = (day: number, year: number): boolean =>
  (day >= dayNumber(year, 12, 24) && day <= dayNumber(year, 12, 26)) || day === dayNumber(year, 12, 31);

/**
 * The municipalities set the dates; these are what most of them choose: ISO weeks 7 and 42, Easter from
 * the Saturday before Palm Sunday, summer from the last Saturday of June to 9 August, Christmas from 22
 * December to 2 January.
 */
function isSchoolHoliday(day: number, year: number, sinceEaster: number): boolean {
  const week = isoWeek(day, year);
  const lastOfJune = dayNumber(year, 6, 30);
  const summerStart = lastOfJune - ((weekdayOf(lastOfJune) + 2) % 7);
  return (
    week === 7 ||
    week === 42 ||
    (sinceEaster >= -8 && sinceEaster <= 1) ||
    (day >= summerStart && day <= dayNumber(year, 8, 9)) ||
    day >= dayNumber(year, 12, 22) ||
    day <= dayNumber(year, 1, 2)
  );
}

/** ISO 8601 week counted from the year's own week 1: right wherever it matters here, from January to December. */
function isoWeek(day: number, year: number): number {
  const fourthOfJanuary = dayNumber(year, 1, 4);
  const firstMonday = fourthOfJanuary - weekdayOf(fourthOfJanuary);
  return Math.floor((day - firstMonday) / 7) + 1;
}

/** Day number of Easter Sunday (the anonymous Gregorian algorithm; Meeus, Astronomical Algorithms, ch. 8). */
function easterSunday(year: number): number {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const d = Math.floor(b / 4);
  const e = b % 4;
  const f = Math.floor((b + 8) / 25);
  const g = Math.floor((b - f + 1) / 3);
  const h = (19 * a + b - d - g + 15) % 30;
  const i = Math.floor(c / 4);
  const k = c % 4;
  const l = (32 + 2 * e + 2 * i - h - k) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const month = Math.floor((h + l - 7 * m + 114) / 31);
  return dayNumber(year, month, ((h + l - 7 * m + 114) % 31) + 1);
}
