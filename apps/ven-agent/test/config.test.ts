import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { VenfleetError } from '@venfleet/core';
import { loadAgentConfig } from '../src/config.js';

const folder = mkdtempSync(join(tmpdir(), 'venfleet-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function configFile(text: string): string {
  const path = join(folder, `${++files}.yaml`);
  writeFileSync(path, text);
  return path;
}

function failure(work: () => unknown): VenfleetError {
  try {
    work();
  } catch (error) {
    if (error instanceof VenfleetError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const file = configFile(`version: 1
vtn:
  url: https://file.example.org/openadr3
  client: { id: from-file, secret: "env:FILE_SECRET" }
database: file.db
`);

describe('precedence', () => {
  test('without anything the mock VTN on this machine and the development credentials are used', () => {
    const { vtn, db, state } = loadAgentConfig({}, {});
    expect([vtn.url, vtn.version, vtn.noAuth, vtn.credentials]).toEqual([
      'http://localhost:8000/openadr3/3.0.1',
      undefined,
      false,
      'config/dev-credentials.json',
    ]);
    expect([db, state]).toEqual(['config/resources.db', '.venfleet/ven-agent.db']);
  });

  test('the command line goes before the environment, and that before the file', () => {
    const env = { VENFLEET_VTN_URL: 'https://env.example.org', VENFLEET_DB: 'env.db', FILE_SECRET: 's' };
    expect(loadAgentConfig({ config: file }, { FILE_SECRET: 's' }).vtn.url).toBe('https://file.example.org/openadr3');
    expect(loadAgentConfig({ config: file }, env).vtn.url).toBe('https://env.example.org');
    expect(loadAgentConfig({ config: file, vtnUrl: 'https://flag.example.org/' }, env).vtn.url).toBe('https://flag.example.org');
    expect(loadAgentConfig({ config: file, db: 'flag.db' }, env).db).toBe('flag.db');
  });

  test('a client of the environment goes before one of the file, whose secret is then not looked up', () => {
    const env = { VENFLEET_CLIENT_ID: 'from-env', VENFLEET_CLIENT_SECRET: 's' };
    expect(loadAgentConfig({ config: file }, env).vtn.client).toEqual({ clientId: 'from-env', clientSecret: 's' });
  });

  test('--no-auth needs no secret', () => {
    const { vtn } = loadAgentConfig({ config: file, auth: false }, {});
    expect([vtn.noAuth, vtn.client]).toEqual([true, undefined]);
  });
});

describe('mistakes', () => {
  test('every mistake of a file is named with its line, unknown keys among them', () => {
    const path = configFile('version: 1\nvtn:\n  url: nonsense\n  tokenURL: x\ndatabse: x\n');
    expect(failure(() => loadAgentConfig({ config: path }, {})).details).toEqual([
      expect.stringMatching(new RegExp(`^${path}:3: vtn.url: `)),
      `${path}:4: vtn.tokenURL: unknown key`,
      `${path}:5: databse: unknown key`,
    ]);
  });

  test('a secret written out in the file is refused and not repeated', () => {
    const path = configFile('version: 1\nvtn:\n  client: { id: a, secret: "hunter2" }\n');
    const error = failure(() => loadAgentConfig({ config: path }, {}));
    expect(error.details.join()).toMatch(/vtn\.client\.secret: must be a reference/);
    expect(JSON.stringify([error.message, error.details, error.hint])).not.toContain('hunter2');
  });

  test('a settings file that was asked for must exist', () => {
    expect(failure(() => loadAgentConfig({ config: join(folder, 'none.yaml') }, {})).code).toBe('FILE_UNREADABLE');
  });

  test('a reference to a secret that is not set names the variable', () => {
    const error = failure(() => loadAgentConfig({ config: file }, {}));
    expect([error.code, error.hint]).toEqual(['SECRET_MISSING', 'set the environment variable FILE_SECRET']);
  });

  test.each([
    ['localhost:8000', /must begin with http/],
    ['not a url', /is no URL/],
    ['ftp://example.org', /must begin with http/],
    ['http://user:pass@example.org', /must not hold a user or password/],
    ['http://example.org/?x=1', /must end with its path/],
  ])('the VTN URL %s is refused', (url, message) => {
    const error = failure(() => loadAgentConfig({ vtnUrl: url }, {}));
    expect(error.code).toBe('USAGE');
    expect(error.message).toMatch(message);
  });

  test('an unknown version is refused with the known ones', () => {
    expect(failure(() => loadAgentConfig({ vtnVersion: '2.0b' }, {})).hint).toBe('it is one of auto, 3.0.1, 3.1.0');
  });

  test('half of a client in the environment is refused', () => {
    expect(failure(() => loadAgentConfig({}, { VENFLEET_CLIENT_ID: 'a' })).message).toMatch(/belong together/);
  });
});
