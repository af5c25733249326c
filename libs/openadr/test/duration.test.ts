import { describe, expect, it } from '@jest/globals';
import { type Duration, hours, instant, milliseconds, minutes, seconds } from '@venfleet/core';
import fc from 'fast-check';
import { formatDateTime, formatDuration, parseDateTime, parseDuration } from '../src/index.js';

const at = (text: string) => instant(Date.parse(text));

describe('durations', () => {
  it.each<[string, Duration | 'forever' | undefined]>([
    ['PT0S', milliseconds(0)],
    ['PT15M', minutes(15)],
    ['PT1H30M', minutes(90)],
    ['PT0.5S', milliseconds(500)],
    ['P1D', hours(24)],
    ['P2W', hours(14 * 24)],
    ['P0Y0M0DT1H0M0S', hours(1)],
    ['-PT5M', minutes(-5)],
    ['-PT0S', milliseconds(0)],
    ['P9999Y', 'forever'],
    ['P9999Y0M0DT0H0M0S', 'forever'],
    ['P99999999999999999999D', 'forever'],
    ['-P9999Y', undefined],
    ['P', undefined],
    ['PT', undefined],
    ['P1', undefined],
    ['P1W2D', undefined],
    ['PT1.5H', undefined],
    ['1H', undefined],
    ['', undefined],
  ])('%s', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  it('months and years are those of the calendar from where they begin, in UTC', () => {
    const end = (start: string, text: string) => new Date(at(start) + (parseDuration(text, at(start)) as number)).toISOString();
    expect(end('2026-01-31T12:00:00Z', 'P1M')).toBe('2026-02-28T12:00:00.000Z');
    expect(end('2024-02-29T00:00:00Z', 'P1Y')).toBe('2025-02-28T00:00:00.000Z');
    expect(end('2026-11-30T00:00:00Z', 'P3MT1H')).toBe('2027-02-28T01:00:00.000Z');
    expect(parseDuration('P1M')).toBe(hours(30 * 24));
    expect(parseDuration('P1Y')).toBe(hours(365 * 24));
  });

  it('what is written is read again', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e14, max: 1e14 }), (ms) => {
        expect(parseDuration(formatDuration(milliseconds(ms)))).toBe(ms);
      }),
    );
    expect(parseDuration(formatDuration('forever'))).toBe('forever');
    expect(formatDuration(seconds(0))).toBe('PT0S');
    expect(formatDuration(hours(25))).toBe('PT25H');
  });

  it('anything is read or refused, never thrown at', () => {
    fc.assert(fc.property(fc.stringMatching(/^-?P?[0-9YMWDTHS.]{0,12}$/), (text) => void parseDuration(text)));
  });
});

describe('dates and times', () => {
  it.each([
    '0001-01-01T00:00:00Z',
    '0001-01-01',
    '0000-01-01T00:00:00Z',
    '0000-00-00',
    '0001-01-01T00:00',
    '0001-01-01T00:00:00+01:00',
  ])('67: %s means now', (text) => {
    expect(parseDateTime(text)).toBe('now');
  });

  it.each([
    ['2026-06-15T09:30:00Z', '2026-06-15T09:30:00Z'],
    ['2026-06-15T11:30:00.123456+02:00', '2026-06-15T09:30:00.123Z'],
    ['2026-06-15 09:30:00z', '2026-06-15T09:30:00Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00Z'],
  ])('%s', (text, same) => {
    expect(parseDateTime(text)).toBe(at(same));
  });

  it.each(['', 'now', '2026-06-15', '2026-06-15T09:30:00', '2026-13-01T00:00:00Z', '1', '0002-01-01'])('%j is none', (text) => {
    expect(parseDateTime(text)).toBeUndefined();
  });

  it('what is written is read again', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0002-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }),
        (date) => {
          expect(parseDateTime(formatDateTime(instant(date.getTime())))).toBe(date.getTime());
        },
      ),
    );
    expect(parseDateTime(formatDateTime('now'))).toBe('now');
  });
});
