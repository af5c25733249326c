import { type Instant, instant } from '@venfleet/core';
import { type Database, openDatabase, type Schema } from '@venfleet/sqlite';
import { fromRow, packReadings, type ReadingRow, toColumns, unpackReadings } from './encoding.js';
import type { Reading } from './reading.js';

export const READINGS_SCHEMA: Schema = {
  what: 'reading store',
  applicationId: 0x76656e72, // "venr"
  migrations: [
    `CREATE TABLE readings (
       resource INTEGER NOT NULL, at_ms INTEGER NOT NULL, power_milliwatt INTEGER, import_milliwatthour INTEGER,
       export_milliwatthour INTEGER, state_of_charge_ppm INTEGER, flags INTEGER NOT NULL,
       PRIMARY KEY (resource, at_ms)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE journal (id INTEGER PRIMARY KEY, readings BLOB NOT NULL) STRICT;`,
  ],
};

const COLUMNS = 'resource, at_ms, power_milliwatt, import_milliwatthour, export_milliwatthour, state_of_charge_ppm, flags';

/** Rows inserted by one statement: a third less work than one by one; more make no difference. */
const GROUP = 32;

/** The least to work with: the schema, a journal and some readings. */
const FEWEST_PAGES = 64;
const PAGES_TO_DELETE_WITH = 32;

/** How full the file is. */
export interface FileUsage {
  readonly usedBytes: number;
  readonly limitBytes: number;
}

/**
 * The reading store's database. New readings are appended to a journal, one block each flush: that is what a
 * crash must not lose, and it costs one or two pages. Later they are merged into the table in the order of its key:
 * a fleet's readings written there one sweep at a time would touch a page for each of them.
 */
export class ReadingsFile {
  readonly #db: Database;
  readonly #sql;
  readonly #limitPages: number;

  /** @throws the DB_ errors of openDatabase */
  constructor(path: string, limitBytes: number) {
    this.#db = openDatabase(path, { schema: READINGS_SCHEMA, mode: 'create' });
    try {
      this.#limitPages = Math.max(FEWEST_PAGES, Math.floor(limitBytes / this.#number('page_size')));
      // SQLite keeps to this like to a full disk.
      this.#db.pragma(`max_page_count = ${this.#limitPages}`);
      // A checkpoint syncs twice; each of the 1,000 pages that SQLite waits for by default would slow down a fleet's merge.
      this.#db.pragma('wal_autocheckpoint = 4000');
      // A merge walks through the table once; more cache than this only costs a Pi its memory.
      this.#db.pragma('cache_size = -4000');
      this.#sql = prepare(this.#db);
      // A file whose first page is sound may still be damaged behind; these look at both trees.
      this.#sql.next.get([Number.MIN_SAFE_INTEGER]);
      this.#sql.lastBlock.get();
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /** Appends a block, on the disk (synchronous FULL) when this returns. @returns its id */
  append(readings: readonly Reading[]): number {
    this.#db.pragma('synchronous = FULL');
    return this.#db.transaction(() => this.#sql.append.run([packReadings(readings)]).lastInsertRowid);
  }

  /** What was appended and not merged yet, in order. */
  journal(): { readonly readings: Reading[]; readonly lastId: number } {
    const blocks = this.#sql.blocks.all();
    return { readings: blocks.flatMap((block) => unpackReadings(block.readings)), lastId: blocks.at(-1)?.id ?? 0 };
  }

  /**
   * Adds readings to the table; those whose key is there already are left out. Not synced: the journal still has
   * them, and the WAL is replayed in order, so that the journal's end is never lost later than this.
   */
  merge(readings: readonly Reading[]): void {
    this.#db.pragma('synchronous = NORMAL');
    this.#db.transaction(() => {
      const inGroups = readings.length - (readings.length % GROUP);
      for (let i = 0; i < inGroups; i += GROUP) this.#sql.insertGroup.run(toColumns(readings.slice(i, i + GROUP)));
      for (const reading of readings.slice(inGroups)) this.#sql.insert.run(toColumns([reading]));
    });
  }

  /** Drops the blocks up to `id`, which are merged. */
  forgetJournal(id: number): void {
    this.#db.transaction(() => this.#sql.forget.run([id]));
  }

