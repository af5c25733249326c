import { describe, expect, it } from '@jest/globals';
import { hours, watts } from '@venfleet/core';
import { defaultPolicy } from '../../src/planning/policy.js';
import { planningPolicy, planningSchema } from '../../src/planning-config.js';

const policy = (file: unknown) => planningPolicy(planningSchema.parse(file));

describe('the settings of planning', () => {
  it('are the documented defaults when nothing is said', () => {
    expect(planningPolicy()).toEqual(defaultPolicy);
    expect(policy({})).toEqual(defaultPolicy);
    expect(policy({ optimiser: { on: false, by: 'ghg' }, controlSetpoint: 'ignore' })).toEqual(defaultPolicy);
  });

  it('replace the levels of the sub-types that they name', () => {
    const rule = { of: 'baseline' as const, shares: [0.2, 0.4, 0.8] };
    expect(policy({ levels: { Schools: rule } }).levels).toEqual({ ...defaultPolicy.levels, Schools: rule });
  });

  it('tell the least current of charging in amperes and phases', () => {
    expect(policy({ charging: { phases: 1 } }).charging).toEqual({ least: watts(1380), pause: 'caps-and-emergencies' });
    expect(policy({ charging: { leastA: 8, pause: 'always' } }).charging).toEqual({ least: watts(5520), pause: 'always' });
  });

  it('turn the optimiser on with its defaults', () => {
    expect(policy({ optimiser: { on: true } }).optimiser).toEqual({ by: 'price', leastGain: 0.1, horizon: hours(24) });
    expect(policy({ optimiser: { on: true, by: 'ghg', leastGainPercent: 5, horizonH: 12 } }).optimiser).toEqual({
      by: 'ghg',
      leastGain: 0.05,
      horizon: hours(12),
    });
  });

  it('refuse levels that fall, shares above 1 and unknown words', () => {
    const of = 'baseline';
    for (const wrong of [
      { levels: { Schools: { of, shares: [0.5, 0.4, 0.8] } } },
      { levels: { Schools: { of, shares: [0.5, 0.6, 1.1] } } },
      { levels: { Schools: { of: 'rating', shares: [0, 0, 0] } } },
      { vtnLoss: 'panic' },
      { caps: 'never' },
      { gridEmergencyLevel: 4 },
      { optimizer: { on: true } },
    ]) {
      expect(planningSchema.safeParse(wrong).success).toBe(false);
    }
  });
});
