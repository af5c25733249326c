import { describe, expect, it } from '@jest/globals';
import { hours, instant, minutes } from '@venfleet/core';
import { type Attribute, decodeEvent, type GridEvent, type GridReport, type ReportValueDescriptor } from '@venfleet/openadr';
import { LoadBoard, totalsOf } from '../src/operator/load-board.js';
import { measurementsOf, samplesOf } from '../src/operator/measurements.js';
import { performanceOf } from '../src/operator/performance.js';

const START = instant(Date.parse('2026-01-01T10:00:00Z'));
const KW: ReportValueDescriptor[] = [
  { payloadType: 'DEMAND', readingType: 'MEAN', units: 'KW' },
  { payloadType: 'BASELINE', readingType: 'MEAN', units: 'KW' },
];
let counter = 0;

/** A report on one quarter of an hour. */
function report(ven: string, id: number, payloads: Record<string, readonly Attribute[][]>, descriptors = KW): GridReport {
  return {
    id: `r-${++counter}`,
    eventId: 'e',
    clientName: ven,
    descriptors,
    resources: Object.entries(payloads).map(([name, objects]) => ({
      name,
      intervals: objects.map((one) => ({
        id,
        start: instant(START + id * minutes(15)),
        duration: minutes(15),
        payloads: one,
      })),
    })),
  };
}
const demand = (kw: number): Attribute => ({ type: 'DEMAND', values: [kw] });
const baseline = (kw: number): Attribute => ({ type: 'BASELINE', values: [kw] });
const ALL = 'AGGREGATED_REPORT';

function event(payload: Attribute, targets: readonly string[] = [], count = 2): GridEvent {
  const decoded = decodeEvent(
    {
      id: 'e',
      programID: 'p',
      targets,
      intervalPeriod: { start: '2026-01-01T10:00:00Z', duration: 'PT15M' },
      intervals: Array.from({ length: count }, (_, id) => ({ id, payloads: [payload] })),
    },
    '3.1.0',
  );
  return (decoded as { event: GridEvent }).event;
}
const shed = event({ type: 'CONTROL_LEVEL_OFFSET_PERCENT', values: [0.3] });
const LATER = instant(START + hours(2));

