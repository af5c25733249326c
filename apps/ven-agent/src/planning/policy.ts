import { type Duration, hours, type Watts, watts } from '@venfleet/core';

/** How far each level of SIMPLE goes down: the parts of what a resource has, at levels 1, 2 and 3. */
export interface LevelRule {
  /** Parts of the load, or of what lies between the load and the least that the resource can be held to. */
  readonly of: 'baseline' | 'flexibility';
  /** 0…1 each. */
  readonly shares: readonly [number, number, number];
}

export type Level = 0 | 1 | 2 | 3;

/** What the texts leave to the site, and its operator decides. */
export interface PlanningPolicy {
  /** By sub-type; `default` for any other. */
  readonly levels: Readonly<Record<string, LevelRule>> & { readonly default: LevelRule };
  /** What ALERT_GRID_EMERGENCY comes to. */
  readonly gridEmergencyLevel: Level;
  /** What ALERT_FLEX_ALERT comes to. */
  readonly flexAlertLevel: Level;
  /** The Definition's text of CONTROL_LEVEL_OFFSET_PERCENT contradicts itself: which sign means less load. */
  readonly offsetPercent: 'positive-is-less' | 'positive-is-more';
  /** CONTROL_SETPOINT is what a program says it is; absent: nothing. */
  readonly controlSetpoint?: 'absolute' | 'relative' | undefined;
  /** Whether limits keep to a cap at any time, so that no rise of load breaks it, or only from 90 % of it on. */
  readonly caps: 'always' | 'near';
  /** What holds while the VTN is lost and the limits that it gave have run out. */
  readonly vtnLoss: 'subscription' | 'nothing';
  readonly charging: ChargingPolicy;
  /** Absent: prices change nothing. */
  readonly optimiser?: OptimiserPolicy | undefined;
}

export interface ChargingPolicy {
  /** Below it a vehicle pauses: 6 A on three phases of 230 V (IEC 61851-1). */
  readonly least: Watts;
  /** When charging may be paused altogether, rather than held to the least. */
  readonly pause: 'never' | 'caps-and-emergencies' | 'always';
}

export interface OptimiserPolicy {
  readonly by: 'price' | 'ghg';
  /** A shift must save so much, as part of what the dearer hour costs. */
  readonly leastGain: number;
  /** How far it looks ahead. */
  readonly horizon: Duration;
}

const flexibility = (...shares: LevelRule['shares']): LevelRule => ({ of: 'flexibility', shares });

/**
 * Our assumptions of what a site of each kind bears: moderate, high, emergency. Thermal mass (pools, schools' air handling)
 * bears more than kitchens, whose work cannot wait.
 */
export const defaultPolicy: PlanningPolicy = {
  levels: {
    default: flexibility(0.15, 0.3, 0.6),
    Industries: flexibility(0.1, 0.3, 0.6),
    Schools: flexibility(0.15, 0.35, 0.7),
    Hotels: flexibility(0.1, 0.25, 0.5),
    'Swimming Pools': flexibility(0.25, 0.5, 0.9),
    Restaurants: flexibility(0.1, 0.2, 0.4),
    Bars: flexibility(0.1, 0.2, 0.4),
    Bakeries: flexibility(0.1, 0.2, 0.4),
    'Charging Stations': flexibility(0.3, 0.7, 1),
  },
  gridEmergencyLevel: 3,
  flexAlertLevel: 1,
  offsetPercent: 'positive-is-less',
  caps: 'always',
  vtnLoss: 'subscription',
  charging: { least: watts(6 * 3 * 230), pause: 'caps-and-emergencies' },
};

/** The optimiser's settings where it is turned on without further words. */
export const defaultOptimiser: OptimiserPolicy = { by: 'price', leastGain: 0.1, horizon: hours(24) };

/** The rule that a sub-type goes by. */
export function levelRule(policy: PlanningPolicy, subType: string): LevelRule {
  return policy.levels[subType] ?? policy.levels.default;
}
