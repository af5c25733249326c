import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { venNameOf } from '../src/import/ven-name.js';

describe('VEN name', () => {
  test.each([
    ['Algade 3, 9000 Aalborg', 'Aalborg'],
    ['Algade 3, 4800 Nykøbing Falster', 'Nykøbing Falster'],
    ['Algade 3, 4800  Nykøbing   Falster ', 'Nykøbing Falster'],
    ['Algade 3, 1. sal, 2800 Kongens Lyngby', 'Kongens Lyngby'],
    ['Gothersgade 1, 1123 København K', 'København K'],
    ['Algade 3, 9000 Aalborg, Danmark', 'Aalborg'],
    ['Algade 3, DK-9000 Aalborg', 'Aalborg'],
    ['Algade 3, DK9000 Aalborg', 'Aalborg'],
    ['Algade 3, dk 9000 Aalborg; Danmark', 'Aalborg'],
    ['Algade 3\n9000 Aalborg\nDanmark', 'Aalborg'],
    ['9000 Aalborg', 'Aalborg'],
    ['Industrivej 1200 B, 9000 Aalborg', 'Aalborg'],
    ['Algade 3 9000 Aalborg', 'Aalborg'],
    ['Algade 3, 6960 Hvide Sande', 'Hvide Sande'],
    ['Algade 3, 9000 A\u030aby', 'Åby'],
  ])('of %j is %j', (address, ven) => expect(venNameOf(address)).toBe(ven));

  test.each([
    '',
    'Algade 3',
    'Algade 3, Aalborg',
    'Algade 3, 9000',
    'Algade 3, 9000 ',
    'Algade 3, 90000 Aalborg',
    'Algade 3, 9000 1234',
  ])('of %j is unknown', (address) => expect(venNameOf(address)).toBeUndefined());

  test('any text is taken without trouble', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'9000 DK-,;\nÅab') }), (address) => {
        const ven = venNameOf(address);
        expect(ven === undefined || /^\p{L}[^,;\n]*$/u.test(ven)).toBe(true);
      }),
    );
  });
});
