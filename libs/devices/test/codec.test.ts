import { describe, expect, test } from '@jest/globals';
import { isVenfleetError } from '@venfleet/core';
import fc from 'fast-check';
import { type CodecSpec, createPointCodec, NUMBER_TYPES, type NumberTypeName, quantityOf, WORD_ORDERS } from '../src/index.js';

function spec(parts: Partial<CodecSpec> & Pick<CodecSpec, 'type'>): CodecSpec {
  const registers = parts.registers ?? (parts.type in NUMBER_TYPES ? NUMBER_TYPES[parts.type as NumberTypeName].registers : 1);
  return { name: 'x-value', wordOrder: 'ABCD', quantity: undefined, scaled: false, ...parts, registers };
}

/** Encodes into the middle of a larger buffer, and decodes from there. */
function roundTrip(s: CodecSpec, value: number | string | boolean | undefined, exponent?: number) {
  const bytes = Buffer.alloc(s.registers * 2 + 6, 0xa5);
  const codec = createPointCodec(s);
  codec.encode(bytes, 2, value, exponent);
  expect([bytes.readUInt16BE(0), bytes.readUInt32BE(bytes.length - 4)]).toEqual([0xa5a5, 0xa5a5a5a5]);
  return { decoded: codec.decode(bytes, 2, exponent), hex: bytes.subarray(2, bytes.length - 4).toString('hex') };
}

const hexOf = (s: CodecSpec, value: number | string | boolean | undefined) => roundTrip(s, value).hex;

const wordOrder = fc.constantFrom(...WORD_ORDERS);
const integerTypes = ['uint16', 'int16', 'uint32', 'int32', 'uint64', 'int64', 'acc32', 'acc64', 'sunssf'] as const;

describe('round trips', () => {
  test.each(integerTypes)('every %s that is no "not implemented" comes back as it was, in any word order', (type) => {
    const limits = NUMBER_TYPES[type];
    const min = Math.max(limits.min, Number.MIN_SAFE_INTEGER);
    const max = Math.min(limits.max, Number.MAX_SAFE_INTEGER);
    const value = fc.maxSafeInteger().map((n) => min + (Math.abs(n) % (max - min + 1)));
    fc.assert(
      fc.property(value, wordOrder, (n, order) => {
        fc.pre(!(limits.notImplemented as readonly number[]).includes(n));
        expect(roundTrip(spec({ type, wordOrder: order }), n).decoded).toBe(n);
      }),
    );
  });

  test('every finite float64 and float32 comes back as it was', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), wordOrder, (n, order) => {
        expect(roundTrip(spec({ type: 'float64', wordOrder: order }), n).decoded).toBe(n === 0 ? 0 : n);
        const single = Math.fround(n);
        fc.pre(Number.isFinite(single));
        expect(roundTrip(spec({ type: 'float32', wordOrder: order }), single).decoded).toBe(single === 0 ? 0 : single);
      }),
    );
  });

  test('decoding any bytes and encoding the result gives bytes of the same meaning', () => {
    const type = fc.constantFrom(...(Object.keys(NUMBER_TYPES) as NumberTypeName[]));
    fc.assert(
      fc.property(type, wordOrder, fc.uint8Array({ minLength: 8, maxLength: 8 }), (name, order, raw) => {
        const codec = createPointCodec(spec({ type: name, wordOrder: order }));
        const value = codec.decode(Buffer.from(raw), 0);
        const again = Buffer.alloc(8);
        codec.encode(again, 0, value);
        expect(codec.decode(again, 0)).toBe(value);
        expect(value === undefined || Number.isFinite(value)).toBe(true);
      }),
    );
  });

  test('printable texts come back without trailing blanks', () => {
    const text = fc.string({
      minLength: 1,
      maxLength: 10,
      unit: fc.integer({ min: 0x20, max: 0x7e }).map((c) => String.fromCharCode(c)),
    });
    fc.assert(
      fc.property(text, wordOrder, (s, order) => {
        expect(roundTrip(spec({ type: 'string', registers: 5, wordOrder: order }), s).decoded).toBe(s.trimEnd() || undefined);
      }),
    );
  });

  test('a scaled register steps through its values exactly: no 230.10000000000002', () => {
    const scaled = spec({
      type: 'int32',
      scale: 0.1,
      unit: 'kWh',
      quantity: quantityOf('energyImportWh'),
      name: 'energyImportWh',
    });
    fc.assert(
      fc.property(fc.integer({ min: -0x7fffffff, max: 0x7fffffff }), (raw) => {
        expect(roundTrip(scaled, raw * 100).decoded).toBe(raw * 100);
      }),
    );
    expect(roundTrip(spec({ type: 'uint16', scale: 0.1 }), 230.1).decoded).toBe(230.1);
  });

  test('with a scale factor any value comes back within half a step', () => {
    const amps = spec({ type: 'int16', unit: 'A', quantity: quantityOf('currentA'), name: 'currentA', scaled: true });
    fc.assert(
      fc.property(fc.double({ min: -30000, max: 30000, noNaN: true }), fc.integer({ min: -3, max: 3 }), (mantissa, exponent) => {
        const value = mantissa * 10 ** exponent;
        const { decoded } = roundTrip(amps, value, exponent);
        expect(Math.abs((decoded as number) - value)).toBeLessThanOrEqual(0.5000001 * 10 ** exponent);
      }),
    );
  });
});

