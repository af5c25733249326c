import type { Instant } from '@venfleet/core';
import { HOUR_MS } from './calendar.js';
import { type BatteryBounds, type StationKind, sessionIn, slotAt, slotStart, stationKind } from './charging-sessions.js';
import {
  gridFrequency,
  loadedVoltage,
  meterValues,
  NOMINAL_VOLTAGE,
  openVoltage,
  sumOf,
  type ThreePhase,
  total,
} from './electricity.js';
import type {
  ChargerModel,
  ChargerState,
  ChargerValues,
  ChargingSession,
  ControlWrite,
  MeterValues,
  SimResource,
} from './model.js';
import { chanceKey } from './noise.js';
import { commonMistakes, DEFAULT_VALID_FOR_S, NOTHING_COUNTED, SteppedModel, secondsLeft } from './stepped-model.js';
import type { World } from './world.js';

/** The least that a pilot signal can grant (IEC 61851-1, annex A); below it the vehicle has to pause. */
const MIN_CURRENT_A = 6;
/** What a station grants that nobody commands, its own maximum permitting: 11 kW on three phases. */
const SAFE_CURRENT_A = 16;

const POWER_FACTOR = 0.99;
/** A vehicle follows the pilot signal down within the 5 s of IEC 61851-1, and up at its leisure. */
const RAMP_UP_A_PER_S = 4;
const RAMP_DOWN_A_PER_S = 8;
/** A ramp takes steps of this length at most, however coarse the grid is. */
const RAMP_STEP_MS = 1000;
/** From this state of charge on the vehicle takes less and less … */
const TAPER_FROM = 0.8;
/** … down to this share of its maximum when it is full. */
const TAPER_TO = 0.2;
/** A vehicle stops when so little of what it wants is missing. */
const DONE_WH = 0.1;

const OWN = ['limitA', 'limitValidForS', 'phasesInUse', 'chargerStopped'] as const;
const VALIDITY_S = { min: 1, max: 86_400 };

/**
 * A charging station with one socket. Vehicles come, charge what they want as far as the granted current
 * and the length of their stay permit, and leave. A client may grant a maximum current for a time; when it
 * does not renew it, and before it ever did, the safe current applies.
 */
export class Charger extends SteppedModel<ChargerValues> implements ChargerModel {
  readonly #key: number;
  readonly #kind: StationKind;
  readonly #pMax: number;
  readonly #bounds: BatteryBounds;
  /** A station below 3 × 6 A × 230 V can only have one phase. */
  readonly #wired: 1 | 3;
  /** The station's own maximum, per phase. */
  readonly #maxA: number;

  #slot: number;
  #slotEnd: number;
  #session: ChargingSession | undefined;
  #connected = false;
  #sessionWh = 0;

  /** Where the vehicle's ramp stands, and whether it is on its way; A per phase. */
  #ramp = 0;
  #ramping = false;
  /** What it draws, A per phase that it uses: less than the ramp permits where P_max or its needs say so. */
  #current = 0;
  #threePhase = false;
  #power1 = 0;
  #power2 = 0;
  #power3 = 0;
  #energy1 = 0;
  #energy2 = 0;
  #energy3 = 0;

  #limitA: number;
  #validForS = DEFAULT_VALID_FOR_S;
  /** When the granted current lapses; 0 while none is in force. */
  #expiresAt = 0;
  #phases: 1 | 3;
  #stopped = false;

  constructor(resource: SimResource, world: World, before = NOTHING_COUNTED) {
    super(world, before);
    this.#key = chanceKey(world.seed, resource.resourceId);
    this.#kind = stationKind(this.#key);
    this.#pMax = resource.pMax;
    this.#bounds = { minWh: resource.eMin, maxWh: resource.eMax };
    this.#wired = resource.pMax < 3 * MIN_CURRENT_A * NOMINAL_VOLTAGE ? 1 : 3;
    this.#maxA = Math.round(resource.pMax / (this.#wired * NOMINAL_VOLTAGE));
    this.#phases = this.#wired;
    this.#limitA = this.#maxA;
    this.#slot = slotAt(this.#kind, world.start);
    this.#slotEnd = slotStart(this.#kind, this.#slot + 1);
    this.#session = sessionIn(this.#kind, this.#key, this.#slot, this.#bounds);
    this.#resume();
    this.decide(0);
  }

