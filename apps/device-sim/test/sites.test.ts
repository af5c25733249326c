import { describe, expect, test } from '@jest/globals';
import { instant, kilowattHours, watts } from '@venfleet/core';
import { quantityNames } from '@venfleet/devices';
import fc from 'fast-check';
import { createSite } from '../src/models/create-site.js';
import type { ControlWrite, MeterValues, SimResource, SiteModel } from '../src/models/model.js';
import { createWorld } from '../src/models/world.js';
import { charger, flexSite, meanPower, NOON, plus, SUB_TYPES } from './support/sites.js';

const resources: fc.Arbitrary<SimResource> = fc.record({
  resourceId: fc.uuid(),
  type: fc.constantFrom('DSR', 'EV'),
  subType: fc.constantFrom(...SUB_TYPES),
  pMin: fc.integer({ min: 0, max: 5000 }).map(watts),
  pMax: fc.integer({ min: 5000, max: 100_000 }).map(watts),
  eMin: fc.integer({ min: 0, max: 20 }).map(kilowattHours),
  eMax: fc.integer({ min: 20, max: 400 }).map(kilowattHours),
});

/** Any instant of 2026, and 2027's beginning: weekends, holidays and both changes of the clock among them. */
const starts = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 0, 10) }).map(instant);

interface Act {
  /** Seconds after the act before. */
  readonly pause: number;
  readonly read: boolean;
  /** A share of P_max or of 40 A. */
  readonly level: number;
  readonly validForS: number;
}

const acts = (resolutionMs: number): fc.Arbitrary<Act[]> =>
  fc.array(
    fc.record({
      pause: fc.integer({ min: 0, max: 1_200_000 / resolutionMs }).map((n) => (n * resolutionMs) / 1000),
      read: fc.boolean(),
      level: fc.double({ min: 0, max: 1.1, noNaN: true }),
      validForS: fc.integer({ min: 5, max: 2000 }),
    }),
    { maxLength: 12 },
  );

function writeOf(resource: SimResource, { level, validForS }: Act): ControlWrite {
  if (resource.type === 'EV') return { limitA: level * 40, limitValidForS: validForS, chargerStopped: level > 1 };
  return { limitW: level * resource.pMax, limitActive: level < 1, limitValidForS: validForS };
}

/** Plays the writes; `onRead` sees the site at the reads too. Returns the last instant. */
function play(
  site: SiteModel,
  resource: SimResource,
  start: number,
  script: readonly Act[],
  onRead: (at: number) => void,
): number {
  let now = start;
  for (const act of script) {
    now += act.pause * 1000;
    if (act.read) onRead(now);
    else site.writeControl(writeOf(resource, act), instant(now));
  }
  return now;
}

const PHASES = ['L1', 'L2', 'L3'] as const;
const sumOf = (prefix: string, suffix: string, values: MeterValues): number =>
  PHASES.reduce((sum, phase) => sum + ((values as Record<string, number>)[`${prefix}${phase}${suffix}`] ?? Number.NaN), 0);

function expectPhysical(m: MeterValues, { pMax }: SimResource): void {
  for (const value of Object.values(m)) expect(Number.isFinite(value)).toBe(true);
  expect(m.powerW).toBeGreaterThanOrEqual(0);
  expect(m.powerW).toBeLessThanOrEqual(pMax);
  expect(m.frequencyHz).toBeGreaterThanOrEqual(49.9);
  expect(m.frequencyHz).toBeLessThanOrEqual(50.1);
  for (const phase of PHASES) {
    // EN 50160: 230 V ± 10 %.
    expect(m[`voltage${phase}V`]).toBeGreaterThan(207);
    expect(m[`voltage${phase}V`]).toBeLessThan(253);
    expect(m[`power${phase}W`]).toBeGreaterThanOrEqual(0);
    expect(m[`powerFactor${phase}`]).toBeGreaterThan(0.8);
    expect(m[`powerFactor${phase}`]).toBeLessThanOrEqual(1);
    expect(m[`voltage${phase}V`] * m[`current${phase}A`] * m[`powerFactor${phase}`]).toBeCloseTo(m[`power${phase}W`], 6);
    expect(Math.hypot(m[`power${phase}W`], m[`reactivePower${phase}Var`])).toBeCloseTo(m[`apparentPower${phase}VA`], 6);
  }
  expect(sumOf('power', 'W', m)).toBeCloseTo(m.powerW, 6);
  expect(sumOf('current', 'A', m)).toBeCloseTo(m.currentA, 6);
  expect(sumOf('energyImport', 'Wh', m)).toBeCloseTo(m.energyImportWh, 6);
}

