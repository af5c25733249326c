import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { ownFile } from '@venfleet/sqlite';
import { failure, startFixture, workplace } from './support.js';

const { path } = workplace();

test('a file has one owner, in one process too, until it is released', () => {
  const lock = ownFile(path('a/b.db'), 'test database');
  expect(failure(() => ownFile(path('a/b.db'), 'test database'))).toMatchObject({
    code: 'DB_IN_USE',
    message: `the test database ${path('a/b.db')} is in use by another process`,
  });
  ownFile(path('a/c.db'), 'test database').release();
  lock.release();
  ownFile(path('a/b.db'), 'test database').release();
});

test('an owner in another process keeps it until it ends, even when it is killed', async () => {
  const { child, lines, ended } = startFixture('own-file.mjs', path('x.db'));
  for await (const line of lines) {
    expect(line).toBe('owned');
    break;
  }
  expect(failure(() => ownFile(path('x.db'), 'test database')).code).toBe('DB_IN_USE');
  child.kill('SIGKILL');
  await ended;
  ownFile(path('x.db'), 'test database').release();
});

test('where the lock cannot be made, the reason is told', () => {
  writeFileSync(path('file'), '');
  expect(failure(() => ownFile(path('file/x.db'), 'test database')).code).toBe('DB_UNOPENABLE');
  mkdirSync(path('x.db-owner'));
  expect(failure(() => ownFile(path('x.db'), 'test database')).code).toBe('DB_UNOPENABLE');
});