  session(at: Instant): ChargingSession | undefined {
    this.advanceTo(at);
    return this.#connected ? this.#session : undefined;
  }

  /** A vehicle that has been there before the start has been charging, at the safe current, since it came. */
  #resume(): void {
    const session = this.#session;
    if (session === undefined || this.heldSince <= session.arrival || this.heldSince >= session.departure) return;
    this.#connected = true;
    const current = Math.min(session.maxCurrentA, this.#safeA());
    const chargedWh = (current * this.#phasesOf(session) * NOMINAL_VOLTAGE * (this.heldSince - session.arrival)) / HOUR_MS;
    this.#sessionWh = Math.min(session.wantedWh, chargedWh);
  }

  protected settle(hours: number): void {
    this.#energy1 += this.#power1 * hours;
    this.#energy2 += this.#power2 * hours;
    this.#energy3 += this.#power3 * hours;
    this.#sessionWh += this.#power() * hours;
  }

  protected nextEvent(): number {
    const now = this.heldSince;
    let next = this.#ramping ? Math.min(this.#slotEnd, now + RAMP_STEP_MS) : this.#slotEnd;
    if (this.#expiresAt > now) next = Math.min(next, this.#expiresAt);
    if (this.#session !== undefined) {
      if (this.#session.arrival > now) next = Math.min(next, this.#session.arrival);
      else if (this.#session.departure > now) next = Math.min(next, this.#session.departure);
    }
    return next;
  }

  protected decide(elapsedMs: number): void {
    this.#plug();
    if (this.heldSince >= this.#expiresAt) this.#expiresAt = 0;
    const target = this.#targetCurrent();
    const seconds = Math.min(elapsedMs, RAMP_STEP_MS) / 1000;
    this.#ramp =
      target > this.#ramp
        ? Math.min(target, this.#ramp + RAMP_UP_A_PER_S * seconds)
        : Math.max(target, this.#ramp - RAMP_DOWN_A_PER_S * seconds);
    this.#ramping = this.#ramp !== target;
    this.#draw();
  }

  /** Who stands at the socket now. */
  #plug(): void {
    while (this.heldSince >= this.#slotEnd) {
      this.#slot++;
      this.#slotEnd = slotStart(this.#kind, this.#slot + 1);
      this.#session = sessionIn(this.#kind, this.#key, this.#slot, this.#bounds);
      this.#connected = false;
    }
    const session = this.#session;
    const here = session !== undefined && this.heldSince >= session.arrival && this.heldSince < session.departure;
    if (here && !this.#connected) this.#sessionWh = 0;
    if (!here || !this.#connected) this.#ramp = 0;
    this.#connected = here;
  }

  #targetCurrent(): number {
    const session = this.#connected ? this.#session : undefined;
    if (session === undefined || session.wantedWh - this.#sessionWh <= DONE_WH) return 0;
    const charge = (session.arrivalWh + this.#sessionWh) / session.batteryWh;
    return Math.min(this.#offeredA(), session.maxCurrentA * taper(charge));
  }

  #offeredA(): number {
    if (this.#stopped) return 0;
    const granted = this.#expiresAt > 0 ? Math.min(this.#limitA, this.#maxA) : this.#safeA();
    return granted < MIN_CURRENT_A ? 0 : granted;
  }

  #safeA(): number {
    return Math.min(SAFE_CURRENT_A, this.#maxA);
  }

  #phasesOf(session: ChargingSession): 1 | 3 {
    return session.phases === 1 ? 1 : this.#phases;
  }

  /** Draws what the ramp permits, less where P_max or what the vehicle still wants does not. */
  #draw(): void {
    this.#current = this.#power1 = this.#power2 = this.#power3 = 0;
    const session = this.#session;
    if (session === undefined || this.#ramp === 0) return;
    this.#threePhase = this.#phasesOf(session) === 3;
    const hours = (this.cellEnd - this.heldSince) / HOUR_MS;
    const mostW = Math.min(this.#pMax, Math.max(0, session.wantedWh - this.#sessionWh) / hours);
    const open = this.#open(0) + (this.#threePhase ? this.#open(1) + this.#open(2) : 0);
    this.#current = Math.min(this.#ramp, mostW / (open * POWER_FACTOR));
    const power = (phase: number): number => this.#voltage(phase) * this.#current * POWER_FACTOR;
    this.#power1 = power(0);
    if (!this.#threePhase) return;
    this.#power2 = power(1);
    this.#power3 = power(2);
  }

  #power(): number {
    return this.#power1 + this.#power2 + this.#power3;
  }

  #open(phase: number): number {
    return openVoltage(this.#key, phase, this.heldSince);
  }

  #voltage(phase: number): number {
    const loaded = this.#current > 0 && (phase === 0 || this.#threePhase);
    return loaded ? loadedVoltage(this.#open(phase), this.#current / this.#maxA) : this.#open(phase);
  }

  protected meter(hours: number): MeterValues {
    const powers = [this.#power1, this.#power2, this.#power3] as const;
    const energies = sumOf(this.before, [
      this.#energy1 + this.#power1 * hours,
      this.#energy2 + this.#power2 * hours,
      this.#energy3 + this.#power3 * hours,
    ]);
    return meterValues({
      powerW: this.#power(),
      powersW: powers,
      voltagesV: [this.#voltage(0), this.#voltage(1), this.#voltage(2)],
      powerFactor: POWER_FACTOR,
      frequencyHz: gridFrequency(this.world.gridKey, this.heldSince),
      energyWh: total(energies),
      energiesWh: energies,
    });
  }

  /** Of three phases one takes its share of P_max, and a tenth more at the highest voltage. */
  protected mostPowers(): ThreePhase {
    return this.#wired === 1 ? [this.#pMax, 0, 0] : [0.4 * this.#pMax, 0.4 * this.#pMax, 0.4 * this.#pMax];
  }

  protected control(now: number): ChargerValues {
    return {
      chargerState: this.#state(),
      chargerStopped: this.#stopped,
      sessionEnergyWh: this.#sessionWh + this.#power() * ((now - this.heldSince) / HOUR_MS),
      phasesInUse: this.#phases,
      limitA: this.#limitA,
      limitValidForS: this.#validForS,
      limitTimeLeftS: secondsLeft(this.#expiresAt, now),
      appliedLimitA: this.#offeredA(),
      fallbackLimitA: this.#safeA(),
      limitAccountedFor: this.#expiresAt > 0,
    };
  }

  #state(): ChargerState {
    if (!this.#connected) return 'A';
    if (this.#current > 0) return 'C2';
    return this.#stopped ? 'stopped' : 'B';
  }

  protected mistakesIn(write: ControlWrite): string[] {
    const mistakes = commonMistakes(write, OWN, VALIDITY_S);
    const { phasesInUse } = write;
    if (phasesInUse === undefined || phasesInUse === 1 || (phasesInUse === 3 && this.#wired === 3)) return mistakes;
    return [
      ...mistakes,
      `phasesInUse must be ${this.#wired === 3 ? '1 or 3' : '1, this station has one phase'}, not ${phasesInUse}`,
    ];
  }

  protected apply({ limitA, limitValidForS, phasesInUse, chargerStopped }: ControlWrite, now: number): void {
    if (limitA !== undefined) this.#limitA = limitA;
    if (limitValidForS !== undefined) this.#validForS = limitValidForS;
    const renewed = limitA !== undefined || (limitValidForS !== undefined && this.#expiresAt > 0);
    if (renewed) this.#expiresAt = now + this.#validForS * 1000;
    if (phasesInUse !== undefined) this.#phases = phasesInUse === 1 ? 1 : 3;
    if (chargerStopped !== undefined) this.#stopped = chargerStopped;
  }
}

/** The share of its maximum current that a vehicle takes at a state of charge of 0…1. */
function taper(charge: number): number {
  if (charge <= TAPER_FROM) return 1;
  return 1 - (1 - TAPER_TO) * Math.min(1, (charge - TAPER_FROM) / (1 - TAPER_FROM));
}
