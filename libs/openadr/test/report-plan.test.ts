import { describe, expect, test } from '@jest/globals';
import { hours, type Instant, instant, minutes } from '@venfleet/core';
import fc from 'fast-check';
import {
  countOf,
  type End,
  ReportPlan,
  type ReportTiming,
  type Span,
  spanAt,
  type Timeline,
  timingProblem,
} from '../src/index.js';

const at = (time: string): Instant => instant(Date.parse(`2026-06-15T${time}:00Z`));
const clockTime = (time: Instant): string => new Date(time).toISOString().slice(11, 16);
const MIDNIGHT = at('00:00');
const EVENING_BEFORE = instant(MIDNIGHT - hours(3));

const hourly = (count: number): Span[] =>
  Array.from({ length: count }, (_, i) => ({
    id: i,
    start: instant(MIDNIGHT + i * hours(1)),
    end: instant(MIDNIGHT + (i + 1) * hours(1)),
  }));
const event = (count: number): Timeline => ({ kind: 'intervals', intervals: hourly(count) });
const implied = (end: End = 'forever'): Timeline => ({ kind: 'implied', start: MIDNIGHT, length: hours(1), end });
const loop = (count: number, end: End): Timeline => ({ kind: 'loop', intervals: hourly(count), length: hours(count), end });

const DEFAULTS: ReportTiming = { startInterval: -1, numIntervals: -1, historical: true, frequency: -1, repeat: 1 };
const timing = (s: number, n: number, f: number, repeat: number, historical = true): ReportTiming => ({
  startInterval: s,
  numIntervals: n,
  frequency: f,
  repeat,
  historical,
});

/** The reports as `due: first id-last id`, at most `limit` of them. */
function reports(timeline: Timeline, how: ReportTiming, limit = 50, seenAt = EVENING_BEFORE): string[] {
  const plan = new ReportPlan(timeline, how, seenAt);
  const lines: string[] = [];
  for (let k = 0; k < limit; k++) {
    const report = plan.at(k);
    if (report === undefined) break;
    lines.push(`${clockTime(report.dueAt)}: ${report.covers[0]?.id}-${report.covers.at(-1)?.id}`);
  }
  return lines;
}

describe('78: reports are due by the table of section 6, hourly intervals from 00:00', () => {
  test('4 intervals, defaults: due at 04:00, covers 0-3', () => {
    expect(reports(event(4), DEFAULTS)).toEqual(['04:00: 0-3']);
  });
  test('4 intervals, defaults, forecast: due before 00:00, covers 0-3', () => {
    expect(reports(event(4), { ...DEFAULTS, historical: false })).toEqual(['21:00: 0-3']);
  });
  test('5 intervals, 1,3,-1,1: due at 04:00, covers 1-3', () => {
    expect(reports(event(5), timing(1, 3, -1, 1))).toEqual(['04:00: 1-3']);
  });
  test('6 intervals, 1,2,2,3: due at 02:00, 04:00, 06:00', () => {
    expect(reports(event(6), timing(1, 2, 2, 3))).toEqual(['02:00: 0-1', '04:00: 2-3', '06:00: 4-5']);
  });
  test('5 intervals, 0,3,1,3, forecast: due at the start of each, the three from there', () => {
    expect(reports(event(5), timing(0, 3, 1, 3, false))).toEqual(['00:00: 0-2', '01:00: 1-3', '02:00: 2-4']);
  });
  test('no intervals, 0,48,1,-1, forecast, event period 1 h: every hour the next 48 implied ones', () => {
    expect(reports(implied(), timing(0, 48, 1, -1, false), 3)).toEqual(['00:00: 0-47', '01:00: 1-48', '02:00: 2-49']);
  });
  test('10 intervals, 5,-1,-1,1: due at 10:00, covers 5-9', () => {
    expect(reports(event(10), timing(5, -1, -1, 1))).toEqual(['10:00: 5-9']);
  });
});

