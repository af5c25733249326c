import { describe, expect, test } from '@jest/globals';
import { instant, minutes, seconds, watts } from '@venfleet/core';
import type { HeldEvent } from '../../src/planning/model.js';
import { minute, shed, world } from '../support/dispatch.js';
import { at, reading } from '../support/reporting.js';

describe('dispatch of one VEN', () => {
  test('divides what an event asks of the VEN over its resources and hands each its limit and the event', () => {
    const { dispatch, control, events, acted } = world();
    events.held = [shed(0.5, 'now')];
    dispatch.pass();
    expect(control.limits()).toEqual([20_000, 20_000]);
    expect(control.wanted.get(1)).toMatchObject({ cause: 'e1' });
    expect(acted).toEqual(['e1']);
  });

  test('goes on relative to the load when the event began, whatever the limited meter says', async () => {
    const { dispatch, control, events, readings, clock } = world();
    events.held = [shed(0.5, 'now')];
    dispatch.pass();
    await clock.advance(minutes(1));
    for (const id of [1, 2]) readings.add(reading(minute(1), 20_000, undefined, { resource: id }));
    dispatch.pass();
    expect(control.limits()).toEqual([20_000, 20_000]);
  });

  test('takes the load before an earlier event where one follows upon another', async () => {
    const { dispatch, control, events, readings, clock } = world();
    await clock.advance(minutes(1));
    for (const id of [1, 2]) {
      readings.add(reading(minute(1), 5000, undefined, { resource: id }));
      control.set(id, { setpoint: { kind: 'limit', limit: watts(5000) } });
    }
    events.curtailedSince = new Map([
      [1, instant(at('10:00') + 1)],
      [2, instant(at('10:00') + 1)],
    ]);
    events.held = [{ ...shed(0.5, 'now'), seenAt: minute(1) }];
    dispatch.pass();
    expect(control.limits()).toEqual([20_000, 20_000]);
  });

  test('goes on after a restart before any controller was heard, whatever the limited meters say', async () => {
    const { dispatch, control, events, readings, clock } = world();
    await clock.advance(minutes(1));
    for (const id of [1, 2]) readings.add(reading(minute(1), 20_000, undefined, { resource: id }));
    control.heard = false;
    events.held = [shed(0.5, 'now')];
    dispatch.pass();
    expect(control.limits()).toEqual([20_000, 20_000]);
  });

  test('does not keep to limits that it guessed before controllers were heard', async () => {
    const { dispatch, control, events, readings, clock } = world();
    await clock.advance(minutes(1));
    readings.add(reading(minute(1), 20_000, undefined, { resource: 1 }));
    readings.add(reading(minute(1), 18_500, undefined, { resource: 2 }));
    control.heard = false;
    events.held = [shed(0.5, 'now')];
    dispatch.pass();
    control.heard = true;
    await clock.advance(seconds(10));
    readings.add(reading(clock.now(), 20_000, undefined, { resource: 1 }));
    readings.add(reading(clock.now(), 18_500, undefined, { resource: 2 }));
    dispatch.pass();
    expect(control.limits()[0]).toBeCloseTo(21_500, -1);
  });

  test('does not raise a limit by so little that it is not worth a write', async () => {
    const { dispatch, control, events, readings, clock } = world();
    events.held = [shed(0.25, 'now')];
    dispatch.pass();
    expect(control.limits()).toEqual([30_000, 30_000]);
    // The other draws less and less by itself: this one may have what it leaves.
    for (const [power, limit] of [
      [28_500, 30_000],
      [25_000, 35_000],
    ] as const) {
      await clock.advance(seconds(10));
      readings.add(reading(clock.now(), 30_000, undefined, { resource: 1 }));
      readings.add(reading(clock.now(), power, undefined, { resource: 2 }));
      dispatch.pass();
      expect(control.limits()[0]).toBeCloseTo(limit, -1);
    }
  });

  test('begins and ends at the times of the event, without a word from the VTN', async () => {
    const { dispatch, control, events, clock } = world();
    events.held = [shed(0.5, minute(1))];
    dispatch.pass();
    expect(control.limits()).toEqual(['free', 'free']);
    await clock.advance(minutes(1));
    dispatch.pass();
    expect(control.limits()).toEqual([20_000, 20_000]);
    await clock.advance(minutes(30));
    dispatch.pass();
    expect(control.limits()).toEqual(['free', 'free']);
  });

  test('frees at once when the event is gone', () => {
    const { dispatch, control, events } = world();
    events.held = [shed(0.5, 'now')];
    dispatch.pass();
    events.held = [];
    dispatch.pass();
    expect(control.limits()).toEqual(['free', 'free']);
  });

  test('divides anew when a controller drops out', async () => {
    const { dispatch, control, events, readings, clock } = world();
    events.held = [shed(0.25, 'now')];
    dispatch.pass();
    expect(control.limits()).toEqual([30_000, 30_000]);
    control.problems.set(2, 'CONTROLLER_SILENT');
    await clock.advance(seconds(10));
    readings.add(reading(instant(at('10:00') + seconds(10)), 30_000, undefined, { resource: 1 }));
    readings.add(reading(instant(at('10:00') + seconds(10)), 40_000, undefined, { resource: 2 }));
    dispatch.pass();
    expect(control.limits()[0]).toBe(20_000);
  });

  test('leaves controllers alone while no event is known and the VTN was not heard since the start', () => {
    const { dispatch, control, events } = world();
    events.isCurrent = false;
    dispatch.pass();
    expect(control.wanted.size).toBe(0);
    events.isCurrent = true;
    dispatch.touch();
    dispatch.pass();
    expect(control.limits()).toEqual(['free', 'free']);
  });

  test('makes a pass again that failed on the way', () => {
    const { dispatch, control, events } = world();
    const set = control.set.bind(control);
    control.set = () => {
      throw new Error('out of order');
    };
    events.held = [shed(0.5, 'now')];
    expect(() => dispatch.pass()).toThrow('out of order');
    control.set = set;
    dispatch.pass();
    expect(control.limits()).toEqual([20_000, 20_000]);
  });

  test('carries on what it held before the VTN was heard', () => {
    const { dispatch, control, events } = world();
    events.isCurrent = false;
    events.held = [shed(0.5, 'now')];
    dispatch.pass();
    expect(control.limits()).toEqual([20_000, 20_000]);
  });

  test('follows a clock that is stepped back to before the event', () => {
    const { dispatch, control, events, clock } = world();
    events.held = [shed(0.5, at('10:00'))];
    dispatch.pass();
    clock.step(minutes(-60));
    dispatch.pass();
    expect(control.limits()).toEqual(['free', 'free']);
  });

  test('notes what is decided for each resource, and what its controller makes of it', async () => {
    const { dispatch, control, events, decisions, clock } = world();
    events.held = [shed(0.5, 'now')];
    dispatch.pass();
    expect(decisions.at(-1)).toEqual([
      2,
      { at: at('10:00'), limit: 20_000, event: 'e1', mode: 'curtailed', status: 'holding', held: 20_000, problem: null },
    ]);
    control.problems.set(1, 'CONTROLLER_REFUSES');
    dispatch.noteState(1);
    expect(decisions.at(-1)).toMatchObject([1, { mode: 'failing', problem: 'CONTROLLER_REFUSES' }]);
    events.held = [];
    await clock.advance(seconds(1));
    dispatch.pass();
    expect(decisions.at(-1)).toMatchObject([2, { limit: null, event: null, mode: 'normal', status: 'free' }]);
  });

  test('does nothing between changes', async () => {
    const { dispatch, control, events, clock } = world();
    events.held = [shed(0.5, minute(10))];
    dispatch.pass();
    control.wanted.clear();
    await clock.advance(minutes(9));
    dispatch.pass();
    expect(control.wanted.size).toBe(0);
  });

  test('logs once what of an event it cannot act on', () => {
    const { dispatch, events, logger } = world();
    const odd = shed(0, 'now');
    events.held = [
      {
        ...odd,
        event: { ...odd.event, intervals: [{ ...odd.event.intervals[0], payloads: [{ type: 'X', values: [1] }] }] },
      } as HeldEvent,
    ];
    dispatch.pass();
    events.held = [...events.held];
    dispatch.pass();
    expect(logger.lines.filter(({ message }) => message === 'a part of an event is not acted on')).toHaveLength(1);
  });
});
