import { describe, expect, it } from '@jest/globals';
import { hours, instant, kilowattHours, kilowatts, minutes, type Watts, wattHours, watts } from '@venfleet/core';
import fc from 'fast-check';
import { EnergyBooks } from '../../src/planning/energy-books.js';
import type { HeldEvent, PlannedResource, ResourceState } from '../../src/planning/model.js';
import { defaultOptimiser, type OptimiserPolicy } from '../../src/planning/policy.js';
import { planShifts, type ResourceShift, type ShiftPlan } from '../../src/planning/shift.js';
import { Shifting } from '../../src/planning/shifting.js';
import { allocated, at, charger, drawing, held, limitsKw, planOf, simply, site, text } from './support.js';

const priced = (prices: readonly number[], type = 'PRICE', more: object = {}): HeldEvent =>
  held({
    id: type,
    intervalPeriod: { start: text('00:00'), duration: 'PT1H' },
    intervals: prices.map((price, id) => ({ id, payloads: [{ type, values: [price] }] })),
    ...more,
  });

interface Scene {
  readonly resources?: readonly PlannedResource[];
  readonly states?: Readonly<Record<number, ResourceState>>;
  readonly optimiser?: OptimiserPolicy | undefined;
  readonly load?: (resource: number, hour: number) => Watts | undefined;
  readonly owedKwh?: number;
}
const one = [site(1)];

function shifted(events: readonly HeldEvent[], scene: Scene = {}): ShiftPlan {
  const { resources = one, states = { 1: drawing(60) }, load = () => kilowatts(60), owedKwh = 0 } = scene;
  const optimiser = 'optimiser' in scene ? scene.optimiser : defaultOptimiser;
  return planShifts({
    plan: planOf(events, resources, { ...(optimiser && { optimiser }) }),
    at: at('00:00'),
    states: new Map(Object.entries(states).map(([id, state]) => [Number(id), state])),
    forecast: { loadBetween: (resource, from) => load(resource, (from - at('00:00')) / hours(1)) },
    owed: () => kilowattHours(owedKwh),
  });
}
const powersKw = (plan: ShiftPlan, id = 1) => plan.resources.get(id)?.slots.map(({ power }) => power / 1000);
const limitsKwOf = (plan: ShiftPlan, id = 1) =>
  plan.resources.get(id)?.slots.map(({ limit }) => (limit === undefined ? undefined : limit / 1000));