describe('rules beside the table', () => {
  test('rule 1: the last n at the end of the last interval', () => {
    expect(reports(event(6), timing(-1, 2, -1, 1))).toEqual(['06:00: 4-5']);
  });
  test('rule 1: more intervals asked for than there are gives all', () => {
    expect(reports(event(3), timing(-1, 9, -1, 1))).toEqual(['03:00: 0-2']);
  });
  test('rule 2: a frequency above the number leaves intervals out, one below repeats them', () => {
    expect(reports(event(6), timing(0, 1, 2, -1))).toEqual(['01:00: 0-0', '03:00: 2-2', '05:00: 4-4']);
    expect(reports(event(4), timing(1, 2, 1, -1))).toEqual(['02:00: 0-1', '03:00: 1-2', '04:00: 2-3']);
  });
  test('rule 3: repeated, window by window; the last one is cut off at the end of the event', () => {
    expect(reports(event(5), timing(0, 2, 2, -1))).toEqual(['02:00: 0-1', '04:00: 2-3', '05:00: 4-4']);
  });
  test('rule 4: seen late, a forecast before the event is due at its start', () => {
    expect(reports(event(4), { ...DEFAULTS, historical: false }, 1, at('02:30'))).toEqual(['00:00: 0-3']);
    expect(reports(event(4), timing(-1, 2, -1, 1, false))).toEqual(['21:00: 0-1']);
  });
  test('rule 5: a forecast over intervals of the event ends with it', () => {
    expect(reports(event(5), timing(3, 3, 1, -1, false))).toEqual(['03:00: 3-4', '04:00: 4-4']);
  });
  test('rule 5: implied intervals are forecast beyond the end of the event, but none begins there', () => {
    expect(reports(implied(at('02:00')), timing(0, 3, 1, -1, false))).toEqual(['00:00: 0-2', '01:00: 1-3']);
  });
  test('rule 6: frequency 0 has no due times', () => {
    expect(reports(event(4), timing(0, 1, 0, -1))).toEqual([]);
  });
  test('rule 7: repeat -1 goes on until the event ends, or for ever', () => {
    expect(reports(event(3), timing(0, 1, 1, -1))).toEqual(['01:00: 0-0', '02:00: 1-1', '03:00: 2-2']);
    expect(reports(implied(), timing(0, 1, 1, -1), 30).at(-1)).toBe('06:00: 29-29');
  });
  test('no more reports than repeat says, and none of intervals that are not there', () => {
    expect(reports(event(6), timing(0, 1, 1, 2))).toHaveLength(2);
    expect(reports(event(2), timing(0, 1, 1, 9))).toHaveLength(2);
    expect(reports(event(2), timing(5, 1, 1, 9))).toEqual([]);
    expect(reports(event(2), timing(0, 1, 1, 0))).toEqual([]);
  });
  test('the history of an interval without end is never due', () => {
    const forever: Timeline = { kind: 'intervals', intervals: [{ id: 7, start: MIDNIGHT, end: 'forever' }] };
    expect(reports(forever, DEFAULTS)).toEqual([]);
    expect(reports(forever, { ...DEFAULTS, historical: false })).toEqual(['21:00: 7-7']);
  });
  test('a cancelled event (now, PT0S) still gives the report that it asks for', () => {
    const cancelled: Timeline = { kind: 'intervals', intervals: [{ id: 0, start: MIDNIGHT, end: MIDNIGHT }] };
    expect(reports(cancelled, DEFAULTS)).toEqual(['00:00: 0-0']);
  });
  test.each([
    [timing(-2, 1, 1, 1), 'startInterval'],
    [timing(0, 0, 1, 1), 'numIntervals'],
    [timing(0, 1, -2, 1), 'frequency'],
    [timing(0, 1, 1, -2), 'repeat'],
  ])('a timing that nobody can follow has no reports and says why', (wrong, field) => {
    expect(timingProblem(wrong)).toContain(field);
    expect(reports(event(3), wrong)).toEqual([]);
  });
});

describe('loops and implied intervals', () => {
  test('a looping event reports each pass when repeat is -1, only the first when it is 1', () => {
    const twice = loop(2, at('06:00'));
    expect(reports(twice, { ...DEFAULTS, repeat: -1 })).toEqual(['02:00: 0-1', '04:00: 0-1', '06:00: 0-1']);
    expect(reports(twice, DEFAULTS)).toEqual(['02:00: 0-1']);
  });
  test('a window never reaches from one pass into the next', () => {
    expect(reports(loop(3, at('06:00')), timing(0, 2, 2, -1))).toEqual(['02:00: 0-1', '03:00: 2-2', '05:00: 0-1', '06:00: 2-2']);
  });
  test('event.duration cuts the last pass short; it is reported at its cut end', () => {
    const cut = loop(2, at('05:30'));
    expect(reports(cut, { ...DEFAULTS, repeat: -1 })).toEqual(['02:00: 0-1', '04:00: 0-1', '05:30: 0-1']);
    expect(reports(loop(2, at('04:30')), { ...DEFAULTS, repeat: -1 }).at(-1)).toBe('04:30: 0-0');
  });
  test('a loop without end goes on', () => {
    expect(reports(loop(2, 'forever'), { ...DEFAULTS, repeat: -1 }, 40)).toHaveLength(40);
  });
  test('implied intervals with an end are those of an event with as many', () => {
    expect(reports(implied(at('04:00')), DEFAULTS)).toEqual(['04:00: 0-3']);
  });
  test('of implied intervals without end, the defaults give the first, and with repeat -1 each', () => {
    expect(reports(implied(), DEFAULTS)).toEqual(['01:00: 0-0']);
    expect(reports(implied(), { ...DEFAULTS, repeat: -1 }, 3)).toEqual(['01:00: 0-0', '02:00: 1-1', '03:00: 2-2']);
    expect(reports(implied(), timing(-1, 4, -1, -1), 2)).toEqual(['04:00: 0-3', '08:00: 4-7']);
  });
  test('a forecast before implied intervals without end goes on window by window', () => {
    expect(reports(implied(), timing(-1, 2, -1, -1, false), 3)).toEqual(['21:00: 0-1', '02:00: 2-3', '04:00: 4-5']);
  });
  test('an event without any interval or period has no report', () => {
    expect(reports({ kind: 'intervals', intervals: [] }, DEFAULTS)).toEqual([]);
  });
});

