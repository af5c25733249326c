import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openResourceDb } from '@venfleet/resource-db';
import { registerFleet } from '@venfleet/ven-agent';
import { prepareFleet, type Workplace } from './support/fleet.js';
import { freePort, type Outcome, programs, root, run, runProgram, temporaryFolder } from './support/programs.js';

const folder = temporaryFolder();
let place: Workplace;
beforeAll(async () => {
  place = await prepareFleet(`${folder}/fleet`, { vens: ['Aalborg', 'Herning'] });
});

let copies = 0;
/** A folder with the sample CSVs, one of them replaced or edited. */
function assets(file: string, edit: (text: string) => string | Buffer): string {
  const source = join(folder, `assets-${++copies}`);
  cpSync(join(root, 'config/exampleassets'), source, { recursive: true });
  const path = join(source, file);
  writeFileSync(path, edit(readFileSync(path, 'utf8')));
  return source;
}

async function prepare(source: string, ...more: string[]): Promise<Outcome & { db: string; rejects: string }> {
  const at = join(folder, `prepare-${++copies}`);
  mkdirSync(at);
  const [db, rejects] = [join(at, 'resources.db'), join(at, 'rejects.csv')];
  const credentials = join(at, 'credentials.json');
  const outcome = await runProgram('resource-db', [
    'prepare',
    '--source',
    source,
    '--db',
    db,
    '--rejects',
    rejects,
    '--credentials',
    credentials,
    ...more,
  ]);
  return { ...outcome, db, rejects };
}

function expectError(outcome: Pick<Outcome, 'stderr' | 'status'>, status: number, ...parts: (string | RegExp)[]): void {
  for (const part of parts) expect(outcome.stderr).toMatch(part);
  // A stack trace is a bug's face, never an answer to wrong input.
  expect(outcome.stderr).not.toMatch(/^\s+at .*:\d+:\d+/m);
  expect(outcome.status).toBe(status);
}

const BARS = 'bars-in-denmark.csv';
const insertLine = (text: string, line: number, row: string) =>
  text
    .split('\n')
    .toSpliced(line - 1, 0, row)
    .join('\n');

describe('a CSV file that cannot be read as one refuses the whole import', () => {
  test.each<[string, (text: string) => string | Buffer, RegExp]>([
    ['broken quoting', (text) => insertLine(text, 5, '"Bar,"Gade 1, 9000 Aalborg",9.9,57.0'), /bars-in-denmark\.csv:5\b/],
    ['a missing column', (text) => text.replace('latitude', 'lat'), /bars-in-denmark\.csv:1: .*latitude/],
    ['a binary file', () => Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 1, 2, 3]), /bars-in-denmark\.csv/],
    ['an empty file', () => '', /bars-in-denmark\.csv/],
  ])('%s', async (_what, edit, message) => {
    const outcome = await prepare(assets(BARS, edit));
    expectError(outcome, 1, message);
    expect(existsSync(outcome.db)).toBe(false);
  });

  test('and leaves a database that was there as it was', async () => {
    const before = readFileSync(place.db);
    const outcome = await runProgram('resource-db', [
      'prepare',
      '--source',
      assets(BARS, () => 'nonsense'),
      '--db',
      place.db,
      '--credentials',
      place.credentials,
    ]);
    expectError(outcome, 1, /bars-in-denmark\.csv/);
    expect(readFileSync(place.db).equals(before)).toBe(true);
  });
});

