import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { milliseconds } from '@venfleet/core';
import { openDatabase } from '@venfleet/sqlite';
import { failure, names, schema, startFixture, workplace } from './support.js';

const { path, open } = workplace();
const newer = { ...schema, migrations: [...schema.migrations, 'CREATE TABLE third (id INTEGER) STRICT'] };

/** Makes a sound database with one parent, closed and as one file. */
function make(name: string): string {
  const db = open(name);
  db.prepare('INSERT INTO parent (name) VALUES (?)').run(['Aalborg']);
  db.close();
  return path(name);
}

describe('openDatabase', () => {
  test('create makes the folder, the file and the schema', () => {
    const db = open('a/b/new.db');
    expect(db.path).toBe(path('a/b/new.db'));
    expect(db.pragma('user_version')).toBe(2);
    expect(db.pragma('application_id')).toBe(0x7e57);
    expect(names(db)).toEqual([]);
  });

  test('nobody but its owner reads a new database or its logs; one that is there stays as it is', () => {
    const modeOf = (name: string) => statSync(path(name)).mode & 0o777;
    const db = open('new.db');
    db.prepare('INSERT INTO parent (name) VALUES (?)').run(['Aalborg']);
    expect(['new.db', 'new.db-wal', 'new.db-shm'].map(modeOf)).toEqual([0o600, 0o600, 0o600]);
    db.close();
    chmodSync(path('new.db'), 0o640);
    open('new.db').close();
    expect(modeOf('new.db')).toBe(0o640);
  });

  test('the house rules hold: WAL, foreign keys, strict about the schema, NORMAL or FULL as asked', () => {
    const db = open('new.db');
    expect(['journal_mode', 'foreign_keys', 'trusted_schema', 'synchronous'].map((name) => db.pragma(name))).toEqual([
      'wal',
      1,
      0,
      1,
    ]);
    expect(open('full.db', { synchronous: 'full' }).pragma('synchronous')).toBe(2);
    expect(() => db.prepare('INSERT INTO child (parent) VALUES (7)').run()).toThrow('FOREIGN KEY');
  });

  test('what was written is there when it is opened again, in each mode', () => {
    make('old.db');
    for (const mode of ['create', 'readwrite', 'readonly'] as const) expect(names(open('old.db', { mode }))).toEqual(['Aalborg']);
  });

  test(':memory: is a fresh one for each handle', () => {
    const [a, b] = [0, 1].map(() => openDatabase(':memory:', { schema, mode: 'create' }));
    a?.exec("INSERT INTO parent (name) VALUES ('a')");
    expect(b?.prepare('SELECT * FROM parent').all()).toEqual([]);
    a?.close();
    b?.close();
  });
});

