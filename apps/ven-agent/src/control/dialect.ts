import { type Duration, seconds, type Watts, watts } from '@venfleet/core';
import type { ControlRules, DeviceProfile, PointValue, Values } from '@venfleet/devices';
import type { Command, ControllerReport, Dialect } from './model.js';

/** Nominal voltage of a phase to neutral, EN 50160. */
const VOLTAGE = 230;
/** The least that a control pilot can grant, IEC 61851-1 annex A; a vehicle that is granted less pauses. */
const LEAST_CURRENT_A = 6;
/** Currents are told in steps of so much. */
const CURRENT_STEP_A = 0.1;

const known = new WeakMap<DeviceProfile, Dialect | undefined>();

/** How devices of this profile are controlled; undefined for those that cannot be held to a limit. */
export function dialectOf(profile: DeviceProfile): Dialect | undefined {
  if (!known.has(profile)) known.set(profile, makeDialect(profile));
  return known.get(profile);
}

function makeDialect(profile: DeviceProfile): Dialect | undefined {
  const { controls } = profile;
  const [limitW, limitA] = [controls.get('limitW'), controls.get('limitA')];
  const validity = controls.get('limitValidForS');
  if (limitW !== undefined && controls.has('limitActive')) return new SiteDialect(limitW, validity, profile);
  if (limitA !== undefined) return new ChargerDialect(limitA, validity, profile);
  return undefined;
}

/** A controller that holds a site to watts while its limit is active: the flex-controller. */
class SiteDialect implements Dialect {
  readonly reads: readonly string[];
  readonly keepalive: Duration | undefined;
  readonly #limit: ControlRules;
  readonly #validity: ControlRules | undefined;

  constructor(limit: ControlRules, validity: ControlRules | undefined, profile: DeviceProfile) {
    this.#limit = limit;
    this.#validity = validity;
    this.keepalive = keepaliveOf(limit);
    this.reads = pointsOf(profile, ['limitW', 'limitActive', 'limitValidForS', 'controllerState', 'limitTimeLeftS']);
  }

  quantise(limit: Watts): Watts {
    return watts(Math.floor(within(this.#limit, limit)));
  }

  encode(command: Command): Record<string, PointValue> {
    if (command.kind === 'release') return { limitActive: false };
    return {
      limitW: this.quantise(command.limit),
      limitActive: true,
      ...(this.#validity === undefined ? {} : { limitValidForS: validitySeconds(this.#validity, command.validFor) }),
    };
  }

  decode(values: Values): ControllerReport {
    const { limitW, limitActive, controllerState } = values;
    const isActive = limitActive === true && typeof limitW === 'number';
    const spoken = STATES.get(String(controllerState));
    return {
      held: isActive ? watts(limitW) : null,
      isTold: true,
      timeLeft: isActive ? timeLeft(values) : undefined,
      state: spoken ?? (isActive ? 'holding' : 'free'),
    };
  }
}

const STATES: ReadonlyMap<string, ControllerReport['state']> = new Map([
  ['released', 'free'],
  ['limiting', 'holding'],
  ['overridden', 'overridden'],
  ['expired', 'expired'],
  ['fault', 'fault'],
]);

/**
 * A charger that grants a current for each phase, and a safe one of its own while nobody commands it. A limit is a
 * cap: one that the safe current keeps by itself is not written, as it would let the charger take more than without
 * us. Stopping a session is no means of ours, since a stopped charger does not go back by itself when the agent dies.
 */
class ChargerDialect implements Dialect {
  readonly reads: readonly string[];
  readonly keepalive: Duration | undefined;
  readonly #limit: ControlRules;
  readonly #validity: ControlRules | undefined;
  /** The point that shows the current which is granted for the limit. */
  readonly #shownBy: string;
  /** The charger tells its safe current, and whether ours is in force. */
  readonly #tells: boolean;

  constructor(limit: ControlRules, validity: ControlRules | undefined, profile: DeviceProfile) {
    this.#limit = limit;
    this.#validity = validity;
    this.keepalive = keepaliveOf(limit);
    this.#shownBy = limit.readback ?? 'limitA';
    this.#tells = profile.points.has('fallbackLimitA') && profile.points.has('limitTimeLeftS');
    const names = [this.#shownBy, 'fallbackLimitA', 'limitTimeLeftS', 'limitValidForS', 'phasesInUse'];
    this.reads = pointsOf(profile, names);
  }

  quantise(limit: Watts, values: Values): Watts | null {
    const perAmp = VOLTAGE * phasesOf(values);
    const most = numberOf(values.fallbackLimitA) ?? this.#limit.max;
    const steps = Math.floor(limit / perAmp / CURRENT_STEP_A + 1e-6);
    const current = Math.max(0, steps / Math.round(1 / CURRENT_STEP_A));
    if (most !== undefined && current >= most) return null;
    // A current that cannot be signalled pauses; where the charger takes none so small, it is held to the least.
    const signalled = current >= LEAST_CURRENT_A ? current : 0;
    return watts(within(this.#limit, signalled) * perAmp);
  }

  encode(command: Command, values: Values): Record<string, PointValue> {
    if (command.kind === 'release') return { limitA: numberOf(values.fallbackLimitA) ?? this.#limit.max ?? 0 };
    const limit = this.quantise(command.limit, values) ?? command.limit;
    const validity = this.#validity === undefined ? undefined : validitySeconds(this.#validity, command.validFor);
    const isNew = validity !== undefined && validity !== values.limitValidForS;
    return { limitA: limit / (VOLTAGE * phasesOf(values)), ...(isNew ? { limitValidForS: validity } : {}) };
  }

  decode(values: Values): ControllerReport {
    const shown = numberOf(values[this.#shownBy]);
    const most = numberOf(values.fallbackLimitA) ?? this.#limit.max ?? Number.POSITIVE_INFINITY;
    const left = timeLeft(values);
    const isInForce = shown !== undefined && shown < most && (left === undefined || left > 0);
    return {
      held: isInForce ? watts(shown * VOLTAGE * phasesOf(values)) : null,
      isTold: this.#tells,
      timeLeft: isInForce ? left : undefined,
      state: isInForce ? 'holding' : 'free',
    };
  }
}

function keepaliveOf({ keepaliveS }: ControlRules): Duration | undefined {
  return keepaliveS === undefined ? undefined : seconds(keepaliveS);
}

function pointsOf({ points }: DeviceProfile, names: readonly string[]): string[] {
  return [...new Set(names)].filter((name) => points.has(name));
}

function within({ min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }: ControlRules, value: number): number {
  return Math.min(Math.max(value, min), max);
}

function validitySeconds(rules: ControlRules, validFor: Duration): number {
  return within(rules, Math.round(validFor / 1000));
}

function timeLeft({ limitTimeLeftS }: Values): Duration | undefined {
  const left = numberOf(limitTimeLeftS);
  return left === undefined ? undefined : seconds(left);
}

/** A charger that does not tell is taken for a three-phase one. */
function phasesOf({ phasesInUse }: Values): 1 | 3 {
  return phasesInUse === 1 ? 1 : 3;
}

function numberOf(value: PointValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
