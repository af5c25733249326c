/** Prefix of Danish electricity meter points: GS1 Denmark 57, Energinet 1313. */
export const DANISH_GSRN_PREFIX = '571313';

/**
 * The last digit of a GSRN: weights 3, 1, 3, … from the right, up to the next multiple of ten
 * (GS1 General Specifications, 7.9.1).
 * @param digits the other 17.
 */
export function gsrnCheckDigit(digits: string): number {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    sum += (digits.charCodeAt(digits.length - 1 - i) - 48) * (i % 2 === 0 ? 3 : 1);
  }
  return (10 - (sum % 10)) % 10;
}

/** Whether `text` is 18 digits with a right check digit. */
export function isValidGsrn(text: string): boolean {
  return /^\d{18}$/.test(text) && gsrnCheckDigit(text.slice(0, 17)) === Number(text[17]);
}

/** How many meter points {@link danishGsrn} can tell apart. */
export const DANISH_GSRN_COUNT = 1e11;

/**
 * A Danish meter point from its serial number.
 * @param serial 0…99,999,999,999.
 */
export function danishGsrn(serial: number): string {
  const digits = `${DANISH_GSRN_PREFIX}${String(serial).padStart(11, '0')}`;
  return `${digits}${gsrnCheckDigit(digits)}`;
}