describe('the optimiser', () => {
  it('does nothing while it is off, and nothing where no price is known or all are alike', () => {
    expect(shifted([priced([1, 2])], { optimiser: undefined }).resources.size).toBe(0);
    expect(shifted([]).resources.size).toBe(0);
    expect(shifted([priced([2, 2, 2])]).resources.size).toBe(0);
  });

  it('serves the dear hour from the buffer and makes it up in the cheap one, never above P_max', () => {
    const plan = shifted([priced([4.9, 5, 1, 4.9])]);
    // Of 60 kW only 40 can be made up below 100 kW.
    expect(powersKw(plan)).toEqual([60, 20, 100, 60]);
    expect(limitsKwOf(plan)).toEqual([60, 20, undefined, 60]);
  });

  it('never refills before it has given, nor gives more than the buffer holds', () => {
    expect(shifted([priced([1, 5])]).resources.size).toBe(0);
    const small = [site(1, { eMax: kilowattHours(15) })];
    expect(powersKw(shifted([priced([5, 1])], { resources: small }))).toEqual([45, 75]);
  });

  it('leaves a saving that is not worth it', () => {
    expect(shifted([priced([1.05, 1])]).resources.size).toBe(0);
    expect(shifted([priced([1.05, 1])], { optimiser: { ...defaultOptimiser, leastGain: 0.01 } }).resources.size).toBe(1);
  });

  it('first makes up for what is missing, where that is cheapest', () => {
    expect(powersKw(shifted([priced([3, 2, 3])], { owedKwh: 30, resources: [site(1, { eMax: kilowattHours(30) })] }))).toEqual([
      60, 90, 60,
    ]);
  });

  it('goes by carbon where that is configured', () => {
    const ghg = shifted([priced([9, 1]), priced([100, 300], 'GHG')], {
      optimiser: { ...defaultOptimiser, by: 'ghg' },
      owedKwh: 400,
    });
    expect(powersKw(ghg)).toEqual([100, 100]);
    expect(
      powersKw(shifted([priced([9, 1]), priced([300, 100], 'GHG')], { optimiser: { ...defaultOptimiser, by: 'ghg' } })),
    ).toEqual([20, 100]);
  });

  it('takes prices that change every few minutes together', () => {
    const minutely = held({
      intervalPeriod: { start: text('00:00'), duration: 'PT5M' },
      intervals: [6, 4, 5, 1, 2, 0].map((price, id) => ({ id, payloads: [{ type: 'PRICE', values: [price] }] })),
    });
    const slots = shifted([minutely]).resources.get(1)?.slots ?? [];
    expect(slots.map(({ price, length }) => [price, length])).toEqual([
      [5, 0.25],
      [1, 0.25],
    ]);
  });

  it('looks ahead only so far where prices change every millisecond', () => {
    const values = [1, 5];
    const event = held({
      intervalPeriod: { start: text('00:00'), duration: 'PT0.002S' },
      intervals: [{ id: 0, payloads: [{ type: 'PRICE', values }] }],
      duration: 'P9999Y',
    });
    expect(shifted([event]).resources.size).toBe(0);
  });

  it('leaves those alone that do not answer, override, or of whose load nothing is known', () => {
    const prices = [priced([5, 1])];
    expect(shifted(prices, { states: { 1: drawing(60, { reachable: false }) } }).resources.size).toBe(0);
    expect(shifted(prices, { states: { 1: drawing(60, { overriding: true }) } }).resources.size).toBe(0);
    expect(shifted(prices, { states: { 1: { reachable: true } }, load: () => undefined }).resources.size).toBe(0);
  });
});

describe('charging at a price', () => {
  const resources = [charger(1)];
  const vehicle = (energyKwh: number, departure: string) =>
    drawing(11, { vehicle: { connected: true, energyWanted: kilowattHours(energyKwh), departure: at(departure) } });
  const prices = [priced([5, 3, 1, 4])];

  it('takes the least all the time and the rest in the cheapest hours before departure', () => {
    const plan = shifted(prices, { resources, states: { 1: vehicle(40, '04:00') } });
    expect(powersKw(plan)).toEqual([4.14, 9.72, 22, 4.14]);
  });

  it('pauses where that is allowed', () => {
    const policy = { charging: { least: kilowatts(4.14), pause: 'always' as const }, optimiser: defaultOptimiser };
    const plan = planShifts({
      plan: planOf(prices, resources, policy),
      at: at('00:00'),
      states: new Map([[1, vehicle(30, '03:00')]]),
      forecast: { loadBetween: () => undefined },
    });
    expect(powersKw(plan)).toEqual([0, 8, 22]);
    expect(limitsKwOf(plan)).toEqual([0, 8, undefined]);
  });

  it('moves nothing where there is no time to, or nothing is known of the vehicle', () => {
    expect(shifted(prices, { resources, states: { 1: vehicle(80, '03:00') } }).resources.size).toBe(0);
    expect(shifted(prices, { resources, states: { 1: drawing(11) } }).resources.size).toBe(0);
  });
});

describe('beside events', () => {
  const at2 = (events: readonly HeldEvent[]) => {
    const plan = planOf(events, one, { optimiser: defaultOptimiser });
    const shifts = shifted(events).at(at('01:30'));
    return limitsKw(allocated(plan, at('01:30'), { 1: drawing(60) }, { shifts }), one);
  };
  const prices = priced([4.9, 5, 1, 4.9]);
  const during = { intervalPeriod: { start: text('01:00'), duration: 'PT1H' } };

  it('the tighter of a shift and an event holds', () => {
    expect(at2([prices])).toEqual([20]);
    expect(at2([prices, simply('IMPORT_CAPACITY_LIMIT', 10, during)])).toEqual([10]);
    expect(at2([prices, simply('SIMPLE', 1, during)])).toEqual([20]);
  });

  it('an event that wants consumption goes before the wish to move it', () => {
    expect(at2([prices, simply('DISPATCH_SETPOINT', 50, during)])).toEqual([50]);
  });
});

