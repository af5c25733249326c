import { type Database, openDatabase, type Schema } from '@venfleet/sqlite';

export const SPOOL_SCHEMA: Schema = {
  what: "readings' spool",
  applicationId: 0x76656e73, // "vens"
  migrations: [
    `CREATE TABLE batches (
       id INTEGER PRIMARY KEY AUTOINCREMENT, lines INTEGER NOT NULL, splits INTEGER NOT NULL, gzip BLOB NOT NULL
     ) STRICT;`,
  ],
};

/** Lines on their way to the server. */
export interface Batch {
  readonly lines: number;
  /** How often it was halved. */
  readonly splits: number;
  /** The lines, compressed. */
  readonly gzip: Buffer;
}

/** What waits to be sent, oldest first, on the disk and bounded. */
export class Spool {
  readonly #db: Database;
  readonly #maxBytes: number;
  readonly #sql;

  /** @throws the DB_ errors of openDatabase */
  constructor(path: string, maxBytes: number) {
    this.#db = openDatabase(path, { schema: SPOOL_SCHEMA, mode: 'create' });
    this.#maxBytes = maxBytes;
    try {
      this.#sql = prepare(this.#db);
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#sql.bytes.get()?.bytes ?? 0;
  }

  /** Adds a batch; the oldest are dropped where all would be more than allowed. @returns how many lines were dropped */
  append({ lines, splits, gzip }: Batch): number {
    return this.#db.transaction(() => {
      let dropped = 0;
      for (let oldest = this.oldest(); oldest !== undefined; oldest = this.oldest()) {
        if (this.bytes + gzip.length <= this.#maxBytes) break;
        this.remove(oldest.id);
        dropped += oldest.lines;
      }
      this.#sql.insert.run([lines, splits, gzip]);
      return dropped;
    });
  }

  oldest(): (Batch & { readonly id: number }) | undefined {
    return this.#sql.oldest.get();
  }

  remove(id: number): void {
    this.#sql.delete.run([id]);
  }

  /** Puts the halves of a batch in its place; their order to others does not matter to the server. */
  replace(id: number, halves: readonly Batch[]): void {
    this.#db.transaction(() => {
      this.remove(id);
      for (const half of halves) this.append(half);
    });
  }

  close(): void {
    this.#db.close();
  }
}

function prepare(db: Database) {
  return {
    bytes: db.prepare<{ bytes: number }>('SELECT coalesce(sum(length(gzip)), 0) AS bytes FROM batches'),
    insert: db.prepare('INSERT INTO batches (lines, splits, gzip) VALUES (?, ?, ?)'),
    oldest: db.prepare<Batch & { id: number }>('SELECT id, lines, splits, gzip FROM batches ORDER BY id LIMIT 1'),
    delete: db.prepare('DELETE FROM batches WHERE id = ?'),
  };
}
