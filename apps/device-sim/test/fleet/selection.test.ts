import { describe, expect, test } from '@jest/globals';
import { isInShard } from '@venfleet/core';
import fc from 'fast-check';
import { selectShard, selectVens } from '../../src/fleet/selection.js';

describe('selectVens', () => {
  const vens = [{ name: 'Aalborg' }, { name: 'Aarhus' }, { name: 'Herning' }];

  test('takes all, the biggest, or one by name', () => {
    expect([...selectVens(vens, {})]).toEqual(['Aalborg', 'Aarhus', 'Herning']);
    expect([...selectVens(vens, { limit: 2 })]).toEqual(['Aalborg', 'Aarhus']);
    expect([...selectVens(vens, { ven: 'Herning' })]).toEqual(['Herning']);
  });

  test('refuses a name that is not there', () => {
    expect(() => selectVens(vens, { ven: 'herning' })).toThrow(expect.objectContaining({ code: 'VEN_UNKNOWN' }));
    expect(() => selectVens(vens, { ven: 'Herning', limit: 2 })).toThrow('among the 2 biggest');
  });
});

describe('selectShard', () => {
  interface Site {
    readonly id: number;
    readonly ven: string;
    readonly gateways: readonly string[];
  }
  const site = fc.record({
    ven: fc.constantFrom('Aalborg', 'Aarhus', 'Herning', 'Randers', 'Vejle'),
    gateways: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'), { maxLength: 2 }),
  });
  const fleets = fc.array(site, { maxLength: 40 }).map((all) => all.map((one, id): Site => ({ id, ...one })));
  const shardsOf = (fleet: readonly Site[], count: number) =>
    Array.from({ length: count }, (_, i) => selectShard(fleet, (r) => r.gateways, { index: i + 1, count }));

  test('no resource is in two parts, and none is missing', () => {
    fc.assert(
      fc.property(fleets, fc.integer({ min: 1, max: 12 }), (fleet, count) => {
        const ids = shardsOf(fleet, count).flatMap((part) => part.map(({ id }) => id));
        expect(ids.sort((a, b) => a - b)).toEqual(fleet.map(({ id }) => id));
      }),
    );
  });

  test('no gateway is in two parts', () => {
    fc.assert(
      fc.property(fleets, fc.integer({ min: 1, max: 12 }), (fleet, count) => {
        const gateways = shardsOf(fleet, count).flatMap((part) => [...new Set(part.flatMap((r) => r.gateways))]);
        expect(new Set(gateways).size).toBe(gateways.length);
      }),
    );
  });

  test('VENs with gateways of their own are in the part where their agent is', () => {
    fc.assert(
      fc.property(fleets, fc.integer({ min: 1, max: 12 }), (shared, count) => {
        const fleet = shared.map((one) => ({ ...one, gateways: one.gateways.map((gateway) => `${one.ven}/${gateway}`) }));
        for (const [i, part] of shardsOf(fleet, count).entries()) {
          expect(part).toEqual(fleet.filter(({ ven }) => isInShard(ven, { index: i + 1, count })));
        }
      }),
    );
  });
});
