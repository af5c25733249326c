import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { MemoryLogger } from '@venfleet/core/testing';
import type { Notification } from '@venfleet/openadr';
import { type Inbox, WebhookReceiver } from '../../src/events/push/webhook-receiver.js';

let receiver: WebhookReceiver;
let inbox: Inbox;
let received: Notification[];
let logger: MemoryLogger;
beforeEach(async () => {
  logger = new MemoryLogger();
  received = [];
  receiver = new WebhookReceiver({ host: '127.0.0.1', port: 0 }, logger);
  await receiver.start();
  inbox = receiver.open((notification) => received.push(notification));
});
afterEach(() => receiver.stop());

const body = JSON.stringify({ objectType: 'EVENT', operation: 'POST', object: { id: 'e1' } });
const post = (url = inbox.url, token: string | undefined = inbox.bearerToken, content = body) =>
  fetch(url, { method: 'POST', body: content, headers: token === '' ? {} : { authorization: `Bearer ${token}` } });

describe('line 82: callbacks', () => {
  test('the echo challenge is answered with its value', async () => {
    const value = 'Zufall æøå +&= 17';
    const response = await fetch(`${inbox.url}?echo=${encodeURIComponent(value)}`);
    expect([response.status, await response.text()]).toEqual([200, value]);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('a notification with the right token is passed on', async () => {
    expect((await post()).status).toBe(200);
    expect(received).toEqual([{ objectType: 'EVENT', operation: 'CREATE', id: 'e1' }]);
  });

  test.each(['', 'wrong', `${'x'.repeat(43)}`])('one with the token "%s" is refused', async (token) => {
    expect((await post(inbox.url, token)).status).toBe(401);
    expect(received).toEqual([]);
    expect(logger.lines.map(({ level }) => level)).toEqual(['warn']);
  });

  test('the token of one inbox opens no other', async () => {
    const other = receiver.open((notification) => received.push(notification));
    expect((await post(other.url)).status).toBe(401);
    expect(received).toEqual([]);
  });

  test('neither token nor path is ever the same, and both are long', () => {
    const inboxes = Array.from({ length: 100 }, () => receiver.open(() => undefined));
    expect(new Set(inboxes.map(({ url }) => url)).size).toBe(100);
    expect(new Set(inboxes.map(({ bearerToken }) => bearerToken)).size).toBe(100);
    expect(inbox.bearerToken).toMatch(/^[\w-]{43}$/);
    expect(inbox.url).toMatch(/\/[\w-]{24}$/);
  });
});

test('whoever does not know the path finds nothing, not even whether something is wrong with the request', async () => {
  for (const url of [receiver.url, `${receiver.url}unknown`, `${receiver.url}?echo=1`]) {
    expect((await fetch(url)).status).toBe(404);
    expect((await post(url)).status).toBe(404);
  }
});

test('a closed inbox is gone', async () => {
  inbox.close();
  expect((await post()).status).toBe(404);
});

test.each([
  ['DELETE', 405],
  ['PUT', 405],
  ['GET', 400],
])('%s without more is answered with %i', async (method, status) => {
  expect((await fetch(inbox.url, { method })).status).toBe(status);
});

test.each([
  ['nothing', ''],
  ['no JSON', 'nonsense'],
  ['an object of another kind', '{}'],
  ['a list', '[]'],
  ['endless nesting', '['.repeat(100_000)],
])('%s is no notification, and refused', async (_, content) => {
  expect((await post(inbox.url, inbox.bearerToken, content)).status).toBe(400);
  expect(received).toEqual([]);
});

test('a body without end is cut off', async () => {
  const response = await post(inbox.url, inbox.bearerToken, `"${'x'.repeat(1024 * 1024)}"`);
  expect(response.status).toBe(413);
  expect((await post()).status).toBe(200);
});

test('a caller that goes away in the middle harms nobody', async () => {
  const { port, pathname } = new URL(inbox.url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(
    `POST ${pathname} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${inbox.bearerToken}\r\ncontent-length: 100\r\n\r\n{`,
  );
  await new Promise<void>((resolve) => socket.once('connect', () => socket.end(resolve)));
  socket.destroy();
  expect((await post()).status).toBe(200);
  expect(received).toHaveLength(1);
});

test('the VTN is told the public address, whatever is listened on', async () => {
  const other = new WebhookReceiver({ host: '127.0.0.1', port: 0, publicUrl: 'https://ven.example.org/openadr' }, logger);
  await other.start();
  try {
    expect(other.open(() => undefined).url).toMatch(/^https:\/\/ven\.example\.org\/openadr\/[\w-]{24}$/);
  } finally {
    await other.stop();
  }
});

test('a port that is taken is told with what to do', async () => {
  const port = Number(new URL(receiver.url).port);
  await expect(new WebhookReceiver({ host: '127.0.0.1', port }, logger).start()).rejects.toMatchObject({
    code: 'PORT_TAKEN',
    hint: expect.stringContaining('events.webhook.port'),
  });
});

(hasOpenssl() ? describe : describe.skip)('with a certificate (needs openssl on the path)', () => {
  let folder: string;
  let certFile: string;
  let keyFile: string;
  const make = () => {
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync('openssl', ['req', '-x509', ...kind, ...subject, '-keyout', keyFile, '-out', certFile], { stdio: 'ignore' });
  };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'venfleet-webhook-'));
    [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    make();
    writeFileSync(join(folder, 'broken.pem'), 'nothing');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('it speaks HTTPS, and takes up one that is renewed', async () => {
    const secure = new WebhookReceiver({ host: '127.0.0.1', port: 0, tls: { certFile, keyFile } }, logger);
    await secure.start();
    try {
      const { url } = secure.open(() => undefined);
      expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+\//);
      const echo = (ca: Buffer) =>
        new Promise<string>((resolve, reject) => {
          const answered = (response: IncomingMessage) => response.setEncoding('utf8').on('data', resolve);
          request(`${url}?echo=hello`, { ca, agent: false }, answered).on('error', reject).end();
        });
      const first = readFileSync(certFile);
      expect(await echo(first)).toBe('hello');
      make();
      secure.renewCertificate();
      expect(await echo(readFileSync(certFile))).toBe('hello');
      await expect(echo(first)).rejects.toThrow();
      writeFileSync(keyFile, 'nothing');
      secure.renewCertificate();
      expect(await echo(readFileSync(certFile))).toBe('hello');
      expect(logger.lines.at(-1)?.message).toBe('the certificate of the webhook cannot be renewed');
      make();
    } finally {
      await secure.stop();
    }
  });

  test.each([
    ['that is missing', 'missing.pem', 'FILE_UNREADABLE'],
    ['that is none', 'broken.pem', 'TLS_INVALID'],
  ])('one %s is told at the start', async (_, name, code) => {
    const tls = { certFile: join(folder, name), keyFile };
    await expect(new WebhookReceiver({ host: '127.0.0.1', port: 0, tls }, logger).start()).rejects.toMatchObject({ code });
  });
});

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
