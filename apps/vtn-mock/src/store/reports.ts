import type { Database } from '@venfleet/sqlite';
import type { OnChange } from './change.js';
import type { EventRow } from './events.js';
import { type Condition, Listing, type Page } from './listing.js';
import type { Stamp } from './store.js';

/** What a client gives of a report. */
export interface ReportContent {
  readonly clientName: string;
  /** The rest, but for its event, as one JSON text. */
  readonly content: string;
  /** 1 when a period has no start, which 3.0.1 wants; else 0. */
  readonly needsStart: number;
}

export interface ReportRow extends ReportContent, Stamp {
  readonly seq: number;
  /** The client that made it. */
  readonly clientId: string;
  readonly eventId: string;
  readonly programId: string;
}

const SELECT = `SELECT r.seq, r.id, e.id AS eventId, p.id AS programId, r.client_name AS clientName, r.client_id AS clientId,
  r.content, r.needs_start AS needsStart, r.created, r.modified
  FROM reports r JOIN events e ON e.seq = r.event JOIN programs p ON p.seq = e.program`;

export class Reports {
  readonly #insert;
  readonly #update;
  readonly #delete;
  readonly #byId;
  readonly #listing: Listing<ReportRow>;
  readonly #inOrder: Listing<ReportRow>;
  readonly #newest;
  readonly #from;
  readonly #changed: OnChange<ReportRow>;

  constructor(db: Database, changed: OnChange<ReportRow>) {
    this.#changed = changed;
    this.#insert = db.prepare(
      `INSERT INTO reports (event, client_name, client_id, content, needs_start, id, created, modified)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#update = db.prepare(
      'UPDATE reports SET event = ?, client_name = ?, content = ?, needs_start = ?, modified = ? WHERE seq = ?',
    );
    this.#delete = db.prepare('DELETE FROM reports WHERE seq = ?');
    this.#byId = db.prepare<ReportRow>(`${SELECT} WHERE r.id = ?`);
    this.#listing = new Listing(db, SELECT, 'r.seq DESC');
    this.#inOrder = new Listing(db, SELECT, 'r.seq');
    this.#newest = db.prepare<{ seq: number }>('SELECT seq FROM reports ORDER BY seq DESC LIMIT 1');
    this.#from = db.prepare<{ seq: number; created: number }>(
      'SELECT seq, created FROM reports WHERE seq >= ? ORDER BY seq LIMIT 1',
    );
  }

  insert(event: EventRow, clientId: string, r: ReportContent, { id, created, modified }: Stamp): ReportRow {
    const { lastInsertRowid } = this.#insert.run([
      event.seq,
      r.clientName,
      clientId,
      r.content,
      r.needsStart,
      id,
      created,
      modified,
    ]);
    const made = { ...r, id, created, modified, seq: lastInsertRowid, clientId, eventId: event.id, programId: event.programId };
    this.#changed('CREATE', made);
    return made;
  }

  update(row: ReportRow, event: EventRow, r: ReportContent, modified: number): ReportRow {
    this.#update.run([event.seq, r.clientName, r.content, r.needsStart, modified, row.seq]);
    const changed = { ...row, ...r, modified, eventId: event.id, programId: event.programId };
    this.#changed('UPDATE', changed, row);
    return changed;
  }

  delete(row: ReportRow): void {
    this.#changed('DELETE', row);
    this.#delete.run([row.seq]);
  }

  byId(id: string): ReportRow | undefined {
    return this.#byId.get([id]);
  }

  /** The newest first. */
  page(conditions: readonly Condition[], page: Page): ReportRow[] {
    return this.#listing.page(conditions, page);
  }

  /** `seq` of the first that was created at that time or later, in epoch milliseconds; that of the next where there is none. */
  firstSince(time: number): number {
    let [low, high] = [1, (this.#newest.get()?.seq ?? 0) + 1];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const row = this.#from.get([middle]);
      // Times never go backwards, whatever was deleted in between.
      if (row === undefined || row.created >= time) high = middle;
      else low = row.seq + 1;
    }
    return low;
  }

  /** In the order in which they came. */
  inOrder(conditions: readonly Condition[], page: Page): ReportRow[] {
    return this.#inOrder.page(conditions, page);
  }
}

/** On the event with that id. */
export function onEvent(id: string): Condition {
  return { sql: 'r.event = (SELECT seq FROM events WHERE id = ?)', values: [id] };
}

/** As {@link onEvent}, beside {@link ofClientName}: of an event there are many more than of a client. */
export function alsoOnEvent(id: string): Condition {
  return { sql: '+r.event = (SELECT seq FROM events WHERE id = ?)', values: [id] };
}

/** Of the client that names itself so. */
export function ofClientName(name: string): Condition {
  return { sql: 'r.client_name = ?', values: [name] };
}

/** By `seq`, the order in which they came. */
export function cameAfter(seq: number): Condition {
  return { sql: 'r.seq > ?', values: [seq] };
}

export function cameBefore(seq: number): Condition {
  return { sql: 'r.seq < ?', values: [seq] };
}
