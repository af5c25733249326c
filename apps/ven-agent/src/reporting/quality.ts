/** The values of a DATA_QUALITY payload (OpenADR 3.1 Definition, report payload types), best first. */
export const QUALITIES = ['OK', 'ESTIMATED', 'BAD', 'MISSING'] as const;
export type Quality = (typeof QUALITIES)[number];

/** A value in its base unit (W, Wh, or none) and how good it is. Without a value it is MISSING, or BAD where there was only rubbish. */
export interface Measured {
  readonly value: number | undefined;
  readonly quality: Quality;
}

export const missing: Measured = { value: undefined, quality: 'MISSING' };

export function worse(a: Quality, b: Quality): Quality {
  return QUALITIES.indexOf(a) >= QUALITIES.indexOf(b) ? a : b;
}

/** The value times `factor`. */
export function scaled({ value, quality }: Measured, factor: number): Measured {
  return { value: value === undefined ? undefined : value * factor, quality };
}

/**
 * The sum over several resources. Where some have no value it is the sum of the others, which is an estimate, and a bad
 * one when it lacks half of them or more.
 */
export function sumOf(parts: readonly Measured[]): Measured {
  const known = parts.filter(({ value }) => value !== undefined);
  if (known.length === 0) return parts.some(({ quality }) => quality === 'BAD') ? { ...missing, quality: 'BAD' } : missing;
  const value = known.reduce((sum, part) => sum + (part.value as number), 0);
  if (known.length * 2 <= parts.length) return { value, quality: 'BAD' };
  const quality = known.reduce<Quality>((worst, part) => worse(worst, part.quality), 'OK');
  return { value, quality: known.length < parts.length ? worse(quality, 'ESTIMATED') : quality };
}
