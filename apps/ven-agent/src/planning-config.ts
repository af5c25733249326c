import { hours, watts } from '@venfleet/core';
import { z } from 'zod';
import { defaultOptimiser, defaultPolicy, type LevelRule, type OptimiserPolicy, type PlanningPolicy } from './planning/policy.js';

const share = z.number().min(0).max(1);
const level = z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]);

const levelRule = z.strictObject({
  of: z.enum(['baseline', 'flexibility']),
  shares: z
    .tuple([share, share, share])
    .refine(([one, two, three]) => one <= two && two <= three, 'must not fall from level to level'),
});

/** The part `planning` of the agent's settings file. */
export const planningSchema = z
  .strictObject({
    levels: z.record(z.string().min(1), levelRule),
    gridEmergencyLevel: level,
    flexAlertLevel: level,
    offsetPercent: z.enum(['positive-is-less', 'positive-is-more']),
    controlSetpoint: z.enum(['ignore', 'absolute', 'relative']),
    caps: z.enum(['always', 'near']),
    vtnLoss: z.enum(['subscription', 'nothing']),
    charging: z
      .strictObject({
        leastA: z.number().min(0).max(80),
        phases: z.union([z.literal(1), z.literal(3)]),
        pause: z.enum(['never', 'caps-and-emergencies', 'always']),
      })
      .partial(),
    optimiser: z
      .strictObject({
        on: z.boolean(),
        by: z.enum(['price', 'ghg']),
        leastGainPercent: z.number().min(0).max(100),
        horizonH: z.number().min(1).max(168),
      })
      .partial(),
  })
  .partial();

type PlanningFile = z.infer<typeof planningSchema>;

/** Phase to neutral, in V. */
const VOLTAGE = 230;

/** The policy with its defaults; a sub-type's levels replace the default ones of that sub-type only. */
export function planningPolicy(file: PlanningFile = {}): PlanningPolicy {
  const { levels, charging = {}, optimiser, controlSetpoint, ...plain } = file;
  const { leastA = 6, phases = 3, pause = defaultPolicy.charging.pause } = charging;
  return {
    ...defaultPolicy,
    ...plain,
    levels: { ...defaultPolicy.levels, ...(levels as Record<string, LevelRule> | undefined) },
    charging: { least: watts(leastA * phases * VOLTAGE), pause },
    ...(controlSetpoint === undefined || controlSetpoint === 'ignore' ? {} : { controlSetpoint }),
    ...(optimiser?.on ? { optimiser: optimiserPolicy(optimiser) } : {}),
  };
}

function optimiserPolicy({ by, leastGainPercent, horizonH }: NonNullable<PlanningFile['optimiser']>): OptimiserPolicy {
  return {
    by: by ?? defaultOptimiser.by,
    leastGain: leastGainPercent === undefined ? defaultOptimiser.leastGain : leastGainPercent / 100,
    horizon: horizonH === undefined ? defaultOptimiser.horizon : hours(horizonH),
  };
}
