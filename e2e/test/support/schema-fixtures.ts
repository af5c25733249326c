import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@venfleet/core';
import { COUNTERS_SCHEMA } from '@venfleet/device-sim';
import { type Database, openDatabase, type Schema } from '@venfleet/sqlite';
import { agentDatabases, loadDatabasePaths } from '@venfleet/ven-agent';
import { STORE_SCHEMA } from '@venfleet/vtn-mock';
import { root } from './programs.js';

/** Databases of every kind that there is, by the names under which they are backed up. */
export const SCHEMAS: ReadonlyMap<string, Schema> = new Map([
  ...agentDatabases(loadDatabasePaths({}, {}), systemClock).members.map(({ name, schema }) => [base(name), schema] as const),
  ['vtn-mock', STORE_SCHEMA],
  ['device-sim', COUNTERS_SCHEMA],
]);

function base(name: string): string {
  return name.replace(/\.db$/, '');
}

/** Where the fixtures are: `NAME/VERSION.sql`. */
export const FIXTURES = join(root, 'e2e/test/fixtures/schemas');

/** The versions of a database that there is a fixture of, in order. */
export function fixtureVersions(name: string): number[] {
  return readdirSync(join(FIXTURES, name))
    .map((file) => Number(/^(\d+)\.sql$/.exec(file)?.[1]))
    .sort((a, b) => a - b);
}

export const fixtureOf = (name: string, version: number): string => join(FIXTURES, name, `${version}.sql`);

/** Makes a database of an earlier version of venfleet at `path`, closed. */
export function makeFromFixture(path: string, name: string, version: number): void {
  const { what, applicationId } = SCHEMAS.get(name) as Schema;
  const db = openDatabase(path, { schema: { what, applicationId, migrations: [] }, mode: 'create' });
  try {
    db.exec(`PRAGMA foreign_keys = OFF; ${readFileSync(fixtureOf(name, version), 'utf8')}`);
  } finally {
    db.close();
  }
}

type Value = string | number | Buffer | null;
type Row = Readonly<Record<string, Value>>;

/** The tables of a database with their rows, in the order in which they are stored. */
export function tablesOf(db: Database): Map<string, Row[]> {
  const tables = db.prepare<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
  return new Map(tables.all().map(({ name }) => [name, db.prepare<Row>(`SELECT * FROM ${name}`).all()]));
}

/** What defines a database: its tables, indexes and triggers. */
export function definitionsOf(db: Database): string[] {
  const rows = db
    .prepare<{ sql: string }>(
      "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type <> 'table', rowid",
    )
    .all();
  return rows.map(({ sql }) => sql);
}

/** A database as SQL that makes it anew. */
export function dump(db: Database, { applicationId, migrations }: Schema): string {
  const inserts = [...tablesOf(db)].flatMap(([table, rows]) =>
    rows.map((row) => {
      const values = Object.values(row).map(literal).join(', ');
      return `INSERT INTO ${table} (${Object.keys(row).join(', ')}) VALUES (${values})`;
    }),
  );
  const pragmas = [`PRAGMA application_id = ${applicationId}`, `PRAGMA user_version = ${migrations.length}`];
  return [...pragmas, ...definitionsOf(db), ...inserts].map((statement) => `${statement};\n`).join('');
}

function literal(value: Value): string {
  if (value === null) return 'NULL';
  if (Buffer.isBuffer(value)) return `X'${value.toString('hex')}'`;
  return typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`;
}
