import { describe, expect, test } from '@jest/globals';
import type { Attribute, VenResource } from '@venfleet/openadr';
import fc from 'fast-check';
import type { Desired } from '../src/registration/attributes.js';
import { diffResources, mergedAttributes } from '../src/registration/diff.js';

const attribute = (type: string, ...values: Attribute['values']): Attribute => ({ type, values });
const onVtn = (id: string, name: string, attributes: readonly Attribute[] = []): VenResource =>
  ({ id, venId: 'v', name, attributes, targets: [] }) as unknown as VenResource;

describe('attributes to write', () => {
  test('nothing is written when all desired ones hold, whatever their order and whatever else is there', () => {
    const desired = [attribute('P_MIN_KW', 0), attribute('LOCATION', { x: 9, y: 57 })];
    const existing = [attribute('OTHER', 'x'), attribute('LOCATION', { x: 9, y: 57 }), attribute('P_MIN_KW', 0)];
    expect(mergedAttributes(desired, existing)).toBeUndefined();
  });

  test('a PUT replaces the object, so that attributes set by somebody else are sent along', () => {
    const desired = [attribute('P_MIN_KW', 5)];
    const existing = [attribute('P_MIN_KW', 0), attribute('OTHER', 'x')];
    expect(mergedAttributes(desired, existing)).toEqual([attribute('P_MIN_KW', 5), attribute('OTHER', 'x')]);
  });

  test.each([
    ['another number', attribute('A', 1), attribute('A', 2)],
    ['a number as text', attribute('A', 1), attribute('A', '1')],
    ['another point', attribute('A', { x: 1, y: 2 }), attribute('A', { x: 2, y: 1 })],
    ['a point instead of a number', attribute('A', 1), attribute('A', { x: 1, y: 1 })],
    ['one value more', attribute('A', 1), attribute('A', 1, 2)],
  ])('%s is a difference', (_what, want, have) => {
    expect(mergedAttributes([want], [have])).toEqual([want]);
  });
});

describe('the difference between the database and the VTN', () => {
  test('a second resource of the same name is surplus, the first stays', () => {
    const diff = diffResources([{ name: 'r', attributes: () => [] }], [onVtn('1', 'r'), onVtn('2', 'r')]);
    expect(diff.unchanged.map(({ id }) => id)).toEqual(['1']);
    expect(diff.surplus.map(({ id }) => id)).toEqual(['2']);
  });

  const names = fc.uniqueArray(fc.constantFrom(...'abcdefghij'), { maxLength: 10 });
  const values = fc.constantFrom<Attribute['values'][number]>(0, 1, 'x', true, { x: 1, y: 2 });
  const wanted: fc.Arbitrary<Desired[]> = names.chain((chosen) =>
    fc.tuple(...chosen.map((name) => values.map((value) => ({ name, attributes: () => [attribute('A', value)] })))),
  ) as fc.Arbitrary<Desired[]>;
  const existing = fc.array(fc.record({ name: fc.constantFrom(...'abcdefghijkl'), value: values, foreign: fc.boolean() }), {
    maxLength: 15,
  });

  test('every desired resource is created, updated or unchanged, exactly once, and everything else is surplus', () => {
    fc.assert(
      fc.property(wanted, existing, (desired, found) => {
        const present = found.map(({ name, value }, i) => onVtn(String(i), name, [attribute('A', value)]));
        const { create, update, unchanged, surplus } = diffResources(desired, present);
        const dealtWith = [...create.map((c) => c.name), ...update.map((u) => u.current.name), ...unchanged.map((u) => u.name)];
        expect(dealtWith.sort()).toEqual(desired.map(({ name }) => name).sort());
        expect(update.length + unchanged.length + surplus.length).toBe(present.length);
      }),
    );
  });

  test('once it is carried out there is no difference left, and foreign attributes are still there', () => {
    fc.assert(
      fc.property(wanted, existing, (desired, found) => {
        const present = found.map(({ name, value, foreign }, i) =>
          onVtn(String(i), name, [attribute('A', value), ...(foreign ? [attribute('FOREIGN', 1)] : [])]),
        );
        const diff = diffResources(desired, present);
        const after = [
          ...diff.unchanged,
          ...diff.update.map(({ current, attributes }) => ({ ...current, attributes }) as VenResource),
          ...diff.create.map(({ name, attributes }) => onVtn(`new-${name}`, name, attributes())),
        ];
        const again = diffResources(desired, after);
        expect([again.create, again.update, again.surplus]).toEqual([[], [], []]);
        const foreignOf = (list: readonly VenResource[]) =>
          list
            .filter((r) => r.attributes.some(({ type }) => type === 'FOREIGN'))
            .map(({ id }) => id)
            .sort();
        const kept = [...diff.unchanged, ...diff.update.map((u) => u.current)];
        expect(foreignOf(after)).toEqual(foreignOf(kept));
      }),
    );
  });
});
