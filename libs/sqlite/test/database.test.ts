import { cpSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { milliseconds } from '@venfleet/core';
import { isForeignKeyViolation, isUniqueViolation, moveDatabase, openDatabase } from '@venfleet/sqlite';
import { failure, names, schema, workplace } from './support.js';

const { path, open } = workplace();
const INSERT = 'INSERT INTO parent (name) VALUES (?)';

describe('statements', () => {
  test('run tells changes and the new row id; get, all and iterate give rows', () => {
    const db = open('a.db');
    const insert = db.prepare('INSERT INTO parent (name) VALUES (@name)');
    expect(insert.run({ name: 'a' })).toEqual({ changes: 1, lastInsertRowid: 1 });
    insert.run({ name: 'b' });
    const select = db.prepare<{ name: string }>('SELECT name FROM parent WHERE name >= ? ORDER BY name');
    expect(select.get(['a'])).toEqual({ name: 'a' });
    expect(select.get(['z'])).toBeUndefined();
    expect(select.all(['a'])).toEqual([{ name: 'a' }, { name: 'b' }]);
    expect([...select.iterate(['b'])]).toEqual([{ name: 'b' }]);
  });

  test('a violated constraint is left as it is and can be asked for', () => {
    const db = open('a.db');
    db.prepare(INSERT).run(['a']);
    const twice = failure(() => db.prepare(INSERT).run(['a']));
    expect([isUniqueViolation(twice), isForeignKeyViolation(twice)]).toEqual([true, false]);
    const dangling = failure(() => db.exec('INSERT INTO child (parent) VALUES (9)'));
    expect([isUniqueViolation(dangling), isForeignKeyViolation(dangling)]).toEqual([false, true]);
    expect(isUniqueViolation(failure(() => db.exec('INSERT INTO parent (id, name) VALUES (1, 0)')))).toBe(true);
    expect(isUniqueViolation(new Error('UNIQUE'))).toBe(false);
  });

  test('a full disk is DB_FULL from run, exec and transaction, and changes nothing', () => {
    const db = open('full.db');
    db.pragma(`max_page_count = ${db.pragma('page_count')}`);
    const long = 'x'.repeat(20_000);
    expect(failure(() => db.prepare(INSERT).run([long]))).toMatchObject({
      code: 'DB_FULL',
      message: `the database ${path('full.db')} cannot grow: the disk is full`,
    });
    expect(failure(() => db.exec(`INSERT INTO parent (name) VALUES ('${long}')`)).code).toBe('DB_FULL');
    const work = () => {
      db.prepare(INSERT).run(['small']);
      db.prepare(INSERT).run([long]);
    };
    expect(failure(() => db.transaction(work)).code).toBe('DB_FULL');
    expect(names(db)).toEqual([]);
  });

  test('whoever asks to be told of writes hears why the file took none, and that it does again; not of mistakes', () => {
    const heard: (string | undefined)[] = [];
    const db = open('told.db', { lockTimeout: milliseconds(1), onWrite: (problem) => heard.push(problem?.code) });
    const other = open('told.db');
    other.exec('BEGIN IMMEDIATE');
    expect(failure(() => db.prepare(INSERT).run(['a'])).code).toBe('DB_LOCKED');
    expect(failure(() => db.transaction(() => db.prepare(INSERT).run(['a']))).code).toBe('DB_LOCKED');
    other.exec('ROLLBACK');
    db.prepare(INSERT).run(['a']);
    failure(() => db.prepare(INSERT).run(['a']));
    expect(heard).toEqual(['DB_LOCKED', 'DB_LOCKED', undefined]);
  });

  test('whoever asks to be told of writes hears of a file that is damaged', () => {
    const before = open('damaged.db');
    fill(before, 500);
    before.close();
    damage('damaged.db');
    const heard: (string | undefined)[] = [];
    const db = open('damaged.db', { onWrite: (problem) => heard.push(problem?.code) });
    expect(failure(() => db.prepare('UPDATE parent SET name = name || 1').run()).code).toBe('DB_CORRUPT');
    expect(heard).toEqual(['DB_CORRUPT']);
  });

  test('a read-only database refuses each writing statement: DB_READONLY', () => {
    open('a.db').close();
    const db = open('a.db', { mode: 'readonly' });
    expect(failure(() => db.prepare(INSERT).run(['a'])).code).toBe('DB_READONLY');
    expect(failure(() => db.exec('DELETE FROM parent')).code).toBe('DB_READONLY');
  });

  test('damaged pages are DB_CORRUPT from get, all and iterate', () => {
    const db = open('damaged.db');
    fill(db, 500);
    db.close();
    damage('damaged.db');
    const select = open('damaged.db', { mode: 'readonly' }).prepare('SELECT sum(length(name)) FROM parent NOT INDEXED');
    for (const read of [() => select.get(), () => select.all(), () => [...select.iterate()]]) {
      expect(failure(read).code).toBe('DB_CORRUPT');
    }
  });
});

describe('transactions', () => {
  test('all or nothing: what throws undoes it and is thrown on', () => {
    const db = open('a.db');
    const bug = new Error('half-way');
    const work = () => {
      db.prepare(INSERT).run(['a']);
      expect(db.inTransaction).toBe(true);
      throw bug;
    };
    expect(() => db.transaction(work)).toThrow(bug);
    expect([db.inTransaction, names(db)]).toEqual([false, []]);
    expect(db.transaction(() => db.prepare(INSERT).run(['b']).changes)).toBe(1);
  });

  test('a nested one that fails is undone alone when the outer one goes on', () => {
    const db = open('a.db');
    const insert = db.prepare(INSERT);
    db.transaction(() => {
      insert.run(['outer']);
      const inner = () => {
        insert.run(['inner']);
        insert.run(['outer']);
      };
      expect(isUniqueViolation(failure(() => db.transaction(inner)))).toBe(true);
      db.transaction(() => insert.run(['other']));
    });
    expect(names(db)).toEqual(['other', 'outer']);
  });
});

describe('moveDatabase', () => {
  test('a database whose log could not be written back, as on a full disk, gets no name: DB_FULL', () => {
    const db = open('unfinished.db');
    db.prepare(INSERT).run(['only in the log']);
    expect(failure(() => moveDatabase(path('unfinished.db'), path('a.db'))).code).toBe('DB_FULL');
    expect(readdirSync(path('.'))).not.toContain('a.db');
  });

  test('a name that no file can have is DB_UNOPENABLE', () => {
    open('whole.db').close();
    expect(failure(() => moveDatabase(path('whole.db'), '')).code).toBe('DB_UNOPENABLE');
  });
});

describe('backup', () => {
  test('it is one self-contained file with the same content, and gets a folder', async () => {
    const db = open('a.db');
    db.prepare(INSERT).run(['a']);
    await db.backup(path('backups/copy.db'));
    expect(readdirSync(path('backups'))).toEqual(['copy.db']);
    const copy = open('backups/copy.db', { mode: 'readonly' });
    expect(copy.pragma('journal_mode')).toBe('delete');
    expect(names(copy)).toEqual(['a']);
    expect(copy.integrityProblems()).toEqual([]);
  });

  test('it refuses a file that exists, and leaves it alone: FILE_EXISTS', async () => {
    writeFileSync(path('precious'), 'content');
    await expect(open('a.db').backup(path('precious'))).rejects.toMatchObject({ code: 'FILE_EXISTS' });
    expect(readFileSync(path('precious'), 'utf8')).toBe('content');
  });

  test('a log that a killed process left beside a database since deleted is not taken for that of the copy', async () => {
    const db = open('a.db');
    db.prepare(INSERT).run(['a']);
    cpSync(path('a.db-wal'), path('copy.db-wal'));
    db.exec('DELETE FROM parent');
    await db.backup(path('copy.db'));
    const copy = open('copy.db', { mode: 'readonly' });
    expect([names(copy), copy.integrityProblems()]).toEqual([[], []]);
  });

  test('a folder that cannot be made is DB_UNOPENABLE', async () => {
    writeFileSync(path('file'), '');
    await expect(open('a.db').backup(path('file/x.db'))).rejects.toMatchObject({ code: 'DB_UNOPENABLE' });
  });

  test.each([
    [
      'this connection',
      (name: string) => ({
        source: open(name),
        get writer() {
          return this.source;
        },
      }),
    ],
    ['another one', (name: string) => ({ source: open(name), writer: open(name) })],
  ])('while %s goes on writing, it holds the state of one moment and comes to an end', async (_who, connect) => {
    const { source, writer } = connect('busy.db');
    fill(writer, 3000);
    let going = true;
    const insert = writer.prepare(INSERT);
    const writing = (async () => {
      for (let pair = 0; going; pair++) {
        writer.exec('BEGIN IMMEDIATE');
        insert.run([`left ${pair}`]);
        await new Promise((resolve) => setImmediate(resolve));
        insert.run([`right ${pair}`]);
        writer.exec('COMMIT');
      }
    })();
    await source.backup(path('copy.db'));
    going = false;
    await writing;
    const copied = names(open('copy.db', { mode: 'readonly' }));
    const count = (side: string) => copied.filter((name) => name.startsWith(side)).length;
    expect(copied.length).toBeGreaterThanOrEqual(3000);
    expect(count('left')).toBe(count('right'));
    expect(names(source).length).toBeGreaterThanOrEqual(copied.length);
  });

  test('one in memory can be kept too', async () => {
    const db = openDatabase(':memory:', { schema, mode: 'create' });
    db.prepare(INSERT).run(['a']);
    await db.backup(path('kept.db'));
    db.close();
    expect(names(open('kept.db'))).toEqual(['a']);
  });

  test('a failure names the file that failed and leaves nothing of the copy behind', async () => {
    const db = open('a.db');
    renameSync(path('a.db'), path('moved.db'));
    await expect(db.backup(path('backups/copy.db'))).rejects.toMatchObject({
      code: 'DB_UNOPENABLE',
      message: `the database ${path('a.db')} cannot be opened`,
    });
    expect(readdirSync(path('backups'))).toEqual([]);
  });
});

describe('integrityProblems', () => {
  test('a sound database has none', () => {
    const db = open('a.db');
    fill(db, 100);
    expect(db.integrityProblems()).toEqual([]);
  });

  test('a dangling reference is told with table and row', () => {
    const db = open('a.db');
    db.pragma('foreign_keys = OFF');
    db.exec('INSERT INTO child (id, parent) VALUES (4, 99)');
    expect(db.integrityProblems()).toEqual(['child row 4 refers to a missing row of parent']);
  });

  test('damage is told, not thrown', () => {
    const db = open('damaged.db');
    fill(db, 500);
    db.close();
    damage('damaged.db');
    const problems = open('damaged.db', { mode: 'readonly' }).integrityProblems();
    expect(problems.length).toBeGreaterThan(0);
    for (const problem of problems) expect(problem).not.toBe('ok');
  });
});

function fill(db: ReturnType<typeof open>, rows: number): void {
  const insert = db.prepare(INSERT);
  db.transaction(() => {
    for (let i = 0; i < rows; i++) insert.run([`row ${i} ${'.'.repeat(200)}`]);
  });
}

/** Overwrites every page but the first ones, which hold the schema, with nonsense. */
function damage(name: string): void {
  const bytes = readFileSync(path(name));
  bytes.fill(0xa5, 5 * 4096);
  writeFileSync(path(name), bytes);
}
