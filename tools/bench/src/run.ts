import { describeError, isAbort, isVenfleetError } from '@venfleet/core';
import type { Row } from './row.js';
import { keeps, type Round, ratioOf, type Spread, spread } from './statistics.js';
import { Workplace, type WorkplaceOptions } from './workplace.js';

export type Verdict = 'holds' | 'misses' | 'not measured' | 'failed';

/** What came of one row. */
export interface Result {
  readonly row: Row;
  readonly verdict: Verdict;
  /** Why it was not measured or failed. */
  readonly reason?: string;
  readonly notes: readonly string[];
  /** What was measured, without the warm-up. */
  readonly figures?: { readonly ours: Spread; readonly peer: Spread; readonly ratio: Spread; readonly rounds: readonly Round[] };
}

/**
 * Measures one row: ours, peer, ours, peer, …, of which the first pair only warms up. What the row
 * started and wrote is gone afterwards.
 * @throws the signal's reason when aborted; a fault of the row itself is its result
 */
export async function measureRow(row: Row, count: number, options: WorkplaceOptions): Promise<Result> {
  const place = Workplace.open(options);
  try {
    const contest = await row.prepare(place);
    const rounds: Round[] = [];
    for (let i = 0; i <= count; i++) {
      options.signal.throwIfAborted();
      rounds.push({ ours: await contest.ours(), peer: await contest.peer() });
    }
    return judge(row, rounds.slice(1), contest.notes ?? []);
  } catch (error) {
    if (options.signal.aborted || isAbort(error)) throw error;
    const verdict = isVenfleetError(error, 'NOT_MEASURED') ? 'not measured' : 'failed';
    return { row, verdict, reason: describeError(error), notes: [] };
  } finally {
    await place.close();
  }
}

/** @param rounds at least one */
export function judge(row: Row, rounds: readonly Round[], notes: readonly string[]): Result {
  const ratio = ratioOf(rounds);
  const ours = spread(rounds.map((round) => round.ours));
  const peer = spread(rounds.map((round) => round.peer));
  return { row, verdict: keeps(row.target, ratio.median) ? 'holds' : 'misses', notes, figures: { ours, peer, ratio, rounds } };
}

/**
 * The process's exit status: 1 when a row failed, and, unless this is only a smoke test, when one
 * missed its target. A row that was not measured proves nothing either way.
 */
export function exitStatus(results: readonly Result[], smoke: boolean): number {
  return results.some(({ verdict }) => verdict === 'failed' || (verdict === 'misses' && !smoke)) ? 1 : 0;
}
