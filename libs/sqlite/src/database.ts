import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Duration, seconds, VenfleetError } from '@venfleet/core';
import { fileProblem } from '@venfleet/core/node';
import SqliteConstructor, { type Database as Sqlite, type Statement as SqliteStatement } from 'better-sqlite3';
import { translateSqliteError } from './errors.js';
import { checkSchema, migrate, type Schema } from './migrations.js';

export interface OpenOptions {
  readonly schema: Schema;
  /**
   * `create` makes the file and its folder when missing; `readwrite` wants it there; `readonly` also
   * never changes it, not even its schema version.
   */
  readonly mode: 'create' | 'readwrite' | 'readonly';
  /** What to do when the file is missing, one sentence. */
  readonly missingHint?: string;
  /** How long to wait for another process's lock. */
  readonly lockTimeout?: Duration;
  /**
   * `normal` (WAL: a power cut may undo the last transactions, never damages) or `full` (each commit
   * is on the disk before it returns).
   */
  readonly synchronous?: 'normal' | 'full';
}

type Value = string | number | bigint | Buffer | null;
export type Parameters = readonly Value[] | Readonly<Record<string, Value>>;

/** A prepared statement whose errors name the database and say what to do. */
export class Statement<Row> {
  readonly #statement: SqliteStatement<unknown[], Row>;
  readonly #path: string;

  constructor(statement: SqliteStatement<unknown[], Row>, path: string) {
    this.#statement = statement;
    this.#path = path;
  }

