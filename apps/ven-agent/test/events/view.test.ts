import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { hours, instant, minutes, seconds } from '@venfleet/core';
import { FakeClock, sequenceRandom } from '@venfleet/core/testing';
import type { GridEvent } from '@venfleet/openadr';
import { drawFor, heldOf } from '../../src/events/record.js';
import { type EventState, isCancelled, stateOf } from '../../src/events/state.js';
import { EventStore, type VenEventStore } from '../../src/events/store.js';
import { eventsText, isPast, viewOf } from '../../src/events/view.js';
import { gridEvent, pass, START, scene, VTN } from './support.js';

describe('the state of an event', () => {
  const stateAt = (event: GridEvent, minute: number, extra: { gone?: boolean; optOut?: string | null } = {}): EventState => {
    const optOuts =
      extra.optOut === undefined ? [] : [{ reason: 'x', at: START, ...(extra.optOut && { resource: extra.optOut }) }];
    const draws = drawFor(event, sequenceRandom(0.75));
    const record = { event, definition: { event, json: '' }, seenAt: START, changedAt: START, goneAt: undefined, draws, optOuts };
    const held = heldOf({ ...record, firstActionAt: undefined, lastActionAt: undefined }, undefined, 'either');
    return stateOf(held, extra.gone ?? false, instant(START + minutes(minute)));
  };
  const now = { start: 'now' as const, length: hours(0) };

  test.each([
    [-1, 'pending'],
    [0, 'active'],
    [59, 'active'],
    [60, 'completed'],
  ])('at minute %i of an hour: %s', (minute, state) => expect(stateAt(gridEvent('e1'), minute)).toBe(state));

  test('follows the random shift', () => {
    const event = gridEvent('e1', { randomizeStart: minutes(20) });
    expect([9, 10, 69, 70].map((minute) => stateAt(event, minute))).toEqual(['pending', 'active', 'active', 'completed']);
  });

  test('is active without end where the event has none', () => {
    const event = gridEvent('e1', { intervals: [{ id: 0, start: START, duration: 'forever', payloads: [] }] });
    expect(stateAt(event, 1e6)).toBe('active');
  });

  test('line 76: cancelled by now and PT0S, of the event or of each interval', () => {
    const interval = { id: 0, start: 'now' as const, duration: hours(0), payloads: [] };
    const cancelled = [
      gridEvent('e1', { ...now, intervals: [] }),
      gridEvent('e1', { ...now, intervals: [interval] }),
      gridEvent('e1', { ...now, intervals: [interval, { ...interval, id: 1, start: 'next' }] }),
    ];
    expect(cancelled.map((event) => stateAt(event, 5))).toEqual(['cancelled', 'cancelled', 'cancelled']);
    expect(isCancelled(gridEvent('e1', { start: 'now', intervals: [{ ...interval, duration: minutes(5) }] }))).toBe(false);
    expect(isCancelled(gridEvent('e1', { intervals: [{ ...interval, start: START }] }))).toBe(false);
  });

  test('deleted goes before all, opted-out before time; a resource that opted out leaves the VEN in', () => {
    expect(stateAt(gridEvent('e1'), 5, { gone: true, optOut: null })).toBe('deleted');
    expect(stateAt(gridEvent('e1'), 5, { optOut: null })).toBe('opted-out');
    expect(stateAt(gridEvent('e1'), 5, { optOut: 'resource-1' })).toBe('active');
  });
});

