import { minutes } from '@venfleet/core';
import type { Outbox, ReportFilter } from './outbox.js';
import type { AuditRow } from './outbox-schema.js';

/** A report that was due less than a minute ago is on its way, not late. */
const ON_ITS_WAY = minutes(1);

export interface Audit {
  /** Reports due so far that somebody wants. */
  readonly expected: number;
  readonly acknowledged: number;
  /** Due and not acknowledged yet. */
  readonly late: number;
  /** Will never arrive. */
  readonly lost: number;
  /** Given up as the event or request is gone; not expected. */
  readonly unwanted: number;
  /** Reports that share one report of the VTN. */
  readonly doubled: number;
  readonly complete: boolean;
  readonly requests: readonly AuditRow[];
}

/** Expected against acknowledged, by request and in sum. */
export function auditOutbox(outbox: Outbox, filter: ReportFilter): Audit {
  const requests = outbox.audit(filter, ON_ITS_WAY);
  const total = (key: 'acknowledged' | 'late' | 'lost' | 'unwanted') => requests.reduce((sum, row) => sum + row[key], 0);
  const [acknowledged, late, lost] = [total('acknowledged'), total('late'), total('lost')];
  const doubled = outbox.doubles().reduce((sum, { reports }) => sum + reports - 1, 0);
  const expected = acknowledged + late + lost;
  return {
    expected,
    acknowledged,
    late,
    lost,
    unwanted: total('unwanted'),
    doubled,
    complete: expected === acknowledged && doubled === 0,
    requests,
  };
}
