import { describe, expect, test } from '@jest/globals';
import { boundaries } from '../src/table.js';
import { expectOnly, findings, manifest, NAMES } from './support.js';

describe('layers', () => {
  const imports = (from: string, to: string) => findings({ [`${from}/src/a.ts`]: `import '@venfleet/${to}';` });
  const allowed: [string, string[]][] = [
    ['libs/core', []],
    ['libs/sqlite', ['core']],
    ['libs/openadr', ['core']],
    ['libs/devices', ['core']],
    ['libs/resource-db', ['core', 'sqlite', 'openadr', 'devices']],
    ['apps/ven-agent', ['core', 'sqlite', 'openadr', 'devices', 'resource-db']],
    ['apps/vtn-mock', ['core', 'sqlite', 'openadr']],
    ['apps/device-sim', ['core', 'sqlite', 'devices', 'resource-db']],
    ['tools/start', ['core', 'sqlite', 'openadr', 'devices', 'resource-db']],
    ['tools/bench', ['core', 'sqlite', 'openadr', 'devices', 'resource-db', 'ven-agent', 'device-sim', 'vtn-mock']],
    ['e2e', ['core', 'sqlite', 'openadr', 'devices', 'resource-db', 'ven-agent', 'device-sim', 'vtn-mock']],
  ];

  test.each(allowed)('%s may import %j and nothing else', (from, to) => {
    const others = NAMES.filter((name) => !from.endsWith(`/${name}`));
    expect(others.filter((name) => imports(from, name).length === 0).sort()).toEqual([...to].sort());
    for (const name of others.filter((n) => !to.includes(n))) expect(imports(from, name)).toContain(`${from}/src/a.ts:1: layer`);
  });

  test('tests of a package keep to its layer too', () => {
    expect(findings({ 'apps/ven-agent/test/a.test.ts': "import '@venfleet/vtn-mock';" })).toEqual([
      'apps/ven-agent/test/a.test.ts:1: layer',
    ]);
    expect(findings({ 'e2e/test/a.test.ts': "import '@venfleet/vtn-mock';" })).toEqual([]);
  });

  test('a file outside the packages may import none of them', () => {
    expect(findings({ 'tools/bootstrap.mjs': "import '@venfleet/core';" })).toEqual(['tools/bootstrap.mjs:1: layer']);
    expect(findings({ 'tools/bootstrap.mjs': "import 'node:fs';" })).toEqual([]);
  });
});

describe('packages', () => {
  test('a package that the table does not know is a finding, as is a folder of sources without a package.json', () => {
    expect(findings({ 'libs/novel/package.json': manifest('novel') })).toEqual(['libs/novel/package.json:1: unknown-package']);
    expect(findings({ 'libs/novel/src/a.ts': '' })).toEqual(['libs/novel/package.json:1: no-package']);
    expect(findings({ 'libs/empty/README.md': '' })).toEqual([]);
  });

  test('an import of one of ours that is not there is a finding', () => {
    expect(findings({ 'libs/core/src/a.ts': "import '@venfleet/gone';" })).toEqual(['libs/core/src/a.ts:1: unknown-package']);
  });

  test('only what a package exports may be imported', () => {
    const importing = (specifier: string) => findings({ 'libs/sqlite/src/a.ts': `import '${specifier}';` });
    expect(importing('@venfleet/core/src/clock.js')).toEqual(['libs/sqlite/src/a.ts:1: deep-import']);
    expect(importing('@venfleet/core/dist/clock.js')).toEqual(['libs/sqlite/src/a.ts:1: deep-import']);
    for (const specifier of ['@venfleet/core', '@venfleet/core/node', '@venfleet/core/testing'])
      expect(importing(specifier)).toEqual([]);
  });

  test('a relative import stays in its package, an absolute one is never right', () => {
    const importing = (specifier: string) => findings({ 'libs/sqlite/src/deep/a.ts': `import '${specifier}';` });
    for (const specifier of ['../../../core/src/index.js', '/etc/a.js', 'file:///etc/a.js']) {
      expect(importing(specifier)).toEqual(['libs/sqlite/src/deep/a.ts:1: leaves-package']);
    }
    for (const specifier of ['./b.js', '../b.js', '../../package.json', '..']) expect(importing(specifier)).toEqual([]);
    expect(findings({ 'libs/core/src/a.ts': "import '../../core-more/a.js';" })).toEqual([
      'libs/core/src/a.ts:1: leaves-package',
    ]);
  });

  test('sources import no tests; tests import sources', () => {
    expect(findings({ 'libs/core/src/a.ts': "import '../test/support.js';" })).toEqual(['libs/core/src/a.ts:1: imports-test']);
    expect(findings({ 'libs/core/test/a.ts': "import '../src/a.js'; import './support.js';" })).toEqual([]);
  });

  test('sources import their own package by path, tests by name', () => {
    expectOnly('own-name', "import '@venfleet/core';", { bad: ['libs/core/src/a.ts'], good: ['libs/core/test/a.test.ts'] });
  });
});

describe('declared dependencies', () => {
  const tree = (
    dependencies: string[],
    references: string[],
    text: string,
    file = 'libs/sqlite/src/a.ts',
    devDependencies: string[] = [],
  ) =>
    findings({
      'libs/sqlite/package.json': manifest('sqlite', { dependencies, devDependencies }),
      'libs/sqlite/tsconfig.json': `{\n  "references": [\n${references.map((path) => `    { "path": "${path}" }`).join(',\n')}\n  ]\n}`,
      [file]: text,
    });

  test('an imported package stands in package.json and in the references of tsconfig.json', () => {
    const text = "import '@venfleet/core';";
    expect(tree(['core'], ['../core'], text)).toEqual([]);
    expect(tree([], ['../core'], text)).toEqual(['libs/sqlite/src/a.ts:1: undeclared']);
    expect(tree(['core'], [], text)).toEqual(['libs/sqlite/tsconfig.json:1: missing-reference']);
  });

  test('a type is an import too', () => {
    expect(tree(['core'], [], "import type { Clock } from '@venfleet/core';")).toEqual([
      'libs/sqlite/tsconfig.json:1: missing-reference',
    ]);
  });

  test('a reference that no source uses is surplus', () => {
    expect(tree(['core'], ['../core'], '')).toEqual(['libs/sqlite/tsconfig.json:3: surplus-reference']);
  });

  test('tests need no reference, and devDependencies are enough for them but not for sources', () => {
    const text = "import '@venfleet/core';";
    expect(tree([], [], text, 'libs/sqlite/test/a.test.ts', ['core'])).toEqual([]);
    expect(tree([], [], text, 'libs/sqlite/test/a.test.ts')).toEqual(['libs/sqlite/test/a.test.ts:1: undeclared']);
    expect(tree([], ['../core'], text, 'libs/sqlite/src/a.ts', ['core'])).toEqual(['libs/sqlite/src/a.ts:1: undeclared']);
  });
});

test('whatever a package may import is itself in the table', () => {
  const targets = Object.values(boundaries.packages).flat();
  expect(targets.filter((folder) => boundaries.packages[folder] === undefined)).toEqual([]);
});
