import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DANISH_GSRN_COUNT, danishGsrn, gsrnCheckDigit, isValidGsrn } from '../src/index.js';

describe('GSRN', () => {
  // The first is GS1's own worked example for 18 digits, the second is added up by hand.
  test.each(['376104250021234569', '571313174115776627'])('the check digit of %s is right', (gsrn) => {
    expect(gsrnCheckDigit(gsrn.slice(0, 17))).toBe(Number(gsrn[17]));
    expect(isValidGsrn(gsrn)).toBe(true);
  });

  test.each(['', '57131317411577662', '5713131741157766260', '57131317411577662x', ' 71313174115776626', '571313174115776626'])(
    '%j is not one',
    (text) => expect(isValidGsrn(text)).toBe(false),
  );

  test('every serial number gives a valid Danish one, and any single wrong digit is found', () => {
    const serial = fc.integer({ min: 0, max: DANISH_GSRN_COUNT - 1 });
    fc.assert(
      fc.property(serial, fc.nat(17), fc.integer({ min: 1, max: 9 }), (n, position, change) => {
        const gsrn = danishGsrn(n);
        expect(gsrn).toMatch(/^571313\d{12}$/);
        expect(isValidGsrn(gsrn)).toBe(true);
        const wrong = (Number(gsrn[position]) + change) % 10;
        expect(isValidGsrn(`${gsrn.slice(0, position)}${wrong}${gsrn.slice(position + 1)}`)).toBe(false);
      }),
    );
  });
});
