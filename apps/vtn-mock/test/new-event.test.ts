import { describe, expect, it } from '@jest/globals';
import { hours, instant, minutes, seconds } from '@venfleet/core';
import { decodeEvent, type GridEvent } from '@venfleet/openadr';
import fc from 'fast-check';
import {
  parseAlert,
  parseDelay,
  parseLoad,
  parsePower,
  parsePrices,
  parseReport,
  parseShare,
} from '../src/operator/arguments.js';
import { cancelled, changedEvent, type EventOptions, newEvent } from '../src/operator/new-event.js';

const made = (options: EventOptions) => newEvent('p', [], options);

describe('what an operator says', () => {
  it('powers, shares, prices and times', () => {
    expect([parsePower('500kW'), parsePower('-200 kw'), parsePower('1.2MW'), parsePower('800W')]).toEqual([
      500_000, -200_000, 1_200_000, 800,
    ]);
    for (const wrong of ['500', 'kW', '5 GW', '1e3kW']) expect(() => parsePower(wrong)).toThrow('It must be a power');
    expect(() => parseLoad('-1kW')).toThrow('negative');
    expect([parseShare('30%'), parseShare('0%'), parseShare('12.5%')]).toEqual([0.3, 0, 0.125]);
    for (const wrong of ['30', '101%', '-5%', '%']) expect(() => parseShare(wrong)).toThrow('percentage');
    expect(parsePrices('0.1,0.3,-0.02')).toEqual([0.1, 0.3, -0.02]);
    for (const wrong of ['', '0.1,', 'a']) expect(() => parsePrices(wrong)).toThrow('prices');
    expect(parseDelay(() => instant(1000))('2m')).toBe(121_000);
  });

  it('alerts by the names that people give them', () => {
    expect(parseAlert('flex')).toEqual({ type: 'ALERT_FLEX_ALERT', values: [''] });
    expect(parseAlert('emergency:Save now: please')).toEqual({ type: 'ALERT_GRID_EMERGENCY', values: ['Save now: please'] });
    expect(() => parseAlert('party')).toThrow('It must be one of flex');
  });

  it('reports by the names that people give them', () => {
    expect(parseReport('load:5m')).toMatchObject({ payloadType: 'DEMAND', readingType: 'MEAN', units: 'KW', every: minutes(5) });
    expect(parseReport('baseline')).toMatchObject({ payloadType: 'BASELINE', every: minutes(1), aggregate: true });
    expect(parseReport('usage:15m')).toMatchObject({ payloadType: 'USAGE', readingType: 'SUMMED', units: 'KWH' });
    expect(parseReport('state')).toMatchObject({ payloadType: 'OPERATING_STATE', aggregate: false });
    expect(() => parseReport('load:1m:sub')).toThrow('It must');
  });
});

describe('the event that comes of it', () => {
  it.each([
    [{ shed: 0.3 }, 'CONTROL_LEVEL_OFFSET_PERCENT', 0.3, 'PERCENT'],
    [{ level: 2 }, 'SIMPLE', 2, undefined],
    [{ setpoint: parsePower('500kW') }, 'DISPATCH_SETPOINT', 500, 'KW'],
    [{ delta: parsePower('-200kW') }, 'DISPATCH_SETPOINT_RELATIVE', -200, 'KW'],
    [{ limit: parsePower('1MW') }, 'IMPORT_CAPACITY_LIMIT', 1000, 'KW'],
  ])('%j is told by one payload type', (options, type, value, units) => {
    const event = made({ ...options, for: minutes(3) });
    expect(event.intervals).toEqual([0, 1, 2].map((id) => ({ id, payloads: [{ type, values: [value] }] })));
    expect(event.payloadDescriptors?.map((d) => [d.payloadType, d.units])).toEqual(units === undefined ? [] : [[type, units]]);
  });

  it('a change of load asks for load and baseline a minute at a time, in sums', () => {
    const { reportRequests, length, intervals } = made({ shed: 0.3, for: minutes(30) });
    expect([length, intervals?.length]).toEqual([minutes(1), 30]);
    expect(reportRequests).toMatchObject(
      ['DEMAND', 'BASELINE'].map((payloadType) => ({
        payloadType,
        readingType: 'MEAN',
        units: 'KW',
        aggregate: true,
        startInterval: 0,
        numIntervals: 1,
        frequency: 1,
        repeat: -1,
      })),
    );
    expect(made({ shed: 0.3, report: false, for: minutes(30) })).toMatchObject({ reportRequests: [], length: minutes(30) });
    expect(made({ shed: 0.3, report: [parseReport('usage:15m')], for: minutes(30) })).toMatchObject({ length: minutes(15) });
    expect(made({ alert: parseAlert('fire') }).reportRequests).toEqual([]);
    expect(made({ alert: parseAlert('flex') }).reportRequests).toHaveLength(2);
  });

  it('a long event is told in longer intervals, one of an odd length in one', () => {
    expect(made({ level: 1, for: hours(12) })).toMatchObject({ length: minutes(5) });
    expect(made({ level: 1, for: seconds(90) })).toMatchObject({
      length: seconds(90),
      reportRequests: [{ numIntervals: 1 }, {}],
    });
    expect(made({ level: 1, for: 'forever' })).toMatchObject({ length: 'forever', reportRequests: [] });
    expect(made({ level: 1 }).intervals).toHaveLength(60);
  });

  it('prices are one for each interval, which share the time', () => {
    const event = made({ price: [0.1, 0.3], for: hours(4), currency: 'EUR' });
    expect(event).toMatchObject({
      length: hours(2),
      payloadDescriptors: [{ payloadType: 'PRICE', units: 'KWH', currency: 'EUR' }],
    });
    expect(event.intervals?.map(({ payloads }) => payloads)).toEqual([
      [{ type: 'PRICE', values: [0.1] }],
      [{ type: 'PRICE', values: [0.3] }],
    ]);
    expect(made({ price: [0.1, 0.2, 0.3] }).length).toBe(hours(1));
  });

  it('says once when it begins and how long it lasts', () => {
    const at = instant(1_000_000);
    expect(made({ level: 1, in: at }).start).toBe(at);
    expect(() => made({ level: 1, in: at, at: 'now' })).toThrow('--at and --in');
    expect(() => made({ level: 1, for: hours(1), count: 3 })).toThrow('--for and --count');
    expect(() => made({ level: 1, for: hours(1), interval: minutes(7) })).toThrow('whole number of intervals');
    expect(() => made({ level: 1, shed: 0.1 })).toThrow('only one of');
    expect(made({ limit: parsePower('1MW'), level: 1 }).intervals?.[0]?.payloads).toHaveLength(2);
  });

  it('whatever is said, the intervals fill the time that it is for', () => {
    const options = fc.record(
      {
        for: fc.integer({ min: 1, max: 40_000 }).map(seconds),
        level: fc.integer({ min: 0, max: 3 }),
        report: fc.constantFrom([parseReport('load:1m')], [parseReport('usage:15m'), parseReport('load:5m')], undefined),
      },
      { requiredKeys: ['for', 'level'] },
    );
    fc.assert(
      fc.property(options, (given) => {
        let event: ReturnType<typeof made>;
        try {
          event = made(given as EventOptions);
        } catch (error) {
          // Reports that do not fit into the time.
          return expect(String(error)).toContain('every=');
        }
        expect((event.intervals?.length ?? 0) * (event.length as number)).toBe(given.for);
        expect(event.intervals?.length).toBeLessThanOrEqual(240);
      }),
    );
  });
});

