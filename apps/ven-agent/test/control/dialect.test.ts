import { describe, expect, test } from '@jest/globals';
import { seconds, watts } from '@venfleet/core';
import { decodeWrite, encodeControls, type ModbusProfile, type Values } from '@venfleet/devices';
import fc from 'fast-check';
import { dialectOf } from '../../src/control/dialect.js';
import type { Dialect } from '../../src/control/model.js';
import { catalog } from '../metering/support.js';

const hold = (limit: number) => ({ kind: 'hold' as const, limit: watts(limit), validFor: seconds(60) });
const release = { kind: 'release' } as const;
const of = (profile: ModbusProfile) => dialectOf(profile) as Dialect;
const flex = catalog.modbus('flex-controller');
const alfen = catalog.modbus('alfen-eve');
const abb = catalog.modbus('abb-terra-ac');
/** Nobody commands it: the safe current of 16 A holds. */
const alfenFree: Values = { limitA: 32, fallbackLimitA: 16, limitTimeLeftS: 0, phasesInUse: 3 };

describe('a site controller', () => {
  test('is told watts, activity and validity in one write, and released by its active flag', () => {
    expect(of(flex).encode(hold(12_345.6), {})).toEqual({ limitW: 12_345, limitActive: true, limitValidForS: 60 });
    expect(encodeControls(flex, of(flex).encode(hold(12_345), {}))).toHaveLength(1);
    expect(of(flex).encode(release, {})).toEqual({ limitActive: false });
  });

  test.each([
    [{ limitW: 5000, limitActive: true, limitTimeLeftS: 42, controllerState: 'limiting' }, 5000, 'holding'],
    [{ limitW: 5000, limitActive: true, limitTimeLeftS: 42, controllerState: 'overridden' }, 5000, 'overridden'],
    [{ limitW: 5000, limitActive: false, limitTimeLeftS: 0, controllerState: 'expired' }, null, 'expired'],
    [{ limitW: 5000, limitActive: false, limitTimeLeftS: 0, controllerState: 'released' }, null, 'free'],
    [{ limitW: 5000, limitActive: false, controllerState: 'fault' }, null, 'fault'],
    [{}, null, 'free'],
  ])('that says %j holds %p and is %s', (values: Values, held, state) => {
    expect(of(flex).decode(values)).toMatchObject({ held, state, isTold: true });
  });

  test('shows the limit that it was told, never more', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 2e7, noNaN: true }), (limit) => {
        const dialect = of(flex);
        const outcomes = encodeControls(flex, dialect.encode(hold(limit), {})).map((request) => decodeWrite(flex, request));
        const values = Object.assign({}, ...outcomes.map((outcome) => outcome.ok && outcome.values)) as Values;
        const { held } = dialect.decode(values);
        expect(held).toBe(dialect.quantise(watts(limit), {}));
        expect(held).toBeLessThanOrEqual(limit);
      }),
    );
  });
});

describe('a charger', () => {
  test.each([
    [11_040, null],
    [20_000, null],
    [10_350, 15],
    [6900, 10],
    [4140, 6],
    [4139, 0],
    [0, 0],
  ])('with a safe current of 16 A and three phases is granted for %i W: %p A', (limit, current) => {
    const quantised = of(alfen).quantise(watts(limit), alfenFree);
    if (current === null) expect(quantised).toBeNull();
    else expect(of(alfen).encode(hold(limit), alfenFree).limitA).toBeCloseTo(current, 9);
  });

  test('on one phase is granted three times the current', () => {
    expect(of(alfen).encode(hold(2300), { ...alfenFree, phasesInUse: 1 }).limitA).toBeCloseTo(10, 9);
  });

  test('is never granted more than the watts that it is to be held to', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 22_080 }), fc.constantFrom(1, 3), (limit, phasesInUse) => {
        const values = { ...alfenFree, phasesInUse };
        const quantised = of(alfen).quantise(watts(limit), values);
        if (quantised === null) expect(limit).toBeGreaterThanOrEqual(16 * 230 * phasesInUse);
        else expect(quantised).toBeLessThanOrEqual(limit + 1);
      }),
    );
  });

  test('shows the limit that it was told', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 11_000 }), (limit) => {
        const dialect = of(alfen);
        const [request] = encodeControls(alfen, dialect.encode(hold(limit), alfenFree));
        const outcome = decodeWrite(alfen, request as NonNullable<typeof request>);
        const values = { ...alfenFree, ...(outcome.ok ? outcome.values : {}), limitTimeLeftS: 60 };
        expect(dialect.decode(values).held).toBeCloseTo(dialect.quantise(watts(limit), alfenFree) as number, 2);
      }),
    );
  });

  test('is released to its safe current, which lapses without a step', () => {
    expect(of(alfen).encode(release, { ...alfenFree, limitA: 6, limitTimeLeftS: 30 })).toEqual({ limitA: 16 });
    expect(of(alfen).decode({ ...alfenFree, limitA: 16, limitTimeLeftS: 60 })).toMatchObject({ held: null, state: 'free' });
  });

  test('whose time is up holds nothing, whatever its register says', () => {
    expect(of(alfen).decode({ ...alfenFree, limitA: 6, limitTimeLeftS: 0 })).toMatchObject({ held: null });
  });

  test('that tells neither safe current nor time is not believed to be limited by somebody', () => {
    const report = of(abb).decode({ appliedLimitA: 16, limitValidForS: 60 });
    expect(report).toMatchObject({ held: 16 * 690, isTold: false, timeLeft: undefined });
    expect(of(abb).encode(release, {})).toEqual({ limitA: 32 });
  });

  test('is told its communication timeout once', () => {
    expect(of(abb).encode(hold(6900), { limitValidForS: 30 })).toEqual({ limitA: 10, limitValidForS: 60 });
    expect(of(abb).encode(hold(6900), { limitValidForS: 60 })).toEqual({ limitA: 10 });
  });

  test('is paused by its current, never by a stop that would outlive the agent', () => {
    expect(of(abb).encode(hold(1000), { limitValidForS: 60 })).toEqual({ limitA: 0 });
  });
});

describe('a meter', () => {
  test.each(['sunspec-213', 'eastron-sdm630', 'carlo-gavazzi-em24'])('%s cannot be controlled', (id) => {
    expect(dialectOf(catalog.modbus(id))).toBeUndefined();
  });
});
