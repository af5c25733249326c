import type { WireVersion } from '../wire/common.js';
import type { Trial } from './trial.js';

/** A line of the conformance checklist. */
export interface Line {
  readonly number: number;
  readonly title: string;
  readonly versions: readonly WireVersion[];
  /**
   * @throws Nonconformity for what the VTN does wrong; NotCheckable where it cannot be told; VtnError or the signal's
   *   reason where nothing can
   */
  check(trial: Trial): Promise<void>;
}

export const BOTH: readonly WireVersion[] = ['3.0.1', '3.1.0'];