describe('openDatabase refuses, and changes nothing:', () => {
  test.each(['readwrite', 'readonly'] as const)('a missing file in mode %s: DB_MISSING with the hint', (mode) => {
    const error = failure(() => open('missing.db', { mode, missingHint: 'run prepare first' }));
    expect(error).toMatchObject({
      code: 'DB_MISSING',
      message: `there is no test database at ${path('missing.db')}`,
      hint: 'run prepare first',
    });
    expect(existsSync(path('missing.db'))).toBe(false);
  });

  test(':memory: to be read only: DB_MISSING', () => {
    expect(failure(() => openDatabase(':memory:', { schema, mode: 'readonly' })).code).toBe('DB_MISSING');
  });

  test.each(['create', 'readwrite', 'readonly'] as const)('the empty path in mode %s: DB_UNOPENABLE', (mode) => {
    expect(failure(() => openDatabase('', { schema, mode })).code).toBe('DB_UNOPENABLE');
  });

  test('a directory: DB_UNOPENABLE', () => {
    mkdirSync(path('dir.db'));
    expect(failure(() => open('dir.db'))).toMatchObject({ code: 'DB_UNOPENABLE', message: `${path('dir.db')} is not a file` });
  });

  test('a folder that cannot be made: DB_UNOPENABLE with the reason', () => {
    writeFileSync(path('file'), '');
    for (const name of ['file/x.db', 'file/x/y.db']) {
      const error = failure(() => open(name));
      expect(error.code).toBe('DB_UNOPENABLE');
      expect(error.message).toContain('part of its path is not a directory');
    }
  });

  test('a file without any write bit: DB_READONLY, though readonly reads it', () => {
    chmodSync(make('ro.db'), 0o444);
    for (const mode of ['create', 'readwrite'] as const) expect(failure(() => open('ro.db', { mode })).code).toBe('DB_READONLY');
    expect(names(open('ro.db', { mode: 'readonly' }))).toEqual(['Aalborg']);
  });

  test('a newer schema, in each mode: DB_NEWER', () => {
    open('newer.db', { schema: newer }).close();
    const before = readFileSync(path('newer.db'));
    for (const mode of ['create', 'readwrite', 'readonly'] as const) {
      expect(failure(() => open('newer.db', { mode }))).toMatchObject({
        code: 'DB_NEWER',
        message: `the test database ${path('newer.db')} has schema version 3; this venfleet knows versions up to 2`,
      });
    }
    expect(readFileSync(path('newer.db'))).toEqual(before);
  });

  test('an older schema to be read only: DB_OLDER; a writing mode brings it up to date', () => {
    make('older.db');
    expect(failure(() => open('older.db', { schema: newer, mode: 'readonly' })).code).toBe('DB_OLDER');
    expect(open('older.db', { mode: 'readonly' }).pragma('user_version')).toBe(2);
    const db = open('older.db', { schema: newer, mode: 'readwrite' });
    expect(db.pragma('user_version')).toBe(3);
    expect(names(db)).toEqual(['Aalborg']);
  });

  test.each(['create', 'readwrite', 'readonly'] as const)('a database of another kind in mode %s: DB_WRONG_KIND', (mode) => {
    open('other.db', { schema: { ...schema, what: 'other', applicationId: 1 } }).close();
    const before = readFileSync(path('other.db'));
    expect(failure(() => open('other.db', { mode })).code).toBe('DB_WRONG_KIND');
    expect(readFileSync(path('other.db'))).toEqual(before);
  });

  test.each([
    ['text', 'title,address\nA bar,Aalborg\n'.repeat(200)],
    ['a short text', 'hi'],
    ['random bytes', Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256))],
  ])('%s: DB_CORRUPT, is not an SQLite database', (_what, content) => {
    writeFileSync(path('no.db'), content);
    for (const mode of ['create', 'readonly'] as const) {
      expect(failure(() => open('no.db', { mode }))).toMatchObject({
        code: 'DB_CORRUPT',
        message: `the database ${path('no.db')} is not an SQLite database`,
      });
    }
    expect(readFileSync(path('no.db'))).toEqual(Buffer.from(content));
    expect(readdirSync(path('.'))).toEqual(['no.db']);
  });

  test('a truncated file: DB_CORRUPT, when opened or when read', () => {
    const db = open('cut.db');
    const insert = db.prepare('INSERT INTO parent (name) VALUES (?)');
    db.transaction(() => {
      for (let i = 0; i < 5000; i++) insert.run([`a name long enough to fill many pages ${i}`]);
    });
    db.close();
    truncateSync(path('cut.db'), Math.floor(statSync(path('cut.db')).size / 2));
    expect(failure(() => open('cut.db').prepare('SELECT count(name) FROM parent NOT INDEXED').all()).code).toBe('DB_CORRUPT');
  });

  test('one that another process has locked: DB_LOCKED after the time-out; and not to be read only', async () => {
    make('locked.db');
    const { child, lines, ended } = startFixture('hold-lock.mjs', path('locked.db'));
    try {
      for await (const line of lines) if (line === 'locked') break;
      const writer = open('locked.db', { mode: 'readwrite', lockTimeout: milliseconds(20) });
      expect(failure(() => writer.exec("INSERT INTO parent (name) VALUES ('x')"))).toMatchObject({
        code: 'DB_LOCKED',
        message: `the database ${path('locked.db')} is locked by another process`,
      });
      expect(failure(() => writer.transaction(() => undefined)).code).toBe('DB_LOCKED');
      expect(names(open('locked.db', { mode: 'readonly' }))).toEqual(['Aalborg']);
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
    expect(names(open('locked.db'))).toEqual(['Aalborg']);
  });

  test('one that another connection holds for itself alone: DB_LOCKED on opening', () => {
    const holder = open('exclusive.db');
    holder.pragma('journal_mode = DELETE');
    holder.exec('BEGIN EXCLUSIVE');
    for (const mode of ['create', 'readonly'] as const) {
      expect(failure(() => open('exclusive.db', { mode, lockTimeout: milliseconds(20) })).code).toBe('DB_LOCKED');
    }
    holder.exec('ROLLBACK');
  });

  test('a copy of a part of one: DB_CORRUPT, never a wrong answer', () => {
    make('whole.db');
    copyFileSync(path('whole.db'), path('part.db'));
    truncateSync(path('part.db'), 1000);
    expect(failure(() => open('part.db')).code).toBe('DB_CORRUPT');
  });
});