describe('settling an event', () => {
  const vens = [
    { name: 'A', targets: ['a'] },
    { name: 'B', targets: ['b'] },
  ];

  it('delivered is baseline less load, asked is the share of the baseline; kWh count the time', () => {
    const reports = [
      report('A', 1, { [ALL]: [[demand(60), baseline(100)]] }),
      report('A', 0, { [ALL]: [[demand(80), baseline(100)]] }),
    ];
    const { vens: rows, total } = performanceOf(shed, [vens[0] as never], reports, LATER);
    expect(rows).toEqual([
      {
        ven: 'A',
        requestedW: 30_000,
        deliveredW: 30_000,
        requestedWh: 15_000,
        deliveredWh: 15_000,
        reported: 2,
        known: 2,
        expected: 2,
        estimated: 0,
        bad: 0,
        missing: 0,
      },
    ]);
    expect(total).toMatchObject({ requestedWh: 15_000, deliveredWh: 15_000, known: 2 });
  });

  it('a VEN without a report is told, one that the event is not for is not', () => {
    const { vens: rows } = performanceOf(shed, vens, [report('A', 0, { [ALL]: [[demand(80), baseline(100)]] })], LATER);
    expect(rows.map(({ ven, known, expected, missing }) => [ven, known, expected, missing])).toEqual([
      ['A', 1, 2, 1],
      ['B', 0, 2, 2],
    ]);
    expect(rows[1]).toMatchObject({ deliveredW: undefined, requestedWh: undefined });
    const targeted = event({ type: 'SIMPLE', values: [1] }, ['b']);
    expect(performanceOf(targeted, vens, [], LATER).vens.map(({ ven }) => ven)).toEqual(['B']);
  });

  it('intervals that are not over yet are not missed', () => {
    const { total } = performanceOf(shed, vens, [], instant(START + minutes(20)));
    expect(total.expected).toBe(2);
    expect(performanceOf(shed, vens, [], START).total.expected).toBe(0);
  });

  it.each([
    ['DISPATCH_SETPOINT', 70, 30_000],
    ['DISPATCH_SETPOINT_RELATIVE', -25, 25_000],
    ['IMPORT_CAPACITY_LIMIT', 90, 10_000],
    ['IMPORT_CAPACITY_LIMIT', 120, 0],
    ['SIMPLE', 2, undefined],
  ])('%s %d asks for less by so much', (type, value, requestedW) => {
    const reports = [report('A', 0, { [ALL]: [[demand(80), baseline(100)]] })];
    const { vens: rows } = performanceOf(event({ type, values: [value] }), [], reports, LATER);
    expect(rows[0]).toMatchObject({ requestedW, deliveredW: 20_000 });
  });

  it('resources are summed, the sum that a VEN tells goes before, and a correction before what it corrects', () => {
    const each = report('A', 0, { one: [[demand(30), baseline(50)]], two: [[demand(30), baseline(50)]] });
    expect(performanceOf(shed, [], [each], LATER).vens[0]).toMatchObject({ deliveredW: 40_000 });
    const whole = report('A', 0, { [ALL]: [[demand(55), baseline(100)]] });
    expect(performanceOf(shed, [], [each, whole], LATER).vens[0]).toMatchObject({ deliveredW: 45_000 });
    const corrected = report('A', 0, { [ALL]: [[demand(50), baseline(100)]] });
    expect(performanceOf(shed, [], [corrected, whole], LATER).vens[0]).toMatchObject({ deliveredW: 50_000 });
  });

  it('qualities are counted, and a value that is missing is not taken for nought', () => {
    const quality = (word: string): Attribute => ({ type: 'DATA_QUALITY', values: [word] });
    const reports = [
      report('A', 0, { [ALL]: [[demand(80), quality('ESTIMATED')], [baseline(100)]] }),
      report('A', 1, { [ALL]: [[{ type: 'DEMAND', values: [] }, quality('MISSING')], [baseline(100)]] }),
      // A sum over too few resources.
      report('A', 2, { [ALL]: [[demand(80)], [baseline(20), quality('BAD')]] }),
    ];
    expect(performanceOf(shed, [], reports, LATER).vens[0]).toMatchObject({
      reported: 3,
      known: 1,
      expected: 3,
      estimated: 1,
      bad: 1,
      missing: 2,
      deliveredW: 20_000,
    });
  });

  it('a cancelled event is settled by what was reported until then', () => {
    const { intervals } = shed;
    const ended: GridEvent = {
      ...shed,
      start: 'now',
      length: minutes(0),
      intervals: [{ ...(intervals[0] as never as GridEvent['intervals'][0]), start: 'now', duration: minutes(0) }],
    };
    const reports = [report('A', 1, { [ALL]: [[demand(60), baseline(100)]] })];
    expect(performanceOf(ended, [], reports, LATER).vens[0]).toMatchObject({
      requestedW: 30_000,
      deliveredW: 40_000,
      expected: 1,
    });
  });

  it('energies become mean powers by the length of the interval, other units are taken, peaks are not', () => {
    const descriptors = [
      { payloadType: 'USAGE', readingType: 'SUMMED', units: 'KWH' },
      { payloadType: 'BASELINE', units: 'WH' },
    ];
    const usage = report(
      'A',
      0,
      {
        [ALL]: [
          [
            { type: 'USAGE', values: [20] },
            { type: 'BASELINE', values: [25_000] },
          ],
        ],
      },
      descriptors,
    );
    expect(samplesOf(measurementsOf(usage))).toMatchObject([{ load: 80_000, baseline: 100_000 }]);
    const peak = report('A', 0, { [ALL]: [[demand(80)]] }, [{ payloadType: 'DEMAND', readingType: 'PEAK', units: 'KW' }]);
    expect(measurementsOf(peak)).toEqual([]);
    const counter = report('A', 0, { [ALL]: [[{ type: 'READING', values: [80] }]] }, [
      { payloadType: 'READING', readingType: 'DIRECT_READ', units: 'KWH' },
    ]);
    expect(measurementsOf(counter)).toEqual([]);
  });
});

describe('the board of loads', () => {
  it('shows the newest of each VEN and program, and their sum', () => {
    const board = new LoadBoard();
    board.add('p', [
      report('A', 1, { [ALL]: [[demand(60), baseline(100)]] }),
      report('A', 0, { [ALL]: [[demand(90), baseline(100)]] }),
    ]);
    board.add('p', [report('B', 0, { [ALL]: [[demand(50)]] })]);
    board.add('q', [report('A', 0, { [ALL]: [[demand(10), baseline(10)]] })]);
    expect(board.rows().map(({ program, ven, load, baseline: usual }) => [program, ven, load, usual])).toEqual([
      ['p', 'A', 60_000, 100_000],
      ['p', 'B', 50_000, undefined],
      ['q', 'A', 10_000, 10_000],
    ]);
    expect(totalsOf(board.rows())).toMatchObject([
      { program: 'p', vens: 2, loadW: 60_000, baselineW: 100_000 },
      { program: 'q', vens: 1, loadW: 10_000, baselineW: 10_000 },
    ]);
  });

  it('a report is taken once', () => {
    const board = new LoadBoard();
    const one = report('A', 0, { [ALL]: [[demand(60), baseline(100)]] });
    board.add('p', [one]);
    board.add('p', [one]);
    expect([board.has(one.id), board.rows().length]).toEqual([true, 1]);
  });
});
