import { type HasNow, hours } from '@venfleet/core';
import { type Database, type OwnerLock, openDatabase, ownFile } from '@venfleet/sqlite';
import { type Alarms, alarmOfWrites } from '../readings/alarms.js';
import { type AuditRow, OUTBOX_SCHEMA, prepareOutbox, type ReportState } from './outbox-schema.js';
import { type OutboxReport, type StoredEvent, type Tally, toReport, toStoredEvent, VenOutbox } from './ven-outbox.js';

/** Closed reports are kept for so long, to be looked at. */
const CLOSED_KEPT = hours(24);
/** Open ones are tried for so long. */
const OPEN_KEPT = hours(24 * 7);

/** Days with events are remembered for longer than any baseline looks back. */
const EVENT_DAYS_KEPT = hours(24 * 90);

export interface ReportFilter {
  readonly ven?: string | undefined;
  readonly event?: string | undefined;
  readonly state?: ReportState | undefined;
  readonly limit?: number | undefined;
}

/**
 * The reports of all VENs of this agent: each is stored when it is planned, before anything is sent, and leaves the
 * open ones only when the VTN has it, refuses it, or nobody wants it any more. Commits are on the disk before they
 * return, so that a power cut repeats or loses nothing.
 */
export class Outbox {
  readonly #db: Database;
  readonly #clock: HasNow;
  readonly #sql;
  readonly #tally: Tally;
  readonly #lock: OwnerLock | undefined;

  private constructor(db: Database, clock: HasNow, lock?: OwnerLock) {
    this.#db = db;
    this.#clock = clock;
    this.#lock = lock;
    this.#sql = prepareOutbox(db);
    this.#tally = { acknowledged: this.#sql.acknowledged.get()?.count ?? 0 };
  }

  /** Only one process may have it open to write. @throws VenfleetError DB_IN_USE, and the DB_ errors of openDatabase */
  static open(path: string, clock: HasNow, alarms?: Alarms): Outbox {
    const lock = path === ':memory:' ? undefined : ownFile(path, OUTBOX_SCHEMA.what);
    try {
      const onWrite = alarmOfWrites(alarms, 'OUTBOX_UNWRITABLE');
      const db = openDatabase(path, { schema: OUTBOX_SCHEMA, mode: 'create', synchronous: 'full', onWrite });
      return new Outbox(db, clock, lock);
    } catch (error) {
      lock?.release();
      throw error;
    }
  }

  /** As {@link open}, but only to read it. @throws VenfleetError DB_MISSING and the other DB_ errors */
  static openReadonly(path: string, clock: HasNow): Outbox {
    const missingHint = 'no report was planned with this file yet: run `npx nx run ven-agent:run`';
    return new Outbox(openDatabase(path, { schema: OUTBOX_SCHEMA, mode: 'readonly', missingHint }), clock);
  }

  /** The part of one VEN at one VTN. */
  forVen(vtnUrl: string, name: string): VenOutbox {
    this.#sql.addVen.run([vtnUrl, name]);
    const { id } = this.#sql.venId.get([vtnUrl, name]) as { id: number };
    return new VenOutbox(this.#db, this.#sql, this.#clock, { id, owner: `${vtnUrl} ${name}`, tally: this.#tally });
  }

  /** The latest due first. */
  list({ ven, event, state, limit }: ReportFilter = {}): OutboxReport[] {
    return this.#sql.list.all({ ven: ven ?? null, event: event ?? null, state: state ?? null, limit: limit ?? -1 }).map(toReport);
  }

  /**
   * Counts by VEN, event and request.
   * @param graceMs a report is late when it is not acknowledged so long after it was due
   */
  audit({ ven, event }: ReportFilter, graceMs: number): AuditRow[] {
    return this.#sql.audit.all({ ven: ven ?? null, event: event ?? null, now: this.#clock.now(), grace: graceMs });
  }

  /** Reports acknowledged since the outbox was made, and those that are due and wait for it: cheap, for a live display. */
  counts(): { readonly acknowledged: number; readonly waiting: number } {
    return { acknowledged: this.#tally.acknowledged, waiting: this.#sql.waiting.get([this.#clock.now()])?.count ?? 0 };
  }

  /** As `waiting` of {@link counts}, by the names of the VENs at one VTN that have any. */
  waitingByVen(vtnUrl: string): Map<string, number> {
    return new Map(this.#sql.waitingByVen.all([this.#clock.now(), vtnUrl]).map(({ ven, count }) => [ven, count]));
  }

  /** Reports of the VTN that stand for several of ours: never, if all is right. */
  doubles(): { vtn: string; vtnId: string; reports: number }[] {
    return this.#sql.doubles.all();
  }

  /** What each VEN that was asked by an event knows of it. */
  findEvent(id: string): (StoredEvent & { readonly vtn: string; readonly ven: string })[] {
    return this.#sql.findEvent.all([id]).map(({ vtn, ven, ...event }) => ({ vtn, ven, ...toStoredEvent(event) }));
  }

  /** Gives up what could not be delivered for a week, and removes what was closed a day ago; the counts stay. */
  prune(): void {
    const now = this.#clock.now();
    const before = now - CLOSED_KEPT;
    this.#db.transaction(() => {
      this.#sql.expireOld.run({ now, before: now - OPEN_KEPT });
      this.#sql.countPruned.run({ before });
      this.#sql.prune.run([before]);
      this.#sql.pruneEvents.run([before]);
      this.#sql.pruneEventDays.run([new Date(now - EVENT_DAYS_KEPT).toISOString().slice(0, 10)]);
    });
  }

  close(): void {
    this.#db.close();
    this.#lock?.release();
  }
}
