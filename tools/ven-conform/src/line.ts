import type { WireVersion } from '@venfleet/openadr';
import type { Trial } from './trial.js';

/** A line of the conformance checklist that is about VENs. */
export interface Line {
  readonly number: number;
  readonly title: string;
  readonly versions: readonly WireVersion[];
  /**
   * @throws Nonconformity for what the VEN does wrong; NotCheckable where it cannot be told; the signal's reason
   */
  check(trial: Trial): Promise<void>;
}

export const BOTH: readonly WireVersion[] = ['3.0.1', '3.1.0'];
export const ONLY_301: readonly WireVersion[] = ['3.0.1'];
export const ONLY_310: readonly WireVersion[] = ['3.1.0'];
