import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { configSchema, loadAgentConfig } from '@venfleet/ven-agent';
import { z } from 'zod';
import { configurationPage } from '../src/configuration.js';
import { type Setting, settingsOf } from '../src/settings.js';

const root = resolve(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'venfleet-docs-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A settings file that gives each of these keys the value that the page says it has anyway. */
function fileOf(settings: readonly Setting[]): string {
  const file: Record<string, unknown> = { version: 1 };
  for (const { path, defaultValue } of settings) {
    if (defaultValue === undefined) continue;
    let group = file;
    for (const name of path.slice(0, -1)) {
      group[name] ??= {};
      group = group[name] as Record<string, unknown>;
    }
    group[path.at(-1) as string] = defaultValue;
  }
  const path = join(folder, 'ven-agent.yaml');
  writeFileSync(path, JSON.stringify(file));
  return path;
}

describe('the reference of the settings', () => {
  const settings = settingsOf(configSchema);

  test('has defaults that are the program’s', () => {
    expect(settings.filter(({ defaultValue }) => defaultValue !== undefined).length).toBeGreaterThan(25);
    expect(loadAgentConfig({ config: fileOf(settings) }, {})).toEqual(loadAgentConfig({ config: fileOf([]) }, {}));
  });

  test('would tell a default that is not the program’s', () => {
    const wrong = settings.map((one) => (one.path.join('.') === 'control.validForS' ? { ...one, defaultValue: 60 } : one));
    expect(loadAgentConfig({ config: fileOf(wrong) }, {})).not.toEqual(loadAgentConfig({ config: fileOf([]) }, {}));
  });

  test('has every environment variable that the programs read', () => {
    const page = configurationPage([]);
    const read = new Set<string>();
    for (const project of [
      'apps/ven-agent',
      'apps/device-sim',
      'apps/vtn-mock',
      'libs/core',
      'libs/openadr',
      'libs/resource-db',
    ]) {
      const source = join(root, project, 'src');
      for (const name of readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((one) => one.endsWith('.ts'))) {
        for (const [variable] of readFileSync(join(source, name), 'utf8').matchAll(/\bVENFLEET_[A-Z_]*[A-Z]\b/g))
          read.add(variable);
      }
    }
    expect(read.size).toBeGreaterThan(7);
    for (const variable of read) expect(page).toMatch(new RegExp(`\`${variable}(_[A-Z]+)?\``));
  });

  test('refuses a key that nobody describes', () => {
    const schema = z.strictObject({
      known: z.string().meta({ description: 'x' }),
      part: z.strictObject({ unknown: z.int() }).partial(),
    });
    expect(() => settingsOf(schema)).toThrow(expect.objectContaining({ details: ['part.unknown'] }));
  });
});

describe('a setting', () => {
  const shown = (schema: z.ZodType) =>
    settingsOf(z.strictObject({ waitMs: z.union([schema]).meta({ description: 'x' }) })).map(
      ({ path, type }) => `${path.join('.')}: ${type}`,
    );

  test.each([
    [z.int().min(1).max(1000), 'whole number of ms, 1 to 1,000'],
    [z.number().min(0), 'number of ms, at least 0'],
    [z.enum(['a', 'b', 'c']), '`a`, `b` or `c`'],
    [z.boolean(), '`true` or `false`'],
    [z.url(), 'URL'],
    [z.array(z.enum(['a', 'b'])), 'list of `a` or `b`'],
    [z.tuple([z.int().min(0).max(9), z.int().min(0).max(9)]), '2 × whole number of ms, 0 to 9'],
  ])('is told by its kind, range and unit: %#', (schema, type) => {
    expect(shown(schema)).toEqual([`waitMs: ${type}`]);
  });

  test('of a part with several forms says of which it is', () => {
    const common = { url: z.url().meta({ description: 'where' }) };
    const schema = z.strictObject({
      copy: z.discriminatedUnion('version', [
        z.strictObject({
          ...common,
          version: z.literal(1).meta({ description: 'old' }),
          user: z.string().meta({ description: 'who' }),
        }),
        z.strictObject({ ...common, version: z.literal(2).meta({ description: 'new' }) }),
      ]),
    });
    const rows = settingsOf(schema).map(({ path, type, description }) => [path.join('.'), type, description]);
    expect(rows).toEqual([
      ['copy', '', ''],
      ['copy.url', 'URL', 'where'],
      ['copy.version', '`1` or `2`', '1: old; 2: new'],
      ['copy.user', 'text', 'version 1: who'],
    ]);
  });
});
