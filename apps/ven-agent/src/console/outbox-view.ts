import type { Audit, AuditQuery, ReportPage, ReportQuery, ReportSummary } from '@venfleet/console-api';
import { ConsoleProblem } from '@venfleet/console-api/server';
import { type HasNow, isVenfleetError } from '@venfleet/core';
import { auditOutbox } from '../reporting/audit.js';
import { Outbox } from '../reporting/outbox.js';
import type { ReportState } from '../reporting/outbox-schema.js';
import type { OutboxReport } from '../reporting/ven-outbox.js';

/** Nobody pages further back. */
const MOST_SKIPPED = 10_000;

const STATES: Readonly<Record<ReportState, ReportSummary['state']>> = {
  pending: 'waiting',
  sent: 'waiting',
  acknowledged: 'received',
  failed: 'failed',
  expired: 'failed',
};

/** What the outbox knows by ids, for people. */
export interface ReportNames {
  event(id: string): string | null;
  /** What a request of an event asks for; empty where the event is gone. */
  payloadTypes(event: string, request: string): string[];
}

/** Reads the outbox as the command `reports` does, beside whoever writes it; nothing where there is none yet. */
export class OutboxView {
  readonly #path: string;
  readonly #clock: HasNow;

  constructor(path: string, clock: HasNow) {
    this.#path = path;
    this.#clock = clock;
  }

  /** @throws ConsoleProblem 400 */
  reports({ ven, event, before = '0', limit }: ReportQuery, names: ReportNames): ReportPage {
    const skipped = Number(before);
    if (!/^\d{1,6}$/.test(before) || skipped > MOST_SKIPPED) {
      throw new ConsoleProblem(400, 'in the query: before: must be the `next` of a page', { fields: { before: 'is no page' } });
    }
    const rows = this.#read((outbox) => outbox.list({ ven, event, limit: skipped + limit + 1 })) ?? [];
    const shown = rows.slice(skipped, skipped + limit);
    return {
      reports: shown.map((row) => summaryOf(row, names)),
      next: rows.length > skipped + limit ? String(skipped + limit) : null,
    };
  }

  /** Of all that the outbox remembers. */
  audit({ ven, event, faulty, offset, limit }: AuditQuery, names: ReportNames): Audit {
    const audit = this.#read((outbox) => auditOutbox(outbox, { ven, event }));
    const rows = (audit?.requests ?? [])
      .map(({ ven: name, event: eventId, request, acknowledged, late, lost }) => ({
        eventId,
        event: names.event(eventId),
        ven: name,
        payloadType: names.payloadTypes(eventId, request).join(', ') || request,
        resources: null,
        expected: acknowledged + late + lost,
        received: acknowledged,
        missing: late + lost,
        doubled: null,
      }))
      .sort((a, b) => b.missing - a.missing || a.ven.localeCompare(b.ven));
    const wanted = faulty ? rows.filter(({ missing }) => missing > 0) : rows;
    return {
      checkedAt: this.#clock.now(),
      sinceAt: null,
      expected: audit?.expected ?? 0,
      received: audit?.acknowledged ?? 0,
      missing: (audit?.late ?? 0) + (audit?.lost ?? 0),
      doubled: audit?.doubled ?? 0,
      rows: wanted.slice(offset, offset + limit),
      total: wanted.length,
    };
  }

  #read<T>(work: (outbox: Outbox) => T): T | undefined {
    let outbox: Outbox;
    try {
      outbox = Outbox.openReadonly(this.#path, this.#clock);
    } catch (error) {
      if (isVenfleetError(error, 'DB_MISSING')) return undefined;
      throw error;
    }
    try {
      return work(outbox);
    } finally {
      outbox.close();
    }
  }
}

function summaryOf(
  { id, ven, event, request, state, reason, dueAt, changedAt, covers }: OutboxReport,
  names: ReportNames,
): ReportSummary {
  const ends = covers.flatMap(({ end }) => (end === 'forever' ? [] : [end]));
  return {
    id: String(id),
    createdAt: changedAt,
    dueAt,
    ven,
    eventId: event,
    event: names.event(event),
    payloadTypes: names.payloadTypes(event, request),
    resources: null,
    intervals: covers.length,
    startAt: covers.length === 0 ? null : Math.min(...covers.map(({ start }) => start)),
    endAt: ends.length === 0 ? null : Math.max(...ends),
    quality: null,
    state: STATES[state],
    reason,
  };
}
