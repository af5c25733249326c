import { describe, expect, test } from '@jest/globals';
import { type Instant, instant, minutes } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import fc from 'fast-check';
import { EventLoadChanges, type SeenEvent } from '../src/baseline/load-changes.js';
import { at, calendar, HOUR, hourlyEvent, MIDNIGHT } from './support/reporting.js';

type Payload = SeenEvent['intervals'][number]['payloads'][number];

/** An event from `start` on, an interval each hour. */
function event(id: string, start: Instant, payloads: readonly (readonly Payload[])[], seenAt = MIDNIGHT): SeenEvent {
  const { intervals, ...rest } = hourlyEvent(id, payloads.length, []);
  return {
    ...rest,
    start,
    seenAt,
    payloadDescriptors: [],
    intervals: intervals.map((interval, i) => ({ ...interval, start: instant(start + i * HOUR), payloads: payloads[i] ?? [] })),
  };
}
const LIMIT: Payload = { type: 'IMPORT_CAPACITY_LIMIT', values: [50] };
const PRICE: Payload = { type: 'PRICE', values: [0.2] };

function scene(now: Instant, known: string[] = []) {
  const clock = new FakeClock(now);
  const added: string[] = [];
  const changes = new EventLoadChanges(clock, calendar, { known, add: (date) => added.push(date) });
  return { clock, changes, added, to: (time: Instant) => clock.step(time - clock.now()) };
}

describe('times in which events changed the load', () => {
  test('are those of an event as it went on, also where nobody asked meanwhile', () => {
    const { changes, to } = scene(MIDNIGHT);
    changes.update([event('e1', at('10:00'), [[LIMIT]])]);
    to(at('13:00'));
    expect(changes.isChanged(at('09:00'), at('10:00'))).toBe(false);
    expect(changes.isChanged(at('10:30'), at('10:31'))).toBe(true);
    expect(changes.isChanged(at('11:04'), at('12:00'))).toBe(true);
    expect(changes.isChanged(at('11:05'), at('12:00'))).toBe(false);
  });

  test.each([
    ['SIMPLE', [2], true],
    ['SIMPLE', [0], false],
    ['PRICE', [0.2], false],
    ['IMPORT_CAPACITY_LIMIT', [50], true],
    ['IMPORT_CAPACITY_SUBSCRIPTION', [50], false],
  ])('%s %j changes the load: %s', (type, values, expected) => {
    const { changes, to } = scene(MIDNIGHT);
    changes.update([event('e1', at('10:00'), [[{ type, values }]])]);
    to(at('10:30'));
    expect(changes.isChanged(at('10:00'), at('10:30'))).toBe(expected);
  });

  test('are none of an event without end, which is part of the usual load', () => {
    const { changes, to } = scene(MIDNIGHT);
    const usual = event('e1', at('01:00'), [[LIMIT]]);
    changes.update([{ ...usual, intervals: usual.intervals.map((interval) => ({ ...interval, duration: 'forever' as const })) }]);
    to(at('10:00'));
    expect(changes.isChanged(MIDNIGHT, at('10:00'))).toBe(false);
  });

  test('end where the event is deleted or becomes another one, and stay', () => {
    const { changes, to } = scene(MIDNIGHT);
    changes.update([event('e1', at('10:00'), [[LIMIT], [LIMIT]])]);
    to(at('10:20'));
    changes.update([event('e1', at('10:00'), [[PRICE], [LIMIT]])]);
    to(at('11:10'));
    changes.update([]);
    to(at('14:00'));
    expect(changes.usualBefore(at('10:30'))).toEqual({ from: at('10:25'), to: at('10:30') });
    expect(changes.usualBefore(at('14:00'))).toEqual({ from: at('11:15'), to: at('14:00') });
  });

  test('are found anew after a restart, back to when the event was first seen', () => {
    const { changes } = scene(at('10:40'));
    changes.update([event('e1', at('10:00'), [[LIMIT]], at('10:10'))]);
    expect(changes.usualBefore(at('10:40'))).toEqual({ from: instant(0), to: at('10:10') });
  });

  test('stay known while the clock is stepped back', () => {
    const { changes, to } = scene(MIDNIGHT);
    changes.update([event('e1', at('10:00'), [[LIMIT]])]);
    to(at('12:00'));
    expect(changes.isChanged(at('10:00'), at('11:00'))).toBe(true);
    to(at('09:00'));
    expect(changes.isChanged(at('10:00'), at('11:00'))).toBe(true);
    to(at('10:30'));
    expect(changes.usualBefore(at('10:30')).to).toBe(at('10:00'));
  });
});

