import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import { type Duration, seconds, systemClock, VenfleetError } from '@venfleet/core';
import SqliteConstructor, { type Database as Sqlite } from 'better-sqlite3';
import { refuseUnfinishedRestore } from './backup/unfinished.js';
import { Database, type OnWrite } from './database.js';
import { isBusy, translateSqliteError } from './errors.js';
import { checkSchema, migrate, type Schema } from './migrations.js';
import { makeFolderOf } from './paths.js';

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
  /** Told how each write went, so that somebody hears of a disk or file that does not take them any more, and that does again. */
  readonly onWrite?: OnWrite | undefined;
  /** With `readonly`: an earlier schema version will do. For who copies a database and looks at none of its tables. */
  readonly acceptOlder?: boolean;
}

/**
 * Opens a database with the house rules (WAL, foreign keys, untrusted schema) and brings its schema up
 * to date. `:memory:` gives a fresh one that lives as long as the handle.
 * @throws VenfleetError DB_MISSING, DB_READONLY, DB_LOCKED, DB_NEWER, DB_OLDER (readonly only),
 *   DB_WRONG_KIND, DB_DANGLING (after a migration), DB_CORRUPT, DB_UNOPENABLE, DB_FULL, DB_IO, RESTORE_UNFINISHED
 */
export function openDatabase(path: string, options: OpenOptions): Database {
  const { schema, mode } = options;
  const timeout = Math.round(options.lockTimeout ?? seconds(5));
  checkFile(path, options);
  let db: Sqlite | undefined;
  try {
    db = new SqliteConstructor(path, { readonly: mode === 'readonly', fileMustExist: mode !== 'create', timeout });
    db.pragma('trusted_schema = OFF');
    db.pragma('cell_size_check = ON');
    if (mode === 'readonly') {
      if (options.acceptOlder) checkSchema(db, path, schema);
      else checkCurrent(db, path, schema);
    } else {
      // Refuse first what is not ours: journal_mode would already change the file.
      checkSchema(db, path, schema);
      switchToWal(db, timeout);
      db.pragma(`synchronous = ${options.synchronous ?? 'normal'}`);
      // A migration may rebuild a table; dropping the old one must not cascade (sqlite.org/lang_altertable.html, 7).
      db.pragma('foreign_keys = OFF');
      migrate(db, path, schema);
      db.pragma('foreign_keys = ON');
    }
    return new Database(db, path, options.onWrite);
  } catch (error) {
    db?.close();
    throw translateSqliteError(error, path);
  }
}

/**
 * SQLite does not wait for the lock that this takes, so that two processes that make one file at the
 * same time would fail.
 */
function switchToWal(db: Sqlite, timeoutMs: number): void {
  const deadline = systemClock.monotonic() + timeoutMs;
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    try {
      db.pragma('journal_mode = WAL');
      return;
    } catch (error) {
      if (!isBusy(error) || systemClock.monotonic() >= deadline) throw error;
      Atomics.wait(nobody, 0, 0, 5);
    }
  }
}

function checkFile(path: string, { mode, schema, missingHint }: OpenOptions): void {
  if (path === ':memory:' && mode !== 'readonly') return;
  // SQLite would take the empty name for a temporary database and lose it at the end.
  if (path === '') throw new VenfleetError('DB_UNOPENABLE', `the path of the ${schema.what} is empty`, { hint: 'name a file' });
  refuseUnfinishedRestore(path);
  if (!existsSync(path)) {
    if (mode !== 'create') {
      throw new VenfleetError('DB_MISSING', `there is no ${schema.what} at ${path}`, {
        context: { path },
        ...(missingHint === undefined ? {} : { hint: missingHint }),
      });
    }
    makeFolderOf(path);
    makePrivate(path);
    return;
  }
  const stat = statSync(path);
  if (!stat.isFile()) throw new VenfleetError('DB_UNOPENABLE', `${path} is not a file`, { context: { path } });
  // Root may write to anything; a file without a write bit was still made read-only on purpose.
  if (mode !== 'readonly' && (stat.mode & 0o222) === 0) {
    throw new VenfleetError('DB_READONLY', `the ${schema.what} ${path} is read-only`, {
      context: { path },
      hint: 'make it writable (chmod u+w), or name another file',
    });
  }
}

/**
 * What people draw, and when, is theirs, and a VTN's database holds its subscribers' tokens: nobody but the owner reads a new
 * database. SQLite gives its logs the same permissions.
 */
function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, 'a', 0o600));
  } catch {
    // SQLite cannot make it either, and tells why.
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
