import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { checkSecrets } from '../../src/check/secrets.js';

const folder = mkdtempSync(join(tmpdir(), 'venfleet-secrets-'));
afterAll(() => rmSync(folder, { recursive: true }));
const credentials = join(folder, 'credentials.json');
const url = 'https://vtn.example.org';

test.each([0o600, 0o640, 0o440])('secrets that only their owner or its group reads (%p) are as they should be', (mode) => {
  writeFileSync(credentials, '{}');
  chmodSync(credentials, mode);
  expect(checkSecrets({ url, credentials })).toEqual([]);
});

test('secrets that everybody reads are told, with the cure', () => {
  chmodSync(credentials, 0o644);
  expect(checkSecrets({ url, credentials })).toEqual([
    { subject: 'credentials', status: 'warn', message: expect.stringContaining(credentials), cure: `chmod 600 ${credentials}` },
  ]);
});

test('where there is no file, or none is used, there is nothing to tell', () => {
  expect(checkSecrets({ url, credentials: join(folder, 'none.json') })).toEqual([]);
  expect(checkSecrets({ url })).toEqual([]);
  expect(checkSecrets({ url, credentials, noAuth: true })).toEqual([]);
});