/** What a shift comes to: Wh drawn less and more than without it, and what that saves. */
function balanceOf({ slots, loads }: ResourceShift): { readonly moved: number; readonly madeUp: number; readonly saved: number } {
  let [moved, madeUp, saved] = [0, 0, 0];
  for (const [i, { power, length, price }] of slots.entries()) {
    const less = ((loads[i] as number) - power) * length;
    moved += Math.max(0, less);
    madeUp += Math.max(0, -less);
    saved += (less / 1000) * price;
  }
  return { moved, madeUp, saved };
}

describe('any prices', () => {
  const scene = fc.record({
    prices: fc.array(fc.integer({ min: -50, max: 500 }), { minLength: 2, maxLength: 24 }),
    loads: fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 24, maxLength: 24 }),
    pMin: fc.integer({ min: 0, max: 30 }),
    buffer: fc.integer({ min: 0, max: 200 }),
    eMax: fc.integer({ min: 0, max: 200 }),
  });
  const bufferCourse = ({ slots, loads }: ResourceShift, start: number) => {
    let level = start;
    return slots.map(({ power, length }, i) => {
      level += (power - (loads[i] as number)) * length;
      return level;
    });
  };

  it('keep powers and buffers within their bounds, balance the books, and never cost more', () => {
    fc.assert(
      fc.property(scene, ({ prices, loads, pMin, buffer, eMax }) => {
        const resources = [site(1, { pMin: kilowatts(pMin), eMax: kilowattHours(eMax) })];
        const level = Math.min(buffer, eMax) * 1000;
        const plan = shifted([priced(prices)], {
          resources,
          states: { 1: drawing(60, { buffer: wattHours(level) }) },
          load: (_, hour) => kilowatts(loads[Math.floor(hour)] ?? 0),
        });
        const shift = plan.resources.get(1);
        if (shift === undefined) return;
        for (const [i, { power, limit }] of shift.slots.entries()) {
          expect(power).toBeGreaterThanOrEqual(Math.min(1000 * pMin, shift.loads[i] as number) - 1e-6);
          expect(power).toBeLessThanOrEqual(100_000 + 1e-6);
          if (limit !== undefined) expect(limit).toBeCloseTo(power, 6);
        }
        const course = bufferCourse(shift, level);
        for (const each of course) {
          expect(each).toBeGreaterThanOrEqual(-1e-6);
          expect(each).toBeLessThanOrEqual(1000 * eMax + 1e-6);
        }
        // What it gave is made up: at the end there is no less in it than at first.
        expect(course.at(-1)).toBeGreaterThanOrEqual(level - 1e-6);
        const { moved, madeUp, saved } = balanceOf(shift);
        expect(madeUp - moved).toBeCloseTo((course.at(-1) as number) - level, 3);
        if (level === 1000 * eMax) expect(saved).toBeGreaterThanOrEqual(-1e-6);
      }),
    );
  });

  it('give a vehicle what it wants before it leaves, for no more than at once', () => {
    const charging = fc.record({
      prices: fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 2, maxLength: 24 }),
      wantedKwh: fc.integer({ min: 1, max: 100 }),
      leaves: fc.integer({ min: 1, max: 24 * 60 }),
    });
    fc.assert(
      fc.property(charging, ({ prices, wantedKwh, leaves }) => {
        const departure = instant(at('00:00') + leaves * 60_000);
        const vehicle = { connected: true, energyWanted: kilowattHours(wantedKwh), departure };
        const plan = shifted([priced(prices)], { resources: [charger(1)], states: { 1: drawing(11, { vehicle }) } });
        const shift = plan.resources.get(1);
        if (shift === undefined) return;
        const energy = shift.slots.reduce((sum, { power, length }) => sum + power * length, 0);
        expect(energy).toBeCloseTo(1000 * wantedKwh, 3);
        for (const { power, until } of shift.slots) {
          expect(power).toBeLessThanOrEqual(22_000);
          expect(until).toBeLessThanOrEqual(departure);
        }
      }),
    );
  });
});

