import { describe, expect, it } from '@jest/globals';
import { hours, instant, kilowatts, minutes, type Watts } from '@venfleet/core';
import { allocate } from '../../src/planning/allocate.js';
import type { HeldEvent, ResourceState } from '../../src/planning/model.js';
import { ReferenceLoads } from '../../src/planning/references.js';
import { allocated, at, charger, drawing, given, limits, limitsKw, planOf, simply, site, text, two, usual } from './support.js';

const free = undefined;

describe('what each resource owes by itself', () => {
  const rules = (of: 'baseline' | 'flexibility') => ({ levels: { default: { of, shares: [0.1, 0.3, 1] as const } } });

  it('SIMPLE: each level is a part of the load, or of the flexibility, by sub-type', () => {
    const resources = [site(1, { pMin: kilowatts(20) })];
    const states = { 1: drawing(60) };
    const at2 = (of: 'baseline' | 'flexibility') => limits([simply('SIMPLE', 2)], { resources, states, policy: rules(of) });
    expect(at2('baseline')).toEqual([42]);
    expect(at2('flexibility')).toEqual([48]);
    const schools = { levels: { ...rules('baseline').levels, Schools: { of: 'baseline', shares: [0.5, 0.5, 0.5] } as const } };
    const both = [site(1, { subType: 'Schools' }), site(2)];
    expect(limits([simply('SIMPLE', 1)], { resources: both, policy: schools })).toEqual([30, 36]);
  });

  it('SIMPLE: 0 is normal, 3 never goes below the least', () => {
    expect(limits([simply('SIMPLE', 0)])).toEqual([free, free]);
    const resources = [site(1, { pMin: kilowatts(20) })];
    expect(limits([simply('SIMPLE', 3)], { resources, policy: rules('baseline') })).toEqual([20]);
  });

  it('CONTROL_LEVEL_OFFSET: ten steps from the load to the least, and none to more', () => {
    const resources = [site(1, { pMin: kilowatts(20) })];
    const by = (value: number) => limits([simply('CONTROL_LEVEL_OFFSET', value)], { resources });
    expect([by(0), by(5), by(10), by(-5)]).toEqual([[free], [40], [20], [free]]);
  });

  it('ALERT_BLACK_START: the least, and vehicles pause', () => {
    const resources = [site(1, { pMin: kilowatts(20) }), charger(2)];
    const states = { 1: drawing(60), 2: drawing(11) };
    expect(limits([simply('ALERT_BLACK_START', 'x')], { resources, states })).toEqual([20, 0]);
  });

  it('ALERT_FLEX_ALERT and ALERT_GRID_EMERGENCY: the levels that they are configured to', () => {
    const policy = rules('baseline');
    expect(limits([simply('ALERT_FLEX_ALERT', 'hot')], { policy })).toEqual([54, 36]);
    expect(limits([simply('ALERT_GRID_EMERGENCY', 'x')], { policy })).toEqual([0, 0]);
    expect(limits([simply('ALERT_GRID_EMERGENCY', 'x')], { policy: { ...policy, gridEmergencyLevel: 2 } })).toEqual([42, 28]);
    expect(limits([simply('ALERT_FLEX_ALERT', 'hot')], { policy: { ...policy, flexAlertLevel: 0 } })).toEqual([free, free]);
  });

  it('other alerts, prices and pass-through commands change nothing', () => {
    for (const type of ['ALERT_FIRE', 'ALERT_OTHER', 'PRICE', 'GHG', 'CTA2045_REBOOT', 'OLS', 'EXPORT_CAPACITY_LIMIT']) {
      expect(limits([simply(type, 1)])).toEqual([free, free]);
    }
  });

  it('CHARGE_STATE_SETPOINT: charging stops at the state, and goes on below it', () => {
    const resources = [charger(1), charger(2), site(3)];
    const vehicle = (stateOfCharge: number) => drawing(11, { vehicle: { connected: true, stateOfCharge } });
    const states = { 1: vehicle(0.7), 2: vehicle(0.9), 3: drawing(50) };
    expect(limits([simply('CHARGE_STATE_SETPOINT', 80)], { resources, states })).toEqual([free, 0, free]);
    const kwh = { payloadDescriptors: [{ payloadType: 'CHARGE_STATE_SETPOINT', units: 'KWH' }] };
    // 120 of 200 kWh are 60 % of each battery.
    expect(limits([simply('CHARGE_STATE_SETPOINT', 120, kwh)], { resources, states })).toEqual([0, 0, free]);
    expect(limits([simply('CHARGE_STATE_SETPOINT', 80)], { resources, states: { 1: drawing(11) } })).toEqual([free, free, free]);
  });
});

