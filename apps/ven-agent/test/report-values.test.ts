import { describe, expect, test } from '@jest/globals';
import { hours, instant, minutes, seconds, wattHours, watts } from '@venfleet/core';
import { type ReportRequest, type Span, targetedResources } from '@venfleet/openadr';
import type { Baseline } from '../src/baseline/baseline.js';
import type { ReadingSource } from '../src/readings/reading.js';
import { ReadingFlag } from '../src/readings/reading.js';
import { answerTo } from '../src/reporting/payloads.js';
import { reportedSpans } from '../src/reporting/pieces.js';
import { groupRequests } from '../src/reporting/request.js';
import { answerable, buildContent, type ReportContent, type ValueSources } from '../src/reporting/values.js';
import {
  at,
  HOUR,
  MemoryReadings,
  MIDNIGHT,
  noBaseline,
  reading,
  request,
  resourceInfo,
  steadyReadings,
} from './support/reporting.js';

const HOUR_TEN: Span = { id: 10, start: at('10:00'), end: at('11:00') };
const flat = (power: number, tooFewDays = false): Baseline => ({
  value: () => ({ power: watts(power), days: 10, tooFewDays, adjustment: 1 }),
});

interface Setting {
  readonly readings?: Pick<ReadingSource, 'around'>;
  readonly baseline?: Baseline;
  readonly resources?: ReturnType<typeof resourceInfo>[];
  readonly spans?: Span[];
  readonly alwaysQuality?: boolean;
  readonly modeAt?: ValueSources['modeAt'];
}

function build(requests: ReportRequest[], setting: Setting = {}): Promise<ReportContent> {
  const { readings = steadyReadings(2000), baseline = noBaseline, resources = [resourceInfo(1)], spans = [HOUR_TEN] } = setting;
  const answers = answerable(requests).answers.map((answer) => ({ ...answer, resources }));
  const how = { anchor: at('10:00'), alwaysQuality: setting.alwaysQuality ?? false };
  return buildContent(answers, spans, { readings, baseline, modeAt: setting.modeAt }, how);
}

/** The payloads of the only resource and interval, as `{ TYPE: values }`. */
async function payloads(requests: ReportRequest[], setting: Setting = {}): Promise<Record<string, unknown>> {
  const content = await build(requests, setting);
  const intervals = content.resources.flatMap(({ intervals }) => intervals);
  return Object.fromEntries(intervals.flatMap((interval) => interval.payloads.map(({ type, values }) => [type, values])));
}

describe('what each payload type says of an hour at 2 kW', () => {
  test.each<[ReportRequest, unknown]>([
    [request('USAGE'), [2]],
    [request('USAGE', { units: 'WH' }), [2000]],
    [request('USAGE', { readingType: 'SUMMED', units: 'kWh' }), [2]],
    [request('DEMAND'), [2]],
    [request('DEMAND', { readingType: 'MEAN', units: 'W' }), [2000]],
    [request('DEMAND', { readingType: 'PEAK' }), [2]],
    [request('READING'), [2]],
    [request('READING', { units: 'KWH' }), [1022]],
    [request('READING', { readingType: 'AVERAGE' }), [2]],
    [request('READING', { readingType: 'SUMMED', units: 'KWH' }), [2]],
    [request('BASELINE'), [3]],
    [request('BASELINE', { units: 'KW' }), [3]],
    [request('DELTA_USAGE'), [-1]],
    [request('USAGE_FORECAST'), [3]],
    [request('USAGE_FORECAST', { historical: false }), [3]],
    [request('USAGE', { historical: false }), [3]],
    [request('DEMAND', { readingType: 'FORECAST', historical: false }), [3]],
    [request('OPERATING_STATE'), ['NORMAL']],
    [request('LOAD_SHED_DELTA_AVAILABLE'), [1.5]],
    [request('LOAD_SHED_DELTA_AVAILABLE', { historical: false, units: 'KW' }), [2.5]],
  ])('%j', async (asked, expected) => {
    const resources = [resourceInfo(1, { pMin: watts(500) })];
    expect(await payloads([asked], { baseline: flat(3000), resources })).toEqual({ [asked.payloadType]: expected });
  });

  test('a charge level is a ratio, or per cent where that is asked for', async () => {
    const readings = new MemoryReadings().add(reading(at('10:59:55'), 7000, 1, { stateOfCharge: 0.625 }));
    expect(await payloads([request('STORAGE_CHARGE_LEVEL')], { readings })).toEqual({ STORAGE_CHARGE_LEVEL: [0.625] });
    expect(await payloads([request('STORAGE_CHARGE_LEVEL', { units: 'PERCENT' })], { readings })).toEqual({
      STORAGE_CHARGE_LEVEL: [62.5],
    });
  });

  test('a meter that does not answer is in the state ERROR: not addressable by the VEN', async () => {
    expect(await payloads([request('OPERATING_STATE')], { readings: new MemoryReadings() })).toEqual({
      OPERATING_STATE: ['ERROR'],
    });
  });

  test.each([
    ['curtailed', 'RUNNING_CURTAILED'],
    ['opted out', 'RUNNING_OPTED_OUT'],
    ['failing', 'SGD_ERROR_CONDITION'],
    ['normal', 'NORMAL'],
  ] as const)('a site that is %s at the end of the interval is in the state %s', async (mode, word) => {
    const modeAt: ValueSources['modeAt'] = (_id, time) => (time >= at('10:30') && time < at('11:00') ? mode : 'heightened');
    expect(await payloads([request('OPERATING_STATE')], { modeAt })).toEqual({ OPERATING_STATE: [word] });
  });

  test('what a site cannot shed is not negative', async () => {
    const resources = [resourceInfo(1, { pMin: watts(9000) })];
    expect(await payloads([request('LOAD_SHED_DELTA_AVAILABLE')], { resources })).toEqual({ LOAD_SHED_DELTA_AVAILABLE: [0] });
  });

  test('a forecast of what has no end looks a day ahead', async () => {
    const spans: Span[] = [{ id: 0, start: at('10:00'), end: 'forever' }];
    const content = await build([request('USAGE_FORECAST', { historical: false })], { baseline: flat(1000), spans });
    expect(content.resources[0]?.intervals).toEqual([
      { id: 0, start: at('10:00'), duration: 'forever', payloads: [{ type: 'USAGE_FORECAST', values: [24] }] },
    ]);
  });
});

