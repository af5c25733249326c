import { describe, expect, test } from '@jest/globals';
import { hours, type Instant, instant, minutes, seconds, watts } from '@venfleet/core';
import type { BaselineQuestion, BaselineValue } from '../../src/baseline/baseline.js';
import { Baselines } from '../../src/dispatch/baselines.js';
import { defaultOptimiser, defaultPolicy } from '../../src/planning/policy.js';
import { minute, resource, shed, world } from '../support/dispatch.js';
import { at, reading } from '../support/reporting.js';

/** A source that tells a load, and what it was asked. */
function source(powerW: number, extra: Partial<BaselineValue> = {}) {
  const asked: BaselineQuestion[] = [];
  const value = (question: BaselineQuestion): BaselineValue => {
    asked.push(question);
    return { power: watts(powerW), days: 10, tooFewDays: false, adjustment: 1, ...extra };
  };
  return { asked, of: () => ({ value }) };
}

const never = () => false;

describe('baselines', () => {
  test('are looked up between passes by quarters of an hour, and not known until then', () => {
    const { asked, of } = source(30_000);
    const baselines = new Baselines(of);
    expect(baselines.loadAt(1, minute(20))).toBeUndefined();
    expect(asked).toEqual([]);
    expect(baselines.lookUp(minute(20), never)).toBe(true);
    expect(baselines.loadAt(1, minute(29))).toBe(30_000);
    // The next quarter is asked for before its time comes.
    expect(asked.map(({ from, to }) => [from, to])).toEqual([
      [minute(15), minute(30)],
      [minute(30), minute(45)],
    ]);
    expect(baselines.loadAt(1, minute(30))).toBe(30_000);
  });

  test('are looked up a few at a time', () => {
    const { asked, of } = source(30_000);
    const baselines = new Baselines(of);
    for (let id = 1; id <= 5; id++) baselines.loadAt(id, minute(20));
    let left = 3;
    expect(baselines.lookUp(minute(20), () => left-- <= 0)).toBe(false);
    expect(asked).toHaveLength(3);
    expect(baselines.lookUp(minute(20), never)).toBe(true);
    expect(asked).toHaveLength(10);
  });

  test.each([
    ['of too few days', source(1, { tooFewDays: true }).of],
    ['of a VTN that was never heard', () => undefined],
  ])('%s are not known', (_, of) => {
    const baselines = new Baselines(of);
    baselines.loadAt(1, minute(20));
    baselines.lookUp(minute(20), never);
    expect(baselines.loadAt(1, minute(20))).toBeUndefined();
  });

  test('of a longer time are the mean of its quarters by how much of them it covers', () => {
    const value = ({ from }: BaselineQuestion) => ({
      power: watts(from < minute(15) ? 10_000 : 40_000),
      days: 10,
      tooFewDays: false,
      adjustment: 1,
    });
    const baselines = new Baselines(() => ({ value }));
    expect(baselines.loadBetween(1, minute(5), minute(20))).toBeUndefined();
    baselines.lookUp(minute(0), never);
    expect(baselines.loadBetween(1, minute(5), minute(20))).toBe(20_000);
    expect(baselines.loadBetween(1, minute(5), minute(5))).toBeUndefined();
  });

  test('are adjusted by the hours before the events that hold, and found anew when others begin', () => {
    const { asked, of } = source(30_000);
    const baselines = new Baselines(of);
    const look = (began: Instant | undefined) => {
      baselines.begin(began);
      baselines.loadAt(1, minute(20));
      baselines.lookUp(minute(20), never);
      return new Set(asked.splice(0).map(({ anchor }) => anchor));
    };
    expect(look(undefined)).toEqual(new Set([minute(15)]));
    expect(look(minute(2))).toEqual(new Set([minute(2)]));
    expect(look(minute(2))).toEqual(new Set());
  });
});