describe('bytes on the wire', () => {
  test('word orders: ABCD, CDAB, BADC and DCBA of 0x0A0B0C0D', () => {
    const orders = WORD_ORDERS.map((order) => hexOf(spec({ type: 'uint32', wordOrder: order }), 0x0a0b0c0d));
    expect(orders).toEqual(['0a0b0c0d', '0c0d0a0b', '0b0a0d0c', '0d0c0b0a']);
  });

  test('four registers with the low word first', () => {
    expect(hexOf(spec({ type: 'uint64', wordOrder: 'CDAB' }), 0x0001_0002_0003)).toBe('0003000200010000');
  });

  test('known values: float32 230.5, int16 -2, SunSpec scale factor -2, text', () => {
    expect(hexOf(spec({ type: 'float32' }), 230.5)).toBe('43668000');
    expect(hexOf(spec({ type: 'int16' }), -2)).toBe('fffe');
    expect(hexOf(spec({ type: 'sunssf' }), -2)).toBe('fffe');
    expect(hexOf(spec({ type: 'string', registers: 2 }), 'SunS')).toBe('53756e53');
    expect(hexOf(spec({ type: 'string', registers: 2, wordOrder: 'BADC' }), 'SunS')).toBe('7553536e');
  });
});

describe('not implemented', () => {
  test.each([
    ['int16', '8000'],
    ['uint16', 'ffff'],
    ['int32', '80000000'],
    ['uint32', 'ffffffff'],
    ['int64', '8000000000000000'],
    ['uint64', 'ffffffffffffffff'],
    ['float32', '7fc00000'],
    ['float64', '7ff8000000000000'],
    ['acc32', '00000000'],
    ['acc64', '0000000000000000'],
    ['sunssf', '8000'],
    ['bitfield', 'ffff'],
    ['string', '0000'],
  ] as const)('undefined is %s %s and back', (type, hex) => {
    expect(roundTrip(spec({ type }), undefined)).toEqual({ decoded: undefined, hex });
  });

  test('NaN and infinities in a register are never numbers, nor is a scale factor beyond ±10', () => {
    const float = createPointCodec(spec({ type: 'float32' }));
    for (const hex of ['7fc00001', 'ffc00000', '7f800000', 'ff800000'])
      expect(float.decode(Buffer.from(hex, 'hex'), 0)).toBeUndefined();
    expect(createPointCodec(spec({ type: 'sunssf' })).decode(Buffer.from('000b', 'hex'), 0)).toBeUndefined();
  });

  test('the profile may say otherwise: other numbers, several, or none', () => {
    const several = spec({ type: 'uint16', invalid: [0xfffe, 0xfffd] });
    expect(roundTrip(several, undefined)).toEqual({ decoded: undefined, hex: 'fffe' });
    expect(createPointCodec(several).decode(Buffer.from('fffd', 'hex'), 0)).toBeUndefined();
    expect(roundTrip(spec({ type: 'uint16', invalid: [] }), 0xffff).decoded).toBe(0xffff);
    expect(() => roundTrip(spec({ type: 'uint16', invalid: [] }), undefined)).toThrow('has no "not implemented"');
  });

  test('NaN as a value is absent, like undefined', () => {
    expect(roundTrip(spec({ type: 'int16' }), Number.NaN).hex).toBe('8000');
  });

  test('a value whose scale factor is unknown is unknown, both ways', () => {
    const scaled = spec({ type: 'int16', scaled: true });
    expect(roundTrip(scaled, 5).hex).toBe('8000');
    expect(createPointCodec(scaled).decode(Buffer.from('0005', 'hex'), 0)).toBeUndefined();
  });
});

