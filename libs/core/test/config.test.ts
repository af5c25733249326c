import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { VenfleetError } from '@venfleet/core';
import { loadConfigFile } from '@venfleet/core/node';
import { z } from 'zod';

const dir = mkdtempSync(join(tmpdir(), 'venfleet-config-'));
const path = join(dir, 'ven-agent.yaml');
afterAll(() => rmSync(dir, { recursive: true }));

const schema = z.strictObject({
  vtnUrl: z.url().default('http://localhost:8000/openadr3/3.0.1'),
  pollIntervalMs: z.number().int().positive().default(10_000),
  vens: z.array(z.strictObject({ name: z.string(), enabled: z.boolean().default(true) })).default([]),
  auth: z.union([z.literal('none'), z.strictObject({ clientId: z.string(), secret: z.string() })]).default('none'),
  ports: z.record(z.string(), z.string()).default({}),
});

function load(text: string) {
  writeFileSync(path, text);
  return loadConfigFile(path, schema);
}

/** The details of the error, without the path of the file. */
function mistakes(text: string): string[] {
  try {
    load(text);
  } catch (error) {
    const { code, details } = error as VenfleetError;
    expect(code).toBe('CONFIG_INVALID');
    return details.map((detail) => {
      expect(detail.startsWith(`${path}:`)).toBe(true);
      return detail.slice(path.length + 1);
    });
  }
  throw new Error('nothing was thrown');
}

describe('loadConfigFile', () => {
  test('YAML, JSON, a byte order mark, CRLF and an empty file are all read', () => {
    expect(load('pollIntervalMs: 5\r\nvens:\r\n  - name: Aalborg\r\n').vens).toEqual([{ name: 'Aalborg', enabled: true }]);
    expect(load('{ "pollIntervalMs": 5 }').pollIntervalMs).toBe(5);
    expect(load('\ufeffpollIntervalMs: 5\n').pollIntervalMs).toBe(5);
    expect(load('').pollIntervalMs).toBe(10_000);
    expect(load('# nothing but a comment\n').pollIntervalMs).toBe(10_000);
  });

  test('every mistake is told at once, each with the line of its key', () => {
    const found = mistakes(
      [
        'vtnUrl: nowhere',
        '# a comment',
        'pollIntervalMs: fast',
        'vens:',
        '  - name: Aalborg',
        '    enabeld: true',
        '  - name: 7',
        'port: 80',
      ].join('\n'),
    );
    expect(found).toHaveLength(5);
    expect(found).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^1: vtnUrl: /),
        expect.stringMatching(/^3: pollIntervalMs: .*number/),
        '6: vens.0.enabeld: unknown key',
        expect.stringMatching(/^7: vens\.1\.name: .*string/),
        '8: port: unknown key',
      ]),
    );
  });

  test('a missing key is told at the line of the map that lacks it', () => {
    expect(mistakes('vens:\n  - name: a\n  - enabled: false\n')).toEqual([expect.stringMatching(/^3: vens\.1\.name: /)]);
  });

  test('where several forms are allowed, the mistake in the one that was meant is told, or what each expects', () => {
    expect(mistakes('auth:\n  clientId: a\n  secret: 5\n')).toEqual([expect.stringMatching(/^3: auth\.secret: .*string/)]);
    expect(mistakes('auth:\n  clientId: a\n  secret: env:A\n  more: 1\n')).toEqual(['4: auth.more: unknown key']);
    expect(mistakes('auth: 7\n')).toEqual([expect.stringMatching(/^1: auth: .*"none".*, or .*object/)]);
  });

  test('a key that YAML reads as a number is found too', () => {
    expect(mistakes('ports:\n  "1": a\n  8001: 5\n')).toEqual([expect.stringMatching(/^3: ports\.8001: /)]);
  });

  test('every syntax error is told with its line, once', () => {
    const found = mistakes('vtnUrl: "http://localhost\nvens: [\n');
    expect(found.length).toBeGreaterThan(0);
    for (const line of found) expect(line).toMatch(/^\d+: (?!.* at line )/);
  });

  test('a duplicate key is a mistake of its second line', () => {
    expect(mistakes('pollIntervalMs: 1\nvens: []\npollIntervalMs: 2\n')).toEqual([expect.stringMatching(/^3: .*unique/)]);
  });

  test('an alias without an anchor and a bomb of aliases are mistakes of the file', () => {
    expect(mistakes('vens: *nobody\n')).toEqual([expect.stringMatching(/^1: .*nobody/)]);
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef']) bomb.push(`${to}: &${to} [${`*${from}, `.repeat(8)}*${from}]`);
    expect(mistakes(bomb.join('\n'))[0]).toMatch(/alias/i);
  });

  test.each(['just text', '- a\n- b\n', '7'])('a file that is no map (%j) is told so', (text) => {
    expect(mistakes(text)).toEqual([expect.stringMatching(/^1: \(top level\): /)]);
  });

  test('a missing file is told with the hint', () => {
    expect(() => loadConfigFile(join(dir, 'missing.yaml'), schema, 'copy the example')).toThrow(
      expect.objectContaining({ code: 'FILE_UNREADABLE', hint: 'copy the example' }),
    );
  });
});
