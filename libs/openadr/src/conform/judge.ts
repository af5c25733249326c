import { describeError, type HasMonotonic } from '@venfleet/core';
import { type Difference, Nonconformity, NotCheckable } from './findings.js';
import type { Redactor } from './redact.js';

export type Outcome = 'pass' | 'fail' | 'skip';

export interface LineResult {
  readonly line: number;
  readonly title: string;
  readonly outcome: Outcome;
  /** Of a failure. */
  readonly differences?: readonly Difference[];
  /** Why it was skipped. */
  readonly reason?: string;
  /** What was left out of it, and why. */
  readonly notes: readonly string[];
  readonly ms: number;
}

export interface Judged {
  readonly number: number;
  readonly title: string;
  /** Read when the line is over. */
  readonly notes: readonly string[];
  readonly clock: HasMonotonic;
  readonly redactor: Redactor;
  readonly signal: AbortSignal;
}

/**
 * Runs the check of a line of the checklist and makes a result of what it throws.
 * @returns undefined when it was interrupted
 */
export async function judge(line: Judged, check: () => Promise<void>): Promise<LineResult | undefined> {
  const { number, title, notes, clock, redactor, signal } = line;
  const begin = clock.monotonic();
  const result = (outcome: Outcome, more: Partial<LineResult>): LineResult => {
    const ms = Math.round(clock.monotonic() - begin);
    return { line: number, title, outcome, ...more, notes, ms };
  };
  try {
    await check();
    return result('pass', {});
  } catch (error) {
    if (signal.aborted) return undefined;
    if (error instanceof NotCheckable) return result('skip', { reason: error.message });
    if (error instanceof Nonconformity) return result('fail', { differences: error.differences });
    const seen = redactor.apply(describeError(error));
    return result('fail', { differences: [{ expected: 'an answer that can be judged', seen }] });
  }
}
