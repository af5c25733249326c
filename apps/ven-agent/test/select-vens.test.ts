import { describe, expect, test } from '@jest/globals';
import type { ResourceDb } from '@venfleet/resource-db';
import fc from 'fast-check';
import { selectVens } from '../src/registration/register-fleet.js';

const VENS = Array.from({ length: 40 }, (_, i) => ({ name: `VEN ${i}`, resources: 100 - i }));
const db = { resources: { vens: () => VENS } } as unknown as ResourceDb;
const names = (...args: Parameters<typeof selectVens>) => selectVens(...args).map(({ name }) => name);

describe('the VENs that an agent takes', () => {
  test('several agents, each with its part, have every VEN once, of the biggest ones, too', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 20, max: 40 }), (count, limit) => {
        const parts = Array.from({ length: count }, (_, i) => names(db, { limit, shard: { index: i + 1, count } }));
        expect(parts.flat().sort()).toEqual(names(db, { limit }).sort());
      }),
    );
  });

  test('are named and in the part', () => {
    const shard = { index: 1, count: 2 };
    const [first, second] = names(db, { shard });
    expect(names(db, { shard, vens: [first as string] })).toEqual([first]);
    expect(() => names(db, { shard: { index: 2, count: 2 }, vens: [first as string, second as string] })).toThrow(
      expect.objectContaining({ code: 'SHARD_EMPTY', message: 'none of the VENs is in the part 2 of 2' }),
    );
  });
});
