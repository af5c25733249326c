import { type Instant, milliseconds } from '@venfleet/core';
import type { Length } from './event.js';

/** `-?P nY nM n(D|W) T nH nM n(.n)S`: weeks or days, not both; only seconds have a fraction (OpenADR 3 YAML, duration). */
const FORM = /^(-?)P(?=\d|T\d)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)([DW]))?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

const SECOND = 1000;
const DAY = 86_400_000;
/** From here on a length of time has no end: P9999Y. */
const FOREVER = 9999 * 365 * DAY;

/**
 * Reads an ISO 8601 duration as OpenADR has it.
 * @param from where it begins: years and months are those of the calendar, in UTC; without it a year has 365 days and
 *   a month 30
 * @returns undefined for what is none
 */
export function parseDuration(text: string, from?: Instant): Length | undefined {
  const parts = FORM.exec(text);
  if (parts === null) return undefined;
  const [, sign, years, months, days, unit, hours, minutes, seconds] = parts;
  const count = (digits: string | undefined): number => Number(digits ?? 0);
  const span = unit === 'W' ? 7 * DAY : DAY;
  const exact = count(days) * span + count(hours) * 3600 * SECOND + count(minutes) * 60 * SECOND + count(seconds) * SECOND;
  const total = exact + count(years) * 365 * DAY + count(months) * 30 * DAY;
  if (!(total < FOREVER)) return sign === '-' ? undefined : 'forever';
  if (sign === '-') return milliseconds(-Math.round(total) || 0);
  const monthCount = 12 * count(years) + count(months);
  return milliseconds(Math.round(from === undefined || monthCount === 0 ? total : exact + calendarMonths(from, monthCount)));
}

/** The same day so many months later, or the last of that month where it has no such day (ISO 8601-1). */
function calendarMonths(from: Instant, count: number): number {
  const start = new Date(from);
  const target = new Date(from);
  target.setUTCDate(1);
  target.setUTCMonth(start.getUTCMonth() + count);
  const lastDay = new Date(Date.UTC(target.getUTCFullYear(), target.getUTCMonth() + 1, 0)).getUTCDate();
  target.setUTCDate(Math.min(start.getUTCDate(), lastDay));
  return target.getTime() - from;
}

/** Writes a length of time so that {@link parseDuration} reads the same. */
export function formatDuration(length: Length): string {
  if (length === 'forever') return 'P9999Y';
  const sign = length < 0 ? '-' : '';
  const whole = Math.round(Math.abs(length));
  const [hours, rest] = [Math.floor(whole / 3_600_000), whole % 3_600_000];
  const [minutes, seconds] = [Math.floor(rest / 60_000), (rest % 60_000) / SECOND];
  const parts = [hours > 0 ? `${hours}H` : '', minutes > 0 ? `${minutes}M` : '', seconds > 0 ? `${seconds}S` : ''].join('');
  return parts === '' ? 'PT0S' : `${sign}PT${parts}`;
}