describe('a long event', () => {
  test('is relative to the load before it, and after a quarter of an hour to the baseline, as soon as that is known', async () => {
    const { of } = source(60_000);
    const { dispatch, control, events, readings, clock } = world({ baseline: of });
    events.held = [shed(0.5, 'now')];
    dispatch.pass();
    const limitsAfter = async (n: number) => {
      await clock.advance(minutes(n));
      for (const id of [1, 2]) readings.add(reading(clock.now(), 20_000, undefined, { resource: id }));
      dispatch.pass();
      return control.limits();
    };
    expect(control.limits()).toEqual([20_000, 20_000]);
    dispatch.lookUpBaselines(never);
    expect(await limitsAfter(14)).toEqual([20_000, 20_000]);
    expect(await limitsAfter(2)).toEqual([20_000, 20_000]);
    dispatch.lookUpBaselines(never);
    expect(await limitsAfter(1)).toEqual([30_000, 30_000]);
  });

  test('takes a vehicle by what it charged with before, as others on other days say nothing of it', async () => {
    const { asked, of } = source(3000);
    const charger = resource(1, { type: 'EV', subType: 'Charging Stations', pMax: watts(50_000) });
    const { dispatch, control, events, clock } = world({ baseline: of, resources: [charger] });
    events.held = [shed(0.5, 'now')];
    dispatch.pass();
    await clock.advance(minutes(16));
    dispatch.pass();
    dispatch.lookUpBaselines(never);
    expect(asked).toEqual([]);
    expect(control.limits()).toEqual([20_000]);
  });
});

describe('prices', () => {
  const priced = () => {
    const { event, ...held } = shed(0, 'now');
    const hour = (id: number, value: number) => ({
      id,
      start: instant(at('10:00') + hours(id)),
      duration: hours(1),
      payloads: [{ type: 'PRICE', values: [value] }],
    });
    return { ...held, event: { ...event, intervals: [hour(0, 3), hour(1, 1), hour(2, 3)] } };
  };
  const policy = { ...defaultPolicy, optimiser: { ...defaultOptimiser, horizon: hours(3) } };

  test('move nothing unless the optimiser is on', () => {
    const { dispatch, control, events } = world({ baseline: source(40_000).of });
    events.held = [priced()];
    dispatch.pass();
    expect(control.limits()).toEqual(['free', 'free']);
  });

  test('have buffers serve the dear hour and be refilled in the cheap one', async () => {
    const { dispatch, control, events, readings, clock } = world({ baseline: source(40_000).of, policy });
    events.held = [priced()];
    dispatch.pass();
    // 40 kW in the dear hour can be made up within 100 kW in the cheap one.
    expect(control.limits()).toEqual([0, 0]);
    expect(control.wanted.get(1)?.cause).toBeUndefined();
    dispatch.lookUpBaselines(never);
    for (let n = 1; n <= 60; n++) {
      await clock.advance(minutes(1));
      for (const id of [1, 2]) readings.add(reading(clock.now(), 0, undefined, { resource: id }));
      dispatch.pass();
    }
    // What was not drawn is made up on top of the load.
    for (const limit of control.limits()) expect(Math.abs(Number(limit) - 80_000)).toBeLessThan(2000);
  });

  test('go behind events, and are looked at once a minute while no event acts', async () => {
    const { dispatch, control, events, readings, clock } = world({ baseline: source(40_000).of, policy });
    events.held = [priced()];
    dispatch.pass();
    for (const id of [1, 2]) control.problems.set(id, 'CONTROLLER_SILENT');
    await clock.advance(seconds(59));
    control.wanted.clear();
    dispatch.pass();
    expect(control.wanted.size).toBe(0);
    await clock.advance(seconds(1));
    dispatch.pass();
    expect(control.wanted.size).toBe(2);
    control.problems.clear();
    for (const id of [1, 2]) readings.add(reading(clock.now(), 40_000, undefined, { resource: id }));
    events.held = [priced(), { ...shed(0.5, 'now'), seenAt: clock.now(), event: { ...shed(0.5, 'now').event, id: 'e2' } }];
    dispatch.pass();
    expect(control.limits()).toEqual([20_000, 20_000]);
    expect(control.wanted.get(1)?.cause).toBe('e2');
  });

  test('show in what is planned for a time to come', () => {
    const { dispatch, events } = world({ baseline: source(40_000).of, policy });
    events.held = [priced()];
    dispatch.pass();
    const { resources } = dispatch.allocationAt(minute(90)).allocation;
    expect(resources.get(1)?.setpoint).toEqual({ kind: 'limit', limit: 80_000 });
  });
});
