import type { Duration } from '@venfleet/core';

/** What became of the slots of some meters. `scheduled` is the sum of the other four once all are over. */
export interface SlotCounts {
  /** Slots that have begun. */
  readonly scheduled: number;
  /** The meter's values were there before its next slot. */
  readonly onTime: number;
  /** They were there, but later. */
  readonly late: number;
  /** The meter gave no value. */
  readonly failed: number;
  /** The read before was not over yet, or the process was not running. */
  readonly skipped: number;
}

/** Why a meter gives no value, and what can be done. */
export interface MeterProblem {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
}

/** What became of one meter's slots, and how it is now. */
export class MeterRecord {
  scheduled = 0;
  onTime = 0;
  late = 0;
  failed = 0;
  skipped = 0;
  /** A read is under way. */
  busy = false;
  /** The last failure; undefined while the meter answers. */
  problem: MeterProblem | undefined;
  /** Whether it ever gave a value. */
  hasAnswered = false;

  /** A read has ended with an answer, so long after its slot began. */
  answered(afterMs: number, interval: Duration): void {
    if (afterMs < interval) this.onTime++;
    else this.late++;
    this.hasAnswered = true;
    this.problem = undefined;
  }
}

/** The sum over `records`. */
export function sumCounts(records: Iterable<SlotCounts>): SlotCounts {
  const sum = { scheduled: 0, onTime: 0, late: 0, failed: 0, skipped: 0 };
  for (const record of records) {
    sum.scheduled += record.scheduled;
    sum.onTime += record.onTime;
    sum.late += record.late;
    sum.failed += record.failed;
    sum.skipped += record.skipped;
  }
  return sum;
}
