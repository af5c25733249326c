import type { Database } from '@venfleet/sqlite';
import type { OnChange } from './change.js';
import { type Condition, Listing, type Page } from './listing.js';
import type { Stamp } from './store.js';
import type { StoredTargets } from './targets.js';

/** What a client gives of a program. JSON texts; null where absent. */
export interface ProgramContent extends StoredTargets {
  readonly name: string;
  /** intervalPeriod, programDescriptions and payloadDescriptors, which both versions have alike. */
  readonly content: string;
  /** valuesMap list, as 3.1 has it; over 3.0.1 the known ones are properties. */
  readonly attributes: string | null;
}

export interface ProgramRow extends ProgramContent, Stamp {
  readonly seq: number;
}

const COLUMNS = 'seq, id, name, content, attributes, targets, targets301, created, modified';

export class Programs {
  readonly #insert;
  readonly #update;
  readonly #delete;
  readonly #byId;
  readonly #listing: Listing<ProgramRow>;
  readonly #changed: OnChange<ProgramRow>;

  constructor(db: Database, changed: OnChange<ProgramRow>) {
    this.#changed = changed;
    this.#insert = db.prepare(
      'INSERT INTO programs (name, content, attributes, targets, targets301, id, created, modified) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#update = db.prepare(
      'UPDATE programs SET name = ?, content = ?, attributes = ?, targets = ?, targets301 = ?, modified = ? WHERE seq = ?',
    );
    this.#delete = db.prepare('DELETE FROM programs WHERE seq = ?');
    this.#byId = db.prepare<ProgramRow>(`SELECT ${COLUMNS} FROM programs WHERE id = ?`);
    this.#listing = new Listing(db, `SELECT ${COLUMNS} FROM programs`, 'seq DESC');
  }

  insert(p: ProgramContent, { id, created, modified }: Stamp): ProgramRow {
    const { lastInsertRowid } = this.#insert.run([
      p.name,
      p.content,
      p.attributes,
      p.targets,
      p.targets301,
      id,
      created,
      modified,
    ]);
    const made = { ...p, id, created, modified, seq: lastInsertRowid };
    this.#changed('CREATE', made);
    return made;
  }

  update(row: ProgramRow, p: ProgramContent, modified: number): ProgramRow {
    this.#update.run([p.name, p.content, p.attributes, p.targets, p.targets301, modified, row.seq]);
    const changed = { ...row, ...p, modified };
    this.#changed('UPDATE', changed, row);
    return changed;
  }

  delete(row: ProgramRow): void {
    this.#changed('DELETE', row);
    this.#delete.run([row.seq]);
  }

  byId(id: string): ProgramRow | undefined {
    return this.#byId.get([id]);
  }

  page(conditions: readonly Condition[], page: Page): ProgramRow[] {
    return this.#listing.page(conditions, page);
  }
}
