import { describe, expect, test } from '@jest/globals';
import { isVenfleetError, kilowattHours, kilowatts, watts } from '@venfleet/core';
import fc from 'fast-check';
import type { FlexSite } from '../src/models/flex-site.js';
import { flexSite, NOON, plus } from './support/sites.js';

/** Draws about 20 kW at noon; its twin is never limited and tells what it would have drawn. */
const site = (resource = {}): FlexSite => flexSite({ resource });
const LIMIT = 10_000;
const limit = (validForS: number, limitW = LIMIT) => ({ limitW, limitActive: true, limitValidForS: validForS });
const power = (model: FlexSite, s: number): number => model.readMeter(plus(NOON, s)).powerW;
const energy = (model: FlexSite, s: number): number => model.readMeter(plus(NOON, s)).energyImportWh;
const buffer = (model: FlexSite, s: number): number => model.bufferLevel(plus(NOON, s));

describe('a limit', () => {
  test('holds the site at once, and the buffer pays what is not delivered', () => {
    const [held, twin] = [site(), site()];
    expect(power(held, 60)).toBeGreaterThan(LIMIT);
    held.writeControl(limit(3600), plus(NOON, 60));
    expect(power(held, 60)).toBe(LIMIT);
    expect(power(held, 1860)).toBe(LIMIT);
    const shed = energy(twin, 1860) - energy(held, 1860);
    expect(shed).toBeGreaterThan(1000);
    expect(buffer(held, 1860)).toBeCloseTo(200_000 - shed, 6);
    expect(held.readControl(plus(NOON, 1860))).toEqual({
      limitW: LIMIT,
      limitActive: true,
      limitValidForS: 3600,
      limitTimeLeftS: 1800,
      appliedLimitW: LIMIT,
      fallbackLimitW: 50_000,
      controllerState: 'limiting',
    });
  });

  test('above the load changes nothing', () => {
    const [held, twin] = [site(), site()];
    held.writeControl(limit(3600, 49_000), NOON);
    expect(held.readControl(plus(NOON, 60))).toMatchObject({ controllerState: 'limiting', appliedLimitW: 49_000 });
    expect(held.readMeter(plus(NOON, 3000))).toEqual(twin.readMeter(plus(NOON, 3000)));
  });

  test('cannot hold the site below P_min, nor above P_max', () => {
    const held = site({ pMin: watts(4000) });
    held.writeControl(limit(3600, 0), NOON);
    expect(power(held, 10)).toBe(4000);
    expect(held.readControl(plus(NOON, 10))).toMatchObject({ limitW: 0, appliedLimitW: 4000 });
    held.writeControl({ limitW: 99_000 }, plus(NOON, 20));
    expect(held.readControl(plus(NOON, 20))).toMatchObject({ limitW: 99_000, appliedLimitW: 50_000 });
  });

  test('releases by itself at the very millisecond when it is not renewed', () => {
    const held = site();
    held.writeControl(limit(100), plus(NOON, 0.25));
    expect(held.readControl(plus(NOON, 100.249))).toMatchObject({ controllerState: 'limiting', limitTimeLeftS: 1 });
    expect(held.readControl(plus(NOON, 100.25))).toMatchObject({
      controllerState: 'expired',
      limitActive: false,
      limitTimeLeftS: 0,
      appliedLimitW: 50_000,
    });
    expect(power(held, 100.249)).toBeGreaterThan(LIMIT);
  });

  test('holds on while any of its values is written again', () => {
    const held = site();
    held.writeControl(limit(100), NOON);
    held.writeControl({ limitW: LIMIT }, plus(NOON, 90));
    held.writeControl({ limitValidForS: 200 }, plus(NOON, 180));
    held.writeControl({ limitActive: true }, plus(NOON, 370));
    expect(held.readControl(plus(NOON, 569))).toMatchObject({ controllerState: 'limiting', limitTimeLeftS: 1 });
    expect(held.readControl(plus(NOON, 570))).toMatchObject({ controllerState: 'expired' });
    held.writeControl({ limitW: LIMIT }, plus(NOON, 600));
    expect(held.readControl(plus(NOON, 600))).toMatchObject({ controllerState: 'expired', limitActive: false });
  });

  test('is withdrawn by the active flag', () => {
    const held = site();
    held.writeControl(limit(100), NOON);
    held.writeControl({ limitActive: false }, plus(NOON, 5));
    expect(held.readControl(plus(NOON, 5))).toMatchObject({
      controllerState: 'released',
      limitTimeLeftS: 0,
      appliedLimitW: 50_000,
    });
  });

  test.each([
    [{ limitW: -1 }, 'limitW'],
    [{ limitW: Number.NaN }, 'limitW'],
    [{ limitW: Number.POSITIVE_INFINITY }, 'limitW'],
    [{ limitValidForS: 0 }, 'limitValidForS'],
    [{ limitValidForS: 3601 }, 'limitValidForS'],
    [{ limitA: 6 }, 'limitA'],
  ])('with %p is refused, naming %s, and changes nothing', (bad, name) => {
    const held = site();
    const before = held.readControl(NOON);
    const write = () => held.writeControl({ limitActive: true, ...bad }, NOON);
    expect(write).toThrow(name);
    try {
      write();
    } catch (error) {
      expect(isVenfleetError(error, 'SIM_WRITE_REFUSED')).toBe(true);
    }
    expect(held.readControl(NOON)).toEqual(before);
  });
});

