import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { VenfleetError } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import { type BackupSet, type Database, openDatabase, ownFile, planRestore, restore, takeBackup } from '@venfleet/sqlite';
import { finishRestore, noteRestore, unfinishedRestore } from '../src/backup/unfinished.js';
import { failure, names, schema, startFixture, workplace } from './support.js';

const { path, open } = workplace();
const clock = new FakeClock('2026-06-01T10:00:00Z');

/** Two databases of a program in folders of their own, and a third that is not there. */
function setOf(more: Partial<BackupSet> = {}): BackupSet {
  return {
    program: 'test',
    anchor: path('a/first.db'),
    members: [
      { name: 'first.db', path: path('a/first.db'), schema },
      { name: 'second.db', path: path('b/other-name.db'), schema },
      { name: 'third.db', path: path('a/third.db'), schema },
    ],
    ...more,
  };
}

const insert = (db: Database, name: string) => db.prepare('INSERT INTO parent (name) VALUES (?)').run([name]);

/** Makes the databases with a row each, closed. */
function make(): void {
  for (const name of ['a/first.db', 'b/other-name.db']) {
    const db = open(name);
    insert(db, `old ${name}`);
    db.close();
  }
}

async function rejection(work: Promise<unknown>): Promise<VenfleetError> {
  return work.then(
    () => {
      throw new Error('nothing was thrown');
    },
    (error: VenfleetError) => error,
  );
}

/** What a database holds now, without changing it. */
function contents(name: string): string[] {
  const db = open(name, { mode: 'readonly' });
  try {
    return names(db);
  } finally {
    db.close();
  }
}

async function restoreNow(set: BackupSet = setOf()): Promise<void> {
  restore(await planRestore(set, path('backup'), clock));
}

/** A backup, after which the databases went on. */
async function madeBackup(): Promise<void> {
  make();
  await takeBackup(setOf(), path('backup'), clock);
  for (const name of ['a/first.db', 'b/other-name.db']) {
    const db = open(name, { mode: 'readwrite' });
    insert(db, 'new');
    db.close();
  }
}

describe('a backup', () => {
  test('has each database under its own name, with schema version, size and checksum, and names what is absent', async () => {
    make();
    const manifest = await takeBackup(setOf(), path('backup'), clock);
    expect(readdirSync(path('backup')).sort()).toEqual(['first.db', 'manifest.json', 'second.db']);
    expect(JSON.parse(readFileSync(path('backup/manifest.json'), 'utf8'))).toEqual(manifest);
    expect(manifest).toMatchObject({ version: 1, program: 'test', takenAt: '2026-06-01T10:00:00.000Z', absent: ['third.db'] });
    expect(manifest.databases.map(({ name, schemaVersion }) => [name, schemaVersion])).toEqual([
      ['first.db', 2],
      ['second.db', 2],
    ]);
    expect(manifest.databases[0]?.bytes).toBe(statSync(path('backup/first.db')).size);
    expect(contents('backup/first.db')).toEqual(['old a/first.db']);
  });

  test('goes into an empty folder, and refuses one that has anything in it', async () => {
    make();
    mkdirSync(path('backup'));
    await takeBackup(setOf(), path('backup'), clock);
    expect((await rejection(takeBackup(setOf(), path('backup'), clock))).code).toBe('FILE_EXISTS');
  });

  test('is its owner’s alone, whatever folder was there', async () => {
    make();
    mkdirSync(path('backup'), { mode: 0o755 });
    await takeBackup(setOf(), path('backup'), clock);
    expect(statSync(path('backup')).mode & 0o777).toBe(0o700);
  });

  test('of nothing at all is refused, and names where it looked', async () => {
    const error = await rejection(takeBackup(setOf(), path('backup'), clock));
    expect(error).toMatchObject({ code: 'BACKUP_EMPTY' });
    expect(error.details).toContain(`no test database at ${path('b/other-name.db')}`);
    expect(existsSync(path('backup'))).toBe(false);
  });

  test('takes a database of an earlier schema version as it is', async () => {
    const older = { ...schema, migrations: schema.migrations.slice(0, 1) };
    open('a/first.db', { schema: older }).close();
    const manifest = await takeBackup(setOf(), path('backup'), clock);
    expect(manifest.databases.map(({ schemaVersion }) => schemaVersion)).toEqual([1]);
    expect(open('a/first.db', { schema: older, mode: 'readonly' }).pragma('user_version')).toBe(1);
  });

  test('of a damaged database fails, and leaves nothing behind', async () => {
    const db = open('a/first.db');
    db.transaction(() => {
      for (let i = 0; i < 3000; i++) insert(db, `a name long enough to fill many pages ${i}`);
    });
    db.close();
    const bytes = readFileSync(path('a/first.db'));
    bytes.fill(0xa5, bytes.length - 8 * 4096);
    writeFileSync(path('a/first.db'), bytes);
    expect((await rejection(takeBackup(setOf(), path('backup'), clock))).code).toMatch(/BACKUP_DAMAGED|DB_CORRUPT/);
    expect(readdirSync(path('.'))).toEqual(['a']);
  });

  test('taken while another process writes is whole, and restores to what was committed by then', async () => {
    mkdirSync(path('a'));
    const { child, lines, ended } = startFixture('write-grouped.mjs', path('a/first.db'), 'row');
    let committed = 0;
    const counting = (async () => {
      for await (const line of lines) if (line.startsWith('row-')) committed++;
    })();
    const until = async (count: number) => {
      while (committed < count) await new Promise((resolve) => setImmediate(resolve));
    };
    await until(500);
    const before = committed;
    await takeBackup(setOf(), path('backup'), clock);
    child.kill('SIGKILL');
    await ended;
    await counting;
    await restoreNow();
    const kept = contents('a/first.db');
    expect(kept.length).toBeGreaterThanOrEqual(before);
    const wentOn = new Set(contents('a/before-restore-2026-06-01T100000.000Z/first.db'));
    expect(kept.filter((name) => !wentOn.has(name))).toEqual([]);
  });
});

