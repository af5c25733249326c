import { existsSync } from 'node:fs';
import { VenfleetError } from '@venfleet/core';
import SqliteConstructor from 'better-sqlite3';
import { isBusy, translateSqliteError } from './errors.js';
import { makeFolderOf } from './paths.js';

/** Held as long as its process lives, or until it is released. */
export interface OwnerLock {
  release(): void;
}

/**
 * Makes this process the only owner of the file at `path`, which others may still read. The lock is one of the
 * kernel's on the file `PATH-owner`, so that nothing of it is left when the process is killed.
 * @param what the file, for people: "reading store"
 * @throws VenfleetError DB_IN_USE when another owner lives, in this process or another; DB_READONLY, DB_UNOPENABLE
 */
export function ownFile(path: string, what: string): OwnerLock {
  // An empty database that is never written; a rollback journal makes EXCLUSIVE keep out everybody.
  return lockFile(path, what, 'BEGIN EXCLUSIVE');
}

/**
 * Uses the file at `path` together with others that do the same, and keeps out a single owner.
 * @throws as {@link ownFile}
 */
export function shareFile(path: string, what: string): OwnerLock {
  return lockFile(path, what, 'BEGIN; SELECT count(*) FROM sqlite_schema');
}

function lockFile(path: string, what: string, sql: string): OwnerLock {
  const lockPath = `${path}-owner`;
  makeFolderOf(lockPath);
  let db: SqliteConstructor.Database | undefined;
  try {
    db = new SqliteConstructor(lockPath, { timeout: 0 });
    db.exec(sql);
    const held = db;
    return { release: () => held.close() };
  } catch (error) {
    db?.close();
    if (!isBusy(error)) throw translateSqliteError(error, lockPath);
    throw new VenfleetError('DB_IN_USE', `the ${what} ${path} is in use by another process`, {
      cause: error,
      context: { path },
      hint: 'stop the other process, or give this one a file of its own',
    });
  }
}

/**
 * Makes sure that nobody is writing to the database at `path` just now, for files that have no single owner. One that is
 * not there or cannot be opened has no writer.
 * @throws VenfleetError DB_LOCKED
 */
export function refuseWriters(path: string): void {
  if (!existsSync(path)) return;
  let db: SqliteConstructor.Database | undefined;
  try {
    db = new SqliteConstructor(path, { timeout: 0, fileMustExist: true });
    db.exec('BEGIN IMMEDIATE; ROLLBACK');
  } catch (error) {
    if (isBusy(error)) throw translateSqliteError(error, path);
  } finally {
    db?.close();
  }
}