describe('the books of energy', () => {
  it('hold what was denied until it is made up, within the buffer', () => {
    const books = new EnergyBooks([{ id: 1, eMin: wattHours(0), eMax: kilowattHours(50) }]);
    const enter = (loadKw: number, drawnKw: number) =>
      books.enter({ resource: 1, from: at('10:00'), to: at('11:00'), load: kilowatts(loadKw), drawn: kilowatts(drawnKw) });
    expect(books.owed(1)).toBe(0);
    enter(60, 40);
    expect(books.owed(1)).toBe(20_000);
    enter(60, 75);
    expect(books.owed(1)).toBe(5000);
    enter(60, 100);
    expect(books.owed(1)).toBe(0);
    enter(100, 0);
    expect(books.owed(1)).toBe(50_000);
    expect(books.owed(2)).toBe(0);
  });
});

describe('a day of shifting', () => {
  it('gives in dear hours, makes up in cheap ones and balances its books, minute by minute', () => {
    const prices = [...Array.from({ length: 12 }, () => 1), 5, 5, 1, 1, 1, ...Array.from({ length: 7 }, () => 3)];
    const resources = [site(1, { eMax: kilowattHours(50) })];
    const plan = planOf([priced(prices)], resources, { optimiser: defaultOptimiser });
    const load = kilowatts(40);
    const shifting = new Shifting(resources, { loadBetween: () => load });
    // As a site does: what it is denied comes out of its buffer, and it refills that as soon as it may.
    const site1 = { buffer: 50_000, power: load as number };
    const drawnKwh: number[] = [];
    for (let minute = 0; minute < 24 * 60; minute++) {
      const now = instant(at('00:00') + minutes(minute));
      const states = new Map([[1, { power: watts(site1.power), reachable: true }]]);
      const limit = shifting.limits(plan, now, states).get(1) ?? resources[0]?.pMax ?? 0;
      const wanted = load + Math.min(25_000, (50_000 - site1.buffer) * 60);
      site1.power = Math.min(limit, wanted);
      site1.buffer += (site1.power - load) / 60;
      expect(site1.buffer).toBeGreaterThanOrEqual(-1e-6);
      const hour = Math.floor(minute / 60);
      drawnKwh[hour] = (drawnKwh[hour] ?? 0) + site1.power / 60_000;
    }
    const cost = drawnKwh.reduce((sum, energy, hour) => sum + energy * (prices[hour] as number), 0);
    const usual = prices.reduce((sum, price) => sum + 40 * price, 0);
    expect(drawnKwh.reduce((sum, energy) => sum + energy)).toBeCloseTo(24 * 40, 0);
    expect(usual - cost).toBeGreaterThan(0.95 * 50 * 4);
  });

  it('is planned anew with the plan and each quarter of an hour, not in between', () => {
    let asked = 0;
    const plan = () => planOf([priced([5, 1])], one, { optimiser: defaultOptimiser });
    const [first, second] = [plan(), plan()];
    const shifting = new Shifting(one, {
      loadBetween: (_, from, to) => {
        if (to - from >= hours(1)) asked++;
        return kilowatts(60);
      },
    });
    const look = (which: typeof first, minute: number) => {
      const before = asked;
      shifting.limits(which, instant(at('00:00') + minutes(minute)), new Map([[1, drawing(60)]]));
      return asked > before;
    };
    expect([look(first, 0), look(first, 1), look(first, 14), look(second, 14), look(second, 20), look(second, 29)]).toEqual([
      true,
      false,
      false,
      true,
      false,
      true,
    ]);
    expect(shifting.limits(planOf([priced([5, 1])], one), at('00:10'), new Map()).size).toBe(0);
  });
});