describe('a restore', () => {
  test('puts the backup in the place of what is there, which is kept with its log', async () => {
    await madeBackup();
    const third = open('a/third.db');
    insert(third, 'made since');
    third.close();
    await restoreNow();
    expect(contents('a/first.db')).toEqual(['old a/first.db']);
    expect(contents('b/other-name.db')).toEqual(['old b/other-name.db']);
    expect(existsSync(path('a/third.db'))).toBe(false);
    const aside = 'before-restore-2026-06-01T100000.000Z';
    expect(contents(`a/${aside}/first.db`)).toEqual(['new', 'old a/first.db']);
    expect(contents(`a/${aside}/third.db`)).toEqual(['made since']);
    expect(contents(`b/${aside}/other-name.db`)).toEqual(['new', 'old b/other-name.db']);
  });

  test('brings what it restores to the present schema, and what may have happened since into it', async () => {
    const older = { ...schema, migrations: schema.migrations.slice(0, 1) };
    open('a/first.db', { schema: older }).close();
    await takeBackup(setOf(), path('backup'), clock);
    const [first] = setOf().members;
    const members = [{ ...(first as BackupSet['members'][0]), onRestore: (db: Database) => insert(db, 'restored') }];
    await restoreNow(setOf({ members }));
    const db = open('a/first.db', { mode: 'readonly' });
    expect([db.pragma('user_version'), names(db)]).toEqual([2, ['restored']]);
  });

  test('as a dry run changes nothing', async () => {
    await madeBackup();
    restore(await planRestore(setOf(), path('backup'), clock), { dryRun: true });
    expect(contents('a/first.db')).toEqual(['new', 'old a/first.db']);
    expect(readdirSync(path('a')).filter((name) => !/owner|-wal|-shm/.test(name))).toEqual(['first.db']);
  });

  test('works where no database is left at all', async () => {
    await madeBackup();
    for (const folder of ['a', 'b']) rmSync(path(folder), { recursive: true });
    await restoreNow();
    expect(contents('b/other-name.db')).toEqual(['old b/other-name.db']);
  });

  test('works where what is there is damaged, and keeps that too', async () => {
    await madeBackup();
    writeFileSync(path('a/first.db'), 'no database any more');
    await restoreNow();
    expect(contents('a/first.db')).toEqual(['old a/first.db']);
    expect(readFileSync(path('a/before-restore-2026-06-01T100000.000Z/first.db'), 'utf8')).toBe('no database any more');
  });
});

