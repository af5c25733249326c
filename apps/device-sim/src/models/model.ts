import type { Instant, WattHours, Watts } from '@venfleet/core';
import type { ThreePhase } from './electricity.js';

/** What the physics needs of a resource; a resource-db `Resource` fits as it is. */
export interface SimResource {
  /** Keys all chance of this site, together with the world's seed. */
  readonly resourceId: string;
  /** EV: a charging station. DSR: a load with a flexible buffer. */
  readonly type: 'DSR' | 'EV';
  /** Chooses the load curve: `Bars`, `Hotels`, …; an unknown one gets the curve of small commerce. */
  readonly subType: string;
  /** A limit cannot hold the site lower than this. */
  readonly pMin: Watts;
  /** Never exceeded. */
  readonly pMax: Watts;
  /** Flexible buffer, lower end; of a charger: bounds of the batteries that come to it. */
  readonly eMin: WattHours;
  readonly eMax: WattHours;
}

/**
 * What the site's meter shows. The names are the canonical ones of libs/devices, so that a device
 * profile encodes this object directly; the unit is the name's ending. Phases are L1…L3 to neutral,
 * power and current are positive for consumption, `currentA` is the sum and `voltageV` the mean of the
 * phases. Power, voltage and current are those of the same moment: P = V·I·PF holds for each phase.
 * The sites have no generation, so the export counters stay 0.
 */
export type MeterValues = {
  readonly powerW: number;
  readonly powerL1W: number;
  readonly powerL2W: number;
  readonly powerL3W: number;
  readonly apparentPowerVA: number;
  readonly apparentPowerL1VA: number;
  readonly apparentPowerL2VA: number;
  readonly apparentPowerL3VA: number;
  readonly reactivePowerVar: number;
  readonly reactivePowerL1Var: number;
  readonly reactivePowerL2Var: number;
  readonly reactivePowerL3Var: number;
  readonly voltageV: number;
  readonly voltageL1V: number;
  readonly voltageL2V: number;
  readonly voltageL3V: number;
  readonly currentA: number;
  readonly currentL1A: number;
  readonly currentL2A: number;
  readonly currentL3A: number;
  readonly currentNeutralA: number;
  readonly powerFactor: number;
  readonly powerFactorL1: number;
  readonly powerFactorL2: number;
  readonly powerFactorL3: number;
  readonly frequencyHz: number;
  /** Counters in Wh: what the meter had counted before, and the integral of power since, up to this very moment. */
  readonly energyImportWh: number;
  readonly energyImportL1Wh: number;
  readonly energyImportL2Wh: number;
  readonly energyImportL3Wh: number;
  readonly energyExportWh: number;
  readonly energyExportL1Wh: number;
  readonly energyExportL2Wh: number;
  readonly energyExportL3Wh: number;
  readonly energyTotalWh: number;
};

/**
 * - `released`: no limit was asked for, or it was withdrawn.
 * - `limiting`: a limit is in force, whether or not the site would draw more at this moment.
 * - `overridden`: a limit is in force, but the buffer is empty, so the site draws what it needs until
 *   the buffer has recovered to a fifth.
 * - `expired`: the limit was not renewed within its time, so the controller released it by itself.
 */
export type FlexState = 'released' | 'limiting' | 'overridden' | 'expired';

/** What a flex-controller shows, by canonical names. */
export type FlexValues = {
  /** As it was last asked for. */
  readonly limitW: number;
  readonly limitActive: boolean;
  /** How long a limit holds from its last renewal. */
  readonly limitValidForS: number;
  /** Until the release; 0 without a limit in force. Rounded up: it is 0 only when it is over. */
  readonly limitTimeLeftS: number;
  /** What the site is really held to: P_min at least, P_max when nothing is in force or it is overridden. */
  readonly appliedLimitW: number;
  /** What applies after an expiry: P_max, no limit at all. */
  readonly fallbackLimitW: number;
  readonly controllerState: FlexState;
};

/**
 * IEC 61851-1 control pilot: `A` no vehicle, `B` a vehicle that does not charge, `C2` one that does; and
 * `stopped`, a vehicle that does not charge because a client has stopped the station.
 */
