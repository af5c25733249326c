import { describe, expect, it } from '@jest/globals';
import { type Duration, hours, type Instant, instant, milliseconds, minutes } from '@venfleet/core';
import fc from 'fast-check';
import {
  countOf,
  decodeEvent,
  endOf,
  type GridEvent,
  isBefore,
  type Span,
  spanAt,
  startOf,
  timelineOf,
  type WireVersion,
} from '../src/index.js';

const at = (time: string): Instant => instant(Date.parse(`2026-06-15T${time}:00Z`));
const text = (time: string): string => `2026-06-15T${time}:00Z`;
const NOW = '0001-01-01T00:00:00Z';
const PRICE = [{ type: 'PRICE', values: [0.17] }];

function decoded(json: object, version: WireVersion = '3.1.0'): GridEvent {
  const result = decodeEvent({ id: 'e', programID: 'p', ...json }, version);
  if ('problem' in result) throw new Error(result.problem.mistakes.join('; '));
  return result.event;
}

function mistakes(json: unknown): readonly string[] {
  const result = decodeEvent(json, '3.1.0');
  return 'problem' in result ? result.problem.mistakes : [];
}

const interval = (id: number, intervalPeriod?: object) => ({
  id,
  payloads: PRICE,
  ...(intervalPeriod === undefined ? {} : { intervalPeriod }),
});
/** `id start duration` of each interval. */
const times = ({ intervals }: GridEvent) => intervals.map(({ id, start, duration }) => [id, start, duration]);

describe('times of intervals', () => {
  it('68: later intervals begin where the one before ends, with the event’s duration', () => {
    const event = decoded({
      intervalPeriod: { start: text('10:00'), duration: 'PT1H' },
      intervals: [interval(5), interval(3), interval(9)],
    });
    expect(times(event)).toEqual([
      [5, at('10:00'), hours(1)],
      [3, at('11:00'), hours(1)],
      [9, at('12:00'), hours(1)],
    ]);
  });

  it('68: an interval’s own period goes before the event’s, field by field', () => {
    const event = decoded({
      intervalPeriod: { start: text('10:00'), duration: 'PT1H' },
      intervals: [interval(0, { duration: 'PT15M' }), interval(1, { start: text('12:00') }), interval(2)],
    });
    expect(times(event)).toEqual([
      [0, at('10:00'), minutes(15)],
      [1, at('12:00'), hours(1)],
      [2, at('13:00'), hours(1)],
    ]);
  });

  it('intervals alone may have all the periods, with gaps and overlaps', () => {
    const event = decoded({
      intervals: [
        interval(0, { start: text('10:00'), duration: 'PT1H' }),
        interval(1, { start: text('10:30'), duration: 'PT2H' }),
      ],
    });
    expect(times(event)).toEqual([
      [0, at('10:00'), hours(1)],
      [1, at('10:30'), hours(2)],
    ]);
    expect(event).toMatchObject({ start: undefined, length: undefined });
  });

  it('now: of the event, do it now; of the first interval, the event’s start; of a later one, right after the previous', () => {
    const length = { duration: 'PT1H' };
    expect(times(decoded({ intervalPeriod: { start: NOW, ...length }, intervals: [interval(0), interval(1)] }))).toEqual([
      [0, 'now', hours(1)],
      [1, 'next', hours(1)],
    ]);
    const own = [interval(0, { start: NOW, ...length }), interval(1, { start: NOW, ...length })];
    expect(times(decoded({ intervalPeriod: { start: text('10:00') }, intervals: own }))).toEqual([
      [0, at('10:00'), hours(1)],
      [1, at('11:00'), hours(1)],
    ]);
    expect(times(decoded({ intervals: own }))).toEqual([
      [0, 'now', hours(1)],
      [1, 'next', hours(1)],
    ]);
  });

  it('a period without a start begins now', () => {
    expect(times(decoded({ intervalPeriod: { duration: 'PT1H' }, intervals: [interval(0)] }))).toEqual([[0, 'now', hours(1)]]);
  });

  it('67: P9999Y has no end, and nothing comes after it', () => {
    const event = decoded({
      intervalPeriod: { start: text('10:00'), duration: 'P9999Y' },
      intervals: [interval(0), interval(1)],
    });
    expect(times(event)[0]).toEqual([0, at('10:00'), 'forever']);
    expect(timelineOf(event, at('09:00'))).toEqual({
      kind: 'intervals',
      intervals: [{ id: 0, start: at('10:00'), end: 'forever' }],
    });
  });

  it('months follow the calendar from interval to interval', () => {
    const event = decoded({
      intervalPeriod: { start: '2026-01-01T00:00:00Z', duration: 'P1M' },
      intervals: [interval(0), interval(1), interval(2)],
    });
    expect(event.intervals.map(({ start }) => new Date(start as number).toISOString().slice(0, 10))).toEqual([
      '2026-01-01',
      '2026-02-01',
      '2026-03-01',
    ]);
  });

  it('randomizeStart is the event’s, and an interval’s only where it has its own', () => {
    const event = decoded({
      intervalPeriod: { start: text('10:00'), duration: 'PT1H', randomizeStart: '-PT10M' },
      intervals: [interval(0), interval(1, { randomizeStart: 'PT5M' })],
    });
    expect(event.randomizeStart).toBe(minutes(10));
    expect(event.intervals.map(({ randomizeStart }) => randomizeStart)).toEqual([undefined, minutes(5)]);
  });
});