describe('what a VEN owes as a whole', () => {
  it('75: DISPATCH_SETPOINT is what all consume together, divided by flexibility', () => {
    expect(limits([simply('DISPATCH_SETPOINT', 50)])).toEqual([30, 20]);
    const resources = [site(1, { pMin: kilowatts(40) }), site(2)];
    expect(limits([simply('DISPATCH_SETPOINT', 70)], { resources })).toEqual([50, 20]);
  });

  it('75: a setpoint above the load lets all go', () => {
    expect(limits([simply('DISPATCH_SETPOINT', 150)])).toEqual([free, free]);
  });

  it('75: DISPATCH_SETPOINT_RELATIVE below 0 is so much less than when it began', () => {
    expect(limits([simply('DISPATCH_SETPOINT_RELATIVE', -20)])).toEqual([48, 32]);
  });

  it('75: it stays relative to the beginning while the load falls', () => {
    const references = new ReferenceLoads({
      powerAt: (id, when) => (when === at('10:00') ? kilowatts(id === 1 ? 60 : 40) : undefined),
    });
    const states = {
      1: drawing(48, { limit: kilowatts(48), baseline: undefined }),
      2: drawing(32, { limit: kilowatts(32), baseline: undefined }),
    };
    expect(limits([simply('DISPATCH_SETPOINT_RELATIVE', -20)], { states, more: { references } })).toEqual([48, 32]);
  });

  it('75: in a row of events it stays relative to the load before the first', () => {
    const row = ['10:00', '10:15', '10:30'].map((start) =>
      simply('DISPATCH_SETPOINT_RELATIVE', -20, { id: start, intervalPeriod: { start: text(start), duration: 'PT15M' } }),
    );
    const plan = planOf(row, two);
    const history = new Map([
      [at('10:00'), 1],
      [at('10:15'), 0.8],
      [at('10:30'), 0.8],
    ]);
    const references = new ReferenceLoads({
      powerAt: (id, when) => kilowatts((id === 1 ? 60 : 40) * (history.get(when) ?? 0)),
    });
    const held = {
      1: drawing(48, { limit: kilowatts(48), baseline: undefined }),
      2: drawing(32, { limit: kilowatts(32), baseline: undefined }),
    };
    expect(limitsKw(allocated(plan, at('10:35'), held, { references }), two)).toEqual([48, 32]);
  });

  it('75: joined late and without a baseline, it is relative to what was drawn then, and stays so', () => {
    const plan = planOf([simply('DISPATCH_SETPOINT_RELATIVE', -20)], two);
    const references = new ReferenceLoads({ powerAt: () => undefined });
    const run = (states: Record<number, ResourceState>, time: string) =>
      limitsKw(allocated(plan, at(time), states, { references }), two);
    const bare = (power: number, limit?: number): ResourceState => ({
      power: kilowatts(power),
      reachable: true,
      ...(limit !== undefined && { limit: kilowatts(limit) }),
    });
    expect(run({ 1: bare(60), 2: bare(40) }, '10:30')).toEqual([48, 32]);
    expect(run({ 1: bare(48, 48), 2: bare(32, 32) }, '10:31')).toEqual([48, 32]);
  });

  it('CONTROL_LEVEL_OFFSET_PERCENT is a part of the load, in either sign and as 0…1 or 0…100', () => {
    expect(limits([simply('CONTROL_LEVEL_OFFSET_PERCENT', 0.3)])).toEqual([42, 28]);
    expect(limits([simply('CONTROL_LEVEL_OFFSET_PERCENT', 30)])).toEqual([42, 28]);
    expect(limits([simply('CONTROL_LEVEL_OFFSET_PERCENT', -0.3)])).toEqual([free, free]);
    const policy = { offsetPercent: 'positive-is-more' } as const;
    expect(limits([simply('CONTROL_LEVEL_OFFSET_PERCENT', -0.3)], { policy })).toEqual([42, 28]);
  });

  it('CONTROL_SETPOINT is what is configured', () => {
    const setpoint = [simply('CONTROL_SETPOINT', 50)];
    expect(limits(setpoint)).toEqual([free, free]);
    expect(limits(setpoint, { policy: { controlSetpoint: 'absolute' } })).toEqual([30, 20]);
    expect(limits([simply('CONTROL_SETPOINT', -20)], { policy: { controlSetpoint: 'relative' } })).toEqual([48, 32]);
  });

  it('75: a capacity limit holds for the sum of what is allowed, and never asks for more', () => {
    expect(limits([simply('IMPORT_CAPACITY_LIMIT', 50)])).toEqual([30, 20]);
    expect(limits([simply('IMPORT_CAPACITY_LIMIT', 150)])).toEqual([80, 70]);
    expect(limits([simply('IMPORT_CAPACITY_LIMIT', 200)])).toEqual([free, free]);
  });

  it('a cap that is configured to be kept only when it is near lets all go below 90 % of it', () => {
    const near = (kw: number) => limits([simply('IMPORT_CAPACITY_LIMIT', kw)], { policy: { caps: 'near' } });
    expect(near(150)).toEqual([free, free]);
    expect(near(110)).toEqual([64, 46]);
    expect(near(50)).toEqual([30, 20]);
  });

  it('75: of a cap and a setpoint the tighter holds', () => {
    const [cap, setpoint] = [simply('IMPORT_CAPACITY_LIMIT', 50, { id: 'cap' }), (kw: number) => simply('DISPATCH_SETPOINT', kw)];
    expect(limits([cap, setpoint(80)])).toEqual([30, 20]);
    expect(limits([cap, setpoint(20)])).toEqual([12, 8]);
  });

  it('units of the descriptor are heeded', () => {
    const units = (unit: string) => ({ payloadDescriptors: [{ payloadType: 'DISPATCH_SETPOINT', units: unit }] });
    expect(limits([simply('DISPATCH_SETPOINT', 50_000, units('W'))])).toEqual([30, 20]);
    expect(limits([simply('DISPATCH_SETPOINT', 0.05, units('MW'))])).toEqual([30, 20]);
    expect(limits([simply('DISPATCH_SETPOINT', 25, units('PERCENT'))])).toEqual([30, 20]);
  });

  it('a narrower event is met first, and counts in the wider one', () => {
    const narrow = simply('DISPATCH_SETPOINT', 10, {
      id: 'n',
      priority: 1,
      targets: [{ type: 'RESOURCE_NAME', values: ['r1'] }],
    });
    expect(limits([narrow, simply('DISPATCH_SETPOINT', 40)])).toEqual([10, 30]);
    const cap = simply('IMPORT_CAPACITY_LIMIT', 40, { id: 'cap' });
    expect(
      limits([simply('DISPATCH_SETPOINT', 10, { id: 'n', targets: [{ type: 'RESOURCE_NAME', values: ['r1'] }] }), cap]),
    ).toEqual([10, 30]);
  });

  it('before and after an event all are free', () => {
    expect(limits([simply('DISPATCH_SETPOINT', 50)], { when: '09:59' })).toEqual([free, free]);
    expect(limits([simply('DISPATCH_SETPOINT', 50)], { when: '11:00' })).toEqual([free, free]);
  });
});

