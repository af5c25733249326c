import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { API_PATH, CONTENT_SECURITY_POLICY, PATHS } from '../src/index.js';
import * as schemas from '../src/schemas.js';
import { consoleDocument } from '../src/server/openapi.js';
import { ROUTES } from '../src/server/routes.js';
import { fakeBackend, TestConsole } from './support/fakes.js';

/** Every path and method that wants a token. */
const GUARDED: [string, string][] = [
  ['GET', PATHS.stream],
  ...Object.entries(ROUTES).flatMap(([path, methods]) =>
    Object.keys(methods).map((method): [string, string] => [method, API_PATH + path.replace(':id', 'x')]),
  ),
];

let served: TestConsole;

beforeEach(async () => {
  served = await new TestConsole().start();
});

afterEach(() => served.stop());

describe('who may look', () => {
  test.each(GUARDED)('%s %s tells nothing without a token', async (method, path) => {
    const without = await served.fetch(path, { method }, null);
    expect(without.status).toBe(401);
    expect(Object.keys((await without.json()) as object).sort()).toEqual(['detail', 'instance', 'status', 'title', 'type']);
  });

  test.each(GUARDED)('%s %s tells nothing for a wrong token', async (method, path) => {
    expect((await served.fetch(path, { method }, 'wrong')).status).toBe(401);
  });

  test('how to log in is told to everybody', async () => {
    const answer = await served.fetch(PATHS.login, {}, null);
    expect(await answer.json()).toEqual({ server: 'vtn', ways: ['client-credentials', 'code'], tokenUrl: '/auth/token' });
  });

  test('a code is exchanged for a token once it is right', async () => {
    expect((await served.post(PATHS.code, { code: 'bad' })).status).toBe(401);
    expect(await (await served.post(PATHS.code, { code: 'good' })).json()).toMatchObject({ token_type: 'Bearer' });
  });
});