describe('requests that cannot be answered are refused with the reason', () => {
  test.each<[ReportRequest, RegExp]>([
    [request('MOON_PHASE'), /not known/],
    [request('REGULATION_SETPOINT'), /not known/],
    [request('USAGE', { units: 'FURLONG' }), /unit FURLONG is not known/],
    [request('USAGE', { units: 'KW' }), /cannot be given in KW/],
    [request('DEMAND', { readingType: 'SUMMED' }), /no reading type SUMMED/],
    [request('READING', { historical: false }), /cannot be forecast/],
    [request('OPERATING_STATE', { aggregate: true }), /cannot be made into one/],
  ])('%j', (asked, reason) => {
    expect(answerTo(asked)).toEqual({ refused: expect.stringMatching(reason) });
  });
});

describe('data quality', () => {
  test('stands beside exactly one data payload: a value that is not OK has an interval object of its own', async () => {
    const readings = new MemoryReadings();
    for (let s = -10; s <= 3610; s += 10) readings.add(reading(instant(at('10:00') + s * 1000), 2000, undefined));
    const content = await build([request('DEMAND'), request('USAGE'), request('BASELINE')], { readings });
    expect(content.resources[0]?.intervals.map((interval) => [interval.id, interval.payloads])).toEqual([
      [10, [{ type: 'DEMAND', values: [2] }]],
      [
        10,
        [
          { type: 'USAGE', values: [2] },
          { type: 'DATA_QUALITY', values: ['ESTIMATED'] },
        ],
      ],
      [
        10,
        [
          { type: 'BASELINE', values: [] },
          { type: 'DATA_QUALITY', values: ['MISSING'] },
        ],
      ],
    ]);
  });

  test('is told even where it is OK when it is asked for', async () => {
    expect(await payloads([request('USAGE'), request('DATA_QUALITY')], { alwaysQuality: true })).toEqual({
      USAGE: [2],
      DATA_QUALITY: ['OK'],
    });
  });

  test('of a baseline of too few days is ESTIMATED', async () => {
    expect(await payloads([request('BASELINE')], { baseline: flat(1000, true) })).toMatchObject({ DATA_QUALITY: ['ESTIMATED'] });
  });

  test('is BAD where the meter told only rubbish', async () => {
    const readings = new MemoryReadings().add(
      reading(at('10:30'), 1e12, 5, { flags: ReadingFlag.IMPLAUSIBLE | ReadingFlag.STALE }),
    );
    expect(await payloads([request('DEMAND')], { readings })).toEqual({ DEMAND: [], DATA_QUALITY: ['BAD'] });
  });
});

