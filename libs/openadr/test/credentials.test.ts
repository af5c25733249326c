import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { VenfleetError } from '@venfleet/core';
import fc from 'fast-check';
import { businessClientOf, clientOf, ensureDevelopmentCredentials, loadCredentials } from '../src/credentials.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'credentials-'));
  path = join(folder, 'deep', 'credentials.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

function failure(work: () => unknown): VenfleetError {
  try {
    work();
  } catch (error) {
    if (error instanceof VenfleetError) return error;
    throw error;
  }
  throw new Error('expected a VenfleetError');
}

const write = (content: unknown) => {
  path = join(folder, 'credentials.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
};

describe('ensureDevelopmentCredentials', () => {
  it('makes one business-logic client and one client for each VEN, readable by the owner only', () => {
    expect(ensureDevelopmentCredentials(path, ['Aalborg', 'Nykøbing Falster', 'Aalborg'])).toEqual({ added: 3, total: 3 });
    const file = loadCredentials(path);
    expect(businessClientOf(file)?.clientId).toBe('bl-client');
    expect(clientOf(file, 'Nykøbing Falster')?.clientId).toBe('ven-nykoebing-falster');
    expect(clientOf(file, 'Odense')).toBeUndefined();
    expect(new Set(file.clients.map((c) => c.clientSecret)).size).toBe(3);
    for (const { clientSecret } of file.clients) expect(Buffer.from(clientSecret, 'base64url')).toHaveLength(32);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('keeps what is there, and does not write when nothing is missing', () => {
    ensureDevelopmentCredentials(path, ['Aalborg']);
    const before = loadCredentials(path);
    expect(ensureDevelopmentCredentials(path, ['Aalborg', 'Aarhus'])).toEqual({ added: 1, total: 3 });
    expect(loadCredentials(path).clients.slice(0, 2)).toEqual(before.clients);
    const inode = statSync(path).ino;
    expect(ensureDevelopmentCredentials(path, ['Aarhus'])).toEqual({ added: 0, total: 3 });
    expect(statSync(path).ino).toBe(inode);
  });

  it('tells names apart whose ids would be the same', () => {
    ensureDevelopmentCredentials(path, ['Sæby', 'Saeby', 'SÆBY', '東京', '京都']);
    const ids = loadCredentials(path).clients.slice(1);
    expect(ids.map((c) => c.clientId)).toEqual(['ven-saeby', 'ven-saeby-2', 'ven-saeby-3', 'ven-unnamed', 'ven-unnamed-2']);
  });

  it('gives any set of names unique ids that fit the OpenADR id pattern', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1, maxLength: 128, unit: 'grapheme' }).filter((s) => s.length <= 128)),
        (names) => {
          rmSync(path, { force: true });
          ensureDevelopmentCredentials(path, names);
          const { clients } = loadCredentials(path);
          expect(new Set(clients.map((c) => c.clientId)).size).toBe(names.length + 1);
          for (const { clientId } of clients) expect(clientId).toMatch(/^[a-zA-Z0-9_-]{1,128}$/);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('leaves a file alone that it cannot read', () => {
    write('{"version": 1, "clients": [}');
    expect(failure(() => ensureDevelopmentCredentials(path, ['Aalborg'])).code).toBe('CREDENTIALS_INVALID');
    expect(readFileSync(path, 'utf8')).toBe('{"version": 1, "clients": [}');
  });
});

describe('loadCredentials', () => {
  it('names every mistake at once and no secret', () => {
    const client = { clientId: 'a', clientSecret: 'hush-hush', role: 'VEN', venName: 'Aalborg' };
    write({ version: 1, clients: [client, client, { ...client, clientId: 'b', role: 'hush-hush', extra: 'hush-hush' }] });
    const error = failure(() => loadCredentials(path));
    expect(error.details).toEqual([
      expect.stringMatching(/^clients\.2\.role: /),
      expect.stringMatching(/^clients\.2: .*"extra"/),
    ]);
    write({ version: 1, clients: [client, client] });
    const duplicates = failure(() => loadCredentials(path));
    expect(duplicates.details).toEqual([
      'clients.1.clientId: a is also that of clients.0',
      'clients.1.venName: Aalborg is also that of clients.0',
    ]);
    for (const e of [error, duplicates]) {
      expect(e.hint).toContain('npx nx run resource-db:prepare');
      expect(JSON.stringify([e.message, e.details, e.context, e.hint])).not.toContain('hush');
    }
  });

  it('tells the line of broken JSON without quoting it', () => {
    write('{\n "version": 1,\n "clients": [{"clientSecret": "hush-hush" "role": "BL"}]\n}');
    const error = failure(() => loadCredentials(path));
    expect(error.details).toEqual([`${path}:3: not valid JSON`]);
    expect(JSON.stringify([error.message, error.details, String(error.cause)])).not.toContain('hush');
  });

  it('says what to run when the file is missing', () => {
    const error = failure(() => loadCredentials(path));
    expect(error.code).toBe('FILE_UNREADABLE');
    expect(error.hint).toContain('npx nx run resource-db:prepare');
  });
});
