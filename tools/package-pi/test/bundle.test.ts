import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { type Bundle, bundle, DISPENSABLE } from '../src/bundle.js';
import { asInstalled, INSTALLED, LEFT_OVER } from '../src/installed-text.js';
import { copyrightFile, licenceOf } from '../src/licences.js';

const root = resolve(fileURLToPath(new URL('.', import.meta.url)), '../../..');
/** The database's module is another's; here it is only stood in for. */
const sqlite = new Map([
  [
    'lib/database.js',
    Buffer.from("const util = require('./util'); module.exports = (load) => class { native = load(); u = util; };"),
  ],
  ['lib/util.js', Buffer.from("exports.path = require('path').sep;")],
  ['lib/sqlite-error.js', Buffer.from('module.exports = class extends Error {};')],
]);
const make = () => bundle({ root, sqlite, version: '1.2.3~test' });
let made: Bundle;

beforeAll(async () => {
  made = await make();
});

describe('the bundle', () => {
  test('has the program, and what only some commands need apart from it', () => {
    const names = [...made.files.keys()];
    expect(names).toContain('venfleet.mjs');
    expect(names.some((name) => name.startsWith('agent-'))).toBe(true);
    // It is loaded before V8 is told to keep its heap small: as good as nothing may come with it.
    expect(made.files.get('venfleet.mjs')?.length).toBeLessThan(4000);
  });

  test('is ASCII, for one letter beyond it makes V8 keep two bytes of each character of a file', () => {
    for (const [name, content] of made.files) {
      expect([name, String(content).match(/\P{ASCII}.{0,20}/u)]).toEqual([name, null]);
    }
  });

  test('has zod’s messages in English, and in none of its other languages', () => {
    const all = [...made.files.values()].join('\n');
    expect(all).toContain('Invalid input: expected');
    expect(all).not.toContain('Ung\\xFCltige Eingabe');
  });

  test('imports no module of Node’s own: that reads all its exports, and loads what nobody uses', () => {
    const imports = [...made.files].flatMap(([name, content]) =>
      [...String(content).matchAll(/\b(?:from|import)\s*"([^"]+)"/g)].map(([, what = '']) => ({ name, what })),
    );
    expect(imports.length).toBeGreaterThan(10);
    expect(imports.filter(({ what }) => isBuiltin(what))).toEqual([]);
  });

  test('is the same bytes each time', async () => {
    expect([...(await make()).files]).toEqual([...made.files]);
  });

  test('says nothing of the workspace that it was built in', () => {
    for (const [name, content] of made.files) {
      expect([name, content.toString().match(LEFT_OVER)]).toEqual([name, null]);
      expect(content.includes(root)).toBe(false);
    }
  });

  test('loads nothing that is not part of it, but Node’s own modules and what its users do without', () => {
    const foreign = made.externals.filter(
      (name) => name !== './better_sqlite3.node' && !name.startsWith('node:') && !isBuiltin(name) && !DISPENSABLE.includes(name),
    );
    expect(foreign).toEqual([]);
  });

  test('comes with the licence of every package in it', () => {
    expect(made.packages.length).toBeGreaterThan(30);
    const licences = made.packages.map((each) => licenceOf(join(root, each)));
    for (const { name, version, licence } of licences) {
      expect([name, licence]).toEqual([name, expect.stringMatching(/MIT|ISC|BSD|Apache|BlueOak|0BSD/)]);
      expect(version).toMatch(/^\d/);
    }
    const text = copyrightFile('Ours', licences);
    expect(text).toContain('pino');
    expect(text.startsWith('Ours\n')).toBe(true);
  });
});

describe('what is said in the workspace', () => {
  const sources = [
    'apps/ven-agent/src',
    'libs/console-api/src',
    'libs/core/src',
    'libs/openadr/src',
    'libs/resource-db/src',
    'libs/devices/src',
    'libs/sqlite/src',
  ];
  const all = readTree(sources.map((each) => join(root, each)));

  test.each(INSTALLED.map(([from]) => [from]))('%s still stands in the sources, or is to be taken out of the table', (from) => {
    expect(typeof from === 'string' ? all.includes(from) : from.test(all)).toBe(true);
  });

  test('is replaced by what holds for an installed program', () => {
    expect(asInstalled("'register them: npx nx run ven-agent:register'")).toBe("'register them: venfleet register'");
    expect(asInstalled('`npx nx run resource-db:stats`')).toBe('`venfleet db stats`');
    expect(asInstalled("'.venfleet/ven-agent.db'")).toBe("'/var/lib/venfleet/ven-agent.db'");
  });
});

function readTree(folders: readonly string[]): string {
  return folders
    .flatMap((each) => readdirSync(each, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
}