describe('who takes part', () => {
  const three = [site(1), site(2), site(3)];
  const states = { 1: drawing(60), 2: drawing(40), 3: drawing(20) };
  const setpoint = [simply('DISPATCH_SETPOINT', 60)];
  const without3 = (more: Partial<ResourceState>, resources = three) =>
    limits(setpoint, { resources, states: { ...states, 3: drawing(20, more) } });

  it('all that can be held: each gives the same part of its flexibility', () => {
    expect(limits(setpoint, { resources: three, states })).toEqual([30, 20, 10]);
  });

  it('what cannot be controlled counts, and the others make up for it', () => {
    const resources = [site(1), site(2), site(3, { controllable: false })];
    expect(limits(setpoint, { resources, states })).toEqual([24, 16, free]);
  });

  it('so does one that does not answer or overrides: it is told what it would have been', () => {
    expect(without3({ reachable: false })).toEqual([24, 16, 8]);
    expect(without3({ overriding: true })).toEqual([24, 16, 8]);
  });

  it('so does one that was opted out, which is free', () => {
    const optOuts = [{ resource: 'r3', reason: 'baking', at: at('09:00') }];
    expect(limits([simply('DISPATCH_SETPOINT', 60, {}, { optOuts })], { resources: three, states })).toEqual([24, 16, free]);
  });

  it('one that draws less by itself leaves more to the others', () => {
    expect(limits(setpoint, { resources: three, states: { ...states, 3: drawing(4, { baseline: kilowatts(20) }) } })).toEqual([
      33.6, 22.4, 11.2,
    ]);
  });

  it('one of whose load nothing is known is left alone by a setpoint', () => {
    expect(limits(setpoint, { resources: three, states: { ...states, 3: { reachable: true } } })).toEqual([36, 24, free]);
  });

  it('for a cap one of which nothing is known counts with its rating', () => {
    const resources = [site(1), site(2, { controllable: false })];
    expect(
      limits([simply('IMPORT_CAPACITY_LIMIT', 150)], { resources, states: { 1: drawing(60), 2: { reachable: false } } }),
    ).toEqual([50, free]);
  });

  it('what could not be found is told', () => {
    const resources = [site(1, { pMin: kilowatts(50) }), site(2, { controllable: false })];
    const { divisions } = given([simply('DISPATCH_SETPOINT', 60)], { resources });
    expect(divisions[0]).toMatchObject({ total: 60_000, others: 40_000, room: 20_000, allowed: 50_000, level: 1, short: 30_000 });
  });
});

