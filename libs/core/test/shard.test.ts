import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseShard } from '../src/node/index.js';
import { isInShard, shardOf } from '../src/shard.js';

const names = fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }), { maxLength: 60 });
const counts = fc.integer({ min: 1, max: 40 });

describe('shards of a fleet', () => {
  test('each VEN is in exactly one, whatever their number', () => {
    fc.assert(
      fc.property(names, counts, (vens, count) => {
        const shards = Array.from({ length: count }, (_, i) => vens.filter((ven) => isInShard(ven, { index: i + 1, count })));
        expect(shards.flat().sort()).toEqual([...vens].sort());
      }),
    );
  });

  test('one more takes VENs, and moves none between the others', () => {
    fc.assert(
      fc.property(names, counts, (vens, count) => {
        for (const ven of vens) expect([shardOf(ven, count), count + 1]).toContain(shardOf(ven, count + 1));
      }),
    );
  });

  test('ten of them have about a tenth of ten thousand VENs each', () => {
    const shards = Array.from({ length: 10_000 }, (_, i) => shardOf(`VEN ${i}`, 10));
    for (let index = 1; index <= 10; index++) {
      expect(Math.abs(shards.filter((shard) => shard === index).length - 1000)).toBeLessThan(120);
    }
  });

  // Where a VEN is must not change with a version of the program: its readings and reports lie on that shard's disk.
  test('stay where they are', () => {
    const at = (count: number) => ['Aalborg', 'Hjørring', 'Nykøbing Falster', 'Bjæverskov'].map((ven) => shardOf(ven, count));
    expect([at(2), at(3), at(16)]).toMatchInlineSnapshot(`
[
  [
    2,
    1,
    2,
    2,
  ],
  [
    2,
    3,
    3,
    3,
  ],
  [
    2,
    13,
    3,
    3,
  ],
]
`);
  });

  test('without one, every VEN is meant', () => {
    expect(isInShard('Aalborg', undefined)).toBe(true);
  });
});

describe('--shard', () => {
  test('is I/N, or auto/N on a host whose name ends with its number', () => {
    expect(parseShard('2/3')).toEqual({ index: 2, count: 3 });
    expect(parseShard('auto/3', 'ven-agent-0')).toEqual({ index: 1, count: 3 });
    expect(parseShard('auto/3', 'ven-agent-2.ven-agent.venfleet.svc.cluster.local')).toEqual({ index: 3, count: 3 });
  });

  test.each(['', '0/3', '4/3', '1', '1/0', 'a/b', 'auto', 'auto/', '1/3/3', '-1/3', '1/10000'])('%p is none', (text) => {
    expect(() => parseShard(text, 'ven-agent-0')).toThrow('It must be I/N');
  });

  test('auto is refused on a host without a number, and on one more than there are parts', () => {
    expect(() => parseShard('auto/3', 'laptop')).toThrow('laptop does not end with a number');
    expect(() => parseShard('auto/3', 'ven-agent-3')).toThrow('N must be the number of replicas');
  });
});