  /** As ReadingSource.around, of what is merged. */
  around(resource: number, from: Instant, to: Instant): Reading[] {
    const rows = [
      this.#sql.before.get([resource, from]),
      ...this.#sql.within.all([resource, from, to]),
      this.#sql.after.get([resource, to]),
    ];
    return rows.flatMap((row) => (row === undefined ? [] : [fromRow(row)]));
  }

  latest(resource: number): Reading | undefined {
    const row = this.#sql.before.get([resource, Number.MAX_SAFE_INTEGER]);
    return row === undefined ? undefined : fromRow(row);
  }

  /** The time of the newest reading of all; undefined where there is none. */
  newest(): Instant | undefined {
    const at = this.#sql.newest.get()?.at;
    return at === undefined || at === null ? undefined : instant(at);
  }

  /** The next resource after the one given that has readings, and the time of its oldest. */
  nextResource(after: number): { readonly resource: number; readonly oldest: number } | undefined {
    return this.#sql.next.get([after]);
  }

  /** Deletes a resource's readings before `until`. @returns how many */
  deleteBefore(resource: number, until: number): number {
    return this.#sql.delete.run([resource, until]).changes;
  }

  /** Runs deletions as one transaction. They may need a page or two before they free any, beyond the limit if need be. */
  deleting<T>(work: () => T): T {
    this.#db.pragma('synchronous = NORMAL');
    this.#db.pragma(`max_page_count = ${this.#limitPages + PAGES_TO_DELETE_WITH}`);
    try {
      return this.#db.transaction(work);
    } finally {
      this.#db.pragma(`max_page_count = ${this.#limitPages}`);
    }
  }

  usage(): FileUsage {
    const pageSize = this.#number('page_size');
    return {
      usedBytes: (this.#number('page_count') - this.#number('freelist_count')) * pageSize,
      limitBytes: this.#limitPages * pageSize,
    };
  }

  close(): void {
    this.#db.close();
  }

  #number(pragma: string): number {
    return this.#db.pragma(pragma) as number;
  }
}

function prepareInsert(db: Database, rows: number) {
  const values = Array(rows).fill('(?, ?, ?, ?, ?, ?, ?)').join(', ');
  return db.prepare(`INSERT INTO readings (${COLUMNS}) VALUES ${values} ON CONFLICT (resource, at_ms) DO NOTHING`);
}

function prepare(db: Database) {
  return {
    append: db.prepare('INSERT INTO journal (readings) VALUES (?)'),
    blocks: db.prepare<{ id: number; readings: Buffer }>('SELECT id, readings FROM journal ORDER BY id'),
    lastBlock: db.prepare('SELECT readings FROM journal ORDER BY id DESC LIMIT 1'),
    forget: db.prepare('DELETE FROM journal WHERE id <= ?'),
    insert: prepareInsert(db, 1),
    insertGroup: prepareInsert(db, GROUP),
    before: db.prepare<ReadingRow>(
      `SELECT ${COLUMNS} FROM readings WHERE resource = ? AND at_ms < ? ORDER BY at_ms DESC LIMIT 1`,
    ),
    within: db.prepare<ReadingRow>(
      `SELECT ${COLUMNS} FROM readings WHERE resource = ? AND at_ms >= ? AND at_ms < ? ORDER BY at_ms`,
    ),
    after: db.prepare<ReadingRow>(`SELECT ${COLUMNS} FROM readings WHERE resource = ? AND at_ms >= ? ORDER BY at_ms LIMIT 1`),
    next: db.prepare<{ resource: number; oldest: number }>(
      'SELECT resource, at_ms AS oldest FROM readings WHERE resource > ? ORDER BY resource, at_ms LIMIT 1',
    ),
    // From resource to resource by the key, as a look at every row would take minutes.
    newest: db.prepare<{ at: number | null }>(
      `WITH RECURSIVE known(resource) AS (
         SELECT min(resource) FROM readings
         UNION ALL SELECT (SELECT min(resource) FROM readings WHERE resource > known.resource) FROM known WHERE resource IS NOT NULL)
       SELECT max((SELECT max(at_ms) FROM readings WHERE resource = known.resource)) AS at FROM known`,
    ),
    delete: db.prepare('DELETE FROM readings WHERE resource = ? AND at_ms < ?'),
  };
}
