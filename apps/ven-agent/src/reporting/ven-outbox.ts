import { createHash } from 'node:crypto';
import { type HasNow, type Instant, instant } from '@venfleet/core';
import type { PlannedReport, Span } from '@venfleet/openadr';
import type { Database } from '@venfleet/sqlite';
import type { prepareOutbox, ReportRow } from './outbox-schema.js';
import type { ReportContent } from './values.js';

/** Why a report expired that is wanted again when the event comes back, or is changed back. */
const EVENT_GONE = 'the event is gone';
const NOT_ASKED = 'the event no longer asks for it';

/** A report on its way. */
export interface OutboxReport extends Omit<ReportRow, 'covers' | 'built' | 'dueAt'> {
  readonly dueAt: Instant;
  readonly covers: readonly Span[];
  readonly built: boolean;
}

export interface StoredEvent {
  readonly id: string;
  /** When this agent first saw it: what "now" in it means. */
  readonly seenAt: Instant;
  /** JSON as it was given. */
  readonly definition: string;
}

export interface PlanOptions {
  /** Where it is made already. */
  readonly content?: StoredContent;
  /** So many reports before these will never be made: they were missed for too long. */
  readonly lost?: number;
}

/** A report's content, and the program that 3.0.1 wants named beside the event. */
export interface StoredContent extends ReportContent {
  readonly programId: string;
}

/** Counted along, as counting the rows would take long. */
export interface Tally {
  acknowledged: number;
}

/** Exactly what a modification does to the reports planned so far. */
export interface Revision {
  readonly key: string;
  /** Report number `ordinal` by the event as it is now; absent where the VEN decides when to report. */
  readonly at?: (ordinal: number) => PlannedReport | undefined;
}

/** The outbox of one VEN. Every method is one transaction. */
export class VenOutbox {
  readonly #db: Database;
  readonly #sql: ReturnType<typeof prepareOutbox>;
  readonly #clock: HasNow;
  readonly #ven: number;
  readonly #owner: string;
  readonly #tally: Tally;

  constructor(
    db: Database,
    sql: ReturnType<typeof prepareOutbox>,
    clock: HasNow,
    ven: { readonly id: number; readonly owner: string; readonly tally: Tally },
  ) {
    this.#db = db;
    this.#sql = sql;
    this.#clock = clock;
    this.#ven = ven.id;
    this.#owner = ven.owner;
    this.#tally = ven.tally;
  }

  /** Notes that an event changes the VEN's load on a local date (`2026-06-15`). */
  addEventDay(date: string): void {
    this.#sql.addEventDay.run([this.#ven, date]);
  }

  eventDays(): Set<string> {
    return new Set(this.#sql.eventDays.all([this.#ven]).map(({ date }) => date));
  }

  /** The events that were not gone when last heard of. */
  events(): StoredEvent[] {
    return this.#sql.events.all([this.#ven]).map(toStoredEvent);
  }

  /**
   * Stores an event as it is now.
   * @param firstSeenAt when the agent saw it for the first time, where this is not now
   * @returns when it was first seen, and whether it is another than before
   */
  rememberEvent(id: string, definition: string, firstSeenAt?: Instant): { seenAt: Instant; changed: boolean } {
    return this.#db.transaction(() => {
      const known = this.#sql.event.get([this.#ven, id]);
      const changed = known === undefined || known.definition !== definition || known.gone === 1;
      const seenAt = instant(known?.seenAt ?? firstSeenAt ?? this.#clock.now());
      if (changed) this.#sql.putEvent.run({ ven: this.#ven, event: id, seenAt, definition });
      return { seenAt, changed };
    });
  }

