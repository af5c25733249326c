import { describe, expect, test } from '@jest/globals';
import { instant, milliseconds, minutes } from '@venfleet/core';
import type { Attribute, GridEvent } from '@venfleet/openadr';
import { formOf, labelOf, payloadsAt, stateAt, timesOf } from '../src/server/index.js';

const START = instant(Date.parse('2026-06-15T10:00:00Z'));

function event(payloads: readonly (readonly Attribute[])[], more: Partial<GridEvent> = {}): GridEvent {
  return {
    id: 'e',
    programId: 'p',
    createdAt: instant(START - 60_000),
    modifiedAt: instant(START - 60_000),
    targets: [],
    start: START,
    length: minutes(5),
    intervals: payloads.map((each, id) => ({ id, start: instant(START + id * 300_000), duration: minutes(5), payloads: each })),
    payloadDescriptors: [],
    reportRequests: [],
    ...more,
  };
}

const SHED = { type: 'CONTROL_LEVEL_OFFSET_PERCENT', values: [0.2] };

describe('an event in words', () => {
  test.each<[string, Attribute]>([
    ['shed 20 %', SHED],
    ['shed 30 %', { type: 'CONTROL_LEVEL_OFFSET_PERCENT', values: [30] }],
    ['level 2, high', { type: 'SIMPLE', values: [2] }],
    ['limit 1.2 MW', { type: 'IMPORT_CAPACITY_LIMIT', values: [1200] }],
    ['draw 500 kW', { type: 'DISPATCH_SETPOINT', values: [500] }],
    ['draw 200 kW less', { type: 'DISPATCH_SETPOINT_RELATIVE', values: [-200] }],
    ['draw 500 W more', { type: 'DISPATCH_SETPOINT_RELATIVE', values: [0.5] }],
    ['alert flex: Save', { type: 'ALERT_FLEX_ALERT', values: ['Save'] }],
    ['alert emergency', { type: 'ALERT_GRID_EMERGENCY', values: [''] }],
    ['price 0.17', { type: 'PRICE', values: [0.17] }],
    ['X_OWN 1, 2', { type: 'X_OWN', values: [1, 2] }],
  ])('%s', (label, payload) => {
    expect(labelOf([payload])).toBe(label);
  });

  test('one that says nothing asks for reports', () => {
    expect(labelOf([])).toBe('asks for reports');
  });

  test('intervals that follow each other and say the same are one period', () => {
    const { periods } = timesOf(event([[SHED], [SHED], [{ type: 'SIMPLE', values: [1] }]]), START);
    expect(periods).toEqual([
      { startAt: START, endAt: START + 600_000, label: 'shed 20 %' },
      { startAt: START + 600_000, endAt: START + 900_000, label: 'level 1, moderate' },
    ]);
  });

  test('it is pending, active, then completed', () => {
    const times = timesOf(event([[SHED]]), START);
    expect([-1, 0, 299_999, 300_000].map((at) => stateAt(times, START + at))).toEqual([
      'pending',
      'active',
      'active',
      'completed',
    ]);
  });

  test('one of no time is cancelled', () => {
    const times = timesOf(
      event([[SHED]], { intervals: [{ id: 0, start: 'now', duration: milliseconds(0), payloads: [SHED] }] }),
      START,
    );
    expect(stateAt(times, START)).toBe('cancelled');
    expect(times.periods).toEqual([]);
  });

  test('of thousands of intervals no more than 500 periods are told', () => {
    const many = Array.from({ length: 2000 }, (_, i): readonly Attribute[] => [{ type: 'PRICE', values: [i] }]);
    expect(timesOf(event(many), START).periods).toHaveLength(500);
  });

  test('what it says at a time is what its interval says', () => {
    const own = event([[SHED], [{ type: 'SIMPLE', values: [1] }]]);
    const times = timesOf(own, START);
    expect(payloadsAt(own, times, START + 300_000)?.[0]?.type).toBe('SIMPLE');
    expect(payloadsAt(own, times, START + 600_000)).toBeUndefined();
  });

  test('asking for reports alone changes no load, and says how often they come', () => {
    const request = {
      payloadType: 'DEMAND',
      targets: [],
      aggregate: true,
      startInterval: 0,
      numIntervals: 2,
      frequency: 2,
      repeat: -1,
      historical: true,
      reportIntervals: 'INTERVALS',
    } as const;
    const times = timesOf(event([[], []], { reportRequests: [request] }), START);
    expect(times.changesLoad).toBe(false);
    expect(times.reportedEvery).toBe(600_000);
  });

  test('a form to change it has what it says, in the words of the command line', () => {
    const own = event([[SHED, { type: 'IMPORT_CAPACITY_LIMIT', values: [500] }]], {
      name: 'Evening',
      priority: 3,
      targets: ['Aalborg'],
    });
    expect(formOf(own, 'demo', timesOf(own, START))).toEqual({
      program: 'demo',
      name: 'Evening',
      shed: '20%',
      limit: '500kW',
      at: '2026-06-15T10:00:00.000Z',
      for: 'PT5M',
      priority: '3',
      target: ['Aalborg'],
    });
  });
});
