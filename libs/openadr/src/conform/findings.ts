import { VenfleetError } from '@venfleet/core';

/** The VTN does something else than its line of the checklist says. */
export class Nonconformity extends VenfleetError {
  override readonly name = 'Nonconformity';
  readonly expected: string;
  readonly seen: string;

  /** @param seen what was asked and answered, without secrets */
  constructor(expected: string, seen: string) {
    super('NONCONFORMITY', `expected ${expected}, but saw ${seen}`);
    this.expected = expected;
    this.seen = seen;
  }
}

/** A line cannot be judged here, and why: something is lacking that is not the VTN's to bring. */
export class NotCheckable extends VenfleetError {
  override readonly name = 'NotCheckable';
  constructor(reason: string) {
    super('NOT_CHECKABLE', reason);
  }
}
