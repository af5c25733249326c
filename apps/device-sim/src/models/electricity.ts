import { HOUR_MS } from './calendar.js';
import type { MeterValues } from './model.js';
import { chance, noise, type Octave } from './noise.js';

export const NOMINAL_VOLTAGE = 230;

/** Three phases' values, L1 first. */
export type ThreePhase = readonly [number, number, number];

export function total([a, b, c]: ThreePhase): number {
  return a + b + c;
}

export function sumOf([a1, a2, a3]: ThreePhase, [b1, b2, b3]: ThreePhase): ThreePhase {
  return [a1 + b1, a2 + b2, a3 + b3];
}

/** Channels of chance: see load-curve.ts for 0…31. */
const SPLIT_CHANNEL = 32;
const POWER_FACTOR_CHANNEL = 35;
const FEEDER_CHANNEL = 36;
const VOLTAGE_CHANNEL = 40;
const VOLTAGE_CHANNELS_PER_PHASE = 4;

/** Sites lie nearer to or farther from their transformer. */
const FEEDER_SPREAD_V = 3;
const VOLTAGE_NOISE: readonly Octave[] = [
  { periodMs: 15 * 60_000, amplitude: 3 },
  { periodMs: 30_000, amplitude: 0.8 },
];
/** What a phase at its full load loses on the service line. */
const FULL_LOAD_DROP_V = 5;

/** Frequency of the synchronous area Continental Europe, to which Jutland and Funen belong; 49.9…50.1 Hz in normal operation. */
const FREQUENCY_NOISE: readonly Octave[] = [
  { periodMs: HOUR_MS, amplitude: 0.02 },
  { periodMs: 5 * 60_000, amplitude: 0.045 },
  { periodMs: 20_000, amplitude: 0.02 },
];

/** How a site's load is spread over the phases: fixed, somewhat unequal, 1 in sum. */
export function phaseSplit(key: number): ThreePhase {
  const weight = (phase: number): number => 1 + 0.15 * (2 * chance(key, SPLIT_CHANNEL, phase) - 1);
  const [a, b, c] = [weight(0), weight(1), weight(2)];
  const sum = a + b + c;
  return [a / sum, b / sum, c / sum];
}

/** A site's own power factor near the usual one of its kind. */
export function sitePowerFactor(key: number, usual: number): number {
  return Math.min(0.995, usual + 0.03 * (chance(key, POWER_FACTOR_CHANNEL) - 0.5));
}

/** Voltage of a phase (0…2) of a site without load, in V; with {@link loadedVoltage} always within EN 50160's 230 V ± 10 %. */
export function openVoltage(key: number, phase: number, utcMs: number): number {
  const feeder = FEEDER_SPREAD_V * (2 * chance(key, FEEDER_CHANNEL) - 1);
  const channel = VOLTAGE_CHANNEL + phase * VOLTAGE_CHANNELS_PER_PHASE;
  return NOMINAL_VOLTAGE + feeder + noise(key, channel, VOLTAGE_NOISE, utcMs);
}

/** @param share of the phase's full load, about 0…1. */
export function loadedVoltage(open: number, share: number): number {
  return open - FULL_LOAD_DROP_V * share;
}

/** The grid's frequency in Hz: the same at every site. @param gridKey the world's. */
export function gridFrequency(gridKey: number, utcMs: number): number {
  return 50 + noise(gridKey, 0, FREQUENCY_NOISE, utcMs);
}

interface ElectricalState {
  /** In all, and by phase. */
  readonly powerW: number;
  readonly powersW: ThreePhase;
  readonly voltagesV: ThreePhase;
  readonly powerFactor: number;
  readonly frequencyHz: number;
  readonly energyWh: number;
  readonly energiesWh: ThreePhase;
}

/** All that a meter derives from power, voltage and power factor; the load is inductive and the angles are 120° apart. */
export function meterValues(state: ElectricalState): MeterValues {
  const { powerW, powersW, voltagesV, powerFactor, frequencyHz, energyWh, energiesWh } = state;
  const [p1, p2, p3] = powersW;
  const [v1, v2, v3] = voltagesV;
  const [e1, e2, e3] = energiesWh;
  const [s1, s2, s3] = [p1 / powerFactor, p2 / powerFactor, p3 / powerFactor];
  const [i1, i2, i3] = [s1 / v1, s2 / v2, s3 / v3];
  const reactive = Math.sqrt(1 - powerFactor ** 2);
  return {
    powerW,
    powerL1W: p1,
    powerL2W: p2,
    powerL3W: p3,
    apparentPowerVA: s1 + s2 + s3,
    apparentPowerL1VA: s1,
    apparentPowerL2VA: s2,
    apparentPowerL3VA: s3,
    reactivePowerVar: (s1 + s2 + s3) * reactive,
    reactivePowerL1Var: s1 * reactive,
    reactivePowerL2Var: s2 * reactive,
    reactivePowerL3Var: s3 * reactive,
    voltageV: (v1 + v2 + v3) / 3,
    voltageL1V: v1,
    voltageL2V: v2,
    voltageL3V: v3,
    currentA: i1 + i2 + i3,
    currentL1A: i1,
    currentL2A: i2,
    currentL3A: i3,
    currentNeutralA: Math.sqrt(Math.max(0, i1 * i1 + i2 * i2 + i3 * i3 - i1 * i2 - i2 * i3 - i3 * i1)),
    powerFactor,
    powerFactorL1: powerFactor,
    powerFactorL2: powerFactor,
    powerFactorL3: powerFactor,
    frequencyHz,
    energyImportWh: energyWh,
    energyImportL1Wh: e1,
    energyImportL2Wh: e2,
    energyImportL3Wh: e3,
    energyExportWh: 0,
    energyExportL1Wh: 0,
    energyExportL2Wh: 0,
    energyExportL3Wh: 0,
    energyTotalWh: energyWh,
  };
}
