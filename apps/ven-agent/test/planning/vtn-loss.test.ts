import { describe, expect, it } from '@jest/globals';
import type { Instant } from '@venfleet/core';
import { explain } from '../../src/planning/explain.js';
import { type Plan, planVen } from '../../src/planning/plan.js';
import { defaultPolicy, type PlanningPolicy } from '../../src/planning/policy.js';
import { allocated, at, drawing, held, limitsKw, simply, site, text, VEN } from './support.js';

const resources = [site(1)];
const from = (start: string, duration: string, id: string) => ({ id, intervalPeriod: { start: text(start), duration } });
const limit = simply('IMPORT_CAPACITY_LIMIT', 20, from('10:00', 'PT1H', 'limit'));
const subscription = (duration: string) => simply('IMPORT_CAPACITY_SUBSCRIPTION', 50, from('06:00', duration, 'subscription'));
const reservation = simply('IMPORT_CAPACITY_RESERVATION', 15, from('10:00', 'PT3H', 'reservation'));

const planned = (
  events: Parameters<typeof planVen>[0]['events'],
  vtnLostSince?: Instant,
  vtnLoss: PlanningPolicy['vtnLoss'] = 'subscription',
) => planVen({ ven: VEN, resources, events, policy: { ...defaultPolicy, vtnLoss }, vtnLostSince });
const limitAt = (plan: Plan, time: string) => limitsKw(allocated(plan, at(time), { 1: drawing(80) }), resources)[0];

describe('capacity', () => {
  it('a limit goes before the subscription, even where that is tighter or looser', () => {
    const plan = planned([limit, subscription('P1D')]);
    expect([limitAt(plan, '09:00'), limitAt(plan, '10:30'), limitAt(plan, '11:00')]).toEqual([50, 20, 50]);
    const wide = simply('IMPORT_CAPACITY_LIMIT', 70, from('10:00', 'PT1H', 'limit'));
    expect(limitAt(planned([wide, subscription('P1D')]), '10:30')).toBe(70);
  });

  it('a reservation is added to the subscription, and is nothing without one', () => {
    const plan = planned([subscription('P1D'), reservation]);
    expect([limitAt(plan, '09:00'), limitAt(plan, '11:00'), limitAt(plan, '13:00')]).toEqual([50, 65, 50]);
    expect(limitAt(planned([reservation]), '11:00')).toBeUndefined();
  });
});

describe('77: while the VTN is lost', () => {
  it('what is held goes on as planned', () => {
    const plan = planned([limit, subscription('P1D')], at('09:50'));
    expect([limitAt(plan, '10:30'), limitAt(plan, '11:30')]).toEqual([20, 50]);
  });

  it('a subscription that runs out holds on, until the VTN can be asked again', () => {
    const events = [limit, subscription('PT5H')];
    expect(limitAt(planned(events), '11:30')).toBeUndefined();
    expect(limitAt(planned(events, at('10:30')), '11:30')).toBe(50);
    expect(limitAt(planned(events, at('10:30')), '23:00')).toBe(50);
  });

  it('one that had run out before does not come back', () => {
    expect(limitAt(planned([subscription('PT2H')], at('09:00')), '11:30')).toBeUndefined();
  });

  it('nothing holds on where nothing is configured to', () => {
    expect(limitAt(planned([limit, subscription('PT5H')], at('10:30'), 'nothing'), '11:30')).toBeUndefined();
  });

  it('of several that ran out the latest holds on', () => {
    const changing = held({
      intervalPeriod: { start: text('06:00'), duration: 'PT1H' },
      intervals: [50, 40, 30].map((value, id) => ({ id, payloads: [{ type: 'IMPORT_CAPACITY_SUBSCRIPTION', values: [value] }] })),
    });
    expect(limitAt(planned([changing], at('06:30')), '11:30')).toBe(30);
  });

  it('an explanation says so', () => {
    const plan = planned([subscription('PT5H')], at('10:30'));
    const allocation = allocated(plan, at('11:30'), { 1: drawing(80) });
    expect(explain(plan, allocation, site(1)).events[0]?.note).toBe('ran out, and holds on while the VTN is lost');
  });

  it('the plan changes exactly when the subscription would have ended', () => {
    const plan = planned([subscription('PT5H')], at('10:30'));
    expect(plan.nextChange(at('10:45'))).toBe(at('11:00'));
    expect(plan.at(at('10:45')).claims[0]?.extended).toBeUndefined();
    expect(plan.at(at('11:00')).claims[0]?.extended).toBe(true);
  });
});