  /** The event is deleted: what is still open will never be wanted. */
  expireEvent(id: string): void {
    this.#db.transaction(() => {
      const now = this.#clock.now();
      this.#sql.goneEvent.run({ ven: this.#ven, event: id, now });
      for (const { id: request } of this.#sql.requestKeys.all([this.#ven, id])) this.#expireOpen(request, EVENT_GONE);
    });
  }

  /** The ordinal to plan next; undefined for a request that is new. */
  next(event: string, key: string): number | undefined {
    return this.#sql.request.get([this.#ven, event, key])?.next;
  }

  /**
   * Stores planned reports and where to go on. Those due before the request was known, or before this outbox was restored
   * from a backup, are looked for at the VTN first: an agent that lost its state may have sent them.
   */
  plan(
    event: string,
    key: string,
    reports: readonly PlannedReport[],
    next: number,
    { content, lost = 0 }: PlanOptions = {},
  ): void {
    this.#db.transaction(() => {
      const isNew = this.#sql.addRequest.run([this.#ven, event, key, next]).changes > 0;
      const { id } = this.#sql.request.get([this.#ven, event, key]) as { id: number };
      for (const report of reports) {
        const lostUntil = isNew ? this.#clock.now() : (this.#sql.restoredAt.get()?.at ?? Number.NEGATIVE_INFINITY);
        const state = report.dueAt <= lostUntil && content === undefined ? 'sent' : 'pending';
        this.#add({ request: id, event, key, report, revision: 0, state, content });
      }
      this.#sql.setNext.run([next, id]);
      if (lost > 0) this.#sql.addLost.run([lost, id]);
    });
  }

  /**
   * Brings the reports planned so far in line with an event that was changed. What is not sent yet is planned anew;
   * what was sent stands, and where it covered something else than it would now, one more is planned; what nobody asks
   * for any more expires.
   */
  revise(event: string, revisions: readonly Revision[]): void {
    this.#db.transaction(() => {
      for (const { id, key } of this.#sql.requestKeys.all([this.#ven, event])) {
        const revision = revisions.find((candidate) => candidate.key === key);
        if (revision === undefined) this.#expireOpen(id, NOT_ASKED);
        else if (revision.at !== undefined) this.#reviseRequest(id, event, key, revision.at);
      }
    });
  }

  #reviseRequest(request: number, event: string, key: string, at: (ordinal: number) => PlannedReport | undefined): void {
    const latest = new Map(this.#sql.ofRequest.all([request]).map((row) => [row.ordinal, row]));
    for (const row of latest.values()) {
      const report = at(row.ordinal);
      if (report === undefined) {
        if (row.state === 'pending') this.#close(row.id, 'expired', NOT_ASKED);
        continue;
      }
      const covers = JSON.stringify(report.covers);
      const moved = covers !== row.covers;
      const change = { id: row.id, dueAt: report.dueAt, covers, now: this.#clock.now() };
      if (row.state === 'pending') {
        if (moved || report.dueAt !== row.dueAt) this.#sql.changePlan.run(change);
      } else if (row.state === 'expired') {
        if (row.reason === EVENT_GONE || row.reason === NOT_ASKED) this.#sql.reopen.run(change);
      } else if (moved) this.#add({ request, event, key, report, revision: row.revision + 1, state: 'pending' });
    }
  }

  /** Open reports without content, by due time. */
  unbuilt(): OutboxReport[] {
    return this.#sql.unbuilt.all([this.#ven]).map(toReport);
  }

  /** The next report to send: the first that has its content, and before which none of its event lacks one. */
  nextToSend(): OutboxReport | undefined {
    const row = this.#sql.toSend.get({ ven: this.#ven });
    return row && toReport(row);
  }

  content(id: number): StoredContent | undefined {
    const content = this.#sql.content.get([id])?.content;
    return content === undefined || content === null ? undefined : (JSON.parse(content) as StoredContent);
  }

  /** Without effect where what the report covers was changed while its content was made. */
  keepContent({ id, covers }: Pick<OutboxReport, 'id' | 'covers'>, content: StoredContent): void {
    this.#sql.setContent.run({ id, covers: JSON.stringify(covers), content: JSON.stringify(content) });
  }

  /** Before the request leaves: from now on the VTN may have it. */
  markSent(id: number): void {
    this.#sql.setSent.run([this.#clock.now(), id]);
  }

  /** The VTN certainly does not have it. */
  markUnsent(id: number, reason: string): void {
    this.#sql.setPending.run({ id, reason, now: this.#clock.now() });
  }

  acknowledge(id: number, vtnId: string): void {
    this.#sql.acknowledge.run({ id, vtnId, now: this.#clock.now() });
    this.#tally.acknowledged++;
  }

  /** Ends a report that will not be sent (again). */
  close(id: number, state: 'failed' | 'expired', reason: string): void {
    this.#close(id, state, reason);
  }

  #close(id: number, state: 'failed' | 'expired', reason: string): void {
    this.#sql.close.run({ id, state, reason, now: this.#clock.now() });
  }

  #expireOpen(request: number, reason: string): void {
    for (const { id, state } of this.#sql.ofRequest.all([request])) {
      if (state === 'pending' || state === 'sent') this.#close(id, 'expired', reason);
    }
  }

  #add(row: NewRow): void {
    const { request, event, key, report, revision, state, content } = row;
    this.#sql.addReport.run({
      request,
      ven: this.#ven,
      ordinal: report.ordinal,
      revision,
      name: reportName(this.#owner, event, key, report.ordinal, revision),
      state,
      dueAt: report.dueAt,
      covers: JSON.stringify(report.covers),
      content: content === undefined ? null : JSON.stringify(content),
      now: this.#clock.now(),
    });
  }
}

interface NewRow {
  readonly request: number;
  readonly event: string;
  readonly key: string;
  readonly report: PlannedReport;
  readonly revision: number;
  readonly state: 'pending' | 'sent';
  readonly content?: StoredContent | undefined;
}

/**
 * A name that no other report has, by which one whose answer was lost is found again. Some VTNs want names to be unique
 * over all clients, so the VEN (and its VTN, as it may have several) is part of it.
 */
function reportName(owner: string, event: string, key: string, ordinal: number, revision: number): string {
  const hash = createHash('sha256').update(`${owner}\n${key}`).digest('hex').slice(0, 12);
  return `venfleet-${event}-${hash}-${ordinal}${revision === 0 ? '' : `-r${revision}`}`;
}

export function toReport({ covers, built, dueAt, ...row }: ReportRow): OutboxReport {
  return { ...row, dueAt: instant(dueAt), covers: JSON.parse(covers) as Span[], built: built === 1 };
}

export function toStoredEvent({ event, seenAt, definition }: { event: string; seenAt: number; definition: string }): StoredEvent {
  return { id: event, seenAt: instant(seenAt), definition };
}
