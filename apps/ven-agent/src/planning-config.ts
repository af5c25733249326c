import { hours, watts } from '@venfleet/core';
import { z } from 'zod';
import { defaultOptimiser, defaultPolicy, type LevelRule, type OptimiserPolicy, type PlanningPolicy } from './planning/policy.js';

const share = z.number().min(0).max(1);
const level = z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]);

const levelRule = z.strictObject({
  of: z
    .enum(['baseline', 'flexibility'])
    .meta({ description: 'parts of the load, or of what lies between the load and the least that the resource can be held to' }),
  shares: z
    .tuple([share, share, share])
    .refine(([one, two, three]) => one <= two && two <= three, 'must not fall from level to level')
    .meta({ description: 'how far down the levels 1, 2 and 3 go, 0 to 1 each' }),
});

/** The part `planning` of the agent's settings file. */
export const planningSchema = z
  .strictObject({
    levels: z.record(z.string().min(1), levelRule).meta({
      description: 'how far SIMPLE’s levels go down, by sub-type; `default` is for sub-types that are not named',
      otherwise: '[planning](planning.md) has them',
    }),
    gridEmergencyLevel: level.meta({ description: 'the level that ALERT_GRID_EMERGENCY comes to', default: 3 }),
    flexAlertLevel: level.meta({ description: 'the level that ALERT_FLEX_ALERT comes to', default: 1 }),
    offsetPercent: z
      .enum(['positive-is-less', 'positive-is-more'])
      .meta({ description: 'which sign of CONTROL_LEVEL_OFFSET_PERCENT means less load', default: 'positive-is-less' }),
    controlSetpoint: z
      .enum(['ignore', 'absolute', 'relative'])
      .meta({ description: 'what a program means by CONTROL_SETPOINT', default: 'ignore' }),
    caps: z.enum(['always', 'near']).meta({
      description: 'limits keep to a cap at any time, so that no rise of load breaks it, or only from 90 % of it on',
      default: 'always',
    }),
    vtnLoss: z.enum(['subscription', 'nothing']).meta({
      description:
        'what holds while the VTN is lost and the limits that it gave have run out: the subscribed capacity, or nothing',
      default: 'subscription',
    }),
    charging: z
      .strictObject({
        leastA: z.number().min(0).max(80).meta({ description: 'the least current that vehicles charge with', default: 6 }),
        phases: z.union([z.literal(1), z.literal(3)]).meta({ description: 'phases that they charge on', default: 3 }),
        pause: z.enum(['never', 'caps-and-emergencies', 'always']).meta({
          description: 'when charging may be paused altogether, rather than held to the least',
          default: 'caps-and-emergencies',
        }),
      })
      .partial()
      .meta({ description: 'how vehicles charge' }),
    optimiser: z
      .strictObject({
        on: z.boolean().meta({ description: 'prices move charging and buffers', default: false }),
        by: z.enum(['price', 'ghg']).meta({ description: 'to hours of a lower price, or of less carbon', otherwise: '`price`' }),
        leastGainPercent: z
          .number()
          .min(0)
          .max(100)
          .meta({ description: 'a shift must save so much of what the dearer hour costs', otherwise: '10' }),
        horizonH: z.number().min(1).max(168).meta({ description: 'how far it looks ahead', otherwise: '24' }),
      })
      .partial()
      .meta({ description: 'moves charging and buffers to better hours' }),
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