  run(parameters: Parameters = []): { changes: number; lastInsertRowid: number } {
    try {
      const result = this.#statement.run(parameters);
      return { changes: result.changes, lastInsertRowid: Number(result.lastInsertRowid) };
    } catch (error) {
      throw translateSqliteError(error, this.#path);
    }
  }

  get(parameters: Parameters = []): Row | undefined {
    try {
      return this.#statement.get(parameters);
    } catch (error) {
      throw translateSqliteError(error, this.#path);
    }
  }

  all(parameters: Parameters = []): Row[] {
    try {
      return this.#statement.all(parameters);
    } catch (error) {
      throw translateSqliteError(error, this.#path);
    }
  }

  /** Rows one at a time; no other statement of the connection may write meanwhile. */
  *iterate(parameters: Parameters = []): IterableIterator<Row> {
    try {
      yield* this.#statement.iterate(parameters);
    } catch (error) {
      throw translateSqliteError(error, this.#path);
    }
  }
}

/** An open database: prepared statements, transactions, backup, check. better-sqlite3 stays behind it. */
export class Database {
  readonly path: string;
  readonly #db: Sqlite;

  constructor(db: Sqlite, path: string) {
    this.#db = db;
    this.path = path;
  }

  /** @param sql one statement, with `?` or `@name` parameters. */
  prepare<Row = Record<string, unknown>>(sql: string): Statement<Row> {
    return new Statement(
      this.#guard(() => this.#db.prepare<unknown[], Row>(sql)),
      this.path,
    );
  }

  /** Runs SQL without parameters, several statements at once if need be. */
  exec(sql: string): void {
    this.#guard(() => this.#db.exec(sql));
  }

  pragma(text: string): unknown {
    return this.#guard(() => this.#db.pragma(text, { simple: true }));
  }

  /** Runs `work` in one transaction that takes the write lock at its start; nested calls are savepoints. */
  transaction<T>(work: () => T): T {
    return this.#guard(() => this.#db.transaction(work).immediate());
  }

  get inTransaction(): boolean {
    return this.#db.inTransaction;
  }

  /**
   * Copies the database to `target` while others go on using it (SQLite's online backup), as one
   * self-contained file.
   * @throws VenfleetError FILE_EXISTS, or a DB_ error for either file
   */
  async backup(target: string): Promise<void> {
    if (existsSync(target)) {
      throw new VenfleetError('FILE_EXISTS', `${target} exists already`, {
        hint: 'name a new file or move the old one away',
        context: { path: target },
      });
    }
    makeFolderOf(target);
    try {
      await this.#db.backup(target);
      const copy = new SqliteConstructor(target);
      copy.pragma('journal_mode = DELETE');
      copy.close();
    } catch (error) {
      throw translateSqliteError(error, target);
    }
  }

  /** What SQLite finds wrong with the file and with its references; empty when it is sound. */
  integrityProblems(): string[] {
    return this.#guard(() => {
      const rows = this.#db.pragma('integrity_check(100)') as { integrity_check: string }[];
      const damage = rows.map((row) => row.integrity_check).filter((line) => line !== 'ok');
      const dangling = this.#db.pragma('foreign_key_check') as { table: string; rowid: number; parent: string }[];
      return [...damage, ...dangling.map((d) => `${d.table} row ${d.rowid} refers to a missing row of ${d.parent}`)];
    });
  }

  close(): void {
    this.#db.close();
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw translateSqliteError(error, this.path);
    }
  }
}

/**
 * Opens a database with the house rules (WAL, foreign keys, untrusted schema) and brings its schema up
 * to date. `:memory:` gives a fresh one that lives as long as the handle.
 * @throws VenfleetError DB_MISSING, DB_READONLY, DB_LOCKED, DB_NEWER, DB_OLDER (readonly only),
 *   DB_WRONG_KIND, DB_CORRUPT, DB_UNOPENABLE, DB_FULL, DB_IO
 */
export function openDatabase(path: string, options: OpenOptions): Database {
  const { schema, mode } = options;
  checkFile(path, options);
  let db: Sqlite | undefined;
  try {
    db = new SqliteConstructor(path, { readonly: mode === 'readonly', timeout: options.lockTimeout ?? seconds(5) });
    db.pragma('trusted_schema = OFF');
    db.pragma('cell_size_check = ON');
    if (mode === 'readonly') checkCurrent(db, path, schema);
    else {
      // Refuse first what is not ours: journal_mode would already change the file.
      checkSchema(db, path, schema);
      db.pragma('journal_mode = WAL');
      db.pragma(`synchronous = ${options.synchronous ?? 'normal'}`);
      db.pragma('foreign_keys = ON');
      migrate(db, path, schema);
    }
    return new Database(db, path);
  } catch (error) {
    db?.close();
    throw translateSqliteError(error, path);
  }
}

function checkFile(path: string, { mode, schema, missingHint }: OpenOptions): void {
  if (path === ':memory:') return;
  if (!existsSync(path)) {
    if (mode !== 'create') {
      throw new VenfleetError('DB_MISSING', `there is no ${schema.what} at ${path}`, {
        context: { path },
        ...(missingHint === undefined ? {} : { hint: missingHint }),
      });
    }
    makeFolderOf(path);
    return;
  }
  const stat = statSync(path);
  if (!stat.isFile()) throw new VenfleetError('DB_UNOPENABLE', `${path} is not a file`, { context: { path } });
  // Root may write to anything; a file without a write bit was still made read-only on purpose.
  if (mode !== 'readonly' && (stat.mode & 0o222) === 0) {
    throw new VenfleetError('DB_READONLY', `the ${schema.what} ${path} is read-only`, {
      context: { path },
      hint: 'make it writable (chmod u+w), or name another with --db',
    });
  }
}

function checkCurrent(db: Sqlite, path: string, schema: Schema): void {
  const version = checkSchema(db, path, schema);
  if (version < schema.migrations.length) {
    throw new VenfleetError('DB_OLDER', `the ${schema.what} ${path} has the older schema version ${version}`, {
      context: { path, version },
      hint: 'open it once with a command that may write, which brings it up to date',
    });
  }
}

function makeFolderOf(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (cause) {
    throw new VenfleetError('DB_UNOPENABLE', `cannot make the folder of ${path}: ${fileProblem(cause)}`, {
      cause,
      context: { path },
    });
  }
}
