import type { Database } from '@venfleet/sqlite';
import type { OnChange } from './change.js';
import { type Condition, Listing, type Page } from './listing.js';
import type { ProgramRow } from './programs.js';
import type { Stamp } from './store.js';
import type { StoredTargets } from './targets.js';

/** What a client gives of an event. JSON texts; null where absent. */
export interface EventContent extends StoredTargets {
  /** Its priority; infinite when it has none. */
  readonly rank: number;
  /** When it is over, in epoch milliseconds; null for never. */
  readonly ends: number | null;
  /** What 3.1 says of it, but for program and targets. */
  readonly content: string;
  /** The same for 3.0.1. */
  readonly content301: string;
  /** As text, not JSON; for writers of 3.0.1, which does not have it. */
  readonly duration: string | null;
}

export interface EventRow extends EventContent, Stamp {
  readonly seq: number;
  readonly programId: string;
}

const SELECT = `SELECT e.seq, e.id, p.id AS programId, e.rank, e.ends, e.content, e.content301, e.duration, e.targets,
  e.targets301, e.created, e.modified FROM events e JOIN programs p ON p.seq = e.program`;

export class Events {
  readonly #insert;
  readonly #update;
  readonly #delete;
  readonly #byId;
  readonly #listing: Listing<EventRow>;
  readonly #changed: OnChange<EventRow>;

  constructor(db: Database, changed: OnChange<EventRow>) {
    this.#changed = changed;
    this.#insert = db.prepare(
      `INSERT INTO events (program, rank, ends, content, content301, duration, targets, targets301, id, created, modified)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#update = db.prepare(
      `UPDATE events SET program = ?, rank = ?, ends = ?, content = ?, content301 = ?, duration = ?, targets = ?,
         targets301 = ?, modified = ? WHERE seq = ?`,
    );
    this.#delete = db.prepare('DELETE FROM events WHERE seq = ?');
    this.#byId = db.prepare<EventRow>(`${SELECT} WHERE e.id = ?`);
    this.#listing = new Listing(db, SELECT, 'e.rank, e.seq DESC');
  }

  insert(program: ProgramRow, e: EventContent, { id, created, modified }: Stamp): EventRow {
    const { lastInsertRowid } = this.#insert.run([...values(program, e), id, created, modified]);
    const made = { ...e, id, created, modified, seq: lastInsertRowid, programId: program.id };
    this.#changed('CREATE', made);
    return made;
  }

  update(row: EventRow, program: ProgramRow, e: EventContent, modified: number): EventRow {
    this.#update.run([...values(program, e), modified, row.seq]);
    const changed = { ...row, ...e, modified, programId: program.id };
    this.#changed('UPDATE', changed, row);
    return changed;
  }

  /** @throws a FOREIGN KEY violation when there are reports on the event. */
  delete(row: EventRow): void {
    this.#changed('DELETE', row);
    this.#delete.run([row.seq]);
  }

  byId(id: string): EventRow | undefined {
    return this.#byId.get([id]);
  }

  /** Those of high priority first, the newest of each. */
  page(conditions: readonly Condition[], page: Page): EventRow[] {
    return this.#listing.page(conditions, page);
  }
}

function values(program: ProgramRow, e: EventContent) {
  return [program.seq, e.rank, e.ends, e.content, e.content301, e.duration, e.targets, e.targets301];
}

/** Of the program with that id. */
export function ofProgram(id: string): Condition {
  return { sql: 'e.program = (SELECT seq FROM programs WHERE id = ?)', values: [id] };
}

/** Not over at that time. */
export function activeAt(time: number): Condition {
  return { sql: '(e.ends IS NULL OR e.ends > ?)', values: [time] };
}
