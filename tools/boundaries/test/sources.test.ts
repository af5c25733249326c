import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { checkBoundaries } from '../src/check.js';
import { boundaries } from '../src/table.js';
import { base, findings, newRepository, report } from './support.js';

describe('reading sources', () => {
  test.each([
    ["import 'undici';", 'a.ts'],
    ["import x from 'undici';", 'a.mts'],
    ["import * as x from 'undici';", 'a.mjs'],
    ["export * from 'undici';", 'a.ts'],
    ["export * as x from 'undici';", 'a.ts'],
    ["export { Pool } from 'undici';", 'a.ts'],
    ["export type { Pool } from 'undici';", 'a.ts'],
    ["import x = require('undici');", 'a.ts'],
    ["type P = import('undici').Pool;", 'a.ts'],
    ["type P = typeof import('undici');", 'a.ts'],
    ["await import('undici');", 'a.mjs'],
    ['const x = () => import(`undici`);', 'a.ts'],
    ["const x = require('undici'); return;", 'a.cjs'],
    ["require.resolve('undici');", 'a.cjs'],
    ["jest.mock('undici');", 'a.ts'],
    ["jest.unstable_mockModule('undici', () => ({}));", 'a.ts'],
    ["const x = <A, B>() => { class C { @d m() { return require('undici'); } } };", 'a.ts'],
    ["const a = <p>{require('undici')}</p>;", 'a.tsx'],
  ])('%s is an import', (line, name) => {
    expect(findings({ [`libs/core/src/${name}`]: line })).toEqual([`libs/core/src/${name}:1: fence undici`]);
  });

  test('lines are right after comments, letters of several bytes, CRLF, a shebang and a byte order mark', () => {
    const text = "\ufeff#!/usr/bin/env node\r\n// Nykøbing Falster – æøå 🚲\r\n/*\n*/\nconst x = 'ø';\n  import('undici');\n";
    expect(findings({ 'libs/core/src/a.mjs': text })).toEqual(['libs/core/src/a.mjs:6: fence undici']);
  });

  test('all findings come at once, sorted by file and line', () => {
    expect(
      findings({
        'libs/core/src/b.ts': "import 'undici';\nimport '@venfleet/sqlite';",
        'libs/core/src/a.ts': "import 'mqtt';",
        'apps/vtn-mock/src/a.ts': 'Math.random();\nsetTimeout(f);',
      }),
    ).toEqual([
      'apps/vtn-mock/src/a.ts:1: global Math.random',
      'apps/vtn-mock/src/a.ts:2: global setTimeout',
      'libs/core/src/a.ts:1: fence mqtt',
      'libs/core/src/b.ts:1: fence undici',
      'libs/core/src/b.ts:2: layer',
    ]);
  });

  test('what a line does twice is told once', () => {
    expect(findings({ 'libs/sqlite/src/a.ts': 'Date.now() - Date.now();' })).toEqual(['libs/sqlite/src/a.ts:1: global Date.now']);
  });

  test('a file that does not parse is a finding, and the others are checked all the same', () => {
    expect(
      findings({
        'libs/core/src/a.ts': 'let x = ;',
        'libs/core/src/b.ts': '\nlet y = ;',
        'libs/core/src/c.ts': "import 'undici';",
      }),
    ).toEqual(['libs/core/src/a.ts:1: unreadable', 'libs/core/src/b.ts:2: unreadable', 'libs/core/src/c.ts:1: fence undici']);
  });

  test('built and installed files are not looked at', () => {
    const text = "import 'undici';";
    expect(
      report({ 'libs/core/dist/a.js': text, 'libs/core/node_modules/a.js': text, 'libs/core/.cache/a.js': text }),
    ).toMatchObject({ files: 0, findings: [] });
  });

  test('it counts files and imports', () => {
    expect(report({ 'libs/core/src/a.ts': "import 'zod';\nexport * from './b.js';", 'libs/core/src/b.ts': '' })).toMatchObject({
      files: 2,
      imports: 2,
    });
  });

  test('a folder that is no repository and a manifest that is no JSON are told', () => {
    expect(() => checkBoundaries(mkdtempSync(join(base, 'empty-')), boundaries)).toThrow(
      expect.objectContaining({ code: 'WORKSPACE_MISSING' }),
    );
    expect(() => report({ 'libs/core/package.json': '{' })).toThrow(expect.objectContaining({ code: 'MANIFEST_INVALID' }));
  });
});

describe('the program', () => {
  const run = (...args: string[]) => {
    const main = join(import.meta.dirname, '../dist/main.js');
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
    return { status, stdout, stderr };
  };

  test('it prints each finding as FILE:LINE: rule: what to do instead, and exits with 1', () => {
    const root = newRepository({
      'libs/core/src/a.ts': "\nimport 'undici';\nMath.random();",
      'libs/sqlite/src/a.ts': 'Math.random();',
    });
    expect(run(root)).toEqual({
      status: 1,
      stdout:
        'libs/core/src/a.ts:2: fence undici: call the VTN with the client of @venfleet/openadr\n' +
        'libs/sqlite/src/a.ts:1: global Math.random: take a Random of @venfleet/core, so that tests can repeat it\n',
      stderr: '',
    });
  });

  test('without a finding it says how much it looked at, and exits with 0', () => {
    const root = newRepository({ 'libs/core/src/a.ts': "import 'zod';" });
    expect(run(root)).toEqual({ status: 0, stdout: '1 files, 1 imports: no boundary crossed\n', stderr: '' });
  });

  test('wrong usage is exit code 2, a folder that is no repository 1', () => {
    expect(run('--fix').status).toBe(2);
    expect(run(join(base, 'nowhere'))).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('name the root of the repository'),
    });
  });
});
