import { describe, expect, test } from '@jest/globals';
import { type Instant, instant, kilowatts } from '@venfleet/core';
import { HOUR_MS } from '../src/models/calendar.js';
import type { Charger } from '../src/models/charger.js';
import { sessionIn, slotAt, stationKind } from '../src/models/charging-sessions.js';
import type { ChargingSession } from '../src/models/model.js';
import { chanceKey } from '../src/models/noise.js';
import { at, charger, plus } from './support/sites.js';

const SEED = 'charger';
const START = at('2026-01-14T11:30:00Z');

/** A station and its next session of the kind asked for, before which it is free. */
function stationWith(wanted: (session: ChargingSession) => boolean, stepS = 1) {
  for (let i = 0; i < 2000; i++) {
    const resourceId = `station ${i}`;
    const key = chanceKey(SEED, resourceId);
    const kind = stationKind(key);
    const session = sessionIn(kind, key, slotAt(kind, START), { minWh: 0, maxWh: 100_000 });
    if (session === undefined || session.arrival <= START || !wanted(session)) continue;
    return { resourceId, session, station: charger({ seed: SEED, start: START, stepS, resource: { resourceId } }) };
  }
  throw new Error('no station has such a session');
}

const isPatient = ({ arrival, departure }: ChargingSession) => departure - arrival > 10 * HOUR_MS;
const isThreePhase = (session: ChargingSession, maxCurrentA: number) =>
  session.phases === 3 && session.maxCurrentA === maxCurrentA;
const since = ({ arrival }: ChargingSession, s: number): Instant => plus(instant(arrival), s);
const before = ({ departure }: ChargingSession, s: number): Instant => plus(instant(departure), -s);
const grant = (limitA: number, limitValidForS = 86_400) => ({ limitA, limitValidForS });
const current = (station: Charger, time: Instant): number => station.readMeter(time).currentL1A;