describe('late join', () => {
  const first = (timeline: Timeline, how: ReportTiming, now: Instant) => new ReportPlan(timeline, how, now).firstFor(now);

  test('reports missed are skipped, but for the latest', () => {
    expect(first(event(6), timing(0, 1, 1, -1), at('04:30'))).toBe(3);
    expect(first(event(6), timing(0, 1, 1, -1), at('04:00'))).toBe(3);
  });
  test('nothing is skipped before the first is due', () => {
    expect(first(event(6), timing(0, 1, 1, -1), at('00:59'))).toBe(0);
  });
  test('after the end of the event it is the last one', () => {
    expect(first(event(6), timing(0, 1, 1, -1), at('18:00'))).toBe(5);
    expect(first(event(6), DEFAULTS, at('18:00'))).toBe(0);
  });
  test('an event that has run for years is found its place in at once', () => {
    const years = instant(MIDNIGHT + hours(24 * 3650) + minutes(30));
    expect(first(implied(), timing(0, 1, 1, -1), years)).toBe(24 * 3650 - 1);
  });
  test('a forecast of what is over is left out; one of what is still to come is sent', () => {
    const forecast = { ...DEFAULTS, historical: false };
    expect(first(event(4), forecast, at('02:00'))).toBe(0);
    expect(new ReportPlan(event(4), forecast, at('05:00')).at(first(event(4), forecast, at('05:00')))).toBeUndefined();
  });
});

const anyTimeline: fc.Arbitrary<Timeline> = fc.oneof(
  fc.integer({ min: 1, max: 12 }).map(event),
  fc.integer({ min: 1, max: 30 }).map((length) => implied(instant(MIDNIGHT + length * minutes(20)))),
  fc.constant(implied()),
  fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 40 }))
    .map(([count, length]) => loop(count, instant(MIDNIGHT + length * minutes(30)))),
);
const anyTiming: fc.Arbitrary<ReportTiming> = fc.record({
  startInterval: fc.integer({ min: -1, max: 8 }),
  numIntervals: fc.oneof(fc.constant(-1), fc.integer({ min: 1, max: 8 })),
  frequency: fc.oneof(fc.constant(-1), fc.integer({ min: 1, max: 5 })),
  repeat: fc.integer({ min: -1, max: 6 }),
  historical: fc.boolean(),
});

test('whatever is asked: due times never run back, history is over when due, forecasts begin then or later', () => {
  fc.assert(
    fc.property(anyTimeline, anyTiming, (timeline, how) => {
      const plan = new ReportPlan(timeline, how, EVENING_BEFORE);
      let last = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < 30; k++) {
        const report = plan.at(k);
        if (report === undefined) break;
        expect(report.dueAt).toBeGreaterThanOrEqual(last);
        last = report.dueAt;
        for (const span of report.covers) {
          if (how.historical) expect(span.end as number).toBeLessThanOrEqual(report.dueAt);
          else expect(span.start).toBeGreaterThanOrEqual(report.dueAt);
        }
      }
    }),
  );
});

test('whatever is asked: the intervals covered follow one another, and are the timeline’s own', () => {
  fc.assert(
    fc.property(anyTimeline, anyTiming, fc.nat(20), (timeline, how, ordinal) => {
      const report = new ReportPlan(timeline, how, EVENING_BEFORE).at(ordinal);
      fc.pre(report !== undefined);
      const reach = (countOf(timeline) ?? 0) + 400;
      const all = Array.from({ length: reach }, (_, i) => spanAt(timeline, i, true)?.start);
      const places = report.covers.map(({ start }) => all.indexOf(start));
      expect(places.every((place, i) => place >= 0 && place === (places[0] as number) + i)).toBe(true);
    }),
  );
});