describe('aggregated reports', () => {
  const both: Pick<ReadingSource, 'around'> = {
    around: (id, from, to) => steadyReadings(id * 1000, id).around(id, from, to),
  };
  const two = [resourceInfo(1), resourceInfo(2)];

  test('79: are one entry named AGGREGATED_REPORT with the sum', async () => {
    const content = await build([request('USAGE', { aggregate: true })], { readings: both, resources: two });
    expect(content.resources).toEqual([
      {
        name: 'AGGREGATED_REPORT',
        intervals: [{ id: 10, start: at('10:00'), duration: HOUR, payloads: [{ type: 'USAGE', values: [3] }] }],
      },
    ]);
  });

  test('say so where a part is missing', async () => {
    const resources = [...two, resourceInfo(3), resourceInfo(4)];
    const readings = { around: (id: number, from: never, to: never) => (id === 4 ? [] : both.around(id, from, to)) };
    const values = await payloads([request('USAGE', { aggregate: true })], { readings, resources });
    expect(values).toEqual({ USAGE: [6], DATA_QUALITY: ['ESTIMATED'] });
  });

  test('take the sum of several peaks for an estimate', async () => {
    const asked = request('DEMAND', { aggregate: true, readingType: 'PEAK' });
    expect(await payloads([asked], { readings: both, resources: two })).toEqual({ DEMAND: [3], DATA_QUALITY: ['ESTIMATED'] });
  });

  test('weigh charge levels by the size of the storages', async () => {
    const readings = new MemoryReadings();
    readings.add(
      reading(at('10:59:55'), 0, 0, { stateOfCharge: 1 }),
      reading(at('10:59:55'), 0, 0, { resource: 2, stateOfCharge: 0 }),
    );
    const resources = [resourceInfo(1, { eMax: wattHours(30_000) }), resourceInfo(2, { eMax: wattHours(10_000) })];
    const asked = request('STORAGE_CHARGE_LEVEL', { aggregate: true });
    expect(await payloads([asked], { readings, resources })).toEqual({ STORAGE_CHARGE_LEVEL: [0.75] });
  });
});

describe('which requests share a report', () => {
  const keys = (...requests: ReportRequest[]) =>
    groupRequests(requests).map((group) => group.requests.map(({ payloadType }) => payloadType));

  test('those with the same timing do', () => {
    expect(keys(request('USAGE'), request('DEMAND'), request('READING', { repeat: 3 }))).toEqual([
      ['USAGE', 'DEMAND'],
      ['READING'],
    ]);
  });
  test('a payload type in two units, or two reading types, needs two', () => {
    expect(keys(request('USAGE', { units: 'KWH' }), request('USAGE', { units: 'WH' }))).toHaveLength(2);
    expect(keys(request('DEMAND'), request('DEMAND', { readingType: 'PEAK' }), request('USAGE'))).toEqual([
      ['DEMAND', 'USAGE'],
      ['DEMAND'],
    ]);
  });
  test('one by resource and one in sum go together; the same twice is one', () => {
    expect(keys(request('USAGE'), request('USAGE', { aggregate: true }))).toHaveLength(1);
    expect(keys(request('USAGE'), request('USAGE'))).toEqual([['USAGE']]);
  });
  test('the key does not go by the order of the descriptors', () => {
    const [a, b] = [request('USAGE'), request('DEMAND')];
    expect(groupRequests([a, b])[0]?.key).toBe(groupRequests([b, a])[0]?.key);
  });
});