describe('a restore is refused, and nothing is changed:', () => {
  const unchanged = () => expect(contents('a/first.db')).toEqual(['new', 'old a/first.db']);

  test('while an owner lives: DB_IN_USE', async () => {
    await madeBackup();
    const lock = ownFile(path('b/other-name.db'), schema.what);
    expect((await rejection(restoreNow())).code).toBe('DB_IN_USE');
    lock.release();
    unchanged();
  });

  test('while somebody writes: DB_LOCKED', async () => {
    await madeBackup();
    const writer = open('a/first.db', { mode: 'readwrite' });
    writer.exec('BEGIN IMMEDIATE');
    expect((await rejection(restoreNow())).code).toBe('DB_LOCKED');
    writer.exec('ROLLBACK');
    unchanged();
  });

  test('when files are missing, cut or changed: BACKUP_DAMAGED with each of them', async () => {
    await madeBackup();
    truncateSync(path('backup/first.db'), 100);
    const bytes = readFileSync(path('backup/second.db'));
    bytes.writeUInt8(bytes.readUInt8(9000) ^ 1, 9000);
    writeFileSync(path('backup/second.db'), bytes);
    const error = await rejection(restoreNow());
    expect(error.code).toBe('BACKUP_DAMAGED');
    expect(error.details).toEqual([
      expect.stringMatching(/^first.db has 100 bytes, the manifest says \d+$/),
      'second.db has another checksum than the manifest says',
    ]);
    rmSync(path('backup/first.db'));
    expect((await rejection(restoreNow())).details).toContain('first.db is missing');
    unchanged();
  });

  test('when the backup is of another program, or the folder is none: BACKUP_OTHER, FILE_UNREADABLE, CONFIG_INVALID', async () => {
    await madeBackup();
    expect((await rejection(restoreNow(setOf({ program: 'another' })))).code).toBe('BACKUP_OTHER');
    expect((await rejection(planRestore(setOf(), path('a'), clock))).code).toBe('FILE_UNREADABLE');
    writeFileSync(path('backup/manifest.json'), '{"version":1,"databases":[{"name":"../../etc/passwd"}]}');
    const error = await rejection(restoreNow());
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.details.join('\n')).toContain('must be the name of a file in this folder');
    unchanged();
  });

  test('when it comes from a newer venfleet, by its schema or by a database: DB_NEWER', async () => {
    await madeBackup();
    const older = { ...schema, migrations: schema.migrations.slice(0, 1) };
    const members = setOf().members.map((member) => ({ ...member, schema: older }));
    expect((await rejection(restoreNow(setOf({ members })))).code).toBe('DB_NEWER');
    const error = await rejection(restoreNow(setOf({ members: setOf().members.slice(0, 1) })));
    expect(error).toMatchObject({ code: 'DB_NEWER', details: ['second.db'] });
    unchanged();
  });

  test('when there is no room for it beside what is there', async () => {
    await madeBackup();
    // As a full disk ends it: the copy cannot be made whole.
    mkdirSync(path('b/other-name.db.restoring'));
    const error = await rejection(restoreNow());
    expect(error.message).toContain('other-name.db.restoring');
    expect(existsSync(path('a/first.db.restoring'))).toBe(false);
    rmSync(path('b/other-name.db.restoring'), { recursive: true });
    unchanged();
  });
});

describe('a restore that is killed', () => {
  /** What is done of it by then: all is staged and noted, and the first `moves` files have their names. */
  async function killedAfter(moves: number): Promise<void> {
    await madeBackup();
    const anchor = path('a/first.db');
    const steps = ['a/first.db', 'b/other-name.db'].map((name, i) => {
      const to = path(name);
      writeFileSync(`${to}.restoring`, readFileSync(path(`backup/${['first', 'second'][i]}.db`)));
      return { to, staged: `${to}.restoring`, aside: join(path(name), '..', 'aside') };
    });
    const journal = { version: 1 as const, from: path('backup'), moves: steps };
    noteRestore(anchor, journal);
    const noted = readFileSync(`${anchor}.restore.json`);
    finishRestore(anchor, { ...journal, moves: steps.slice(0, moves) });
    writeFileSync(`${anchor}.restore.json`, noted);
  }

  test.each([0, 1, 2])('with %i of 2 files in place is finished from there, and until then nobody may open it', async (moves) => {
    await killedAfter(moves);
    const anchor = path('a/first.db');
    expect(failure(() => open('a/first.db')).code).toBe('RESTORE_UNFINISHED');
    expect((await rejection(takeBackup(setOf(), path('more'), clock))).code).toBe('RESTORE_UNFINISHED');
    finishRestore(anchor, unfinishedRestore(anchor) as NonNullable<ReturnType<typeof unfinishedRestore>>);
    expect(unfinishedRestore(anchor)).toBeUndefined();
    expect(contents('a/first.db')).toEqual(['old a/first.db']);
    expect(contents('b/other-name.db')).toEqual(['old b/other-name.db']);
    expect(contents('a/aside/first.db')).toEqual(['new', 'old a/first.db']);
    expect(contents('b/aside/other-name.db')).toEqual(['new', 'old b/other-name.db']);
  });

  test('before all is staged has changed nothing, and what it left is replaced by the next', async () => {
    await madeBackup();
    writeFileSync(path('a/first.db.restoring'), 'half a copy');
    expect(contents('a/first.db')).toEqual(['new', 'old a/first.db']);
    await restoreNow();
    expect(contents('a/first.db')).toEqual(['old a/first.db']);
  });
});

test('a read-only backup, as from a medium that nobody can write to, restores', async () => {
  await madeBackup();
  for (const name of readdirSync(path('backup'))) chmodSync(path(`backup/${name}`), 0o444);
  await restoreNow();
  expect(contents('a/first.db')).toEqual(['old a/first.db']);
  // What is restored is written to again.
  insert(openDatabase(path('a/first.db'), { schema, mode: 'readwrite' }), 'more');
});
