import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readable } from '../src/text/explanation.js';
import { clockSeconds, counted, energy, moment, percent, period, power, relative, span } from '../src/text/format.js';

describe('powers', () => {
  test.each([
    [0, '0 W'],
    [950, '950 W'],
    [1500, '1.50 kW'],
    [12_345, '12.3 kW'],
    [250_000, '250 kW'],
    [142_300_000, '142 MW'],
    [999_960, '1.00 MW'],
    [-2_500, '−2.50 kW'],
    [-0.001, '0.00 W'],
    [null, '–'],
    [undefined, '–'],
    [Number.NaN, '–'],
  ])('%p W is told as %p', (watts, told) => {
    expect(power(watts)).toBe(told);
  });

  test('are told within half a percent of what they are', () => {
    const factors: Record<string, number> = { W: 1, kW: 1e3, MW: 1e6, GW: 1e9 };
    fc.assert(
      fc.property(fc.double({ min: 10, max: 5e10, noNaN: true }), (watts) => {
        const [value = '', unit = ''] = power(watts).split(' ');
        const told = Number(value.replaceAll(',', '')) * (factors[unit] ?? Number.NaN);
        expect(Math.abs(told - watts) / watts).toBeLessThanOrEqual(0.005);
      }),
    );
  });

  test('and energies have units of their own', () => {
    expect(energy(1_250_000)).toBe('1.25 MWh');
  });
});

describe('times', () => {
  test.each([
    [0, '0 s'],
    [999, '0 s'],
    [12_000, '12 s'],
    [90_000, '1 min'],
    [3_600_000, '1 h'],
    [5_400_000, '1 h 30 min'],
    [90_000_000, '1 d 1 h'],
  ])('%p ms is %p', (ms, told) => {
    expect(span(ms)).toBe(told);
  });

  test('are told from now on, before and after', () => {
    expect(relative(1000, 13_000)).toBe('12 s ago');
    expect(relative(13_000, 1000)).toBe('in 12 s');
    expect(relative(1000, 1200)).toBe('now');
    expect(relative(null, 1200)).toBe('–');
    expect(relative(1200, undefined)).toBe('–');
  });

  test('have their day where that is not today', () => {
    const noon = new Date(2026, 0, 15, 12, 0).getTime();
    expect(moment(noon, noon + 3_600_000)).toBe('12:00');
    expect(moment(noon, noon + 48 * 3_600_000)).toBe('Thu 15 Jan, 12:00');
  });

  test('from and to are told with as few words as will do', () => {
    const noon = new Date(2026, 0, 15, 12, 0).getTime();
    expect(period(noon, noon + 1_800_000, noon)).toBe('12:00 – 12:30');
    expect(period(noon, null, noon)).toBe('since 12:00');
    expect(period(noon, noon + 5_000, noon)).toBe('12:00:00 – 12:00:05');
    expect(period(null, null, noon)).toBe('when seen');
    expect(period(noon, noon + 86_400_000, noon)).toBe('12:00 – Fri 16 Jan, 12:00');
  });
});

test('numbers have their noun', () => {
  expect(counted(1, 'VEN')).toBe('1 VEN');
  expect(counted(9714, 'resource')).toBe('9,714 resources');
  expect(percent(0.2)).toBe('20 %');
  expect(percent(0.052)).toBe('5.2 %');
  expect(percent(null)).toBe('–');
});

describe('an explanation', () => {
  test('is told in the reader’s time and by titles, not by ids', () => {
    const now = Date.parse('2026-06-15T10:30:00Z');
    const titles = new Map([
      ['r-1', 'Bar August'],
      ['e-1', 'Evening peak'],
    ]);
    const at = clockSeconds(Date.parse('2026-06-15T10:00:05.123Z'));
    expect(readable('r-1 at 2026-06-15T10:00:05.123Z: at most 2.00 kW', titles, now)).toBe(
      `Bar August at ${at}: at most 2.00 kW`,
    );
    expect(readable('  → Evening peak (e-1), no priority: decides', titles, now)).toBe('  → Evening peak, no priority: decides');
    expect(readable('at most 2.00 kW for event e-1', titles, now)).toBe('at most 2.00 kW for event Evening peak');
  });
});
