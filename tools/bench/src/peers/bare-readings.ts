import type { Reading } from '@venfleet/ven-agent';
import SqliteConstructor, { type Database } from 'better-sqlite3';

/** The rows of a batch as they are bound, in the order of the table's key. */
export type BareRows = readonly (readonly (number | null)[])[];

/** Readings as rows: whole milliwatts, milliwatt-hours and milliseconds, as the agent stores them. */
export function bareRows(readings: readonly Reading[]): BareRows {
  const milli = (value: number | undefined) => (value === undefined ? null : Math.round(value * 1000));
  return readings
    .map(({ resource, at, power, importEnergy, exportEnergy, flags }) => [
      resource,
      at,
      milli(power),
      milli(importEnergy),
      milli(exportEnergy),
      null,
      flags,
    ])
    .sort(([r1 = 0, t1 = 0], [r2 = 0, t2 = 0]) => Number(r1) - Number(r2) || Number(t1) - Number(t2));
}

/** An empty database with the agent's table of readings. */
export function openBare(path: string): Database {
  const db = new SqliteConstructor(path);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  db.exec(
    `CREATE TABLE readings (
       resource INTEGER NOT NULL, at_ms INTEGER NOT NULL, power_milliwatt INTEGER, import_milliwatthour INTEGER,
       export_milliwatthour INTEGER, state_of_charge_ppm INTEGER, flags INTEGER NOT NULL,
       PRIMARY KEY (resource, at_ms)
     ) STRICT, WITHOUT ROWID`,
  );
  return db;
}

/** The fastest that better-sqlite3 can do: a prepared statement, one transaction, rows in the order of the key. */
export function insertBare(db: Database, rows: BareRows): void {
  const insert = db.prepare<unknown[]>('INSERT INTO readings VALUES (?, ?, ?, ?, ?, ?, ?)');
  db.transaction(() => {
    for (const row of rows) insert.run(row);
  })();
}
