import { execFileSync } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { milliseconds, seconds } from '@venfleet/core';
import { FakeClock, MemoryLogger } from '@venfleet/core/testing';
import { createHttpTransport, type HttpRequest, type HttpTransport, VtnError } from '../src/index.js';
import { problem, rig, serve, type TestServer } from './support/server.js';

let server: TestServer;
let transport: HttpTransport;
beforeEach(async () => {
  server = await serve(({ body }) => ({ body: { got: body } }));
  transport = rig().transport;
});
afterEach(async () => {
  await transport.close();
  await server.close();
});

const get = (path = '/v', more: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  url: server.url + path,
  headers: {},
  ...more,
});
const post = (more: Partial<HttpRequest> = {}): HttpRequest => get('/v', { method: 'POST', body: 'x', ...more });

async function failure(work: Promise<unknown>): Promise<VtnError> {
  const error = await work.then(
    () => new Error('expected a failure'),
    (e: unknown) => e,
  );
  if (error instanceof VtnError) return error;
  throw error;
}

describe('createHttpTransport', () => {
  it('gives any status back as an answer, with the body whole', async () => {
    server.handle(() => ({ status: 418, body: 'æ'.repeat(200_000), headers: { 'x-a': 'b', 'retry-after': '3' } }));
    const response = await transport.request(get());
    expect(response).toMatchObject({ status: 418, headers: { 'x-a': 'b' }, retryAfter: 3000 });
    expect(response.body).toBe('æ'.repeat(200_000));
  });

  it('has no more requests in flight than the limiter allows', async () => {
    transport = rig({ limiter: { max: 3 } }).transport;
    let most = 0;
    let held: (() => void)[] = [];
    server.handle(() => (response) => {
      held.push(() => response.end('{}'));
      most = Math.max(most, held.length);
      if (held.length < 3) return;
      const all = held;
      held = [];
      for (const end of all) end();
    });
    await Promise.all(Array.from({ length: 30 }, () => transport.request(get())));
    expect(most).toBe(3);
  });

  it('holds everybody back after 503 with Retry-After', async () => {
    const clock = new FakeClock();
    transport = rig({ clock }).transport;
    server.handle(() => problem(503, 'Busy', undefined, { 'retry-after': '5' }));
    await transport.request(get());
    const second = transport.request(get());
    await clock.advance(milliseconds(4999));
    expect(server.requests).toHaveLength(1);
    await clock.advance(milliseconds(1));
    await second;
    expect(server.requests).toHaveLength(2);
  });

  it('gives up on a server that does not answer, and marks a POST as ambiguous', async () => {
    const clock = new FakeClock();
    transport = rig({ clock, requestTimeout: seconds(2) }).transport;
    const arrived = new Promise<void>((resolve) => {
      let count = 0;
      server.handle(() => () => {
        if (++count === 2) resolve();
      });
    });
    const outcomes = Promise.all([failure(transport.request(get('/v?secret=hush'))), failure(transport.request(post()))]);
    await arrived;
    await clock.advance(seconds(3));
    const [read, write] = await outcomes;
    expect(read).toMatchObject({ code: 'VTN_TIMEOUT', ambiguous: false });
    expect(read?.message).toBe(`GET /v: ${server.url} did not answer within 2 s`);
    expect(write).toMatchObject({ code: 'VTN_TIMEOUT', ambiguous: true });
  });

  it('gives up on an answer that trickles in for too long', async () => {
    const clock = new FakeClock();
    transport = rig({ clock, requestTimeout: seconds(2) }).transport;
    const begun = new Promise<void>((resolve) => server.handle(() => (response) => response.write('[', () => resolve())));
    const outcome = failure(transport.request(get()));
    await begun;
    await clock.advance(seconds(3));
    expect((await outcome).code).toBe('VTN_TIMEOUT');
  });

  it('refuses an answer that is too long, without reading it to its end', async () => {
    transport = rig({ maxBodyBytes: 1000 }).transport;
    server.handle(() => ({ body: 'x'.repeat(1000) }));
    expect((await transport.request(get())).body).toHaveLength(1000);
    server.handle(() => (response) => {
      const more = () => {
        if (!response.destroyed) response.write('x'.repeat(10_000), () => setImmediate(more));
      };
      more();
    });
    expect(await failure(transport.request(post()))).toMatchObject({ code: 'VTN_PROTOCOL', ambiguous: true });
  });

  it('reports a connection that breaks in the middle of an answer', async () => {
    server.handle(() => (response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.socket?.destroy());
    });
    expect(await failure(transport.request(get()))).toMatchObject({ code: 'VTN_UNREACHABLE', ambiguous: false });
    expect(await failure(transport.request(post()))).toMatchObject({ code: 'VTN_UNREACHABLE', ambiguous: true });
    expect(await failure(transport.request(post({ repeatable: true })))).toMatchObject({ ambiguous: false });
  });

  it('reports a server that does not speak HTTP', async () => {
    const rude = createTcpServer((socket) => {
      socket.on('error', () => undefined).once('data', () => socket.end('220 mail.example ESMTP\r\n'));
    });
    await new Promise<void>((resolve) => rude.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(rude.address() as AddressInfo).port}/v`;
    expect(await failure(transport.request({ method: 'GET', url, headers: {} }))).toMatchObject({ code: 'VTN_PROTOCOL' });
    await new Promise((resolve) => rude.close(resolve));
  });

  it('reports a host name that is unknown', async () => {
    const error = await failure(transport.request({ method: 'GET', url: 'http://vtn.invalid/v', headers: {} }));
    expect(error).toMatchObject({
      code: 'VTN_UNREACHABLE',
      message: expect.stringContaining('http://vtn.invalid cannot be reached'),
    });
  });

  it('ends with the signal’s reason, before, in and after the wait for the limiter', async () => {
    await expect(transport.request(get('/v', { signal: AbortSignal.abort(new Error('early')) }))).rejects.toThrow('early');
    const controller = new AbortController();
    server.handle(() => () => controller.abort(new Error('enough')));
    await expect(transport.request(get('/v', { signal: controller.signal }))).rejects.toThrow('enough');
    server.handle(() => ({ body: 'next' }));
    expect((await transport.request(get())).body).toBe('next');
  });

  it('takes one signal for many requests without a warning of a leak, and leaves no listener behind', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 40 }, () => transport.request(get('/v', { signal }))));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', note);
    expect(warnings).toEqual([]);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('drops what is in flight when it closes, and refuses what comes later', async () => {
    const arrived = new Promise<void>((resolve) => server.handle(() => () => resolve()));
    const outcome = failure(transport.request(get()));
    await arrived;
    await transport.close();
    expect((await outcome).code).toBe('TRANSPORT_CLOSED');
    expect((await failure(transport.request(get()))).code).toBe('TRANSPORT_CLOSED');
  });

  it('logs method, path, status and time at debug level, and no query', async () => {
    const logger = new MemoryLogger();
    transport = createHttpTransport({ logger, clock: new FakeClock() });
    await transport.request(get('/v?secret=hush'));
    expect(logger.lines).toEqual([
      { level: 'debug', message: 'request', fields: { component: 'http', method: 'GET', path: '/v', status: 200, ms: 0 } },
    ]);
  });
});

const openssl = (() => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

(openssl ? describe : describe.skip)('TLS (needs openssl on the path)', () => {
  let secure: TestServer;
  let folder: string;
  let ca: string;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tls-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-days',
        '1',
        '-keyout',
        key,
        '-out',
        cert,
        ...subject,
      ],
      { stdio: 'ignore' },
    );
    ca = readFileSync(cert, 'utf8');
    secure = await serve(() => ({ body: 'safe' }), createTlsServer({ key: readFileSync(key), cert: ca }));
  });
  afterEach(async () => {
    await secure.close();
    rmSync(folder, { recursive: true });
  });

  const url = () => `${secure.url.replace('http:', 'https:')}/v`;

  it('85: verifies the certificate by default', async () => {
    const error = await failure(transport.request({ method: 'GET', url: url(), headers: {} }));
    expect(error).toMatchObject({ code: 'VTN_TLS', message: expect.stringContaining('self-signed') });
    expect(error.hint).toContain('certificate');
  });

  it('takes an authority of one’s own, or none on request', async () => {
    for (const tls of [{ ca }, { rejectUnauthorized: false }]) {
      const own = rig({ tls }).transport;
      expect((await own.request({ method: 'GET', url: url(), headers: {} })).body).toBe('safe');
      await own.close();
    }
  });

  it('says so when https meets plain HTTP', async () => {
    const error = await failure(
      transport.request({ method: 'GET', url: `${server.url.replace('http:', 'https:')}/v`, headers: {} }),
    );
    expect(error).toMatchObject({ code: 'VTN_TLS', hint: expect.stringContaining('http://') });
  });
});
