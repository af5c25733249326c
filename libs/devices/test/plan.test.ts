import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  decodeBlock,
  decodeReplies,
  encodeImage,
  imageLayout,
  imageOffset,
  namesToPoll,
  planReads,
  readImage,
  writeImage,
} from '../src/index.js';
import { modbusProfile } from './make-profile.js';

const word = (name: string, address: number, more: object = {}) => ({ name, table: 'holding', address, type: 'uint16', ...more });
const shape = (profile: Parameters<typeof planReads>[0], names?: string[]) =>
  planReads(profile, names).map((b) => [b.table, b.address, b.count, b.points.map((p) => p.name).join(' ')]);

describe('planning', () => {
  test('neighbours share a request, a gap up to maxGap is read over, a wider one is not', () => {
    const points = [word('x-a', 0), word('x-b', 1), word('x-c', 4), word('x-d', 8)];
    expect(shape(modbusProfile({ points, transport: { maxGap: 2 } }))).toEqual([
      ['holding', 0, 5, 'x-a x-b x-c'],
      ['holding', 8, 1, 'x-d'],
    ]);
  });

  test('tables are never mixed, bits may be 2,000 at once', () => {
    const points = [
      word('x-a', 0),
      { ...word('x-b', 1), table: 'input' },
      { name: 'x-c', table: 'coil', address: 0, type: 'bool' },
      { name: 'x-d', table: 'coil', address: 100, type: 'bool' },
    ];
    expect(shape(modbusProfile({ points, transport: { maxGap: 99, maxRegisters: 10 } }))).toEqual([
      ['coil', 0, 101, 'x-c x-d'],
      ['holding', 0, 1, 'x-a'],
      ['input', 1, 1, 'x-b'],
    ]);
  });

  test('scale factors and the parts of derived values are read along', () => {
    const profile = modbusProfile({
      points: [
        word('currentL1A', 0, { unit: 'A', scaleRef: 'x-sf' }),
        word('currentL2A', 1, { unit: 'A', scaleRef: 'x-sf' }),
        word('x-other', 2),
        word('x-sf', 3, { type: 'sunssf' }),
      ],
      derived: [{ name: 'currentA', sum: ['currentL1A', 'currentL2A'] }],
    });
    expect(shape(profile, ['currentA'])).toEqual([
      ['holding', 0, 2, 'currentL1A currentL2A'],
      ['holding', 3, 1, 'x-sf'],
    ]);
  });

  test('an unknown name is refused, an empty wish needs no request', () => {
    const profile = modbusProfile({ points: [word('x-a', 0, { poll: 'once' }), word('x-b', 1)] });
    expect(() => planReads(profile, ['powerW'])).toThrow('has no point "powerW"');
    expect(planReads(profile, [])).toEqual([]);
    expect(namesToPoll(profile, 'once')).toEqual(['x-a']);
  });

  test('any points, any limits: each is in one block, whole, and no block is too long or ends in a gap', () => {
    const layout = fc.record({
      gaps: fc.array(fc.record({ gap: fc.nat(40), type: fc.constantFrom('uint16', 'float32', 'int64') }), {
        minLength: 1,
        maxLength: 40,
      }),
      maxRegisters: fc.integer({ min: 4, max: 125 }),
      maxGap: fc.nat(30),
    });
    fc.assert(
      fc.property(layout, ({ gaps, maxRegisters, maxGap }) => {
        let address = 0;
        const points = gaps.map(({ gap, type }, i) => {
          const point = word(`x-${i}`, address + gap, { type });
          address += gap + { uint16: 1, float32: 2, int64: 4 }[type as 'uint16'];
          return point;
        });
        const blocks = planReads(modbusProfile({ points, transport: { maxRegisters, maxGap } }));
        expect(blocks.flatMap((b) => b.points.map((p) => p.name))).toEqual(points.map((p) => p.name));
        for (const block of blocks) {
          const last = block.points.at(-1);
          expect(block.count).toBeLessThanOrEqual(maxRegisters);
          expect(block.points[0]?.address).toBe(block.address);
          expect((last?.address ?? 0) + (last?.registers ?? 0)).toBe(block.address + block.count);
        }
      }),
    );
  });
});

