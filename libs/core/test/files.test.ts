import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { makeFolder, readTextFile, resolveSecret, writeFileAtomically } from '@venfleet/core/node';

const root = mkdtempSync(join(tmpdir(), 'venfleet-files-'));
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(root, 'test-'));
});
afterAll(() => rmSync(root, { recursive: true }));

const failure = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    return error as { code: string; message: string; hint?: string };
  }
  throw new Error('nothing was thrown');
};

describe('writeFileAtomically', () => {
  test('it makes missing folders and writes text or bytes', () => {
    writeFileAtomically(join(dir, 'a/b/text'), 'Nykøbing');
    writeFileAtomically(join(dir, 'a/b/bytes'), new Uint8Array([0, 255]));
    expect(readFileSync(join(dir, 'a/b/text'), 'utf8')).toBe('Nykøbing');
    expect([...readFileSync(join(dir, 'a/b/bytes'))]).toEqual([0, 255]);
  });

  test.each([0o600, 0o644, 0o666])('the file has the mode asked for (%#), whatever the umask and the old mode', (mode) => {
    const path = join(dir, 'file');
    writeFileSync(path, 'old');
    chmodSync(path, 0o640);
    writeFileAtomically(path, 'new', mode);
    expect(statSync(path).mode & 0o777).toBe(mode);
  });

  test('it replaces the old content whole and leaves nothing beside it', () => {
    const path = join(dir, 'file');
    writeFileAtomically(path, 'a long old content');
    writeFileAtomically(path, 'new');
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(readdirSync(dir)).toEqual(['file']);
  });

  test('an empty content makes an empty file', () => {
    writeFileAtomically(join(dir, 'file'), '');
    expect(statSync(join(dir, 'file')).size).toBe(0);
  });

  test('a failure leaves what was there and no temporary file', () => {
    mkdirSync(join(dir, 'target/full'), { recursive: true });
    const error = failure(() => writeFileAtomically(join(dir, 'target'), 'new'));
    expect(error.code).toBe('FILE_UNWRITABLE');
    expect(error.message).toBe(`cannot write ${join(dir, 'target')}: it is a directory`);
    expect(readdirSync(dir)).toEqual(['target']);
  });

  test('a path that leads through a file is refused with its reason', () => {
    writeFileSync(join(dir, 'file'), 'kept');
    for (const path of [join(dir, 'file/x'), join(dir, 'file/x/y')]) {
      expect(failure(() => writeFileAtomically(path, 'new')).message).toBe(
        `cannot write ${path}: part of its path is not a directory`,
      );
    }
    expect(readFileSync(join(dir, 'file'), 'utf8')).toBe('kept');
  });
});

describe('makeFolder', () => {
  test('it makes what is missing and leaves what is there', () => {
    const path = join(root, 'made', 'of', 'several');
    makeFolder(path);
    writeFileSync(join(path, 'file'), 'kept');
    makeFolder(path);
    expect(readFileSync(join(path, 'file'), 'utf8')).toBe('kept');
  });

  test('a file in its place is an error', () => {
    writeFileSync(join(root, 'taken'), '');
    expect(() => makeFolder(join(root, 'taken'))).toThrow(/EEXIST/);
    expect(() => makeFolder(join(root, 'taken', 'below'))).toThrow(/ENOTDIR/);
  });

  (existsSync('/proc') ? test : test.skip)(
    'a file system that takes no new entries is an error, not an endless try (needs /proc)',
    () => {
      expect(() => makeFolder('/proc/venfleet/below')).toThrow(/ENOENT/);
    },
  );
});

describe('readTextFile', () => {
  test('a missing file is named with what it is, why, and the hint', () => {
    const path = join(dir, 'missing');
    const error = failure(() => readTextFile(path, 'the token file', 'make one'));
    expect(error).toMatchObject({
      code: 'FILE_UNREADABLE',
      message: `cannot read the token file ${path}: it does not exist`,
      hint: 'make one',
    });
  });

  test('a directory is named as one', () => {
    expect(failure(() => readTextFile(dir, 'the file')).message).toContain('it is a directory');
  });
});

describe('resolveSecret', () => {
  test('env:NAME is the value of the variable, as it is', () => {
    expect(resolveSecret('env:VEN_SECRET', { VEN_SECRET: ' s p ' })).toBe(' s p ');
  });

  test('file:PATH is the content of the file without the white space around it', () => {
    writeFileSync(join(dir, 'secret'), '\n hunter2\r\n');
    expect(resolveSecret(`file:${join(dir, 'secret')}`)).toBe('hunter2');
  });

  test.each(['hunter2', '', 'env:', 'env:2x', 'env:a-b', 'ENV:A', 'file:', 'vault:hunter2', 'env:A\nhunter2', 'file:a\nhunter2'])(
    '%j is no reference, and is not repeated in the error, for it may be the secret itself',
    (ref) => {
      const error = failure(() => resolveSecret(ref, {}));
      expect(error.code).toBe('SECRET_REF_INVALID');
      expect(JSON.stringify([error.message, error])).not.toContain('hunter2');
    },
  );

  test('a variable that is not set or is empty is named', () => {
    expect(failure(() => resolveSecret('env:VEN_SECRET', {}))).toMatchObject({
      code: 'SECRET_MISSING',
      message: 'the secret env:VEN_SECRET is not set',
      hint: 'set the environment variable VEN_SECRET',
    });
    expect(failure(() => resolveSecret('env:VEN_SECRET', { VEN_SECRET: '' })).message).toContain('is empty');
  });

  test('a file that is missing or blank is named', () => {
    const path = join(dir, 'secret');
    expect(failure(() => resolveSecret(`file:${path}`)).code).toBe('FILE_UNREADABLE');
    writeFileSync(path, ' \n');
    expect(failure(() => resolveSecret(`file:${path}`))).toMatchObject({
      code: 'SECRET_MISSING',
      message: `the secret file:${path} is empty`,
    });
  });
});
