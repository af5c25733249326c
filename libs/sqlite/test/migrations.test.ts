import { describe, expect, test } from '@jest/globals';
import type { Schema } from '@venfleet/sqlite';
import { failure, names, schema, startFixture, workplace } from './support.js';

const { path, open } = workplace();
const withStep = (...steps: string[]): Schema => ({ ...schema, migrations: [...schema.migrations, ...steps] });
const first: Schema = { ...schema, migrations: schema.migrations.slice(0, 1) };
const tables = (name: string, known = schema) =>
  open(name, { mode: 'readonly', schema: known })
    .prepare<{ name: string }>('SELECT name FROM sqlite_schema WHERE type = ? ORDER BY name')
    .all(['table'])
    .map((row) => row.name);

describe('migrations', () => {
  test('each step runs once, in order, and only those that are missing', () => {
    open('a.db', { schema: first }).close();
    expect(tables('a.db', first)).toEqual(['parent']);
    open('a.db').close();
    open('a.db').close();
    expect(tables('a.db')).toEqual(['child', 'parent']);
  });

  test('a failing second step leaves version, tables and data as before', () => {
    const db = open('a.db');
    db.exec("INSERT INTO parent (name) VALUES ('kept')");
    db.close();
    const broken = withStep('CREATE TABLE third (id INTEGER) STRICT; DELETE FROM parent', 'CREATE TABLE nonsense (');
    expect(() => open('a.db', { schema: broken })).toThrow('incomplete input');
    expect(tables('a.db')).toEqual(['child', 'parent']);
    const after = open('a.db', { mode: 'readonly' });
    expect(after.pragma('user_version')).toBe(2);
    expect(names(after)).toEqual(['kept']);
  });

  test('a failing first step of a new file leaves it empty, so that the next try can make it', () => {
    expect(() => open('new.db', { schema: { ...schema, migrations: ['nonsense'] } })).toThrow('syntax error');
    expect(names(open('new.db'))).toEqual([]);
  });

  test('a step may rebuild a table that others refer to, without losing their rows', () => {
    const db = open('a.db');
    db.exec("INSERT INTO parent (id, name) VALUES (1, 'a'); INSERT INTO child (parent) VALUES (1)");
    db.close();
    const rebuild = `CREATE TABLE fresh (id INTEGER PRIMARY KEY, name TEXT NOT NULL, size INTEGER) STRICT;
      INSERT INTO fresh (id, name) SELECT id, name FROM parent;
      DROP TABLE parent;
      ALTER TABLE fresh RENAME TO parent`;
    const after = open('a.db', { schema: withStep(rebuild) });
    expect(after.prepare('SELECT parent FROM child').all()).toEqual([{ parent: 1 }]);
    expect(after.pragma('foreign_keys')).toBe(1);
  });

  test('a step that would leave dangling references is refused with each of them, and undone: DB_DANGLING', () => {
    const db = open('a.db');
    db.exec("INSERT INTO parent (id, name) VALUES (1, 'a'); INSERT INTO child (id, parent) VALUES (5, 1)");
    db.close();
    expect(failure(() => open('a.db', { schema: withStep('DELETE FROM parent') }))).toMatchObject({
      code: 'DB_DANGLING',
      details: ['child row 5 refers to a missing row of parent'],
    });
    expect(names(open('a.db'))).toEqual(['a']);
  });

  test('processes that make or migrate the same databases at once all succeed', async () => {
    const paths = Array.from({ length: 15 }, (_, i) => path(`${i}.db`));
    for (let i = 0; i < paths.length; i += 3) open(`${i}.db`, { schema: first }).close();
    const marks = ['a', 'b', 'c'];
    const processes = marks.map((mark) => startFixture('open-many.mjs', mark, ...paths));
    expect(await Promise.all(processes.map(({ ended }) => ended))).toEqual(marks.map(() => [0, null]));
    for (let i = 0; i < paths.length; i++) expect(names(open(`${i}.db`, { mode: 'readonly' }))).toEqual(marks);
  });
});
