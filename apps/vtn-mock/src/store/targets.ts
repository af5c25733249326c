import type { ValuesMap } from '@venfleet/openadr';

/** The type under which 3.1's plain targets are shown over 3.0.1. */
const PLAIN_TYPE = 'GROUP';
/** Longest target of 3.1. */
const MAX_TARGET = 128;

/** An object's targets as JSON texts in both spellings; null where it was given none. */
export interface StoredTargets {
  /** 3.1: a list of strings. */
  readonly targets: string | null;
  /** 3.0.1: a list of valuesMaps. */
  readonly targets301: string | null;
}

export const NO_TARGETS: StoredTargets = { targets: null, targets301: null };

/**
 * Targets written over 3.0.1. For 3.1 the values alone count: its targets have no type. Numbers and
 * booleans become text; points and what is longer than 3.1 allows have no place there.
 */
export function fromValuesMaps(targets: readonly ValuesMap[] | null | undefined): StoredTargets {
  if (targets == null) return NO_TARGETS;
  return { targets: JSON.stringify(plainTargets(targets)), targets301: JSON.stringify(targets) };
}

/** Targets written over 3.1; over 3.0.1 they read as one GROUP entry. */
export function fromStrings(targets: readonly string[] | null | undefined): StoredTargets {
  if (targets == null) return NO_TARGETS;
  return { targets: JSON.stringify(targets), targets301: JSON.stringify(typedTargets(targets)) };
}

/** 3.0.1's targets in the words of 3.1. */
export function plainTargets(targets: readonly ValuesMap[]): string[] {
  const strings = targets
    .flatMap((entry) => entry.values)
    .filter((value) => typeof value !== 'object')
    .map(String)
    .filter((value) => value.length >= 1 && [...value].length <= MAX_TARGET);
  return [...new Set(strings)];
}

/** 3.1's targets in the words of 3.0.1. */
export function typedTargets(targets: readonly string[]): ValuesMap[] {
  return targets.length === 0 ? [] : [{ type: PLAIN_TYPE, values: [...targets] }];
}