describe('the intervals that a report tells of', () => {
  const span = (id: number, from: string, to: string): Span => ({ id, start: at(from), end: at(to) });
  const told = (spans: Span[]) =>
    spans.map(
      ({ id, start, end }) =>
        `${id} ${new Date(start).toISOString().slice(11, 16)}-${new Date(end as number).toISOString().slice(11, 16)}`,
    );

  test('INTERVALS are the event’s own', () => {
    expect(told(reportedSpans([span(7, '10:05', '11:05')], 'INTERVALS'))).toEqual(['7 10:05-11:05']);
  });
  test('SUB_INTERVALS split each, and every piece keeps its parent’s id', () => {
    expect(told(reportedSpans([span(7, '10:05', '10:50'), span(8, '10:50', '11:00')], 'SUB_INTERVALS'))).toEqual([
      '7 10:05-10:20',
      '7 10:20-10:35',
      '7 10:35-10:50',
      '8 10:50-10:55',
      '8 10:55-11:00',
    ]);
  });
  test('OPEN_INTERVALS lie between marks of the clock and have ids of their own', () => {
    expect(told(reportedSpans([span(7, '10:05', '10:40')], 'OPEN_INTERVALS'))).toEqual([
      '0 10:05-10:15',
      '1 10:15-10:30',
      '2 10:30-10:40',
    ]);
  });
  test('pieces fill the interval, and there are never too many', () => {
    const year: Span = { id: 0, start: MIDNIGHT, end: instant(MIDNIGHT + hours(24 * 365)) };
    const pieces = reportedSpans([year], 'SUB_INTERVALS');
    expect(pieces.length).toBeLessThanOrEqual(1000);
    expect(pieces.every((piece, i) => piece.start === (i === 0 ? year.start : pieces[i - 1]?.end))).toBe(true);
    expect(pieces.at(-1)?.end).toBe(year.end);
  });
  test('an interval without end or length stays whole', () => {
    expect(reportedSpans([{ id: 1, start: MIDNIGHT, end: 'forever' }], 'SUB_INTERVALS')).toHaveLength(1);
    expect(reportedSpans([{ id: 1, start: MIDNIGHT, end: MIDNIGHT }], 'SUB_INTERVALS')).toHaveLength(1);
  });
});

describe('whom targets are for', () => {
  const hotel = { name: 'hotel', targets: ['hotels'] };
  const school = { name: 'school', targets: [] };
  const bar = { name: 'bar', targets: [{ type: 'GROUP', values: ['nightlife', 'north'] }] };
  const all = [hotel, school, bar];
  const ven = { name: 'Aalborg', targets: ['city', { type: 'GROUP', values: ['city-north'] }] };
  const to = (...targets: Parameters<typeof targetedResources>[0]) =>
    targetedResources(targets, ven, all).map(({ name }) => name);

  test('no targets: everyone', () => {
    expect(to()).toEqual(['hotel', 'school', 'bar']);
  });
  test('3.1: a target of the VEN is for all of its resources, one of a resource for that only', () => {
    expect(to('city')).toEqual(['hotel', 'school', 'bar']);
    expect(to('hotels')).toEqual(['hotel']);
    expect(to('elsewhere')).toEqual([]);
  });
  test('3.0.1: VEN_NAME, GROUP and RESOURCE_NAME; a resource’s name narrows', () => {
    expect(to({ type: 'VEN_NAME', values: ['Aarhus', 'Aalborg'] })).toEqual(['hotel', 'school', 'bar']);
    expect(to({ type: 'VEN_NAME', values: ['Aarhus'] })).toEqual([]);
    expect(to({ type: 'GROUP', values: ['city-north'] })).toEqual(['hotel', 'school', 'bar']);
    expect(to({ type: 'GROUP', values: ['north'] })).toEqual(['bar']);
    expect(to({ type: 'VEN_NAME', values: ['Aalborg'] }, { type: 'RESOURCE_NAME', values: ['school'] })).toEqual(['school']);
  });
  test('names of programs and events say nothing of resources', () => {
    expect(to({ type: 'PROGRAM_NAME', values: ['p'] })).toEqual(['hotel', 'school', 'bar']);
  });
});

test('a report about hundreds of resources leaves other work its turn', async () => {
  const resources = Array.from({ length: 300 }, (_, i) => resourceInfo(i));
  let turns = 0;
  let done = false;
  const other = (async () => {
    while (!done) {
      await new Promise((resolve) => setImmediate(resolve));
      turns++;
    }
  })();
  await build([request('OPERATING_STATE')], { readings: new MemoryReadings(), resources });
  done = true;
  await other;
  expect(turns).toBeGreaterThan(250);
});

test('readings of a meter that is read each quarter of an hour count as measured', async () => {
  const readings = new MemoryReadings();
  for (let m = -15; m <= 75; m += 15) readings.add(reading(instant(at('10:07') + m * 60_000), 1000, m * 50));
  const slow = [resourceInfo(1, { readInterval: minutes(15) })];
  expect(await payloads([request('DEMAND')], { readings, resources: slow })).toEqual({ DEMAND: [1] });
  const fast = [resourceInfo(1, { readInterval: seconds(10) })];
  expect(await payloads([request('DEMAND')], { readings, resources: fast })).toMatchObject({ DATA_QUALITY: ['MISSING'] });
});