describe('references', () => {
  it('are forgotten when their event is over', () => {
    const asked: number[] = [];
    const references = new ReferenceLoads({
      powerAt: (id, when): Watts => {
        asked.push(when);
        return kilowatts(10 * id);
      },
    });
    const plan = planOf([simply('SIMPLE', 1)], two);
    const pass = (when: number) => allocate({ plan, at: instant(when), states: new Map(), references });
    pass(at('10:10'));
    pass(at('10:20'));
    expect(asked).toEqual([at('10:00'), at('10:00')]);
    pass(at('11:00') + minutes(1));
    pass(at('10:30'));
    expect(asked).toHaveLength(4);
  });
});

describe('an event that takes the place of another', () => {
  it('is relative to the load before that one, as long as its limits hold', () => {
    const references = new ReferenceLoads({ powerAt: () => undefined });
    const later = (start: string) => ({ id: start, intervalPeriod: { start: text(start), duration: 'PT1H' } });
    const run = (event: HeldEvent, time: string, state: ResourceState) =>
      limitsKw(allocated(planOf([event], [site(1)]), at(time), { 1: state }, { references }), [site(1)]);
    const bare = (power: number, limit?: number): ResourceState => ({
      power: kilowatts(power),
      reachable: true,
      limit: limit === undefined ? undefined : kilowatts(limit),
    });
    expect(run(simply('CONTROL_LEVEL_OFFSET_PERCENT', 0.5, later('10:00')), '10:01', bare(60))).toEqual([30]);
    // The first is deleted, and the next is seen while its limit is still in force.
    expect(run(simply('CONTROL_LEVEL_OFFSET_PERCENT', 0.2, later('10:10')), '10:10', bare(30, 30))).toEqual([48]);
    // One that is free draws what it draws.
    expect(run(simply('CONTROL_LEVEL_OFFSET_PERCENT', 0.2, later('10:20')), '10:20', bare(40))).toEqual([32]);
  });
});

describe('long events', () => {
  it('hold what they ask for to the end, however late it is', () => {
    const day = { intervalPeriod: { start: text('00:00'), duration: 'PT24H' } };
    const plan = planOf([simply('DISPATCH_SETPOINT', 50, day)], two);
    for (const hour of [0, 7, 23]) {
      expect(limitsKw(allocated(plan, instant(at('00:30') + hours(hour)), usual), two)).toEqual([30, 20]);
    }
  });
});