describe('the buffer', () => {
  test('is made up after the release, to the last watt-hour, and then nothing differs any more', () => {
    const [held, twin] = [site(), site()];
    held.writeControl(limit(3600), NOON);
    energy(held, 3599);
    const missing = 200_000 - buffer(held, 3600);
    expect(power(held, 3601)).toBeGreaterThan(power(twin, 3601));
    expect(power(held, 3601)).toBeLessThanOrEqual(power(twin, 3601) + 12_500);
    const [heldBefore, twinBefore] = [energy(held, 3601), energy(twin, 3601)];
    const day = 86_400;
    expect(energy(held, day) - heldBefore - (energy(twin, day) - twinBefore)).toBeCloseTo(missing, -1);
    expect(buffer(held, day)).toBeCloseTo(200_000, 6);
    expect(energy(held, day)).toBeCloseTo(energy(twin, day), 4);
    expect(power(held, day)).toBe(power(twin, day));
  });

  test('when empty overrides the limit until a fifth of it has come back', () => {
    const held = site({ eMin: kilowattHours(10), eMax: kilowattHours(12) });
    const states: string[] = [];
    const levels: number[] = [];
    for (let s = 0; s < 8 * 3600; s += 10) {
      if (s % 3000 === 0) held.writeControl(limit(3600), plus(NOON, s));
      const { controllerState } = held.readControl(plus(NOON, s));
      if (controllerState === states.at(-1)) continue;
      states.push(controllerState);
      levels.push(buffer(held, s));
      if (controllerState === 'overridden') expect(held.readControl(plus(NOON, s)).appliedLimitW).toBe(50_000);
    }
    expect(states.slice(0, 5)).toEqual(['limiting', 'overridden', 'limiting', 'overridden', 'limiting']);
    expect(levels[1]).toBeGreaterThanOrEqual(10_000);
    expect(levels[1]).toBeLessThan(10_050);
    // Seen up to 10 s late, while it is being drawn down again.
    expect(levels[2]).toBeGreaterThan(10_350);
    expect(levels[2]).toBeLessThan(10_500);
  });

  test('of no size cannot be drawn from: every limit is overridden', () => {
    const [held, twin] = [site({ eMin: kilowattHours(5), eMax: kilowattHours(5) }), site()];
    held.writeControl(limit(3600), NOON);
    expect(held.readControl(plus(NOON, 60)).controllerState).toBe('overridden');
    expect(energy(held, 3600)).toBe(energy(twin, 3600));
    expect(buffer(held, 3600)).toBe(5000);
  });

  test('keeps its books and its bounds through any sequence of limits', () => {
    const steps = fc.array(fc.record({ pause: fc.integer({ min: 1, max: 5000 }), limitW: fc.integer({ min: 0, max: 60_000 }) }), {
      maxLength: 15,
    });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 40 }), fc.boolean(), (script, eMaxKwh, coarse) => {
        const options = {
          seed: 3,
          stepS: coarse ? 60 : 1,
          resource: { pMax: kilowatts(50), eMin: kilowattHours(1), eMax: kilowattHours(eMaxKwh) },
        };
        const [held, twin] = [flexSite(options), flexSite(options)];
        let now = 0;
        for (const { pause, limitW } of script) {
          now += pause;
          held.writeControl(limit(2500, limitW), plus(NOON, now));
          const level = buffer(held, now);
          expect(level).toBeGreaterThanOrEqual(1000 - 1e-6);
          expect(level).toBeLessThanOrEqual(eMaxKwh * 1000);
          expect(energy(twin, now) - energy(held, now)).toBeCloseTo(eMaxKwh * 1000 - level, 5);
        }
      }),
      { numRuns: 30 },
    );
  });
});
