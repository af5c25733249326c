import { describe, expect, test } from '@jest/globals';
import { type Database, GroupedWriter, isUniqueViolation } from '@venfleet/sqlite';
import fc from 'fast-check';
import { failure, names, startFixture, workplace } from './support.js';

const { path, open } = workplace();

function start(db: Database) {
  const writer = new GroupedWriter(db);
  const insert = db.prepare('INSERT INTO parent (name) VALUES (?)');
  return { db, writer, insert, write: (name: string) => writer.write(() => insert.run([name]).changes) };
}
const settled = async (...writes: Promise<unknown>[]) => (await Promise.allSettled(writes)).map(({ status }) => status);

describe('GroupedWriter', () => {
  test('a caller is answered with what its write returned, after the commit and not before', async () => {
    const { writer, write, db } = start(open('a.db'));
    const reader = open('a.db', { mode: 'readonly' });
    const answers: [string, string[]][] = [];
    const both = ['a', 'b'].map((name) => write(name).then(() => answers.push([name, names(reader)])));
    await Promise.resolve();
    expect([answers, names(reader), db.inTransaction]).toEqual([[], [], true]);
    await Promise.all(both);
    expect(answers).toEqual([
      ['a', ['a', 'b']],
      ['b', ['a', 'b']],
    ]);
    await expect(writer.write(() => 'value')).resolves.toBe('value');
  });

  test('a write that throws is undone alone and gets its own error', async () => {
    const { writer, write, insert, db } = start(open('a.db'));
    const bug = new Error('half-way');
    const half = writer.write(() => {
      insert.run(['half']);
      throw bug;
    });
    const [first, second, twice] = [write('a'), write('b'), write('a')];
    await expect(half).rejects.toBe(bug);
    await expect(twice).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_UNIQUE' });
    expect(await settled(first, second)).toEqual(['fulfilled', 'fulfilled']);
    expect(names(db)).toEqual(['a', 'b']);
  });

  test('a write may use transactions of its own', async () => {
    const { writer, db, insert } = start(open('a.db'));
    await writer.write(() => {
      db.transaction(() => insert.run(['kept']));
      failure(() =>
        db.transaction(() => {
          insert.run(['undone']);
          throw new Error('undo');
        }),
      );
    });
    expect(names(db)).toEqual(['kept']);
  });

  test('flush commits at once, and a group begun after it is a new one', async () => {
    const { writer, write } = start(open('a.db'));
    const reader = open('a.db', { mode: 'readonly' });
    const first = write('a');
    writer.flush();
    expect(names(reader)).toEqual(['a']);
    const second = write('b');
    expect(names(reader)).toEqual(['a']);
    expect(await settled(first, second)).toEqual(['fulfilled', 'fulfilled']);
    expect(names(reader)).toEqual(['a', 'b']);
    writer.flush();
  });

  test('a commit that fails rejects all of the group and leaves nothing of it', async () => {
    const { writer, write, db } = start(open('a.db'));
    db.exec("INSERT INTO parent (id, name) VALUES (1, 'p')");
    // A deferred reference is looked at by COMMIT alone.
    const dangling = writer.write(() => {
      db.pragma('defer_foreign_keys = ON');
      db.exec('INSERT INTO child (parent) VALUES (77)');
    });
    const innocent = write('a');
    await expect(dangling).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_FOREIGNKEY' });
    await expect(innocent).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_FOREIGNKEY' });
    expect([names(db), db.inTransaction]).toEqual([['p'], false]);
    expect(await settled(write('b'))).toEqual(['fulfilled']);
    expect(names(db)).toEqual(['b', 'p']);
  });

  test('when a write loses the whole transaction, those before it get its error, those after it a new transaction', async () => {
    const { writer, write, db } = start(open('a.db'));
    const before = write('before');
    // What SQLite does by itself on some errors of the disk.
    const lost = writer.write(() => {
      db.exec('ROLLBACK');
      throw new Error('the disk is gone');
    });
    const after = write('after');
    await expect(lost).rejects.toThrow('the disk is gone');
    await expect(before).rejects.toThrow('the disk is gone');
    expect(await settled(after)).toEqual(['fulfilled']);
    expect([names(db), db.inTransaction]).toEqual([['after'], false]);
  });

  test('on a full disk each write is either acknowledged and kept or DB_FULL and gone; with room it goes on', async () => {
    const { write, db } = start(open('full.db'));
    db.pragma(`max_page_count = ${(db.pragma('page_count') as number) + 40}`);
    const long = (i: number) => `${i} ${'x'.repeat(8000)}`;
    const acknowledged: string[] = [];
    const codes = new Set<string>();
    for (let group = 0; group < 10; group++) {
      const inserted = [0, 1, 2].map((i) => long(group * 3 + i));
      const results = await Promise.allSettled(inserted.map(write));
      results.forEach((result, i) => {
        if (result.status === 'fulfilled') acknowledged.push(inserted[i] as string);
        else codes.add(result.reason.code);
      });
    }
    expect([...codes]).toEqual(['DB_FULL']);
    expect(acknowledged.length).toBeGreaterThan(0);
    expect(names(db)).toEqual(acknowledged.sort());
    db.pragma('max_page_count = 1000000');
    expect(await settled(write('again'), write(long(999)))).toEqual(['fulfilled', 'fulfilled']);
    expect(names(db)).toHaveLength(acknowledged.length + 2);
  });

  test('a lock that another holds rejects the write alone and leaves the writer usable', async () => {
    const { write, db } = start(open('a.db'));
    db.pragma('busy_timeout = 10');
    const other = open('a.db');
    other.exec('BEGIN IMMEDIATE');
    await expect(write('a')).rejects.toMatchObject({ code: 'DB_LOCKED' });
    other.exec('ROLLBACK');
    expect(await settled(write('a'))).toEqual(['fulfilled']);
  });

  test('writes waiting when the database is closed are rejected, not lost in silence', async () => {
    const { write, db } = start(open('a.db'));
    const waiting = write('a');
    db.close();
    await expect(waiting).rejects.toThrow('not open');
    await expect(write('b')).rejects.toThrow('not open');
    expect(names(open('a.db'))).toEqual([]);
  });

  test('any mix of succeeding and failing writes in any grouping leaves exactly the successes', async () => {
    const kind = fc.constantFrom('insert', 'duplicate', 'throw after insert', 'throw before', 'next turn', 'flush');
    let file = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(kind, { maxLength: 40 }), async (kinds) => {
        const { writer, write, insert, db } = start(open(`mix-${file++}.db`));
        await write('taken');
        const fulfilled: string[] = ['taken'];
        const pending: Promise<unknown>[] = [];
        for (const [i, what] of kinds.entries()) {
          const name = `row ${i}`;
          if (what === 'next turn') await new Promise((resolve) => setImmediate(resolve));
          else if (what === 'flush') writer.flush();
          else if (what === 'insert') pending.push(write(name).then(() => fulfilled.push(name)));
          else if (what === 'duplicate') pending.push(write('taken').catch((e) => expect(isUniqueViolation(e)).toBe(true)));
          else {
            const work = () => {
              if (what === 'throw after insert') insert.run([name]);
              throw new Error(name);
            };
            pending.push(writer.write(work).catch((e) => expect(e.message).toBe(name)));
          }
        }
        await Promise.all(pending);
        expect(names(db)).toEqual(fulfilled.sort());
        expect(fulfilled).toHaveLength(1 + kinds.filter((k) => k === 'insert').length);
        expect(db.inTransaction).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  test('SIGKILL in the midst of writing loses no acknowledged write and leaves a sound file', async () => {
    const acknowledged = new Set<string>();
    for (const [round, afterLines] of [1, 40, 400].entries()) {
      const { child, lines, ended } = startFixture('write-grouped.mjs', path('killed.db'), `round ${round}`);
      let seen = 0;
      for await (const line of lines) {
        acknowledged.add(line);
        if (++seen === afterLines) child.kill('SIGKILL');
      }
      expect(await ended).toEqual([null, 'SIGKILL']);
      const db = open('killed.db');
      const kept = new Set(names(db));
      expect([...acknowledged].filter((name) => !kept.has(name))).toEqual([]);
      expect(db.integrityProblems()).toEqual([]);
      db.close();
    }
  });
});