describe('values that do not fit', () => {
  test('integers saturate beside their "not implemented", not on it', () => {
    expect(roundTrip(spec({ type: 'uint16' }), 70_000).decoded).toBe(0xfffe);
    expect(roundTrip(spec({ type: 'uint16' }), -5).decoded).toBe(0);
    expect(roundTrip(spec({ type: 'int16' }), -1e9).decoded).toBe(-0x7fff);
    expect(roundTrip(spec({ type: 'int16' }), Number.POSITIVE_INFINITY).decoded).toBe(0x7fff);
    expect(roundTrip(spec({ type: 'uint64' }), 1e30).decoded).toBe(2 ** 64 - 2048);
    expect(roundTrip(spec({ type: 'int64' }), -1e30).decoded).toBe(-(2 ** 63) + 1024);
  });

  test('floats saturate at their largest finite number', () => {
    expect(roundTrip(spec({ type: 'float32' }), 1e300).decoded).toBe(3.4028234663852886e38);
  });

  test('an accumulator starts over', () => {
    expect(roundTrip(spec({ type: 'acc32' }), 2 ** 32 + 7).decoded).toBe(7);
  });

  test('whole numbers round to the nearest, halves upwards', () => {
    const rounded = [1.4, 1.5, -1.5, -1.6].map((value) => roundTrip(spec({ type: 'int16' }), value).decoded);
    expect(rounded).toEqual([1, 2, -1, -2]);
  });

  test('a text is cut to its field, and what is not ASCII becomes a question mark', () => {
    expect(roundTrip(spec({ type: 'string', registers: 3 }), 'Ærøskøbing').decoded).toBe('?r?sk?');
  });

  test('a value of the wrong kind is refused and nothing is written', () => {
    const bytes = Buffer.from('1234', 'hex');
    const flag = createPointCodec(spec({ type: 'uint16', name: 'limitActive', quantity: quantityOf('limitActive') }));
    for (const attempt of [
      () => createPointCodec(spec({ type: 'int16' })).encode(bytes, 0, '5'),
      () => createPointCodec(spec({ type: 'string' })).encode(bytes, 0, 5),
      () => flag.encode(bytes, 0, 1),
    ]) {
      let thrown: unknown;
      try {
        attempt();
      } catch (error) {
        thrown = error;
      }
      expect(isVenfleetError(thrown, 'VALUE_INVALID')).toBe(true);
    }
    expect(bytes.toString('hex')).toBe('1234');
  });
});

describe('meanings', () => {
  test('units become canonical: kW to W, mA to A, percent to 1', () => {
    const power = spec({ type: 'float32', unit: 'kW', name: 'powerW', quantity: quantityOf('powerW') });
    expect(createPointCodec(power).decode(Buffer.from('41480000', 'hex'), 0)).toBe(12_500);
    const current = spec({ type: 'uint32', unit: 'mA', name: 'currentA', quantity: quantityOf('currentA') });
    expect(roundTrip(current, 16.123)).toEqual({ decoded: 16.123, hex: '00003efb' });
    const factor = spec({ type: 'int16', unit: '%', name: 'powerFactor', quantity: quantityOf('powerFactor'), scaled: true });
    expect(roundTrip(factor, 0.985, -2)).toEqual({ decoded: 0.985, hex: '267a' });
  });

  test('an enum is open: an unknown number is its digits, and goes back as such', () => {
    const state = spec({ type: 'uint16', enum: { 0: 'A', 1: 'B', 2: 'B' } });
    expect(createPointCodec(state).decode(Buffer.from('0009', 'hex'), 0)).toBe('9');
    expect(hexOf(state, '9')).toBe('0009');
    expect(hexOf(state, 'B')).toBe('0001');
    expect(() => roundTrip(state, 'Z')).toThrow('one of A, B');
  });

  test('a masked field keeps the bits around it', () => {
    const state = createPointCodec(spec({ type: 'uint32', mask: 0x7f00, enum: { 4: 'C2' } }));
    const bytes = Buffer.from('11228433', 'hex');
    expect(state.decode(bytes, 0)).toBe('C2');
    state.encode(bytes, 0, '5');
    expect(bytes.toString('hex')).toBe('11228533');
    state.encode(bytes, 0, '200');
    expect(bytes.toString('hex')).toBe('1122ff33');
  });

  test('a flag in a register is true for anything but 0', () => {
    const flag = createPointCodec(spec({ type: 'uint16', name: 'limitActive', quantity: quantityOf('limitActive') }));
    expect(['0000', '0001', '00ff'].map((hex) => flag.decode(Buffer.from(hex, 'hex'), 0))).toEqual([false, true, true]);
  });
});
