import { describe, expect, it } from '@jest/globals';
import { type Instant, instant, milliseconds, minutes } from '@venfleet/core';
import fc from 'fast-check';
import { decodeEvent, type GridEvent, isBefore, nextEdge, spanAt, spansBetween, spansDuring, timelineOf } from '../src/index.js';

const at = (time: string): Instant => instant(Date.parse(`2026-06-15T${time}:00Z`));
const text = (time: string): string => `2026-06-15T${time}:00Z`;
const none = new Map<number, never>();

function decoded(json: object): GridEvent {
  const result = decodeEvent({ id: 'e', programID: 'p', ...json }, '3.1.0');
  if ('problem' in result) throw new Error(result.problem.mistakes.join('; '));
  return result.event;
}
const interval = (id: number, intervalPeriod?: object) => ({ id, payloads: [], ...(intervalPeriod && { intervalPeriod }) });
const hourly = (intervals: object[], more: object = {}) =>
  decoded({ intervalPeriod: { start: text('10:00'), duration: 'PT1H' }, intervals, ...more });
const clock = (time: number | string): string => (typeof time === 'string' ? time : new Date(time).toISOString().slice(11, 16));
const times = (event: GridEvent, shift: number, own: readonly (readonly [number, number])[] = []) => {
  const shifts = {
    event: minutes(shift),
    intervals: new Map(own.map(([index, by]) => [index, minutes(by)] as const)),
  };
  const timeline = timelineOf(event, at('08:00'), shifts);
  return timeline.kind === 'implied' ? [] : timeline.intervals.map(({ start, end }) => `${clock(start)}–${clock(end)}`);
};

describe('randomizeStart', () => {
  it('72: one offset moves the first start and all that is chained to it', () => {
    expect(times(hourly([interval(0), interval(1)]), -7)).toEqual(['09:53–10:53', '10:53–11:53']);
  });

  it('72: it moves later starts in absolute terms, too', () => {
    expect(times(hourly([interval(0), interval(1, { start: text('13:00') })]), 7)).toEqual(['10:07–11:07', '13:07–14:07']);
  });

  it('72: it moves a start of now', () => {
    const now = { intervalPeriod: { start: '0001-01-01T00:00:00Z', duration: 'PT1H' } };
    expect(times(hourly([interval(0)], now), 5)).toEqual(['08:05–09:05']);
  });

  it('72: an interval with its own replaces it from there on', () => {
    const event = hourly([interval(0), interval(1), interval(2)]);
    expect(times(event, 10, [[1, -5]])).toEqual(['10:10–11:10', '10:55–11:55', '11:55–12:55']);
  });

  it('moves the end that event.duration sets, and leaves the length of a loop as it is', () => {
    const event = hourly([interval(0), interval(1)], { duration: 'PT5H' });
    const timeline = timelineOf(event, at('08:00'), { event: minutes(10), intervals: none });
    expect(timeline).toMatchObject({ kind: 'loop', length: minutes(120), end: at('15:10') });
    expect(times(hourly([interval(0), interval(1)], { duration: 'PT90M' }), 10)).toEqual(['10:10–11:10', '11:10–11:40']);
  });

  it('without shifts nothing is moved', () => {
    const event = hourly([interval(0), interval(1)]);
    expect(timelineOf(event, at('08:00'), { event: milliseconds(0), intervals: none })).toEqual(timelineOf(event, at('08:00')));
  });
});

const minute = fc.integer({ min: -30, max: 300 });
const anyEvent = fc
  .record({
    intervals: fc.array(fc.record({ start: fc.option(minute, { nil: undefined }), length: fc.integer({ min: 0, max: 60 }) }), {
      minLength: 1,
      maxLength: 5,
    }),
    duration: fc.constantFrom(undefined, 'PT0S', 'PT10M', 'PT4H'),
    shift: fc.integer({ min: -20, max: 20 }),
    own: fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: -90, max: 90 })), { maxLength: 2 }),
  })
  .map(({ intervals, duration, shift, own }) => {
    const event = hourly(
      intervals.map(({ start, length }, id) =>
        interval(id, {
          duration: `PT${length}M`,
          ...(start === undefined ? {} : { start: new Date(at('10:00') + minutes(start)).toISOString() }),
        }),
      ),
      duration === undefined ? {} : { duration },
    );
    const shifts = { event: minutes(shift), intervals: new Map(own.map(([index, by]) => [index, minutes(by)])) };
    return { timeline: timelineOf(event, at('08:00'), shifts), count: intervals.length };
  });
const moment = fc.integer({ min: -180, max: 900 }).map((offset) => instant(at('10:00') + minutes(offset)));

describe('any timeline', () => {
  it('69: has exactly those intervals under way that, one by one, hold the time', () => {
    fc.assert(
      fc.property(anyEvent, moment, ({ timeline, count }, when) => {
        const expected = new Set<string>();
        for (let i = 0; i < 1000; i++) {
          const span = spanAt(timeline, i);
          if (span !== undefined && span.start <= when && isBefore(when, span.end)) expected.add(`${i % count} ${span.start}`);
        }
        expect(new Set(spansDuring(timeline, when).map(({ index, span }) => `${index} ${span.start}`))).toEqual(expected);
      }),
    );
  });

  it('has exactly those intervals between two times that, one by one, reach into them', () => {
    fc.assert(
      fc.property(anyEvent, moment, fc.integer({ min: 1, max: 600 }), ({ timeline, count }, from, length) => {
        const to = instant(from + minutes(length));
        const expected = new Set<string>();
        for (let i = 0; i < 1000; i++) {
          const span = spanAt(timeline, i);
          if (span !== undefined && span.start < to && isBefore(from, span.end)) expected.add(`${i % count} ${span.start}`);
        }
        const found = spansBetween(timeline, from, to).map(({ index, span }) => `${index} ${span.start}`);
        expect(new Set(found)).toEqual(expected);
      }),
    );
  });

  it('has its next edge where, one by one, the next start or end is', () => {
    fc.assert(
      fc.property(anyEvent, moment, ({ timeline }, when) => {
        const edges: number[] = [];
        for (let i = 0; i < 1000; i++) {
          const span = spanAt(timeline, i);
          if (span !== undefined && span.start !== span.end) edges.push(span.start, span.end as number);
        }
        const ahead = edges.filter((edge) => edge > when);
        expect(nextEdge(timeline, when)).toBe(ahead.length === 0 ? undefined : Math.min(...ahead));
      }),
    );
  });

  it('of implied intervals knows the one under way and when the next begins', () => {
    const event = decoded({ intervalPeriod: { start: text('10:00'), duration: 'PT1H' }, duration: 'PT150M' });
    const timeline = timelineOf(event, at('08:00'));
    expect(spansDuring(timeline, at('12:10'))).toEqual([{ index: 2, span: { id: 2, start: at('12:00'), end: at('12:30') } }]);
    expect(nextEdge(timeline, at('09:00'))).toBe(at('10:00'));
    expect(nextEdge(timeline, at('12:10'))).toBe(at('12:30'));
    expect(nextEdge(timeline, at('12:30'))).toBeUndefined();
  });
});