describe('a row that cannot be used is refused with file, line, field and reason, and kept in the rejects file', () => {
  test.each([
    ['coordinates off the Earth', 'Bar,"Gade 1, 9000 Aalborg",191.2,57.0', 'longitude'],
    ['no coordinates', 'Bar,"Gade 1, 9000 Aalborg",,57.0', 'longitude'],
    ['coordinates that are no numbers', 'Bar,"Gade 1, 9000 Aalborg",9.9,north', 'latitude'],
    ['no city', 'Bar,Gade 1,9.9,57.0', 'address'],
    ['no title', ',"Gade 1, 9000 Aalborg",9.9,57.0', 'title'],
  ])('%s', async (_what, row, field) => {
    const columns =
      readFileSync(join(root, 'config/exampleassets', BARS), 'utf8')
        .split('\n')[0]
        ?.split(',').length ?? 0;
    const padded = row + ','.repeat(columns - 4);
    const outcome = await prepare(assets(BARS, (text) => insertLine(text, 7, padded)));
    expectError(outcome, 1, new RegExp(`bars-in-denmark\\.csv:7: ${field}`));
    expect(readFileSync(outcome.rejects, 'utf8')).toMatch(new RegExp(`bars-in-denmark\\.csv,7,${field}`));
    const db = openResourceDb(outcome.db, 'readonly');
    expect(db.statistics().resources).toBe(9714);
    db.close();
  });

  test('the second of two equal rows', async () => {
    const outcome = await prepare(assets(BARS, (text) => insertLine(text, 3, text.split('\n')[1] ?? '')));
    expectError(outcome, 1, /bars-in-denmark\.csv:3: .*bars-in-denmark\.csv:2/);
    const db = openResourceDb(outcome.db, 'readonly');
    expect(db.statistics().resources).toBe(9714);
    db.close();
  });

  test('with --strict one such row refuses the whole import', async () => {
    const outcome = await prepare(
      assets(BARS, (text) => insertLine(text, 7, `Bar,"Gade 1, 9000 Aalborg",191.2,57.0`)),
      '--strict',
    );
    expectError(outcome, 1, /bars-in-denmark\.csv:7/);
    expect(existsSync(outcome.db)).toBe(false);
  });
});

describe('a database that cannot be used', () => {
  const register = (db: string) =>
    runProgram('ven-agent', ['register', '--db', db, '--state', join(folder, 'x.db'), '--credentials', place.credentials]);
  const spoil = (name: string, change: (path: string) => void) => {
    const path = join(folder, name);
    copyFileSync(place.db, path);
    change(path);
    return path;
  };

  test('missing: says how to make one', async () => {
    expectError(await register(join(folder, 'none.db')), 1, /none\.db/, /resource-db:prepare/);
    expectError(
      await runProgram('resource-db', ['stats', '--db', join(folder, 'none.db')]),
      1,
      /none\.db/,
      /resource-db:prepare/,
    );
    expect(existsSync(join(folder, 'none.db'))).toBe(false);
  });

  test('not a database', async () => {
    const path = spoil('text.db', (p) => writeFileSync(p, 'this is no database, it is a text of some length'.repeat(100)));
    expectError(await register(path), 1, /text\.db is not an SQLite database/);
  });

  test('damaged', async () => {
    const path = spoil('damaged.db', (p) => {
      const bytes = readFileSync(p);
      bytes.fill(0xa5, 4096, bytes.length);
      writeFileSync(p, bytes);
    });
    expectError(await register(path), 1, /damaged\.db is damaged/);
    expectError(await runProgram('resource-db', ['check', '--db', path]), 1, /damaged/);
  });

  test('of a newer venfleet', async () => {
    const path = spoil('newer.db', (p) => {
      const bytes = readFileSync(p);
      bytes.writeUInt32BE(99, 60); // user_version, SQLite file format section 1.3
      writeFileSync(p, bytes);
    });
    expectError(await register(path), 1, /newer\.db has schema version 99/);
  });

  test('read-only: prepare refuses it, reading it works', async () => {
    const path = spoil('readonly.db', (p) => chmodSync(p, 0o444));
    const prepared = await runProgram('resource-db', ['prepare', '--db', path, '--credentials', place.credentials]);
    expectError(prepared, 1, /readonly\.db is read-only/);
    expect((await runProgram('resource-db', ['stats', '--db', path, '--json'])).status).toBe(0);
  });
});

test('a database that another process is writing to is waited for, then said to be locked, and nothing is changed', () => {
  const db = openResourceDb(place.db, 'readwrite');
  // The transaction holds the write lock while the command runs to its end.
  const outcome = db.transaction(() =>
    spawnSync(process.execPath, [programs['resource-db'], 'prepare', '--db', place.db, '--credentials', place.credentials], {
      cwd: root,
      encoding: 'utf8',
    }),
  );
  db.close();
  expectError(outcome, 1, /resources\.db is locked by another process/, /hint: /);
});