describe('decoding', () => {
  const scaled = modbusProfile({
    points: [
      word('currentL1A', 0, { unit: 'A', scaleRef: 'x-sf' }),
      word('currentL2A', 1, { unit: 'A' }),
      word('x-sf', 50, { type: 'sunssf' }),
    ],
    derived: [
      { name: 'currentA', sum: ['currentL1A', 'currentL2A'] },
      { name: 'currentNeutralA', difference: ['currentL1A', 'currentL2A'] },
    ],
  });
  const [values, factors] = planReads(scaled);
  if (values === undefined || factors === undefined) throw new Error('two blocks expected');

  test('a scale factor from a later block counts, derived values are added', () => {
    const replies = [
      { block: values, data: Buffer.from('00640003', 'hex') },
      { block: factors, data: Buffer.from('ffff', 'hex') },
    ];
    expect(decodeReplies(scaled, replies)).toEqual({
      currentL1A: 10,
      currentL2A: 3,
      'x-sf': -1,
      currentA: 13,
      currentNeutralA: 7,
    });
  });

  test('without its scale factor a value is unknown, and so is what is derived from it', () => {
    expect(decodeBlock(scaled, values, Buffer.from('00640003', 'hex'))).toEqual({ currentL2A: 3 });
  });

  test('an answer of another length is refused, longer ones too', () => {
    expect(() => decodeBlock(scaled, values, Buffer.alloc(2))).toThrow('answered 2 bytes for 2 at holding 0, not 4');
    expect(() => decodeBlock(scaled, values, Buffer.alloc(6))).toThrow('not 4');
  });

  test('bits are packed from the lowest, as on the wire', () => {
    const bits = modbusProfile({
      points: [0, 1, 9].map((address) => ({ name: `x-${address}`, table: 'discrete', address, type: 'bool' })),
      transport: { maxGap: 10 },
    });
    const [block] = planReads(bits);
    if (block === undefined) throw new Error('one block expected');
    expect(decodeBlock(bits, block, Buffer.from([0b10, 0b10]))).toEqual({ 'x-0': false, 'x-1': true, 'x-9': true });
    const image = encodeImage(bits, { 'x-1': true, 'x-9': true });
    expect(readImage(imageLayout(bits), block, image)).toEqual(Buffer.from([0b10, 0b10]));
  });
});

describe('images', () => {
  const profile = modbusProfile({
    points: [word('x-a', 10), word('x-b', 20), word('x-c', 400), { ...word('x-d', 10), table: 'input' }],
  });
  const layout = imageLayout(profile);

  test('a hole that one read can span answers 0, a wider one and what lies outside is no address of the device', () => {
    expect(layout.ranges.map((r) => [r.table, r.address, r.count])).toEqual([
      ['holding', 10, 11],
      ['holding', 400, 1],
      ['input', 10, 1],
    ]);
    expect(imageOffset(layout, 'holding', 10, 11)).toBe(0);
    expect(imageOffset(layout, 'holding', 20, 2)).toBeUndefined();
    expect(imageOffset(layout, 'holding', 9, 1)).toBeUndefined();
    expect(imageOffset(layout, 'coil', 10, 1)).toBeUndefined();
    expect(imageOffset(layout, 'input', 10, 1)).toBe(24);
  });

  test('writing some values leaves the others, names that the device does not have are skipped', () => {
    const image = encodeImage(profile, { 'x-a': 1, 'x-b': 2 });
    writeImage(profile, { 'x-b': 3, powerW: 5 }, image);
    expect(image.toString('hex', 0, 22)).toBe(`0001${'0000'.repeat(9)}0003`);
  });

  test('values are scaled by the factor in the slab, or by the one that comes with them', () => {
    const scaled = modbusProfile({
      points: [word('powerW', 0, { unit: 'W', scaleRef: 'x-sf' }), word('x-sf', 1, { type: 'sunssf', initial: 1 })],
    });
    const image = encodeImage(scaled, { powerW: 500 });
    expect(image.toString('hex')).toBe('00320001');
    writeImage(scaled, { powerW: 500, 'x-sf': 2 }, image);
    expect(image.toString('hex')).toBe('00050002');
  });
});