describe('the API', () => {
  test('is never kept by anybody', async () => {
    const answer = await served.fetch(PATHS.overview);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('answers what its schemas say', async () => {
    expect(schemas.Overview.parse(await (await served.fetch(PATHS.overview)).json()).vens).toHaveLength(1);
    expect(schemas.Session.parse(await (await served.fetch(PATHS.session)).json()).user).toBe('bl');
    expect(schemas.Series.parse(await (await served.fetch(PATHS.fleetSeries)).json()).loadW).toEqual([]);
  });

  test.each([
    ['POST', PATHS.overview, 'GET'],
    ['DELETE', PATHS.events, 'GET, POST'],
    ['PUT', PATHS.stream, 'GET'],
    ['POST', PATHS.login, 'GET'],
  ])('%s %s is refused with what there is', async (method, path, allow) => {
    const answer = await served.fetch(path, { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe(allow);
  });

  test.each([
    PATHS.ven('nobody'),
    PATHS.venSeries('nobody'),
    PATHS.resource('nobody'),
    PATHS.event('nobody'),
    `${API_PATH}/x`,
    API_PATH,
  ])('there is nothing at %s', async (path) => {
    expect((await served.fetch(path)).status).toBe(404);
  });

  test('a name in a path arrives as it is', async () => {
    const asked: string[] = [];
    const console = await new TestConsole(fakeBackend({ ven: (id) => void asked.push(id) as undefined })).start();
    await console.fetch(PATHS.ven('Nykøbing Falster/50%'));
    expect(asked).toEqual(['Nykøbing Falster/50%']);
    expect((await console.fetch(`${API_PATH}/vens/%ff`)).status).toBe(400);
    await console.stop();
  });

  test('what a server cannot do is not there', async () => {
    for (const path of [PATHS.audit, PATHS.faults, PATHS.formChoices]) expect((await served.fetch(path)).status).toBe(404);
    expect((await served.post(PATHS.events, {})).status).toBe(404);
  });

  test('every mistake of a query is told, with its field', async () => {
    const answer = await served.fetch(`${PATHS.reports}?limit=0&shoe=1`);
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { fields: unknown }).fields).toEqual({ limit: expect.any(String), shoe: 'unknown' });
    expect((await served.fetch(`${PATHS.reports}?ven=a&ven=b`)).status).toBe(400);
  });

  test.each<[string, number, RequestInit]>([
    ['no JSON', 400, { body: '{', headers: { 'content-type': 'application/json' } }],
    ['another type', 415, { body: '{}', headers: { 'content-type': 'text/plain' } }],
    ['too long', 413, { body: `"${'x'.repeat(70_000)}"`, headers: { 'content-type': 'application/json' } }],
    ['not of its schema', 400, { body: '{"code":7}', headers: { 'content-type': 'application/json' } }],
  ])('a body that is %s is refused', async (_what, status, init) => {
    expect((await served.fetch(PATHS.code, { method: 'POST', ...init })).status).toBe(status);
  });

  test('a fault of the server is told to nobody but its log', async () => {
    const broken = await new TestConsole(
      fakeBackend({
        overview() {
          throw new Error('the secret is xyzzy');
        },
      }),
    ).start();
    for (const path of [PATHS.overview, PATHS.stream]) {
      const answer = await broken.fetch(path);
      expect(answer.status).toBe(500);
      expect(await answer.text()).not.toContain('xyzzy');
    }
    await broken.stop();
  });

  test('its document has each route, and no other', () => {
    const { paths } = consoleDocument() as { paths: Record<string, Record<string, { operationId: string }>> };
    const told = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));
    const routes = Object.entries(ROUTES).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toLowerCase()} ${API_PATH}${path.replace(':id', '{id}')}`),
    );
    expect(told.sort()).toEqual([...routes, `get ${PATHS.login}`, `post ${PATHS.code}`, `get ${PATHS.stream}`].sort());
    const ids = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('the page', () => {
  let folder: string;
  let site: TestConsole;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'venfleet-console-'));
    mkdirSync(join(folder, 'dist/assets'), { recursive: true });
    writeFileSync(join(folder, 'secret.txt'), 'do not tell');
    writeFileSync(join(folder, 'dist/index.html'), '<!doctype html><title>fleet</title>');
    writeFileSync(join(folder, 'dist/assets/app-1a2b.js'), `// ${'x'.repeat(5000)}`);
    symlinkSync(join(folder, 'secret.txt'), join(folder, 'dist/link.txt'));
    site = await new TestConsole(fakeBackend(), join(folder, 'dist')).start();
  });

  afterAll(async () => {
    await site.stop();
    rmSync(folder, { recursive: true });
  });

  test('is shown to everybody, with a policy that lets in nothing else', async () => {
    const answer = await site.fetch('/console/', {}, null);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-security-policy')).toBe(CONTENT_SECURITY_POLICY);
    expect(answer.headers.get('content-security-policy')).not.toContain('unsafe');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('cache-control')).toBe('no-cache');
    expect(await answer.text()).toContain('<title>fleet</title>');
  });

  test('is found without its last slash, too', async () => {
    const answer = await site.fetch('/console');
    expect([answer.status, answer.headers.get('location')]).toEqual([308, '/console/']);
  });

  test('is not sent again to one who has it', async () => {
    const etag = (await site.fetch('/console/')).headers.get('etag') as string;
    expect((await site.fetch('/console/', { headers: { 'if-none-match': etag } })).status).toBe(304);
  });

  test('what has a hash in its name is kept for ever', async () => {
    const answer = await site.fetch('/console/assets/app-1a2b.js');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  });

  test('is compressed for those who take that', async () => {
    const text = await site.raw(
      'GET /console/assets/app-1a2b.js HTTP/1.1\r\nhost: x\r\nconnection: close\r\naccept-encoding: gzip\r\n\r\n',
    );
    expect(text).toMatch(/content-encoding: gzip/);
    const plain = await site.fetch('/console/assets/app-1a2b.js', { headers: { 'accept-encoding': 'identity' } });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect((await plain.text()).length).toBe(5003);
  });

  test.each([
    '/console/../secret.txt',
    '/console/..%2fsecret.txt',
    '/console/%2e%2e/secret.txt',
    '/console/assets/..%5c..%5csecret.txt',
    '/console//etc/passwd',
    '//console/../../secret.txt',
    '/console/link.txt',
    '/console/assets/',
    '/console/constructor',
    '/console/__proto__',
  ])('nothing but its own files is there: %s', async (path) => {
    const text = await site.raw(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1\.1 404 /);
    expect(text).not.toContain('do not tell');
  });

  test('one that is not built says so', async () => {
    const answer = await served.fetch('/console/');
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('is not built');
    expect(served.server.hasPage).toBe(false);
  });

  test('takes no other methods than reading', async () => {
    expect((await site.fetch('/console/', { method: 'POST' })).status).toBe(405);
    const head = await site.fetch('/console/', { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });
});
