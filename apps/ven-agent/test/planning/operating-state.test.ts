import { describe, expect, it } from '@jest/globals';
import { kilowatts, type Watts } from '@venfleet/core';
import type { HeldEvent, ResourceState } from '../../src/planning/model.js';
import { operatingState } from '../../src/planning/operating-state.js';
import { allocated, at, drawing, planOf, simply, site } from './support.js';

const resource = site(1);
const state = (
  events: readonly HeldEvent[],
  power: Watts | undefined = kilowatts(40),
  more: { controllerFails?: boolean; makesUp?: boolean; state?: ResourceState } = {},
) => {
  const allocation = allocated(planOf(events, [resource]), at('10:30'), { 1: more.state ?? drawing(60) });
  return operatingState(allocation, resource, { power, controllerFails: more.controllerFails ?? false, makesUp: more.makesUp });
};
const shed = simply('SIMPLE', 2);

describe('OPERATING_STATE', () => {
  it('is NORMAL while no event acts, also beside a price or level 0', () => {
    expect(state([])).toBe('NORMAL');
    expect(state([simply('PRICE', 1)])).toBe('NORMAL');
    expect(state([simply('SIMPLE', 0)])).toBe('NORMAL');
  });

  it('is curtailed while a limit holds it, running or idle', () => {
    expect(state([shed])).toBe('RUNNING_CURTAILED');
    expect(state([shed], kilowatts(0.5))).toBe('IDLE_CURTAILED');
  });

  it('is opted out while the operator refuses what would act', () => {
    const refused = simply('SIMPLE', 2, {}, { optOuts: [{ reason: 'baking', at: at('09:00') }] });
    expect(state([refused])).toBe('RUNNING_OPTED_OUT');
    expect(state([refused], kilowatts(0))).toBe('IDLE_OPTED_OUT');
  });

  it('is an ordinary one while an event asks for nothing of this one', () => {
    expect(state([simply('DISPATCH_SETPOINT', 90)])).toBe('RUNNING_NORMAL');
    // Its share of the cap is above its load.
    expect(state([simply('IMPORT_CAPACITY_LIMIT', 90)])).toBe('RUNNING_NORMAL');
    expect(state([simply('IMPORT_CAPACITY_LIMIT', 50)])).toBe('RUNNING_CURTAILED');
  });

  it('is heightened while it makes up for what it was denied', () => {
    expect(state([], kilowatts(70), { makesUp: true })).toBe('RUNNING_HEIGHTENED');
  });

  it('is an error where the meter does not answer, or the controller fails while it is needed', () => {
    const allocation = allocated(planOf([shed], [resource]), at('10:30'), { 1: drawing(60) });
    expect(operatingState(allocation, resource, { power: undefined, controllerFails: false })).toBe('ERROR');
    expect(state([shed], kilowatts(40), { controllerFails: true })).toBe('SGD_ERROR_CONDITION');
    expect(state([], kilowatts(40), { controllerFails: true })).toBe('NORMAL');
  });
});
