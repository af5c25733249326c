import { expect, test } from '@jest/globals';
import { parseMoment, parsePositive, parseSpan } from '../../src/cli/options.js';

test('a moment is Danish time unless it has a zone', () => {
  const at = (text: string) => new Date(parseMoment(text)).toISOString();
  expect(at('2026-01-15T06:00')).toBe('2026-01-15T05:00:00.000Z');
  expect(at('2026-07-15T06:00')).toBe('2026-07-15T04:00:00.000Z');
  expect(at('2026-01-15')).toBe('2026-01-14T23:00:00.000Z');
  expect(at('2026-01-15T06:00Z')).toBe('2026-01-15T06:00:00.000Z');
  expect(at('2026-01-15T06:00:30+03:00')).toBe('2026-01-15T03:00:30.000Z');
});

test.each(['', 'now', '2026-02-31', '2026-13-01', '2026-01-15T25:00', '15.01.2026', '2026-01-15T06:00 CET'])(
  '%p is no moment',
  (text) => {
    expect(() => parseMoment(text)).toThrow('It must be a time');
  },
);

test('a span is a number with its unit', () => {
  expect([parseSpan('30s'), parseSpan('15m'), parseSpan('1.5h'), parseSpan('1d')]).toEqual([
    30_000, 900_000, 5_400_000, 86_400_000,
  ]);
  for (const text of ['', '15', 'm', '-1m', '0s', '0.5s', '1w'])
    expect(() => parseSpan(text)).toThrow('It must be a number with its unit');
});

test('a speed is above 0', () => {
  expect(parsePositive('0.5')).toBe(0.5);
  for (const text of ['', '0', '-1', 'x', 'Infinity']) expect(() => parsePositive(text)).toThrow('It must be a number above 0');
});
