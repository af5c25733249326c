import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeEach } from '@jest/globals';
import type { VenfleetError } from '@venfleet/core';
import { type Database, type OpenOptions, openDatabase, type Schema } from '@venfleet/sqlite';

export const schema: Schema = {
  what: 'test database',
  applicationId: 0x7e57,
  migrations: [
    'CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT',
    'CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES parent ON DELETE CASCADE) STRICT',
  ],
};

/** A folder for each test of a file, gone at its end; databases opened through it are closed. */
export function workplace() {
  const root = mkdtempSync(join(tmpdir(), 'venfleet-sqlite-'));
  const opened: Database[] = [];
  let dir = root;
  beforeEach(() => {
    dir = mkdtempSync(join(root, 'test-'));
  });
  afterAll(() => {
    for (const db of opened) db.close();
    rmSync(root, { recursive: true });
  });
  return {
    path: (name: string) => join(dir, name),
    open(name: string, options: Partial<OpenOptions> = {}): Database {
      const db = openDatabase(join(dir, name), { schema, mode: 'create', ...options });
      opened.push(db);
      return db;
    },
  };
}

/** What `work` threw, which should be a VenfleetError. */
export function failure(work: () => unknown): VenfleetError {
  try {
    work();
  } catch (error) {
    return error as VenfleetError;
  }
  throw new Error('nothing was thrown');
}

export const names = (db: Database): string[] =>
  db
    .prepare<{ name: string }>('SELECT name FROM parent ORDER BY name')
    .all()
    .map((r) => r.name);

/** Starts a script of test/fixtures, which uses the built package as another process would. */
export function startFixture(
  script: string,
  ...args: string[]
): { child: ChildProcess; lines: AsyncIterable<string>; ended: Promise<unknown> } {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'fixtures', script), JSON.stringify(schema), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  return { child, lines: createInterface({ input: child.stdout as NodeJS.ReadableStream }), ended };
}