export type ChargerState = 'A' | 'B' | 'C2' | 'stopped';

/** What a charging station shows beside its meter, by canonical names. Currents are per phase. */
export type ChargerValues = {
  readonly chargerState: ChargerState;
  /** A client has stopped the charging (ABB 4105). */
  readonly chargerStopped: boolean;
  /** Energy of this session, or of the last one while no vehicle is there. */
  readonly sessionEnergyWh: number;
  /** The phases that the station may use, 1 or 3; a single-phase vehicle uses one all the same. */
  readonly phasesInUse: 1 | 3;
  /** The maximum current as it was last asked for. */
  readonly limitA: number;
  readonly limitValidForS: number;
  /** Until the fall-back to the safe current; 0 once it applies. */
  readonly limitTimeLeftS: number;
  /** What the pilot signal offers now; 0 while charging is stopped or fewer than 6 A are granted. */
  readonly appliedLimitA: number;
  /** The safe current. */
  readonly fallbackLimitA: number;
  /** Whether `limitA` is what counts now, and not the safe current. */
  readonly limitAccountedFor: boolean;
};

/** One vehicle's stay at a charging station. Instants in epoch ms. */
export interface ChargingSession {
  readonly arrival: number;
  readonly departure: number;
  readonly batteryWh: number;
  /** In the battery on arrival. */
  readonly arrivalWh: number;
  /** What the driver wants to be charged; charging ends when it is in. */
  readonly wantedWh: number;
  /** What the vehicle's own charger takes at most, per phase. */
  readonly maxCurrentA: number;
  /** Phases of the vehicle's own charger. */
  readonly phases: 1 | 3;
}

/**
 * A write to a controller: what is absent stays as it is, so that the registers of a device can be
 * written one by one. `limitW`, `limitActive` and `limitValidForS` belong to a flex-controller: a write
 * with any of them while the limit is (or thereby becomes) active renews it. The others belong to a
 * charger; there, `limitA` grants a current anew and `limitValidForS` renews what is in force.
 */
export type ControlWrite = {
  readonly limitW?: number | undefined;
  readonly limitActive?: boolean | undefined;
  /** 5…3,600 for a flex-controller, 1…86,400 for a charger. */
  readonly limitValidForS?: number | undefined;
  /** Per phase; more than the station's maximum is granted as the maximum, fewer than 6 A pause. */
  readonly limitA?: number | undefined;
  readonly phasesInUse?: number | undefined;
  readonly chargerStopped?: boolean | undefined;
};

/**
 * A simulated site. Time is given in and only runs forwards: a call with an earlier instant answers as
 * of the latest one. The values at an instant depend on the seed, the start, the step and the control
 * writes alone, never on when or how often somebody read.
 */
export interface SiteModel {
  /** Lets the physics run up to `at`: about 0.2 µs for each step of the grid that is passed. */
  advanceTo(at: Instant): void;
  /** The meter at `at`. */
  readMeter(at: Instant): MeterValues;
  /** What the meter has counted on each phase, in Wh, at `at`, or can have counted `aheadMs` later at the most. */
  counted(at: Instant, aheadMs: number): ThreePhase;
  /** The controller at `at`: a charger's, or the flex-controller's beside the meter. */
  readControl(at: Instant): FlexValues | ChargerValues;
  /**
   * Writes to the controller; the physics follow at once.
   * @throws VenfleetError SIM_WRITE_REFUSED, with all mistakes, for a value out of range or one that the
   *   controller does not have; nothing is changed then.
   */
  writeControl(write: ControlWrite, at: Instant): void;
}

/** A charging station. */
export interface ChargerModel extends SiteModel {
  readControl(at: Instant): ChargerValues;
  /** The vehicle that is there at `at`; no device shows it, the simulator's own view does. */
  session(at: Instant): ChargingSession | undefined;
}

/** A load with a flexible buffer, its meter and its flex-controller. */
export interface LoadModel extends SiteModel {
  readControl(at: Instant): FlexValues;
  /** What the flexible buffer holds, between E_min and E_max; no device shows it, the simulator's own view does. */
  bufferLevel(at: Instant): WattHours;
}