describe('every site', () => {
  test('its values have the canonical names of libs/devices', () => {
    const names = new Set(quantityNames);
    for (const site of [flexSite(), charger()])
      for (const name of Object.keys({ ...site.readMeter(NOON), ...site.readControl(NOON) })) expect(names).toContain(name);
  });

  test('stays within its physical ranges, whatever is written to it', () => {
    fc.assert(
      fc.property(resources, starts, acts(1), (resource, start, script) => {
        const site = createSite(resource, createWorld({ seed: 'ranges', start }));
        const end = play(site, resource, start, script, (now) => expectPhysical(site.readMeter(instant(now)), resource));
        expectPhysical(site.readMeter(instant(end)), resource);
      }),
      { numRuns: 60 },
    );
  });

  test('shows the same values to whoever reads it, whenever and however often', () => {
    fc.assert(
      fc.property(resources, starts, acts(1), (resource, start, script) => {
        const world = createWorld({ seed: 7, start });
        const [watched, left] = [createSite(resource, world), createSite(resource, world)];
        const end = instant(
          play(watched, resource, start, script, (now) => {
            watched.readMeter(instant(now));
            watched.readControl(instant(now));
          }),
        );
        play(left, resource, start, script, () => {});
        const later = instant(end + 1000);
        expect(watched.readMeter(later)).toEqual(left.readMeter(later));
        expect(watched.readControl(later)).toEqual(left.readControl(later));
      }),
      { numRuns: 60 },
    );
  });

  test('its energy counters are the integral of its power, in all and on each phase', () => {
    const wholeSeconds = starts.map((start) => instant(Math.floor(start / 1000) * 1000));
    fc.assert(
      fc.property(resources, wholeSeconds, acts(1000), (resource, start, script) => {
        const site = createSite(resource, createWorld({ seed: 'integral', start }));
        // With a step of a second, and all writes at whole seconds, power only changes at whole seconds.
        const integral = { L1: 0, L2: 0, L3: 0 };
        let sampled = start as number;
        const sampleUntil = (end: number): void => {
          for (; sampled < end; sampled += 1000) {
            const m = site.readMeter(instant(sampled));
            for (const phase of PHASES) integral[phase] += m[`power${phase}W`] / 3600;
          }
        };
        let now = start as number;
        for (const act of script) {
          now += act.pause * 1000;
          sampleUntil(now);
          site.writeControl(writeOf(resource, act), instant(now));
        }
        sampleUntil(now + 60_000);
        const m = site.readMeter(instant(now + 60_000));
        for (const phase of PHASES) expect(m[`energyImport${phase}Wh`]).toBeCloseTo(integral[phase], 6);
        expect(m.energyImportWh).toBeCloseTo(integral.L1 + integral.L2 + integral.L3, 6);
      }),
      { numRuns: 25 },
    );
  });

  test('its energy counters never run backwards, not even for a reader whose clock does', () => {
    fc.assert(
      fc.property(
        resources,
        starts,
        fc.array(fc.integer({ min: -5000, max: 60_000 }), { maxLength: 60 }),
        (resource, start, moves) => {
          const site = createSite(resource, createWorld({ seed: 'counters', start }));
          let now = start as number;
          let last = site.readMeter(start);
          for (const move of moves) {
            now += move;
            const m = site.readMeter(instant(now));
            for (const name of ['energyImportWh', 'energyImportL1Wh', 'energyImportL2Wh', 'energyImportL3Wh'] as const)
              expect(m[name]).toBeGreaterThanOrEqual(last[name]);
            last = m;
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('another seed gives another life, another site too', () => {
    const power = (seed: number, resourceId: string): number =>
      flexSite({ seed, resource: { resourceId } }).readMeter(plus(NOON, 600)).powerW;
    expect(power(1, 'a')).toBe(power(1, 'a'));
    expect(power(1, 'a')).not.toBe(power(2, 'a'));
    expect(power(1, 'a')).not.toBe(power(1, 'b'));
  });

  test.each(SUB_TYPES)('%s: an hour comes to the same energy within 0.5 % at any step from 1 s to 60 s', (subType) => {
    for (const seed of [1, 2, 3]) {
      const hour = (stepS: number): number => {
        const site = flexSite({ seed, stepS, resource: { subType } });
        site.writeControl({ limitW: 12_000, limitActive: true, limitValidForS: 1200 }, plus(NOON, 600));
        return meanPower(site, NOON, plus(NOON, 3600));
      };
      const exact = hour(1);
      for (const stepS of [2, 5, 10, 30, 60]) expect(Math.abs(hour(stepS) / exact - 1)).toBeLessThan(0.005);
    }
  });

  test('a charger: a day comes to the same energy within 0.5 % at any step from 1 s to 60 s', () => {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const day = (stepS: number): number => {
        const site = charger({ seed, stepS });
        for (let h = 0; h < 24; h++)
          site.writeControl({ limitA: [16, 9, 0, 32][h % 4], limitValidForS: 1800 }, plus(NOON, h * 3600));
        return site.readMeter(plus(NOON, 86_400)).energyImportWh;
      };
      const exact = day(1);
      for (const stepS of [7, 60]) expect(Math.abs(day(stepS) - exact)).toBeLessThanOrEqual(0.005 * exact);
    }
  });

  test('the grid has one frequency', () => {
    const later = plus(NOON, 1234);
    expect(flexSite().readMeter(later).frequencyHz).toBe(charger().readMeter(later).frequencyHz);
  });

  test('a step out of range is refused', () => {
    for (const stepS of [0, 0.05, 3601]) expect(() => flexSite({ stepS })).toThrow(RangeError);
  });
});