describe('what an operator sees', () => {
  let clock: FakeClock;
  let store: EventStore;
  beforeEach(() => {
    clock = new FakeClock(START);
    store = EventStore.open(':memory:', clock);
  });
  afterEach(() => store.close());

  const save = (own: VenEventStore, event: GridEvent) =>
    own.save(
      [
        {
          event,
          definition: own.define(event),
          seenAt: START,
          changedAt: START,
          goneAt: undefined,
          draws: drawFor(event, sequenceRandom(0.5)),
          optOuts: [],
          firstActionAt: undefined,
          lastActionAt: undefined,
        },
      ],
      [],
      START,
    );
  const views = () => store.list().map((listed) => viewOf(listed, 'either', clock.now()));

  test('one line for all VENs that have an event, and below it who refuses it and why', async () => {
    for (const ven of ['Aalborg', 'Aarhus', 'Herning'])
      await save(store.forVen(VTN, ven), gridEvent('e1', { priority: 2, name: 'shed' }));
    await store.forVen(VTN, 'Aalborg').saveAction('e1', START);
    const [first] = store.list({ ven: 'Aarhus' });
    if (first === undefined) throw new Error('missing');
    store.optOut([first], { reason: 'wedding' });
    store.optOut(store.list({ ven: 'Herning' }), { resource: 'resource-7', reason: 'repair' });
    expect(eventsText(views()).split('\n')).toEqual([
      'active 2, opted-out 1  2026-06-15T10:00:00Z to 11:00:00Z  e1 "shed" of program-1: SIMPLE 1, priority 2  3 VENs, acted on by 1',
      '  opted out: Aarhus since 2026-06-15T10:00:00Z: wedding',
      '  opted out: resource-7 of Herning since 2026-06-15T10:00:00Z: repair',
    ]);
  });

  test('the latest to begin first; what is over can be told from what is not', async () => {
    const own = store.forVen(VTN, 'Aalborg');
    await own.savePrograms([{ id: 'program-1', name: 'Shedding', payloadDescriptors: [] }]);
    await save(own, gridEvent('now'));
    const tomorrow = instant(START + hours(24));
    await save(own, gridEvent('later', { intervals: [{ id: 0, start: tomorrow, duration: 'forever', payloads: [] }] }));
    await save(own, gridEvent('gone'));
    await own.save([], ['gone'], START);
    expect(eventsText(views().filter((view) => !isPast(view))).split('\n')).toEqual([
      'pending    2026-06-16T10:00:00Z to forever  later of Shedding:  Aalborg',
      'active     2026-06-15T10:00:00Z to 11:00:00Z  now of Shedding: SIMPLE 1  Aalborg',
    ]);
    expect(views().find(({ event }) => event === 'gone')).toMatchObject({ state: 'deleted', goneAt: '2026-06-15T10:00:00.000Z' });
    expect(eventsText([])).toContain('--all');
  });

  test('events of several VTNs are told apart', async () => {
    for (const vtn of [VTN, 'http://other.example']) await save(store.forVen(vtn, 'Aalborg'), gridEvent('e1'));
    const line = 'active     2026-06-15T10:00:00Z to 11:00:00Z  e1 of program-1: SIMPLE 1  Aalborg';
    expect(eventsText(views()).split('\n')).toEqual(['http://other.example:', line, `${VTN}:`, line]);
  });

  test('an opt-out is replaced by a later reason and taken back by itself', async () => {
    await save(store.forVen(VTN, 'Aalborg'), gridEvent('e1'));
    store.optOut(store.list(), { reason: 'first' });
    store.optOut(store.list(), { resource: 'resource-1', reason: 'second' });
    store.optOut(store.list(), { reason: 'third' });
    expect(views()[0]?.optOuts.map(({ reason }) => reason)).toEqual(['third', 'second']);
    expect(store.undoOptOut(store.list())).toBe(1);
    expect(store.undoOptOut(store.list())).toBe(0);
    expect(views()[0]?.optOuts.map(({ reason }) => reason)).toEqual(['second']);
  });
});

test('a running feed takes up opt-outs, and tells of them', async () => {
  const { clock, feed, vtn, store, updates, ids } = scene();
  vtn.put(gridEvent('e1'), gridEvent('e2'));
  feed.start(vtn);
  await pass(clock, seconds(1));
  updates.length = 0;
  store.optOut(store.list({ event: 'e1' }), { reason: 'repair' });
  feed.refreshOptOuts();
  expect(updates).toEqual([{ events: ['e1'], targets: false, programs: false }]);
  expect(feed.held().find(({ event }) => event.id === 'e1')?.optOuts).toMatchObject([{ reason: 'repair' }]);
  store.undoOptOut(store.list({ event: 'e1' }));
  feed.refreshOptOuts();
  expect(feed.held().every(({ optOuts }) => optOuts.length === 0)).toBe(true);
  expect(ids()).toEqual(['e1', 'e2']);
  await feed.stop();
  store.close();
});

test('an opt-out that comes while a modification is stored is not lost', async () => {
  const { clock, feed, vtn, store } = scene();
  vtn.put(gridEvent('e1'));
  feed.start(vtn);
  await pass(clock, seconds(1));
  vtn.put(gridEvent('e1', { priority: 1 }));
  vtn.after = async () => {
    // The answer is there; it will be stored in the turn that follows.
    store.optOut(store.list(), { reason: 'repair' });
    setImmediate(() => feed.refreshOptOuts());
  };
  feed.hint({ kind: 'event', id: 'e1' });
  await pass(clock, seconds(1));
  expect(feed.held()).toMatchObject([{ event: { priority: 1 }, optOuts: [{ reason: 'repair' }] }]);
  await feed.stop();
  store.close();
});