describe('changing an event', () => {
  const decoded = decodeEvent(
    {
      id: 'e',
      programID: 'p',
      priority: 3,
      intervalPeriod: { start: '2026-01-01T10:00:00Z', duration: 'PT1M' },
      intervals: Array.from({ length: 30 }, (_, id) => ({ id, payloads: [{ type: 'SIMPLE', values: [1] }] })),
      reportDescriptors: [{ payloadType: 'DEMAND', startInterval: 0, numIntervals: 1, frequency: 1, repeat: -1 }],
    },
    '3.1.0',
  );
  const current = (decoded as { event: GridEvent }).event;
  const after = (options: EventOptions) => ({ ...current, ...changedEvent(current, undefined, options) });

  it('what is not given stays', () => {
    expect(changedEvent(current, undefined, {})).toEqual({ length: minutes(1) });
    expect(changedEvent(current, ['a'], { priority: 0, name: 'n' })).toEqual({
      length: minutes(1),
      targets: ['a'],
      priority: 0,
      name: 'n',
    });
  });

  it('another level for the same time', () => {
    const changed = after({ level: 3 });
    expect(changed.intervals).toHaveLength(30);
    expect(changed.intervals[29]).toMatchObject({ id: 29, payloads: [{ type: 'SIMPLE', values: [3] }] });
    expect(changed.reportRequests).toEqual(current.reportRequests);
  });

  it('another time for the same level, in the same intervals', () => {
    const changed = after({ for: minutes(45), in: instant(Date.parse('2026-01-01T11:00:00Z')) });
    expect(changed.intervals).toHaveLength(45);
    expect(changed.intervals[44]?.payloads).toEqual([{ type: 'SIMPLE', values: [1] }]);
    expect([changed.length, changed.start]).toEqual([minutes(1), Date.parse('2026-01-01T11:00:00Z')]);
  });

  it('another start moves all intervals', () => {
    const changed = after({ at: 'now' });
    expect(changed.start).toBe('now');
    expect(changed.intervals.every((interval) => !('start' in interval))).toBe(true);
  });

  it('what cannot be changed so is refused', () => {
    const reportsOnly: GridEvent = { ...current, intervals: [] };
    expect(() => changedEvent(reportsOnly, undefined, { level: 1 })).toThrow('no intervals');
    const intervals = current.intervals.map((interval, i) => (i === 3 ? { ...interval, start: instant(0) } : interval));
    expect(() => changedEvent({ ...current, intervals }, undefined, { at: 'now' })).toThrow('starts of their own');
  });

  it('a cancelled event begins now and lasts for no time; its requests for reports stay', () => {
    expect({ ...current, ...cancelled(current) }).toMatchObject({
      start: 'now',
      length: 0,
      intervals: [{ id: 0, payloads: [{ type: 'SIMPLE', values: [1] }] }],
      reportRequests: current.reportRequests,
    });
  });
});
