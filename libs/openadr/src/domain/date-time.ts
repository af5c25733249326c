import { type Instant, instant } from '@venfleet/core';
import { isDateTime } from '../wire/validator.js';

/** How a start of `now` is written (OpenADR 3.1 User Guide). */
export const NOW_TEXT = '0001-01-01T00:00:00Z';

/**
 * Reads an RFC 3339 date and time; one in the years 0000 and 0001 means now, with or without its time and zone.
 * @returns undefined for what is none
 */
export function parseDateTime(text: string): Instant | 'now' | undefined {
  if (!isDateTime(text)) return undefined;
  if (/^000[01]/.test(text)) return 'now';
  // RFC 3339 allows a space and small letters, and a leap second, which is the second that follows here.
  const [plain, leap] = text.includes(':60') ? [text.replace(':60', ':59'), 1000] : [text, 0];
  const parsed = Date.parse(plain.replace(' ', 'T').toUpperCase());
  return Number.isNaN(parsed) ? undefined : instant(parsed + leap);
}

export const formatDateTime = (time: Instant | 'now'): string => (time === 'now' ? NOW_TEXT : new Date(time).toISOString());
