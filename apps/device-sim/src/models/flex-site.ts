import { type Instant, type WattHours, wattHours } from '@venfleet/core';
import { HOUR_MS } from './calendar.js';
import {
  gridFrequency,
  loadedVoltage,
  meterValues,
  openVoltage,
  phaseSplit,
  sitePowerFactor,
  sumOf,
  type ThreePhase,
  total,
} from './electricity.js';
import { loadFraction } from './load-curve.js';
import { type LoadProfile, loadProfile } from './load-profiles.js';
import type { ControlWrite, FlexState, FlexValues, LoadModel, MeterValues, SimResource } from './model.js';
import { chanceKey } from './noise.js';
import { commonMistakes, DEFAULT_VALID_FOR_S, NOTHING_COUNTED, SteppedModel, secondsLeft } from './stepped-model.js';
import type { World } from './world.js';

/** After an override the controller limits again once this share of the buffer is back. */
const RECOVERED_SHARE = 0.2;
/** The rebound makes up what is missing with this time constant … */
const REBOUND_HOURS = 1;
/** … but with no more and, so that it comes to an end, no less than these shares of P_max. */
const STRONGEST_REBOUND = 0.25;
const WEAKEST_REBOUND = 0.02;

const OWN = ['limitW', 'limitActive', 'limitValidForS'] as const;
const VALIDITY_S = { min: 5, max: 3600 };

/**
 * A load behind a flex-controller. Its buffer (heat, cold, work in hand) is full while nobody limits it.
 * Power that a limit holds back is drawn from the buffer; afterwards the site draws more than usual until
 * the buffer is full again: what was shed is made up later to the last watt-hour. With an empty buffer
 * the site overrides the limit.
 */
export class FlexSite extends SteppedModel<FlexValues> implements LoadModel {
  readonly #key: number;
  readonly #profile: LoadProfile;
  readonly #pMin: number;
  readonly #pMax: number;
  readonly #eMax: number;
  readonly #span: number;

  /** What the site would draw without any limit or rebound, in W. */
  #base = 0;
  /** What it draws, in W. */
  #power = 0;
  #energyWh = 0;
  /** Energy shed and not made up yet. */
  #missingWh = 0;

  #limitW: number;
  #validForS = DEFAULT_VALID_FOR_S;
  /** When the limit in force is released; 0 while none is. */
  #expiresAt = 0;
  #expired = false;
  #overridden = false;

  constructor(resource: SimResource, world: World, before = NOTHING_COUNTED) {
    super(world, before);
    this.#key = chanceKey(world.seed, resource.resourceId);
    this.#profile = loadProfile(resource.subType);
    this.#pMin = Math.min(resource.pMin, resource.pMax);
    this.#pMax = resource.pMax;
    this.#eMax = resource.eMax;
    this.#span = Math.max(0, resource.eMax - resource.eMin);
    this.#limitW = resource.pMax;
    this.decide();
  }

  bufferLevel(at: Instant): WattHours {
    this.advanceTo(at);
    return wattHours(this.#eMax - this.#missingWh);
  }

  protected settle(hours: number): void {
    this.#energyWh += this.#power * hours;
    // Never below 0: the rebound ends with the cell in which the buffer gets full, but for rounding.
    this.#missingWh = Math.max(0, this.#missingWh + (this.#base - this.#power) * hours);
  }

  protected nextEvent(): number {
    return this.#expiresAt > 0 ? this.#expiresAt : Number.POSITIVE_INFINITY;
  }

  protected decide(): void {
    this.#release();
    const middle = this.cellEnd - this.world.step / 2;
    this.#base = this.#pMax * loadFraction(this.#profile, this.#key, this.world.loadNoise, middle);
    const hours = (this.cellEnd - this.heldSince) / HOUR_MS;
    this.#overridden = this.#isOverridden(hours);
    const cap = this.#appliedLimit();
    this.#power = this.#base > cap ? cap : this.#base + Math.min(cap - this.#base, this.#rebound(hours));
  }

  #release(): void {
    if (this.#expiresAt === 0 || this.heldSince < this.#expiresAt) return;
    this.#expiresAt = 0;
    this.#expired = true;
  }

  /** Whether the buffer could not pay for `hours` at the limit, or has not recovered since that was so. */
  #isOverridden(hours: number): boolean {
    if (this.#expiresAt === 0) return false;
    const level = this.#span - this.#missingWh;
    if (this.#overridden && level < RECOVERED_SHARE * this.#span) return true;
    return (this.#base - this.#wantedLimit()) * hours > level;
  }

  #rebound(hours: number): number {
    const wanted = Math.min(this.#missingWh / REBOUND_HOURS, STRONGEST_REBOUND * this.#pMax);
    return Math.min(Math.max(wanted, WEAKEST_REBOUND * this.#pMax), this.#missingWh / hours);
  }

  #wantedLimit(): number {
    return Math.min(this.#pMax, Math.max(this.#limitW, this.#pMin));
  }

  #appliedLimit(): number {
    return this.#expiresAt > 0 && !this.#overridden ? this.#wantedLimit() : this.#pMax;
  }

  protected meter(hours: number): MeterValues {
    const split = phaseSplit(this.#key);
    const energy = this.#energyWh + this.#power * hours;
    const voltage = (phase: number): number => {
      const share = (this.#power * (split[phase] as number)) / (this.#pMax / 3 || 1);
      return loadedVoltage(openVoltage(this.#key, phase, this.heldSince), share);
    };
    return meterValues({
      powerW: this.#power,
      powersW: times(split, this.#power),
      voltagesV: [voltage(0), voltage(1), voltage(2)],
      powerFactor: sitePowerFactor(this.#key, this.#profile.powerFactor),
      frequencyHz: gridFrequency(this.world.gridKey, this.heldSince),
      energyWh: total(this.before) + energy,
      energiesWh: sumOf(this.before, times(split, energy)),
    });
  }

  protected mostPowers(): ThreePhase {
    return times(phaseSplit(this.#key), this.#pMax);
  }

  protected control(now: number): FlexValues {
    return {
      limitW: this.#limitW,
      limitActive: this.#expiresAt > 0,
      limitValidForS: this.#validForS,
      limitTimeLeftS: secondsLeft(this.#expiresAt, now),
      appliedLimitW: this.#appliedLimit(),
      fallbackLimitW: this.#pMax,
      controllerState: this.#state(),
    };
  }

  #state(): FlexState {
    if (this.#expiresAt === 0) return this.#expired ? 'expired' : 'released';
    return this.#overridden ? 'overridden' : 'limiting';
  }

  protected mistakesIn(write: ControlWrite): string[] {
    return commonMistakes(write, OWN, VALIDITY_S);
  }

  protected apply({ limitW, limitActive, limitValidForS }: ControlWrite, now: number): void {
    if (limitW === undefined && limitActive === undefined && limitValidForS === undefined) return;
    if (limitW !== undefined) this.#limitW = limitW;
    if (limitValidForS !== undefined) this.#validForS = limitValidForS;
    const active = limitActive ?? this.#expiresAt > 0;
    this.#expiresAt = active ? now + this.#validForS * 1000 : 0;
    if (limitActive !== undefined) this.#expired = false;
  }
}

function times(split: ThreePhase, total: number): ThreePhase {
  return [split[0] * total, split[1] * total, split[2] * total];
}
