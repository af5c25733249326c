import { describe, expect, test } from '@jest/globals';
import { hours, milliseconds } from '@venfleet/core';
import type { GridEvent, WireVersion } from '@venfleet/openadr';
import { Nonconformity } from '@venfleet/openadr/conform';
import { LINES } from '../src/lines/index.js';
import { SmallWorld, type Ways } from './support.js';

/** Lines that are about what a VEN does, and wrong ways of doing it that each of them finds. */
const ACTING = LINES.filter(({ number }) => number >= 67 && number <= 77);

const check = (number: number, version: WireVersion, ways: Partial<Ways>) =>
  ACTING.find((line) => line.number === number)?.check(new SmallWorld(version, ways).trial());

const eachInterval = (change: (interval: GridEvent['intervals'][number], index: number) => object) => (event: GridEvent) => ({
  ...event,
  intervals: event.intervals.map((interval, i) => ({ ...interval, ...change(interval, i) })),
});

const FLAWS: readonly (readonly [line: number, flaw: string, ways: Partial<Ways>])[] = [
  [
    67,
    'takes a start of now for a time long ago',
    { read: eachInterval(({ start }) => (start === 'now' ? { start: -6e13 } : {})) },
  ],
  [
    67,
    'takes P9999Y for a year',
    { read: eachInterval(({ duration }) => (duration === 'forever' ? { duration: hours(8760) } : {})) },
  ],
  [
    67,
    'takes what is cancelled for endless',
    { isCancelled: () => false, read: eachInterval(({ duration }) => (duration === 0 ? { duration: 'forever' } : {})) },
  ],
  [
    68,
    'has all intervals begin with the event',
    { read: (event) => eachInterval(({ start }) => ({ start: event.intervals[0]?.start ?? start }))(event) },
  ],
  [
    68,
    'has each interval last as long as the first',
    {
      read: (event) =>
        eachInterval((_, i) => ({ duration: event.intervals[0]?.duration, ...(i === 3 ? { start: 'next' } : {}) }))(event),
    },
  ],
  [69, 'begins a running event with its first interval', { read: eachInterval((_, i) => ({ start: i === 0 ? 'now' : 'next' })) }],
  [
    69,
    'leaves running events out',
    { isForIt: ({ intervals: [first] }) => Number(first?.start) > Date.parse('2026-01-15T10:20:30Z') },
  ],
  [70, 'does not loop', { read: ({ duration, ...event }) => (duration === hours(3.5) ? event : { ...event, duration }) }],
  [70, 'does not truncate', { read: ({ duration, ...event }) => (duration === hours(1.5) ? event : { ...event, duration }) }],
  [71, 'takes the first price alone', { valueAt: ([first]) => first }],
  [71, 'takes the last price for longer', { valueAt: (values, part) => values[Math.floor(part * 3)] }],
  [72, 'shifts by more than R', { shift: (range) => milliseconds(1.5 * range) }],
  [72, 'draws anew when an event is changed', { redraws: true }],
  [73, 'lets the higher number win', { precedence: (a, b) => (b.priority ?? -1) - (a.priority ?? -1) }],
  [73, 'lets none go first', { precedence: (a, b) => (a.priority ?? -1) - (b.priority ?? -1) }],
  [74, 'takes no notice of targets', { isForIt: () => true }],
  [
    74,
    'takes no notice of the types of targets',
    { isForIt: ({ targets }) => !JSON.stringify(targets).includes('VEN_NAME') || JSON.stringify(targets).includes('it') },
  ],
  [75, 'takes changes for setpoints', { relative: Math.abs }],
  [75, 'takes setpoints for changes', { absolute: (value) => 90 + value }],
  [75, 'takes caps for setpoints of nothing', { cap: () => 0 }],
  [76, 'goes on with deleted events', { forgetsDeleted: false }],
  [
    76,
    'goes on with cancelled events',
    { isCancelled: () => false, read: eachInterval(({ duration }) => (duration === 0 ? { duration: 'forever' } : {})) },
  ],
  [77, 'drops everything when the VTN is away', { keepsWithoutVtn: false }],
  [77, 'does not fall back to what is subscribed', { fallsBack: false }],
];

describe.each(ACTING.flatMap((line) => line.versions.map((version) => [line.number, version] as const)))(
  'line %i in %s',
  (number, version) => {
    test('passes for a VEN that does it right', async () => {
      await expect(check(number, version, {})).resolves.toBeUndefined();
    });

    test.each(FLAWS.filter(([line]) => line === number).map(([, flaw, ways]) => [flaw, ways] as const))(
      'fails for one that %s',
      async (_, ways) => {
        await expect(check(number, version, ways)).rejects.toThrow(Nonconformity);
      },
    );
  },
);

test('each line has flaws that it finds', () => {
  expect([...new Set(FLAWS.map(([line]) => line))]).toEqual(ACTING.map(({ number }) => number));
});
