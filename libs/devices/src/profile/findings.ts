import type { z } from 'zod';

/** A mistake of a profile: where in the file, and why. */
export interface Finding {
  readonly path: readonly (string | number)[];
  readonly reason: string;
}

/** An entry of a list of the file that makes sense by itself, with its place there. */
export interface Entry<T> {
  readonly index: number;
  readonly value: T;
}

/** The entries of `list` that fit `schema`: cross-checks go on with them while others are refused. */
export function soundEntries<T>(list: unknown, schema: z.ZodType<T>): Entry<T>[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((item, index) => {
    const parsed = schema.safeParse(item);
    return parsed.success ? [{ index, value: parsed.data }] : [];
  });
}

/** The names in `list`, those of refused entries too: a reference to one of these is no mistake of its own. */
export function namesIn(list: unknown): ReadonlySet<string> {
  if (!Array.isArray(list)) return new Set();
  return new Set(list.map((item) => (item as { name?: unknown } | null)?.name).filter((name) => typeof name === 'string'));
}

/** One finding for each entry whose key was there before. */
export function duplicates<T>(list: string, entries: readonly Entry<T>[], field: string, keyOf: (value: T) => string): Finding[] {
  const first = new Map<string, number>();
  return entries.flatMap(({ index, value }) => {
    const key = keyOf(value);
    const before = first.get(key);
    if (before === undefined) {
      first.set(key, index);
      return [];
    }
    return [{ path: [list, index, field], reason: `${key} is already in ${list}.${before}` }];
  });
}