describe('the latest time of the usual load', () => {
  test('ends at the time asked for where no event was under way', () => {
    const { changes, to } = scene(MIDNIGHT);
    changes.update([event('e1', at('10:00'), [[LIMIT]])]);
    to(at('12:00'));
    expect(changes.usualBefore(at('10:00'))).toEqual({ from: instant(0), to: at('10:00') });
    expect(changes.usualBefore(at('11:20'))).toEqual({ from: at('11:05'), to: at('11:20') });
  });

  test('lies before an event that ended so shortly before that the load is not back yet', () => {
    const { changes, to } = scene(MIDNIGHT);
    changes.update([
      event('e1', at('08:00'), [[LIMIT]]),
      event('e2', at('10:00'), [[LIMIT]]),
      event('e3', at('11:00'), [[LIMIT]]),
    ]);
    to(at('12:02'));
    expect(changes.usualBefore(at('12:02'))).toEqual({ from: at('09:05'), to: at('10:00') });
  });

  test('holds no time of any event, whatever there is', () => {
    const anyEvent = fc.record({
      start: fc.integer({ min: 0, max: 1200 }),
      hours: fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 6 }), fc.integer({ min: 1, max: 1500 }), (drawn, minute) => {
        const { changes, to } = scene(MIDNIGHT);
        const events = drawn.map(({ start, hours }, i) =>
          event(
            `e${i}`,
            instant(MIDNIGHT + minutes(start)),
            hours.map((asks) => [asks ? LIMIT : PRICE]),
          ),
        );
        changes.update(events);
        const asked = instant(MIDNIGHT + minutes(minute));
        to(asked);
        const usual = changes.usualBefore(asked);
        for (const { intervals } of events) {
          for (const { start, payloads } of intervals) {
            const [from, until] = [start as Instant, (start as Instant) + HOUR];
            if (payloads[0] === LIMIT && from < asked) expect(until <= usual.from || from >= usual.to).toBe(true);
          }
        }
      }),
    );
  });
});

describe('days on which events changed the load', () => {
  test('are told once each, by local date, from when it happened', () => {
    const { changes, to, added } = scene(MIDNIGHT, ['2026-06-14']);
    changes.update([event('e1', at('21:00'), [[LIMIT], [LIMIT]])]);
    expect(added).toEqual([]);
    to(at('21:10'));
    expect(changes.isEventDay('2026-06-15')).toBe(true);
    expect(changes.isEventDay('2026-06-16')).toBe(false);
    to(at('23:30'));
    expect(changes.isEventDay('2026-06-16')).toBe(true);
    expect(changes.isEventDay('2026-06-14')).toBe(true);
    expect(added).toEqual(['2026-06-15', '2026-06-16']);
  });

  test('are all of a long event', () => {
    const { changes, to, added } = scene(MIDNIGHT);
    changes.update([
      event(
        'e1',
        at('10:00'),
        Array.from({ length: 60 }, () => [LIMIT]),
      ),
    ]);
    to(instant(MIDNIGHT + 90 * HOUR));
    changes.update([]);
    expect(added).toEqual(['2026-06-15', '2026-06-16', '2026-06-17']);
  });
});
