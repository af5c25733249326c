import { describe, expect, test } from '@jest/globals';
import { discoverSunSpec, encodeImage, imageLayout, placeSunSpec, planReads, readImage } from '../src/index.js';
import { modbusProfile } from './make-profile.js';

const powerPoint = { name: 'powerW', model: 213, table: 'holding', address: 28, type: 'float32', unit: 'W' };
const device = (base: number, models: { id: number; length: number }[]) => {
  const profile = modbusProfile({ sunspec: { base, models }, points: [powerPoint] });
  const image = encodeImage(profile, { powerW: 1500 });
  const asked: number[] = [];
  const read = async (address: number, count: number) => {
    asked.push(address);
    return readImage(imageLayout(profile), { table: 'holding', address, count }, image);
  };
  return { profile, read, asked };
};

describe('discovery', () => {
  test.each([40000, 0, 50000])('finds the models behind %d', async (base) => {
    const { read, profile } = device(base, [
      { id: 1, length: 66 },
      { id: 213, length: 124 },
    ]);
    const found = await discoverSunSpec(read);
    expect(found).toEqual(profile.sunspec);
    expect(found?.models.map((m) => m.address)).toEqual([base + 2, base + 70]);
  });

  test('asks in the order 40000, 0, 50000', async () => {
    const { read, asked } = device(50000, [{ id: 213, length: 124 }]);
    await discoverSunSpec(read);
    expect(asked).toEqual([40000, 0, 50000, 50002, 50128]);
  });

  test('a device without the marker does not speak SunSpec', async () => {
    expect(await discoverSunSpec(async () => undefined)).toBeUndefined();
    expect(await discoverSunSpec(async () => Buffer.alloc(4))).toBeUndefined();
  });

  test('a chain that does not end is refused: zeros, refused addresses, or past the last register', async () => {
    const marker = Buffer.from('SunS');
    const tails = [Buffer.alloc(4), undefined, Buffer.from('00010fff', 'hex')];
    for (const tail of tails) {
      const read = async (address: number) => (address === 40000 ? marker : tail);
      await expect(discoverSunSpec(read)).rejects.toMatchObject({ code: 'SUNSPEC_CHAIN_BROKEN' });
    }
  });

  test('no answer is no refusal: the failure of the read goes through', async () => {
    const read = async () => {
      throw new Error('timed out');
    };
    await expect(discoverSunSpec(read)).rejects.toThrow('timed out');
  });
});

describe('placing', () => {
  const own = device(40000, [{ id: 213, length: 124 }]).profile;

  test('points move with their model', async () => {
    const other = device(0, [
      { id: 1, length: 65 },
      { id: 213, length: 130 },
    ]);
    const found = await discoverSunSpec(other.read);
    if (found === undefined) throw new Error('not found');
    const placed = placeSunSpec(own, found);
    expect(placed.points.get('powerW')?.address).toBe(69 + 28);
    expect(placed.points.get('x-sunspec-marker')?.address).toBe(0);
    expect(placed.points.get('x-sunspec-end-id')?.address).toBe(found.end);
    expect(planReads(placed, ['powerW'])[0]?.address).toBe(97);
  });

  test('a device without the model, or with a shorter one, is refused by what it has', () => {
    for (const models of [[], [{ id: 203, length: 105, address: 2 }], [{ id: 213, length: 60, address: 2 }]]) {
      expect(() => placeSunSpec(own, { base: 0, models, end: 99 })).toThrow(
        expect.objectContaining({ code: 'SUNSPEC_MODEL_MISSING' }),
      );
    }
  });
});
