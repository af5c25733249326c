import { describe, expect, test } from '@jest/globals';
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
  const item = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'), { maxLength: 2 });
  const fleets = fc.array(item, { maxLength: 40 }).map((all) => all.map((gateways, id) => ({ id, gateways })));
  const shardsOf = (fleet: { id: number; gateways: string[] }[], count: number) =>
    Array.from({ length: count }, (_, i) => selectShard(fleet, (r) => r.gateways, { index: i + 1, count }));

  test('no resource is in two parts, and none is missing', () => {
    fc.assert(
      fc.property(fleets, fc.integer({ min: 1, max: 5 }), (fleet, count) => {
        const ids = shardsOf(fleet, count).flatMap((part) => part.map(({ id }) => id));
        expect(ids.sort((a, b) => a - b)).toEqual(fleet.map(({ id }) => id));
      }),
    );
  });

  test('no gateway is in two parts', () => {
    fc.assert(
      fc.property(fleets, fc.integer({ min: 1, max: 5 }), (fleet, count) => {
        const gateways = shardsOf(fleet, count).flatMap((part) => [...new Set(part.flatMap((r) => r.gateways))]);
        expect(new Set(gateways).size).toBe(gateways.length);
      }),
    );
  });

  test('the parts are about the same size', () => {
    const fleet = Array.from({ length: 1000 }, (_, id) => ({ id, gateways: id % 2 === 0 ? [] : [`g${id % 20}`] }));
    const sizes = shardsOf(fleet, 3).map((part) => part.length);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
  });
});