describe('PT0S', () => {
  it('now and PT0S is cancelled in both versions, and its report requests stay', () => {
    for (const version of ['3.0.1', '3.1.0'] as const) {
      const event = decoded(
        {
          intervalPeriod: { start: NOW, duration: 'PT0S' },
          intervals: [interval(0)],
          reportDescriptors: [{ payloadType: 'USAGE' }],
        },
        version,
      );
      expect(times(event)).toEqual([[0, 'now', 0]]);
      expect(event.reportRequests).toHaveLength(1);
    }
  });

  it('in 3.0.1 a level with a real start holds until it is superseded', () => {
    const open = (intervals: object[]) => times(decoded({ intervals }, '3.0.1'));
    expect(open([interval(0, { start: text('10:00') })])).toEqual([[0, at('10:00'), 'forever']]);
    expect(open([interval(0, { start: text('10:00') }), interval(1, { start: text('11:00'), duration: 'PT0S' })])).toEqual([
      [0, at('10:00'), hours(1)],
      [1, at('11:00'), 'forever'],
    ]);
  });

  it('in 3.0.1 a reboot happens at once, and in 3.1 PT0S has no length', () => {
    const reboot = { id: 0, intervalPeriod: { start: text('10:00') }, payloads: [{ type: 'CTA2045_REBOOT', values: [0] }] };
    expect(times(decoded({ intervals: [reboot] }, '3.0.1'))).toEqual([[0, at('10:00'), 0]]);
    expect(times(decoded({ intervals: [interval(0, { start: text('10:00') })] }))).toEqual([[0, at('10:00'), 0]]);
  });
});

