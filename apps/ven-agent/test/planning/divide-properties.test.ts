import { describe, expect, it } from '@jest/globals';
import { kilowatts } from '@venfleet/core';
import fc from 'fast-check';
import { setpointOf } from '../../src/planning/allocate.js';
import { allowedAt, levelFor, type Share } from '../../src/planning/fill.js';
import type { PlannedResource, ResourceState } from '../../src/planning/model.js';
import { allocated, at, planOf, simply, site } from './support.js';

const watt = fc.integer({ min: 0, max: 100 });
const share: fc.Arbitrary<Share> = fc.tuple(watt, watt, watt, watt, watt).map(([a, b, c, present, upper]) => {
  const [floor, load, most] = [a, b, c].sort((x, y) => x - y) as [number, number, number];
  return { floor: Math.min(floor, upper), load, most, present, upper };
});
const shares = fc.array(share, { minLength: 1, maxLength: 20 });
const sumAt = (all: readonly Share[], level: number) => all.reduce((sum, one) => sum + allowedAt(one, level), 0);

describe('division by one level', () => {
  it('sums up to the room where floors and bounds allow it, and never to more', () => {
    fc.assert(
      fc.property(shares, fc.integer({ min: 0, max: 2000 }), (all, room) => {
        const level = levelFor(all, room, 'allowed');
        const [least, most] = [sumAt(all, 1), sumAt(all, -1)];
        const sum = sumAt(all, level);
        if (room >= most) expect(sum).toBe(most);
        else if (room < least) expect(sum).toBe(least);
        else expect(sum).toBeCloseTo(room, 6);
        if (room >= least) expect(sum).toBeLessThanOrEqual(room + 1e-9);
      }),
    );
  });

  it('gives each one between its floor and what holds it already', () => {
    fc.assert(
      fc.property(
        shares,
        fc.integer({ min: 0, max: 2000 }),
        fc.constantFrom('allowed' as const, 'drawn' as const),
        (all, room, by) => {
          const level = levelFor(all, room, by);
          for (const one of all) {
            expect(allowedAt(one, level)).toBeGreaterThanOrEqual(one.floor);
            expect(allowedAt(one, level)).toBeLessThanOrEqual(Math.max(one.floor, Math.min(one.most, one.upper)));
          }
        },
      ),
    );
  });

  it('more room never means less for any of them', () => {
    fc.assert(
      fc.property(shares, fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 1000 }), (all, room, more) => {
        const [a, b] = [levelFor(all, room, 'allowed'), levelFor(all, room + more, 'allowed')];
        for (const one of all) expect(allowedAt(one, b)).toBeGreaterThanOrEqual(allowedAt(one, a) - 1e-9);
      }),
    );
  });
});

/** Up to 30 sites, which draw what they would by themselves unless they are held. */
const fleet = fc
  .array(
    fc.record({
      pMin: fc.integer({ min: 0, max: 30 }),
      draws: fc.integer({ min: 0, max: 100 }),
      controllable: fc.boolean(),
      reachable: fc.boolean(),
      overriding: fc.constantFrom(false, false, false, true),
      optedOut: fc.constantFrom(false, false, false, true),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((all) => ({
    resources: all.map(({ pMin, controllable }, id): PlannedResource => site(id, { pMin: kilowatts(pMin), controllable })),
    states: Object.fromEntries(
      all.map(({ draws, reachable, overriding }, id): [number, ResourceState] => [
        id,
        { power: kilowatts(draws), baseline: kilowatts(draws), reachable, overriding },
      ]),
    ),
    optOuts: all.flatMap(({ optedOut }, id) => (optedOut ? [{ resource: `r${id}`, reason: 'no', at: at('09:00') }] : [])),
  }));

describe('what a VEN delivers', () => {
  const request = fc.constantFrom(
    (kw: number) => ({ type: 'DISPATCH_SETPOINT', value: kw, total: () => 1000 * kw }),
    (kw: number) => ({ type: 'DISPATCH_SETPOINT_RELATIVE', value: -kw, total: (load: number) => Math.max(0, load - 1000 * kw) }),
    (kw: number) => ({
      type: 'CONTROL_LEVEL_OFFSET_PERCENT',
      value: (kw % 101) / 100,
      total: (load: number) => load * (1 - (kw % 101) / 100),
    }),
  );

  it('is what was asked for where flexibility allows, whoever does not take part', () => {
    fc.assert(
      fc.property(fleet, request, fc.integer({ min: 0, max: 2000 }), ({ resources, states, optOuts }, make, kw) => {
        const { type, value, total } = make(kw);
        const allocation = allocated(planOf([simply(type, value, {}, { optOuts })], resources), at('10:30'), states);
        const load = resources.reduce((sum, { id }) => sum + (states[id]?.power ?? 0), 0);
        const asked = total(load);
        let [drawn, least] = [0, 0];
        for (const { id, pMin } of resources) {
          const power = states[id]?.power ?? 0;
          const takesPart =
            allocation.resources.get(id)?.absence === undefined && !optOuts.some(({ resource }) => resource === `r${id}`);
          const setpoint = setpointOf(allocation, id);
          drawn += takesPart && setpoint.kind === 'limit' ? Math.min(setpoint.limit, power) : power;
          least += takesPart ? Math.min(pMin, power) : power;
        }
        const possible = Math.max(least, Math.min(asked, load));
        // Limits are whole watts.
        expect(Math.abs(drawn - possible)).toBeLessThanOrEqual(resources.length);
      }),
    );
  });
});
