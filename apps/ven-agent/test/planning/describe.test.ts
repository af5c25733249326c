import { describe, expect, it } from '@jest/globals';
import { describeDemand } from '../../src/planning/describe.js';
import { at, planOf, simply, site } from './support.js';

const inWords = (type: string, value: unknown, units?: string): string | undefined => {
  const descriptors = units === undefined ? [] : [{ payloadType: type, units }];
  const claim = planOf([simply(type, value, { payloadDescriptors: descriptors })], [site(1)]).at(at('10:30')).claims[0];
  return claim && describeDemand(claim.demand);
};

describe('demands in words', () => {
  it.each([
    ['SIMPLE', 0, undefined, 'normal operation'],
    ['SIMPLE', 2, undefined, 'curtailment level 2'],
    ['CONTROL_LEVEL_OFFSET', 3, undefined, 'give 30 % of the flexibility'],
    ['CONTROL_LEVEL_OFFSET', -3, undefined, '30 % above normal'],
    ['CONTROL_LEVEL_OFFSET_PERCENT', 0.125, undefined, 'change by -12.5 % of the load together'],
    ['DISPATCH_SETPOINT', 1500, undefined, 'consume 1500 kW together'],
    ['DISPATCH_SETPOINT', 40, 'PERCENT', 'consume 40 % of the rating together'],
    ['DISPATCH_SETPOINT_RELATIVE', 20, undefined, 'change by +20 kW together'],
    ['CHARGE_STATE_SETPOINT', 80, undefined, 'charge to 80 %'],
    ['CHARGE_STATE_SETPOINT', 30, 'KWH', 'charge to 30 kWh'],
    ['IMPORT_CAPACITY_LIMIT', 2, 'MW', 'never more than 2000 kW together'],
    ['IMPORT_CAPACITY_RESERVATION', 15, undefined, 'may take 15 kW more together'],
    ['EXPORT_CAPACITY_LIMIT', 15, undefined, 'limit of export (nothing here generates)'],
    ['ALERT_BLACK_START', 'now', undefined, 'minimum use'],
    ['PRICE', 0.17, undefined, 'price 0.17'],
    ['ALERT_FIRE', 'in the north', undefined, 'notice: in the north'],
  ])('%s %s %s', (type, value, units, words) => {
    expect(inWords(type, value, units)).toBe(words);
  });
});
