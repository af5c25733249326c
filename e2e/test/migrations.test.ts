import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { instant } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import { openDatabase, type Schema } from '@venfleet/sqlite';
import { ReadingStore } from '@venfleet/ven-agent';
import { root, runProgram, temporaryFolder } from './support/programs.js';
import {
  definitionsOf,
  dump,
  FIXTURES,
  fixtureOf,
  fixtureVersions,
  makeFromFixture,
  SCHEMAS,
  tablesOf,
} from './support/schema-fixtures.js';

const folder = temporaryFolder();
let files = 0;
const path = () => join(folder, `${++files}.db`);
const everyVersion = [...SCHEMAS].flatMap(([name, { migrations }]) => migrations.map((_, i) => ({ name, version: i + 1 })));

/** The fixture of `version` that follows from the one before it, whose rows it has; new tables still want some. */
function proposal(name: string, version: number): string {
  const schema = SCHEMAS.get(name) as Schema;
  const upTo = { ...schema, migrations: schema.migrations.slice(0, version) };
  const file = path();
  if (version > 1) makeFromFixture(file, name, version - 1);
  const db = openDatabase(file, { schema: upTo, mode: 'create' });
  try {
    return dump(db, upTo);
  } finally {
    db.close();
  }
}

describe('fixtures', () => {
  test('are there for every kind of database that the sources define', () => {
    const sources = ['apps', 'libs']
      .flatMap((part) => readdirSync(join(root, part)).map((name) => join(root, part, name, 'src')))
      .filter((folder) => existsSync(folder))
      .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)))
      .filter((file) => file.endsWith('.ts'));
    const defined = sources.flatMap((file) => {
      const ids = readFileSync(file, 'utf8').matchAll(/applicationId: (0x[\da-f_]+)/gi);
      return [...ids].map(([, id]) => Number(id?.replaceAll('_', '')));
    });
    expect(defined.sort()).toEqual([...SCHEMAS.values()].map(({ applicationId }) => applicationId).sort());
  });

  test.each(everyVersion)('are there for version $version of $name', ({ name, version }) => {
    const file = fixtureOf(name, version);
    if (!existsSync(file) && process.env.WRITE_FIXTURES !== undefined) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, proposal(name, version));
      throw new Error(`wrote ${file}: add rows to its new tables and columns, and commit it`);
    }
    if (!existsSync(file)) throw new Error(`${file} is missing: run this test with WRITE_FIXTURES=1, see ${FIXTURES}/README.md`);
  });

  test.each([...SCHEMAS.keys()])('of %s have no version that was never made', (name) => {
    expect(fixtureVersions(name)).toEqual(SCHEMAS.get(name)?.migrations.map((_, i) => i + 1));
  });

  test.each([...SCHEMAS.keys()])('of %s have a row in each table', (name) => {
    const file = path();
    makeFromFixture(file, name, SCHEMAS.get(name)?.migrations.length ?? 0);
    const db = openDatabase(file, { schema: SCHEMAS.get(name) as Schema, mode: 'readonly' });
    expect([...tablesOf(db)].filter(([, rows]) => rows.length === 0).map(([table]) => table)).toEqual([]);
    db.close();
  });
});

describe('a database of an earlier venfleet', () => {
  test.each(everyVersion)('of $name in version $version is brought up to date, and keeps what it holds', ({ name, version }) => {
    const schema = SCHEMAS.get(name) as Schema;
    const file = path();
    makeFromFixture(file, name, version);
    const old = openDatabase(file, { schema, mode: 'readonly', acceptOlder: true });
    const before = tablesOf(old);
    expect(old.pragma('user_version')).toBe(version);
    old.close();

    const db = openDatabase(file, { schema, mode: 'readwrite' });
    const fresh = openDatabase(':memory:', { schema, mode: 'create' });
    expect(db.pragma('user_version')).toBe(schema.migrations.length);
    expect(definitionsOf(db).sort()).toEqual(definitionsOf(fresh).sort());
    expect(db.integrityProblems()).toEqual([]);
    const after = tablesOf(db);
    for (const [table, rows] of before) {
      const columns = Object.keys(after.get(table)?.[0] ?? rows[0] ?? {});
      const shared = (row: object) => Object.fromEntries(Object.entries(row).filter(([column]) => columns.includes(column)));
      expect([table, after.get(table)?.map(shared)]).toEqual([table, rows.map(shared)]);
    }
    fresh.close();
    db.close();
  });

  test('gives its journal of readings, as a power cut left it, to the store', async () => {
    const file = path();
    makeFromFixture(file, 'readings', 1);
    const clock = new FakeClock('2026-06-01T10:00:00Z');
    const alarms = { raise() {}, clear() {} };
    const store = new ReadingStore({ path: file, clock, alarms, reportedUntil: () => undefined });
    store.start();
    expect(store.around(2, instant(0), instant(8e15))).toEqual([
      {
        resource: 2,
        at: 1780308000000,
        power: 22_000,
        importEnergy: 1_234_567.5,
        exportEnergy: undefined,
        stateOfCharge: 0.5,
        flags: 0,
      },
      { resource: 2, at: 1780308010000, power: undefined, importEnergy: 1_234_628, exportEnergy: 12, flags: 64 },
    ]);
    await store.stop();
  });
});

describe('a database of a later venfleet', () => {
  test.each([...SCHEMAS.keys()])('is refused as %s, left as it is, and told what to do about', (name) => {
    const schema = SCHEMAS.get(name) as Schema;
    const newer = { ...schema, migrations: [...schema.migrations, 'CREATE TABLE of_the_future (id INTEGER) STRICT'] };
    const file = path();
    openDatabase(file, { schema: newer, mode: 'create' }).close();
    const bytes = readFileSync(file);
    for (const mode of ['create', 'readwrite', 'readonly'] as const) {
      expect(() => openDatabase(file, { schema, mode })).toThrow(
        expect.objectContaining({ code: 'DB_NEWER', hint: expect.stringContaining('restore a backup from before the upgrade') }),
      );
    }
    expect(readFileSync(file)).toEqual(bytes);
  });

  test('makes a command end with that, and nothing else', async () => {
    const schema = SCHEMAS.get('resources') as Schema;
    const file = path();
    openDatabase(file, { schema: { ...schema, migrations: [...schema.migrations, 'SELECT 1'] }, mode: 'create' }).close();
    const outcome = await runProgram('resource-db', ['stats', '--db', file]);
    expect([outcome.status, outcome.stdout]).toEqual([1, '']);
    expect(outcome.stderr).toMatch(
      /^error: the resource database .* has schema version 2; this venfleet knows versions up to 1\n {2}hint: /,
    );
  });
});