describe('what else an event says', () => {
  it('is decoded with its defaults, null as absent', () => {
    const nulls = {
      eventName: null,
      priority: null,
      targets: null,
      reportDescriptors: null,
      payloadDescriptors: null,
      intervals: null,
    };
    expect(decoded({ ...nulls, intervalPeriod: null, duration: null })).toEqual({
      id: 'e',
      programId: 'p',
      targets: [],
      intervals: [],
      payloadDescriptors: [],
      reportRequests: [],
    });
    expect(decoded({ eventName: 'n', priority: 0, createdDateTime: '2026-06-15T10:00:00.123456+00:00' })).toMatchObject({
      name: 'n',
      priority: 0,
      createdAt: at('10:00') + 123,
    });
  });

  it('66: unknown fields, types and missing objectTypes do no harm', () => {
    const event = decoded({
      objectType: 'SOMETHING',
      more: { a: 1 },
      intervalPeriod: { start: text('10:00'), duration: 'PT1H', more: 1 },
      intervals: [{ id: 0, more: 1, payloads: [{ type: 'MY_OWN', values: [{ x: 1, y: 2 }, 'a', true] }] }],
      payloadDescriptors: [{ payLoadType: 'PRICE' }, { payloadType: 'MY_OWN', units: 'MY_UNIT' }],
    });
    expect(event.intervals[0]?.payloads).toEqual([{ type: 'MY_OWN', values: [{ x: 1, y: 2 }, 'a', true] }]);
    expect(event.payloadDescriptors).toEqual([
      { objectType: 'EVENT_PAYLOAD_DESCRIPTOR', payloadType: 'MY_OWN', units: 'MY_UNIT' },
    ]);
  });

  it('a report request has the defaults of the specification', () => {
    expect(
      decoded({ reportDescriptors: [{ payloadType: 'USAGE', units: null, reportIntervals: 'ODD' }] }).reportRequests,
    ).toEqual([
      {
        payloadType: 'USAGE',
        targets: [],
        aggregate: false,
        startInterval: -1,
        numIntervals: -1,
        historical: true,
        frequency: -1,
        repeat: 1,
        reportIntervals: 'INTERVALS',
      },
    ]);
    const all = {
      payloadType: 'MY_OWN',
      readingType: 'MEAN',
      units: 'KW',
      targets: ['a'],
      aggregate: true,
      startInterval: 1,
      numIntervals: 2,
      historical: false,
      frequency: 3,
      repeat: -1,
      reportIntervals: 'OPEN_INTERVALS',
    };
    expect(decoded({ reportDescriptors: [all] }).reportRequests).toEqual([all]);
  });
});

describe('malformed events', () => {
  it('intervals without a period at either level are told', () => {
    expect(mistakes({ id: 'e', programID: 'p', intervals: [interval(0)] })).toEqual([
      'intervals.0: neither it nor what it belongs to has a period',
    ]);
  });

  it('every mistake is told with its place', () => {
    const found = mistakes({
      id: 'e',
      programID: 'p',
      duration: 'long',
      intervalPeriod: { start: 'soon', duration: '-PT1H' },
      intervals: [interval(0, { duration: 'an hour' }), interval(1, { randomizeStart: 'P9999Y' })],
    });
    expect(found).toEqual([
      'intervalPeriod.start: is not a valid date-time',
      'intervalPeriod.duration: is negative',
      'intervals.0.intervalPeriod.duration: is not a valid duration',
      'intervals.1.intervalPeriod.randomizeStart: has no end',
      'duration: is not a valid duration',
    ]);
  });

  it('keep their id, so that nobody takes them for deleted', () => {
    expect(decodeEvent({ id: 'known', programID: 7 }, '3.0.1')).toMatchObject({ id: 'known', problem: { id: 'known' } });
    expect(decodeEvent([1, 2], '3.0.1')).toMatchObject({ id: '[1,2]', problem: { mistakes: ['(body): must be object'] } });
    expect(decodeEvent(undefined, '3.0.1')).toMatchObject({ id: '' });
  });

  it('nothing whatsoever is thrown at', () => {
    fc.assert(
      fc.property(
        fc.record(
          {
            id: fc.anything(),
            programID: fc.constant('p'),
            intervals: fc.oneof(
              fc.anything(),
              fc.array(
                fc.record({ id: fc.integer(), intervalPeriod: fc.anything(), payloads: fc.anything() }, { requiredKeys: [] }),
              ),
            ),
            intervalPeriod: fc.oneof(
              fc.anything(),
              fc.record({ start: fc.string(), duration: fc.string() }, { requiredKeys: [] }),
            ),
            duration: fc.anything(),
            reportDescriptors: fc.anything(),
          },
          { requiredKeys: [] },
        ),
        (json) => {
          const result = decodeEvent(json, '3.0.1');
          expect('event' in result || result.problem.mistakes.length > 0).toBe(true);
        },
      ),
    );
  });
});

