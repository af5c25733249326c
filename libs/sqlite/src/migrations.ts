import { VenfleetError } from '@venfleet/core';
import type { Database as Sqlite } from 'better-sqlite3';

/** What identifies a kind of database and how it came to its present form. */
export interface Schema {
  /** For people: "resource database". */
  readonly what: string;
  /** PRAGMA application_id: a 32-bit number of our own, so that one kind is never taken for another. */
  readonly applicationId: number;
  /** SQL that leads from version i to i+1. Entries are never changed once released, only added. */
  readonly migrations: readonly string[];
}

const pragma = (db: Sqlite, name: string): number => db.pragma(name, { simple: true }) as number;

/**
 * Refuses a database of another kind or from a newer venfleet.
 * @returns the version it has; 0 for an empty file.
 * @throws VenfleetError DB_WRONG_KIND, DB_NEWER
 */
export function checkSchema(db: Sqlite, path: string, schema: Schema): number {
  const version = pragma(db, 'user_version');
  const tables = db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() as number;
  const empty = version === 0 && tables === 0;
  if (!empty && pragma(db, 'application_id') !== schema.applicationId) {
    throw new VenfleetError('DB_WRONG_KIND', `${path} is an SQLite database, but no ${schema.what}`, {
      context: { path },
      hint: 'name the right file',
    });
  }
  if (version > schema.migrations.length) {
    throw new VenfleetError(
      'DB_NEWER',
      `the ${schema.what} ${path} has schema version ${version}; this venfleet knows versions up to ${schema.migrations.length}`,
      {
        context: { path, version },
        hint: 'use the newer venfleet that wrote it, or restore a backup from before the upgrade; the file was not changed',
      },
    );
  }
  return version;
}

/** Brings the database to the newest version: all missing steps in one transaction, or none. */
export function migrate(db: Sqlite, path: string, schema: Schema): void {
  if (checkSchema(db, path, schema) === schema.migrations.length) return;
  db.transaction(() => {
    // Read again under the write lock: another process may have been faster.
    const from = checkSchema(db, path, schema);
    for (const sql of schema.migrations.slice(from)) db.exec(sql);
    db.pragma(`application_id = ${schema.applicationId}`);
    db.pragma(`user_version = ${schema.migrations.length}`);
    const details = danglingReferences(db);
    if (details.length > 0) {
      throw new VenfleetError(
        'DB_DANGLING',
        `the ${schema.what} ${path} cannot be brought up to date: its references are broken`,
        {
          details,
          context: { path },
          hint: 'restore it from a backup; it was not changed',
        },
      );
    }
  }).immediate();
}

/** Rows that refer to rows that are not there, one line each. */
export function danglingReferences(db: Sqlite): string[] {
  const rows = db.pragma('foreign_key_check') as { table: string; rowid: number | null; parent: string }[];
  // A WITHOUT ROWID table has no number to tell the row by.
  return rows.map(
    ({ table, rowid, parent }) => `${table}${rowid === null ? '' : ` row ${rowid}`} refers to a missing row of ${parent}`,
  );
}
