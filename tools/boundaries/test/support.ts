import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect } from '@jest/globals';
import { checkBoundaries, type Report } from '../src/check.js';
import { boundaries } from '../src/table.js';

export const base = mkdtempSync(join(tmpdir(), 'venfleet-boundaries-'));
afterAll(() => rmSync(base, { recursive: true }));

/** A package's manifest; what it exports and depends on as lists of names. */
export const manifest = (
  name: string,
  { exports = ['.'], dependencies = [] as string[], devDependencies = [] as string[] } = {},
) =>
  JSON.stringify({
    name: `@venfleet/${name}`,
    exports: Object.fromEntries(exports.map((path) => [path, './dist/index.js'])),
    dependencies: Object.fromEntries(dependencies.map((dependency) => [`@venfleet/${dependency}`, '0.1.0'])),
    devDependencies: Object.fromEntries(devDependencies.map((dependency) => [`@venfleet/${dependency}`, '0.1.0'])),
  });

/** Packages that each test may add files to: every one depends on every one, so that only the rule under test speaks. */
export const NAMES = [
  'core',
  'sqlite',
  'openadr',
  'devices',
  'resource-db',
  'ven-agent',
  'device-sim',
  'vtn-mock',
  'bench',
  'start',
  'sample-fleet',
];
const FOLDERS = Object.keys(boundaries.packages).filter((folder) => NAMES.includes(folder.split('/')[1] ?? ''));
const skeleton = Object.fromEntries(
  [...FOLDERS, 'e2e'].map((folder) => {
    const name = folder.split('/').at(-1) as string;
    const exports = name === 'core' ? ['.', './node', './testing'] : ['.'];
    return [`${folder}/package.json`, manifest(name, { exports, dependencies: NAMES.filter((n) => n !== name) })];
  }),
);

/** The findings for a small repository of these files, as `FILE:LINE: rule`. */
export function findings(files: Record<string, string>): string[] {
  return report(files).findings.map(({ file, line, rule }) => `${file}:${line}: ${rule}`);
}

export function report(files: Record<string, string>): Report {
  write(files, shared);
  try {
    return checkBoundaries(shared, boundaries);
  } finally {
    for (const path of Object.keys(files)) {
      if (skeleton[path] === undefined) rmSync(join(shared, path));
      else writeFileSync(join(shared, path), skeleton[path]);
    }
  }
}

/** Writes the files, and the skeleton around them, into a new folder. */
export function newRepository(files: Record<string, string>): string {
  const root = mkdtempSync(join(base, 'tree-'));
  write({ ...skeleton, ...files }, root);
  return root;
}

function write(files: Record<string, string>, root: string): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** The skeleton that all small repositories of a test file share, because writing it anew for each takes long. */
const shared = newRepository({});

/** For rules on a single line: it is a finding in the first file and none in the others. */
export function expectOnly(rule: string, line: string, { bad, good }: { bad: string[]; good: string[] }): void {
  for (const file of bad) expect(findings({ [file]: line })).toEqual([`${file}:1: ${rule}`]);
  for (const file of good) expect(findings({ [file]: line })).toEqual([]);
}
