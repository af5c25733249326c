import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { consoleLicences, consolePage } from '../src/console-page.js';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'page-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function put(path: string, content: string | object): void {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
}

describe("the console's page in a package", () => {
  test('is all that was built, by its paths', () => {
    put('apps/console/dist/index.html', 'page');
    put('apps/console/dist/assets/a-1.js', 'script');
    expect([...consolePage(root)].map(([path, content]) => [path, String(content)])).toEqual([
      ['assets/a-1.js', 'script'],
      ['index.html', 'page'],
    ]);
  });

  test('that was not built is no package', () => {
    expect(() => consolePage(root)).toThrow('there is no page in');
  });

  test('comes with the licences of what is in it, and of what that needs', () => {
    put('apps/console/package.json', { dependencies: { '@venfleet/core': '1', '@p/signals': '1', plot: '2' } });
    put('node_modules/@p/signals/package.json', {
      name: '@p/signals',
      version: '1.0.0',
      license: 'MIT',
      dependencies: { core: '1' },
    });
    put('node_modules/core/package.json', { name: 'core', version: '1.2.0', license: 'MIT' });
    put('node_modules/plot/package.json', { name: 'plot', version: '2.0.0', license: 'ISC' });
    put('node_modules/plot/LICENSE', 'do as you like');
    expect(consoleLicences(root).map(({ name, licence, text }) => [name, licence, text])).toEqual([
      ['@p/signals', 'MIT', ''],
      ['core', 'MIT', ''],
      ['plot', 'ISC', 'do as you like'],
    ]);
  });
});
