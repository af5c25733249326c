import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeWrite, encodeControl, encodeControls } from '../src/index.js';
import { modbusProfile } from './make-profile.js';

const profile = modbusProfile({
  points: [{ name: 'x-id', table: 'holding', address: 0, type: 'uint16' }],
  controls: [
    { name: 'limitW', fc: 16, address: 10, type: 'uint32', unit: 'kW', scale: 0.001, min: 0, max: 100_000 },
    { name: 'limitActive', fc: 16, address: 12, type: 'uint16' },
    { name: 'limitValidForS', fc: 6, address: 13, type: 'uint16', unit: 's', min: 5, max: 3600 },
    { name: 'x-relay', fc: 5, address: 3, type: 'bool' },
  ],
});
const words = (address: number, hex: string) => ({
  table: 'holding' as const,
  address,
  count: hex.length / 4,
  data: Buffer.from(hex, 'hex'),
});

describe('setting a control', () => {
  test('gives the bytes of the write in the register’s unit', () => {
    expect(encodeControl(profile, 'limitW', 22_000)).toEqual({ fc: 16, ...words(10, '000055f0') });
    expect(encodeControl(profile, 'x-relay', true)).toEqual({ fc: 5, table: 'coil', address: 3, count: 1, data: Buffer.of(1) });
  });

  test('several neighbours by function code 16 are one write, in the order of their addresses', () => {
    expect(encodeControls(profile, { limitValidForS: 60, limitActive: true, limitW: 1 })).toEqual([
      { fc: 16, ...words(10, '000000010001') },
      { fc: 6, ...words(13, '003c') },
    ]);
  });

  test.each([
    ['limitW', -1, 'CONTROL_OUT_OF_RANGE'],
    ['limitW', 100_001, 'CONTROL_OUT_OF_RANGE'],
    ['limitW', Number.NaN, 'CONTROL_OUT_OF_RANGE'],
    ['limitW', Number.POSITIVE_INFINITY, 'CONTROL_OUT_OF_RANGE'],
    ['limitW', '5', 'VALUE_INVALID'],
    ['limitActive', 1, 'VALUE_INVALID'],
    ['limitA', 6, 'CONTROL_UNKNOWN'],
  ])('%s = %p is refused with %3$s', (name, value, code) => {
    expect(() => encodeControls(profile, { limitActive: true, [name]: value })).toThrow(expect.objectContaining({ code }));
  });
});

describe('a device takes a write', () => {
  test('of whole controls within their ranges', () => {
    expect(decodeWrite(profile, words(10, '000000010000003c'))).toEqual({
      ok: true,
      values: { limitW: 1, limitActive: false, limitValidForS: 60 },
    });
    expect(decodeWrite(profile, { table: 'coil', address: 3, count: 1, data: Buffer.of(0) })).toEqual({
      ok: true,
      values: { 'x-relay': false },
    });
  });

  test.each([
    ['half a value', words(11, '0001'), 3],
    ['a value out of range', words(13, '0004'), 3],
    ['"not implemented"', words(10, 'ffffffff'), 3],
    ['a register that is no control', words(13, '003c0000'), 2],
    ['a register that can only be read', words(0, '0001'), 2],
    ['too few bytes', { ...words(10, '0001'), count: 2 }, 3],
  ])('and refuses %s', (_, request, exception) => {
    expect(decodeWrite(profile, request)).toMatchObject({ ok: false, exception });
  });

  test('any values within range come back, rounded to the register’s step', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 100_000, noNaN: true }),
        fc.boolean(),
        fc.integer({ min: 5, max: 3600 }),
        (limitW, limitActive, limitValidForS) => {
          const outcomes = encodeControls(profile, { limitW, limitActive, limitValidForS }).map((r) => decodeWrite(profile, r));
          const values = Object.assign({}, ...outcomes.map((o) => (o.ok ? o.values : {})));
          expect(values).toEqual({ limitW: Math.round(limitW), limitActive, limitValidForS });
        },
      ),
    );
  });

  test('any registers anywhere give values or an exception, never a crash', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.uint8Array({ maxLength: 40 }), fc.constantFrom('holding', 'coil'), (address, data, table) => {
        const outcome = decodeWrite(profile, {
          table,
          address,
          count: table === 'coil' ? data.length * 8 : data.length >> 1,
          data: Buffer.from(data),
        });
        expect(typeof outcome.ok).toBe('boolean');
      }),
    );
  });
});
