import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { isVenfleetError, type VenfleetError } from '@venfleet/core';
import SqliteConstructor, { type Database as Sqlite, type Statement as SqliteStatement } from 'better-sqlite3';
import { isDiskProblem, translateSqliteError } from './errors.js';
import { danglingReferences } from './migrations.js';
import { makeFolderBeside, moveDatabase, refuseExisting } from './paths.js';

type Value = string | number | bigint | Buffer | null;
export type Parameters = readonly Value[] | Readonly<Record<string, Value>>;

/** @param problem the DB_ error of a disk or a file that did not take it; undefined when it is written. */
export type OnWrite = (problem: VenfleetError | undefined) => void;

/** A prepared statement whose errors name the database and say what to do. */
export class Statement<Row> {
  readonly #statement: SqliteStatement<unknown[], Row>;
  readonly #path: string;
  readonly #onWrite: OnWrite | undefined;

  constructor(statement: SqliteStatement<unknown[], Row>, path: string, onWrite?: OnWrite) {
    this.#statement = statement;
    this.#path = path;
    this.#onWrite = onWrite;
  }

  run(parameters: Parameters = []): { changes: number; lastInsertRowid: number } {
    try {
      const result = this.#statement.run(parameters);
      // In a transaction it is the commit that tells.
      if (this.#onWrite !== undefined && !this.#statement.database.inTransaction) this.#onWrite(undefined);
      return { changes: result.changes, lastInsertRowid: Number(result.lastInsertRowid) };
    } catch (error) {
      throw told(translateSqliteError(error, this.#path), this.#onWrite);
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
  readonly #onWrite: OnWrite | undefined;

  constructor(db: Sqlite, path: string, onWrite?: OnWrite) {
    this.#db = db;
    this.path = path;
    this.#onWrite = onWrite;
  }

  /** @param sql one statement, with `?` or `@name` parameters. */
  prepare<Row = Record<string, unknown>>(sql: string): Statement<Row> {
    return new Statement(
      this.#guard(() => this.#db.prepare<unknown[], Row>(sql)),
      this.path,
      this.#onWrite,
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
    const result = this.#guard(() => this.#db.transaction(work).immediate());
    if (!this.#db.inTransaction) this.#onWrite?.(undefined);
    return result;
  }

  get inTransaction(): boolean {
    return this.#db.inTransaction;
  }

  /**
   * Copies the database as it is now to `target`, as one self-contained file, while this and other
   * connections go on reading and writing it. `target` appears whole or not at all.
   * @throws VenfleetError FILE_EXISTS, or a DB_ error for either file
   */
  async backup(target: string): Promise<void> {
    refuseExisting(target);
    const folder = makeFolderBeside(target);
    try {
      const unfinished = join(folder, 'copy');
      await this.#copyTo(unfinished);
      const copy = new SqliteConstructor(unfinished);
      copy.pragma('journal_mode = DELETE');
      copy.close();
      refuseExisting(target);
      moveDatabase(unfinished, target);
    } catch (error) {
      throw translateSqliteError(error, target);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /**
   * SQLite's online backup starts over when another connection writes, and fails when its own one is in
   * a transaction (sqlite.org/c3ref/backup_finish.html). So it reads from a connection of its own that
   * holds one snapshot; only a database in memory has no second connection.
   */
  async #copyTo(target: string): Promise<void> {
    if (this.path === ':memory:') {
      await this.#db.backup(target);
      return;
    }
    const snapshot = this.#guard(() => new SqliteConstructor(this.path, { readonly: this.#db.readonly, fileMustExist: true }));
    try {
      this.#guard(() => snapshot.exec('BEGIN; SELECT count(*) FROM sqlite_schema'));
      await snapshot.backup(target);
    } finally {
      snapshot.close();
    }
  }

  /**
   * What SQLite finds wrong with the file and with its references, one line each; empty when it is sound.
   * @throws VenfleetError DB_LOCKED, DB_IO when it cannot look
   */
  integrityProblems(): string[] {
    try {
      return this.#guard(() => [...damagedPages(this.#db), ...danglingReferences(this.#db)]);
    } catch (error) {
      // Where the damage is so great that the check cannot go on, that is the finding.
      if (isVenfleetError(error, 'DB_CORRUPT')) return [error.message];
      throw error;
    }
  }

  close(): void {
    this.#db.close();
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw told(translateSqliteError(error, this.path), this.#onWrite);
    }
  }
}

function told(error: unknown, onWrite: OnWrite | undefined): unknown {
  if (isDiskProblem(error) || isVenfleetError(error, 'DB_LOCKED', 'DB_CORRUPT')) onWrite?.(error as VenfleetError);
  return error;
}

function damagedPages(db: Sqlite): string[] {
  const rows = db.pragma('integrity_check(100)') as { integrity_check: string }[];
  return rows.map((row) => row.integrity_check).filter((line) => line !== 'ok');
}
