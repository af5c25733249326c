import { VenfleetError } from '@venfleet/core';

/** What a line asks for, and the request and answer that differ, without secrets. */
export interface Difference {
  readonly expected: string;
  readonly seen: string;
}

/** The VTN does something else than its line of the checklist says, once or several times. */
export class Nonconformity extends VenfleetError {
  override readonly name = 'Nonconformity';
  readonly differences: readonly Difference[];

  constructor(...differences: readonly [Difference, ...Difference[]]) {
    super('NONCONFORMITY', differences.map(({ expected, seen }) => `expected ${expected}, but saw ${seen}`).join('; '));
    this.differences = differences;
  }
}

/** A line cannot be judged here, and why: something is lacking that is not the VTN's to bring. */
export class NotCheckable extends VenfleetError {
  override readonly name = 'NotCheckable';
  constructor(reason: string) {
    super('NOT_CHECKABLE', reason);
  }
}

/** Checks one after the other, whatever comes of those before. @throws Nonconformity with what differed in any of them */
export async function each<T>(items: Iterable<T>, check: (item: T) => void | Promise<void>): Promise<void> {
  const differences: Difference[] = [];
  for (const item of items) {
    try {
      await check(item);
    } catch (error) {
      if (!(error instanceof Nonconformity)) throw error;
      differences.push(...error.differences);
    }
  }
  const [first, ...others] = differences;
  if (first !== undefined) throw new Nonconformity(first, ...others);
}