describe('a charging station', () => {
  test('goes from A over C2 to B and back to A, and delivers what the vehicle wants', () => {
    const { station, session } = stationWith((s) => isPatient(s) && isThreePhase(s, 16));
    const state = (time: Instant): string => station.readControl(time).chargerState;
    expect(station.session(since(session, -1))).toBeUndefined();
    expect(state(since(session, -1))).toBe('A');
    expect(station.readMeter(since(session, -1)).powerW).toBe(0);
    expect(state(since(session, 10))).toBe('C2');
    expect(state(before(session, 1))).toBe('B');
    const { sessionEnergyWh } = station.readControl(before(session, 1));
    expect(Math.abs(sessionEnergyWh - session.wantedWh)).toBeLessThanOrEqual(0.1);
    expect(station.readMeter(before(session, 1)).energyImportWh).toBeCloseTo(sessionEnergyWh, 6);
    expect(state(instant(session.departure))).toBe('A');
    expect(station.readControl(before(session, -60)).sessionEnergyWh).toBe(sessionEnergyWh);
  });

  test('ramps up at 4 A/s and down within the 5 s of IEC 61851-1', () => {
    const { station, session } = stationWith((s) => isPatient(s) && isThreePhase(s, 32) && s.arrivalWh < 0.6 * s.batteryWh);
    station.writeControl(grant(32), since(session, -60));
    for (let s = 1; s <= 10; s++) {
      expect(current(station, since(session, s))).toBeLessThanOrEqual(current(station, since(session, s - 1)) + 4 + 1e-9);
    }
    expect(current(station, since(session, 10))).toBeGreaterThan(30);
    station.writeControl(grant(6), since(session, 600));
    expect(current(station, since(session, 605))).toBeCloseTo(6, 9);
  });

  test('grants no more than its maximum and never draws more than P_max', () => {
    const { station, session } = stationWith((s) => isPatient(s) && isThreePhase(s, 32) && s.arrivalWh < 0.6 * s.batteryWh);
    station.writeControl(grant(63), since(session, -60));
    expect(station.readControl(since(session, 60))).toMatchObject({ limitA: 63, appliedLimitA: 32 });
    for (let s = 60; s < 3600; s += 10) {
      const { powerW } = station.readMeter(since(session, s));
      expect(powerW).toBeLessThanOrEqual(22_000);
      expect(powerW).toBeGreaterThan(20_500);
    }
  });

  test.each([
    [6, 6, 'C2'],
    [5.9, 0, 'B'],
    [0, 0, 'B'],
  ] as const)(
    'asked for %d A it offers %d A, and the state is %s: below 6 A the vehicle pauses',
    (limitA, offered, chargerState) => {
      const { station, session } = stationWith((s) => isPatient(s) && isThreePhase(s, 16));
      station.writeControl(grant(limitA), since(session, 300));
      expect(station.readControl(since(session, 310))).toMatchObject({ appliedLimitA: offered, chargerState });
      expect(current(station, since(session, 310))).toBeCloseTo(offered, 9);
    },
  );

  test('falls back to the safe current when the granted one is not renewed in time', () => {
    const { station, session } = stationWith((s) => isPatient(s) && isThreePhase(s, 16));
    expect(station.readControl(START)).toMatchObject({
      limitA: 32,
      appliedLimitA: 16,
      fallbackLimitA: 16,
      limitAccountedFor: false,
    });
    station.writeControl(grant(8, 60), since(session, 300));
    station.writeControl({ limitA: 8 }, since(session, 350));
    expect(station.readControl(since(session, 409))).toMatchObject({
      appliedLimitA: 8,
      limitTimeLeftS: 1,
      limitAccountedFor: true,
    });
    expect(station.readControl(since(session, 410))).toMatchObject({
      appliedLimitA: 16,
      limitTimeLeftS: 0,
      limitAccountedFor: false,
    });
    expect(current(station, since(session, 415))).toBeCloseTo(16, 9);
    station.writeControl({ limitValidForS: 100 }, since(session, 420));
    expect(station.readControl(since(session, 420)).limitAccountedFor).toBe(false);
  });

  test('stops and goes on when a client says so', () => {
    const { station, session } = stationWith((s) => isPatient(s) && isThreePhase(s, 16));
    station.writeControl({ chargerStopped: true }, since(session, 60));
    expect(station.readControl(since(session, 70))).toMatchObject({
      chargerStopped: true,
      appliedLimitA: 0,
      chargerState: 'stopped',
    });
    station.writeControl({ chargerStopped: false }, since(session, 100));
    expect(station.readControl(since(session, 110))).toMatchObject({ appliedLimitA: 16, chargerState: 'C2' });
  });

  test('charges on one phase when told to, or when the vehicle has only one', () => {
    const { station, session } = stationWith((s) => isPatient(s) && isThreePhase(s, 16));
    station.writeControl({ phasesInUse: 1 }, since(session, 60));
    expect(station.readMeter(since(session, 70))).toMatchObject({ powerL2W: 0, currentL3A: 0 });
    expect(current(station, since(session, 70))).toBeCloseTo(16, 9);
    const single = stationWith((s) => s.phases === 1);
    const { powerL1W, powerW, energyImportL2Wh } = single.station.readMeter(since(single.session, 10));
    expect(powerL1W).toBeGreaterThan(3000);
    expect(powerW).toBe(powerL1W);
    expect(energyImportL2Wh).toBe(0);
  });

  test('tapers above 80 % of the battery', () => {
    const { station, session } = stationWith(
      (s) => isPatient(s) && isThreePhase(s, 16) && s.arrivalWh + s.wantedWh === s.batteryWh && s.batteryWh < 60_000,
    );
    const samples: { charge: number; amperes: number }[] = [];
    for (let time = since(session, 60); time < session.departure; time = plus(time, 60)) {
      const { chargerState, sessionEnergyWh } = station.readControl(time);
      if (chargerState !== 'C2') break;
      samples.push({ charge: (session.arrivalWh + sessionEnergyWh) / session.batteryWh, amperes: current(station, time) });
    }
    for (const { charge, amperes } of samples) {
      if (charge < 0.8) expect(amperes).toBeCloseTo(16, 6);
      if (charge > 0.92) expect(amperes).toBeLessThan(11);
    }
    expect(samples.some(({ charge }) => charge > 0.95)).toBe(true);
  });

  test.each([1, 60])('held back, a vehicle still leaves with what could be delivered (step %d s)', (stepS) => {
    const { station, session } = stationWith((s) => isPatient(s) && isThreePhase(s, 16) && s.wantedWh > 30_000, stepS);
    station.writeControl(grant(0), since(session, -60));
    const resumed = before(session, 2 * 3600);
    expect(station.readControl(resumed).sessionEnergyWh).toBe(0);
    station.writeControl(grant(16), resumed);
    station.readMeter(instant(session.departure));
    const { sessionEnergyWh } = station.readControl(instant(session.departure));
    // Two hours of 3 × 16 A at about 230 V, less the ramp.
    expect(sessionEnergyWh).toBeGreaterThan(0.97 * 2 * 3 * 16 * 230);
    expect(sessionEnergyWh).toBeLessThan(1.03 * 2 * 3 * 16 * 230);
  });

  test('with a vehicle there at the start has been charging it since it came', () => {
    const { resourceId, session } = stationWith((s) => isPatient(s) && isThreePhase(s, 16) && s.wantedWh > 30_000);
    const late = since(session, 3600);
    const station = charger({ seed: SEED, start: late, resource: { resourceId } });
    expect(station.session(late)).toEqual(session);
    expect(station.readMeter(late).energyImportWh).toBe(0);
    expect(station.readControl(late).sessionEnergyWh).toBeCloseTo(3 * 16 * 230, 6);
    expect(station.readControl(plus(late, 5)).chargerState).toBe('C2');
  });

  test('too small for three phases has one', () => {
    const small = charger({ resource: { pMax: kilowatts(3.7) } });
    expect(small.readControl(START)).toMatchObject({ phasesInUse: 1, limitA: 16 });
    expect(() => small.writeControl({ phasesInUse: 3 }, START)).toThrow('one phase');
  });

  test.each([{ phasesInUse: 2 }, { limitA: -1 }, { limitA: Number.NaN }, { limitW: 1000 }, { limitValidForS: 0.5 }])(
    'refuses %p and changes nothing',
    (bad) => {
      const station = charger();
      const unchanged = station.readControl(START);
      expect(() => station.writeControl({ chargerStopped: true, ...bad }, START)).toThrow(
        expect.objectContaining({ code: 'SIM_WRITE_REFUSED' }),
      );
      expect(station.readControl(START)).toEqual(unchanged);
    },
  );
});