/** Events of up to six intervals whose lengths are whole minutes, from a real start. */
const lengths = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 6 });
const chain = (minutesEach: number[], more: object = {}): GridEvent =>
  decoded({
    intervalPeriod: { start: text('00:00') },
    intervals: minutesEach.map((each, id) => interval(id, { duration: `PT${each}M` })),
    ...more,
  });
const spans = (event: GridEvent, limit: number): Span[] => {
  const timeline = timelineOf(event, at('00:00'));
  const found: Span[] = [];
  for (let i = 0; i < limit; i++) {
    const span = spanAt(timeline, i);
    if (span === undefined) break;
    found.push(span);
  }
  return found;
};

describe('timelines of any event', () => {
  it('chained intervals leave no gap, and end with their sum', () => {
    fc.assert(
      fc.property(lengths, (each) => {
        const found = spans(chain(each), 100);
        expect(found).toHaveLength(each.length);
        for (const [i, span] of found.entries()) if (i > 0) expect(span.start).toBe(found[i - 1]?.end);
        const sum = each.reduce((total, length) => total + length, 0);
        expect(found.at(-1)?.end).toBe(at('00:00') + minutes(sum));
      }),
    );
  });

  it('the same event begun now is the same, moved to when it is seen', () => {
    fc.assert(
      fc.property(lengths, fc.integer({ min: 0, max: 1e9 }), (each, later) => {
        const seenAt = instant(at('00:00') + later);
        const fixed = timelineOf(chain(each), seenAt);
        const moved = timelineOf(chain(each, { intervalPeriod: { start: NOW } }), seenAt);
        expect(countOf(moved)).toBe(each.length);
        expect((startOf(moved) as number) - (startOf(fixed) as number)).toBe(later);
        expect((endOf(moved) as number) - (endOf(fixed) as number)).toBe(later);
      }),
    );
  });

  it('70: event.duration loops the intervals or cuts them off, without gap, exactly to its end', () => {
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 600 }), (each, whole) => {
        const event = chain(each, { duration: `PT${whole}M` });
        const found = spans(event, 1000);
        const end = at('00:00') + minutes(whole);
        expect(found.at(-1)?.end).toBe(end);
        for (const [i, span] of found.entries()) {
          expect(span.id).toBe(i % each.length);
          if (i > 0) expect(span.start).toBe(found[i - 1]?.end);
          const last = i === found.length - 1;
          const length = (span.end as number) - span.start;
          if (last) expect(length).toBeLessThanOrEqual(minutes(each[span.id] as number));
          else expect(length).toBe(minutes(each[span.id] as number));
        }
      }),
    );
  });

  it('70: a duration of P9999Y loops for ever', () => {
    fc.assert(
      fc.property(lengths, fc.integer({ min: 0, max: 10_000 }), (each, index) => {
        const timeline = timelineOf(chain(each, { duration: 'P9999Y' }), at('00:00'));
        const span = spanAt(timeline, index) as Span;
        const pass = Math.floor(index / each.length);
        const sum = each.reduce((total, length) => total + length, 0);
        const before = each.slice(0, index % each.length).reduce((total, length) => total + length, 0);
        expect(span.start).toBe(at('00:00') + minutes(pass * sum + before));
        expect(isBefore(span.start, endOf(timeline) ?? 'forever')).toBe(true);
      }),
    );
  });

  it('an event without intervals has implied ones of its period’s length, to its end', () => {
    const event = decoded({ intervalPeriod: { start: text('00:00'), duration: 'PT1H' }, duration: 'PT150M' });
    expect(spans(event, 10).map(({ id, start, end }) => [id, start, end])).toEqual([
      [0, at('00:00'), at('01:00')],
      [1, at('01:00'), at('02:00')],
      [2, at('02:00'), at('02:30')],
    ]);
    const endless: Duration = milliseconds(0);
    expect(spans(decoded({ intervalPeriod: { start: text('00:00') } }), 3).map(({ end }) => (end as number) - endless)).toEqual([
      at('00:15'),
      at('00:30'),
      at('00:45'),
    ]);
  });
});
