import { describe, expect, it } from '@jest/globals';
import { allocated, at, charger, drawing, limitsKw, planOf, simply, site } from './support.js';

const two = [site(1), site(2)];
const states = { 1: drawing(60), 2: drawing(40) };
const limitsAt = (events: Parameters<typeof planOf>[0], when = '10:30') =>
  limitsKw(allocated(planOf(events, two), at(when), states), two);

describe('what a VEN owes as a whole', () => {
  it('DISPATCH_SETPOINT is what all consume together, divided by flexibility', () => {
    expect(limitsAt([simply('DISPATCH_SETPOINT', 50)])).toEqual([30, 20]);
  });
  it('DISPATCH_SETPOINT_RELATIVE below 0 is so much less', () => {
    expect(limitsAt([simply('DISPATCH_SETPOINT_RELATIVE', -20)])).toEqual([48, 32]);
  });
  it('CONTROL_LEVEL_OFFSET_PERCENT is a part of the load', () => {
    expect(limitsAt([simply('CONTROL_LEVEL_OFFSET_PERCENT', 0.3)])).toEqual([42, 28]);
    expect(limitsAt([simply('CONTROL_LEVEL_OFFSET_PERCENT', 30)])).toEqual([42, 28]);
  });
  it('a limit of capacity holds for the sum of what is allowed', () => {
    expect(limitsAt([simply('IMPORT_CAPACITY_LIMIT', 150)])).toEqual([80, 70]);
    expect(limitsAt([simply('IMPORT_CAPACITY_LIMIT', 250)])).toEqual([undefined, undefined]);
  });
  it('before and after an event all are free', () => {
    expect(limitsAt([simply('DISPATCH_SETPOINT', 50)], '09:59')).toEqual([undefined, undefined]);
    expect(limitsAt([simply('DISPATCH_SETPOINT', 50)], '11:00')).toEqual([undefined, undefined]);
  });
});

describe('charging', () => {
  it('level 3 holds a vehicle to the least that it charges with', () => {
    const stations = [charger(1)];
    expect(limitsKw(allocated(planOf([simply('SIMPLE', 3)], stations), at('10:30'), { 1: drawing(11) }), stations)).toEqual([
      4.14,
    ]);
  });
});
