import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MemoryLogger } from '@venfleet/core/testing';
import { validator, wire301 } from '@venfleet/openadr';
import { type Api, TestVtn } from './support/vtn.js';

const JSON_TYPE = { 'content-type': 'application/json' };

describe('HTTP', () => {
  let vtn: TestVtn;
  let bl: Api;
  const base = '/openadr3/3.1.0';

  beforeAll(async () => {
    vtn = await new TestVtn({ auth: false, limits: { bodyBytes: 20_000, headerBytes: 2_000 } }).start();
    bl = vtn.api('3.1.0');
  });
  afterAll(async () => await vtn.stop());

  /** Sends raw bytes and returns all that comes back until the server closes. */
  const raw = (bytes: string, to = vtn): Promise<string> =>
    new Promise((resolve, reject) => {
      let text = '';
      const socket = connect(Number(new URL(to.address.origin).port), '127.0.0.1', () => socket.write(bytes));
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('end', () => {
        socket.end();
        resolve(text);
      });
      socket.on('error', reject);
    });
  const problemOf = (text: string) => JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4));

  it.each([
    ['malformed JSON', '{"venName":', JSON_TYPE, 400],
    ['an empty body', '', JSON_TYPE, 400],
    ['a body that is no object', '[1]', JSON_TYPE, 400],
    ['a body of null', 'null', JSON_TYPE, 400],
    ['bytes that are not UTF-8', Buffer.from('{"venName":"K\xf8benhavn"}', 'latin1'), JSON_TYPE, 400],
    ['a compressed body', '{}', { ...JSON_TYPE, 'content-encoding': 'gzip' }, 415],
    ['a number out of range', '{"programName":"n","attributes":[{"type":"A","values":[1e999]}]}', JSON_TYPE, 400],
    ['another type', '{}', { 'content-type': 'text/plain' }, 415],
    ['a form', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['no type', '{}', {}, 415],
    ['a body that is too large', JSON.stringify({ programName: 'x'.repeat(30_000) }), JSON_TYPE, 413],
  ])('%s is refused with a problem', async (_what, body, headers, status) => {
    for (const path of ['/programs', '/vens', '/resources']) {
      const answer = await vtn.send('POST', base + path, {
        body: typeof body === 'string' ? Buffer.from(body) : body,
        headers: { 'content-type': '', ...headers },
      });
      expect([path, answer.status, answer.body.status]).toEqual([path, status, status]);
    }
  });

  it.each([
    [495, 201],
    [496, 400],
    [8_000, 400],
  ])('%i lists below the point of a target make 5 levels more, of which 500 are kept: %i', async (lists, status) => {
    const point = `{"x":1,"y":2,"deep":${'['.repeat(lists)}${']'.repeat(lists)}}`;
    const body = `{"programName":"${lists}","targets":[{"type":"GROUP","values":[${point},"g${lists}"]}]}`;
    const answer = await vtn.send('POST', '/openadr3/3.0.1/programs', { body, headers: JSON_TYPE });
    expect(answer.status).toBe(status);
    const found = await vtn.send('GET', `/openadr3/3.0.1/programs?targetType=GROUP&targetValues=g${lists}`);
    expect(found.body).toEqual(status === 201 ? [answer.body] : []);
    if (status === 201) expect(JSON.stringify(answer.body.targets[0].values[0])).toBe(point);
  });

  it('a refused type is named', async () => {
    const headers = { 'content-type': 'text/csv' };
    const { body } = await vtn.send('POST', `${base}/programs`, { body: 'a,b', headers });
    expect(body.detail).toBe('content-type: text/csv is not taken here');
  });

  it('JSON with a charset is JSON', async () => {
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    expect((await vtn.send('POST', `${base}/programs`, { body: '{"programName":"charset"}', headers })).status).toBe(201);
  });

  it('another method on a known path gives 405 with what is allowed; an unknown path 404', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS'] as const) {
      const { status, headers } = await bl.send(method, '/vens');
      expect([status, headers.allow]).toEqual([405, 'GET, POST, HEAD']);
    }
    for (const method of ['POST', 'PATCH'] as const) {
      const { status, headers } = await bl.send(method, '/vens/x', {});
      expect([status, headers.allow]).toEqual([405, 'GET, PUT, DELETE, HEAD']);
    }
    for (const path of ['/', '/openadr3/2.0', `${base}/venz`, `${base}/vens/a/b/c/d`]) {
      const { status } = await vtn.send('POST', path, { body: 'x', headers: { 'content-type': 'image/png' } });
      expect([path, status]).toEqual([path, path === '/' ? 405 : 404]);
    }
    expect((await vtn.send('GET', '/openadr3/3.1.0/%zz')).status).toBe(400);
    expect((await vtn.send('GET', `/openadr3/3.1.0/vens/${'x'.repeat(1_000)}`)).body.status).toBe(414);
  });

  it('HEAD answers like GET, without a body', async () => {
    const { status, headers, body } = await bl.send('HEAD', '/vens');
    expect([status, headers['content-type'], body]).toEqual([200, 'application/json; charset=utf-8', undefined]);
  });

  it('a trailing slash makes no difference', async () => {
    expect((await bl.get('/vens/')).status).toBe(200);
  });

  it('what is no HTTP, or has too large headers, is answered with a problem', async () => {
    const garbage = await raw('hello\r\n\r\n');
    expect([garbage.slice(0, 12), problemOf(garbage).status]).toEqual(['HTTP/1.1 400', 400]);
    const large = await raw(`GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(3_000)}\r\n\r\n`);
    expect([large.slice(0, 12), problemOf(large).status]).toEqual(['HTTP/1.1 431', 431]);
  });

  it('a request that comes too slowly is cut off with 408', async () => {
    const slow = await new TestVtn({ limits: { headersTimeoutMs: 50, requestTimeoutMs: 50 } }).start();
    try {
      const text = await raw('POST /openadr3/3.1.0/vens HTTP/1.1\r\nhost: a\r\ncontent-le', slow);
      expect([text.slice(0, 12), problemOf(text).status]).toEqual(['HTTP/1.1 408', 408]);
    } finally {
      await slow.stop();
    }
  });

  it('health, readiness and the index answer at the origin without a token', async () => {
    expect((await vtn.send('GET', '/healthz')).body).toEqual({ status: 'ok' });
    expect((await vtn.send('GET', '/readyz')).body).toEqual({ status: 'ready' });
    const index = (await vtn.send('GET', '/')).body;
    for (const { url, openapi } of Object.values<{ url: string; openapi: string }>(index.openadr)) {
      expect((await vtn.send('GET', `${url}/vens`)).status).toBe(200);
      expect((await vtn.send('GET', openapi)).status).toBe(200);
    }
    expect((await vtn.send('GET', index.jwks)).status).toBe(200);
  });

  it('with limit-zero refused, limit=0 gives 400', async () => {
    const strict = await new TestVtn({ limitZero: 'refuse' }).start();
    try {
      for (const version of ['3.0.1', '3.1.0'] as const) {
        const { status, body } = await strict.api(version, 'bl').get('/vens?limit=0');
        expect([status, body.detail]).toEqual([400, expect.stringContaining('limit')]);
      }
    } finally {
      await strict.stop();
    }
  });

  it('each version can have a base path and a port of its own', async () => {
    const own = await new TestVtn({ basePaths: { '3.0.1': '/old' }, rootPorts: { '3.0.1': 0, '3.1.0': 0 } }).start();
    try {
      const { origin, urls, rootUrls } = own.address;
      expect(urls).toEqual({ '3.0.1': `${origin}/old`, '3.1.0': `${origin}/openadr3/3.1.0` });
      const authorization = `Bearer ${await own.token('bl', '3.0.1')}`;
      const made = await own.send('POST', `${rootUrls['3.0.1']}/vens`, { body: { venName: 'v' }, headers: { authorization } });
      expect(validator(wire301.Ven).mistakes(made.body)).toEqual([]);
      for (const url of [`${urls['3.1.0']}/vens`, `${rootUrls['3.1.0']}/vens`]) {
        expect((await own.send('GET', url, { headers: { authorization } })).body).toMatchObject([
          { id: made.body.id, objectType: 'VEN' },
        ]);
      }
      const { body } = await own.send('GET', `${rootUrls['3.1.0']}/auth/server`);
      expect(body).toEqual({ tokenURL: `${rootUrls['3.1.0']}/auth/token` });
      const form = { grant_type: 'client_credentials', client_id: 'bl', client_secret: 'bl-secret' };
      expect((await own.post(body.tokenURL, form)).status).toBe(200);
      expect((await own.send('GET', `${rootUrls['3.0.1']}/auth/server`)).status).toBe(404);
    } finally {
      await own.stop();
    }
  });

  it('the request log has one debug line for each request, with path and client but no query', async () => {
    const logger = new MemoryLogger();
    const own = await new TestVtn({ logger }).start();
    await own.api('3.1.0', 'ven-a').get('/vens?venName=x');
    await own.stop();
    expect(logger.lines.filter((line) => line.message === 'request')).toEqual([
      expect.objectContaining({ fields: expect.objectContaining({ method: 'POST', path: `${base}/auth/token`, status: 200 }) }),
      {
        level: 'debug',
        message: 'request',
        fields: { component: 'vtn', method: 'GET', path: `${base}/vens`, status: 200, ms: expect.any(Number), client: 'ven-a' },
      },
    ]);
    expect(logger.lines.filter((line) => line.level === 'info').map((line) => line.message)).toEqual([
      'VTN listens',
      'VTN stopped',
    ]);
  });
});
