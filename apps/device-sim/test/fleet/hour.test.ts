import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { instant, milliseconds } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import type { Simulator } from '../../src/fleet/simulator.js';
import { controlDevice, readDevice } from '../../src/fleet/view.js';
import { freePort, idOf, modbusAt, type SiteSpec, simulatorOf, temporaryFolder, writeDatabase } from '../support/fleet.js';

const KINDS: readonly (readonly [subType: string, profile: string])[] = [
  ['Industries', 'sunspec-213'],
  ['Schools', 'schneider-iem3000'],
  ['Hotels', 'eastron-sdm630'],
  ['Swimming Pools', 'carlo-gavazzi-em24'],
  ['Restaurants', 'eastron-sdm630'],
  ['Bars', 'eastron-sdm630'],
  ['Bakeries', 'eastron-sdm630'],
  ...Array.from({ length: 5 }, () => ['Charging Stations', 'alfen-eve'] as const),
];
const SPEED = 60;

const folder = temporaryFolder();
let base: FakeClock;
let simulator: Simulator;
beforeAll(async () => {
  const port = await freePort();
  const sites = KINDS.map(([subType, profile], i): SiteSpec => {
    const isCharger = subType === 'Charging Stations';
    return { subType, type: isCharger ? 'EV' : 'DSR', pMaxKw: isCharger ? 22 : 50, meter: modbusAt(port, i + 1, profile) };
  });
  base = new FakeClock();
  simulator = simulatorOf(writeDatabase(join(folder, 'hour.db'), sites), {
    clock: base,
    start: instant(Date.parse('2026-01-15T16:00:00Z')),
    speed: SPEED,
  });
  await simulator.start();
});
afterAll(() => simulator.stop());

/** Lets simulated seconds pass. */
const pass = (simulatedS: number) => base.advance(milliseconds((simulatedS * 1000) / SPEED));

describe('an hour of simulated time at speed 60', () => {
  test('takes a minute, in which counters equal the integral of the power that was shown, and nothing leaves its range', async () => {
    const begin = base.monotonic();
    const sites = KINDS.map((_, i) => ({ id: idOf(i + 1), integralWh: 0, firstWh: 0 }));
    const meter = (id: string) => readDevice(simulator, id).measurement as Record<string, number>;
    for (const site of sites) site.firstWh = meter(site.id).energyImportWh as number;
    const ranges = new Map(
      ['powerW', 'voltageL1V', 'voltageL2V', 'voltageL3V', 'frequencyHz'].map((name) => [name, new Range()]),
    );
    for (let second = 0; second < 3600; second++) {
      // What is shown at a second holds until the next one.
      for (const site of sites) {
        const values = meter(site.id);
        site.integralWh += (values.powerW as number) / 3600;
        for (const [name, range] of ranges) range.push(values[name] as number);
      }
      await pass(1);
    }
    expect(base.monotonic() - begin).toBeCloseTo(60_000, 0);
    expect(ranges.get('powerW')?.within(0, 50_000)).toBe(true);
    for (const phase of [1, 2, 3]) expect(ranges.get(`voltageL${phase}V`)?.within(207, 253)).toBe(true);
    expect(ranges.get('frequencyHz')?.within(49.9, 50.1)).toBe(true);
    for (const { id, integralWh, firstWh } of sites) {
      const counted = (meter(id).energyImportWh as number) - firstWh;
      expect(Math.abs(counted - integralWh)).toBeLessThanOrEqual(Math.max(integralWh * 0.005, 0.01));
    }
  });

  test('a site that is held at its limit and then released draws more than it would have, until it has made up for it', async () => {
    const id = idOf(3);
    const power = () => Number(readDevice(simulator, id).measurement.powerW);
    const free = power();
    controlDevice(simulator, id, { limitW: free / 2, limitActive: true, limitValidForS: 1800 });
    for (let i = 0; i < 10; i++) {
      await pass(60);
      expect(power()).toBeLessThanOrEqual(free / 2);
    }
    controlDevice(simulator, id, { limitActive: false });
    await pass(5);
    expect(power()).toBeGreaterThan(free);
  });
});

/** The least and the most of many values: an assertion for each of a hundred thousand would take longer than the hour. */
class Range {
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;

  push(value: number): void {
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
  }

  within(min: number, max: number): boolean {
    return this.#min >= min && this.#max <= max;
  }
}