const onLinux = existsSync('/dev/full') ? test : test.skip;
onLinux('a result that finds no room on the disk is said to, instead of thrown at the user', async () => {
  const outcome = await run('sh', [
    '-c',
    'exec "$@" > /dev/full',
    'sh',
    process.execPath,
    programs['resource-db'],
    'stats',
    '--db',
    place.db,
  ]);
  expectError(outcome, 1, /cannot write the output: the disk is full/);
});

test('progress and errors that nobody reads any more change neither the work nor its exit status', async () => {
  const register = ['register', '--vtn-url', 'http://127.0.0.1:1/', '--vtn-version', '3.0.1', '--no-auth', '--ven', 'Herning'];
  const script = '{ "$@" 2>&1; echo "status $?" >&3; } 3>&2 | true';
  const args = [...register, '--db', place.db, '--state', join(folder, 'unheard.db')];
  const outcome = await run('sh', ['-c', script, 'sh', process.execPath, programs['ven-agent'], ...args]);
  expect(outcome.stderr).toBe('status 1\n');
});

describe('a VTN that is none', () => {
  const register = (url: string, ...more: string[]) =>
    runProgram('ven-agent', [
      'register',
      '--vtn-url',
      url,
      '--db',
      place.db,
      '--state',
      join(folder, 'vtn.db'),
      '--credentials',
      place.credentials,
      ...more,
    ]);

  test('a program that gives no URL at all: its text is named', async () => {
    const options = { vtn: { url: 'nonsense', noAuth: true }, db: place.db, state: join(folder, 'vtn.db') };
    await expect(registerFleet(options)).rejects.toMatchObject({
      code: 'NOT_OPENADR',
      message: expect.stringContaining('nonsense'),
    });
  });

  test('nobody listens: the URL is named', async () => {
    const port = await freePort();
    expectError(await register(`http://127.0.0.1:${port}/openadr3/3.0.1`), 1, new RegExp(`127\\.0\\.0\\.1:${port}`), /hint: /);
  });

  describe('another server', () => {
    let url: string;
    const server = createServer((request, response) => {
      if (request.url?.startsWith('/html')) response.end('<html>Welcome to nginx</html>');
      else if (request.url?.startsWith('/json')) response.setHeader('content-type', 'application/json').end('{"hello":"world"}');
      else response.writeHead(404).end('not found');
    });
    beforeAll(async () => {
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterAll(() => void server.close());

    test.each(['/html', '/json', '/nothing'])('that answers %s: is said not to speak OpenADR', async (path) => {
      expectError(await register(url + path), 1, /OpenADR/, new RegExp(url.slice(7)));
    });
  });

  test.each([
    ['a URL that is none', ['--vtn-url', 'localhost'], /localhost/],
    ['an unknown option', ['--vtn-ulr', 'http://x'], /--vtn-ulr.*\n.*--vtn-url/],
    ['a limit of zero', ['--limit', '0'], /--limit.*'0'/],
    ['a limit that is no number', ['--limit', 'many'], /--limit.*'many'/],
    ['an unknown version', ['--vtn-version', '2.0'], /2\.0/],
    ['a surplus argument', ['Aalborg'], /too many arguments/],
  ])('%s is refused with status 2 and names it', async (_what, args, message) => {
    expectError(await runProgram('ven-agent', ['register', ...args]), 2, message);
  });

  test('a CA file without a certificate is named', async () => {
    const [ca, config] = [join(folder, 'ca.pem'), join(folder, 'ca.yaml')];
    writeFileSync(ca, 'no certificate');
    writeFileSync(config, `version: 1\nvtn:\n  caFile: ${ca}\n`);
    expectError(await register('https://localhost:9', '--config', config), 1, /ca\.pem holds no certificate/, /hint: /);
  });

  test('unknown keys and wrong values of the settings file are all named with their lines', async () => {
    const path = join(folder, 'agent.yaml');
    writeFileSync(path, 'version: 1\nvtn:\n  url: 7\n  vresion: auto\nlogLevel: loud\n');
    const outcome = await runProgram('ven-agent', ['register', '--config', path]);
    expectError(outcome, 1, /agent\.yaml:3: vtn\.url/, /agent\.yaml:4: vtn\.vresion: unknown key/, /agent\.yaml:5: logLevel/);
  });
});
