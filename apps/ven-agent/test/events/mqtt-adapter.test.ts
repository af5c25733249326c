import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Aedes } from 'aedes';
import { openMqttNotifications } from '../../src/events/adapters/mqtt-notifications.js';
import type { BrokerAccess, NotificationLink } from '../../src/events/push/mqtt-link.js';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

interface Broker {
  readonly aedes: Aedes;
  readonly port: number;
  readonly sockets: Set<Socket>;
}

/** A broker that knows one user, and keeps what is called `secret…` to itself. */
async function broker(tls?: TlsOptions): Promise<Broker> {
  const aedes = await Aedes.createBroker({
    authenticate: (_client, username, password, done) =>
      done(null, username === undefined || (username === 'ven' && password?.toString() === 'token')),
    authorizeSubscribe: (_client, subscription, done) =>
      done(null, subscription.topic.startsWith('secret') ? null : subscription),
  });
  const sockets = new Set<Socket>();
  const accept = (socket: Socket | TLSSocket) => {
    sockets.add(socket);
    aedes.handle(socket);
  };
  const server: Server = tls === undefined ? createServer(accept) : createTlsServer(tls, accept);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(async () => {
    await new Promise<void>((resolve) => aedes.close(resolve));
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { aedes, port: (server.address() as AddressInfo).port, sockets };
}

const received: string[] = [];
async function open(access: Partial<BrokerAccess> & { url: string }, topics = ['vens/v1/events/+']): Promise<NotificationLink> {
  received.length = 0;
  const receive = (payload: Buffer) => received.push(payload.toString());
  const link = await openMqttNotifications({ verifyTls: true, ...access }, topics, receive, new AbortController().signal);
  stops.push(() => link.close());
  return link;
}

const publish = ({ aedes }: Broker, topic: string, payload: string) =>
  new Promise<void>((resolve) =>
    aedes.publish({ cmd: 'publish', topic, payload, qos: 1, retain: false, dup: false }, () => resolve()),
  );
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

test('messages on its topics arrive, others do not', async () => {
  const mock = await broker();
  const link = await open({ url: `mqtt://127.0.0.1:${mock.port}`, username: 'ven', password: 'token' });
  expect(link.refused).toEqual([]);
  await publish(mock, 'vens/v2/events/create', 'other');
  await publish(mock, 'vens/v1/events/create', 'mine');
  await until(() => received.length > 0);
  expect(received).toEqual(['mine']);
});

test('topics that the broker keeps to itself are told', async () => {
  const mock = await broker();
  const link = await open({ url: `mqtt://127.0.0.1:${mock.port}` }, ['open/#', 'secret/#']);
  expect(link.refused).toEqual(['secret/#']);
});

test('a wrong token is told from a broker that is away', async () => {
  const mock = await broker();
  const url = `mqtt://127.0.0.1:${mock.port}`;
  await expect(open({ url, username: 'ven', password: 'old' })).rejects.toMatchObject({ code: 'BROKER_REFUSED' });
  for (const stop of stops.splice(0)) await stop();
  await expect(open({ url })).rejects.toMatchObject({
    code: 'BROKER_UNREACHABLE',
    message: expect.stringContaining('ECONNREFUSED'),
  });
});

test('the end of the connection is told once it comes', async () => {
  const mock = await broker();
  const link = await open({ url: `mqtt://127.0.0.1:${mock.port}` });
  for (const socket of mock.sockets) socket.destroy();
  expect(typeof (await link.ended)).toBe('string');
});

test('giving up ends an attempt, and leaves no connection', async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  stops.push(async () => void silent.close());
  const stopping = new AbortController();
  const { port } = silent.address() as AddressInfo;
  const access = { url: `mqtt://127.0.0.1:${port}`, verifyTls: true };
  const attempt = openMqttNotifications(access, ['a'], () => undefined, stopping.signal);
  stopping.abort(new DOMException('stop', 'AbortError'));
  await expect(attempt).rejects.toMatchObject({ name: 'AbortError' });
});

(hasOpenssl() ? describe : describe.skip)('over TLS (needs openssl on the path)', () => {
  let folder: string;
  let server: { key: string; cert: string };
  let client: { key: string; cert: string };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'venfleet-mqtt-'));
    const make = (name: string, subject: string[]) => {
      const [key, cert] = [join(folder, `${name}-key.pem`), join(folder, `${name}.pem`)];
      const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
      execFileSync('openssl', ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
      return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
    };
    server = make('server', ['-subj', '/CN=broker', '-addext', 'subjectAltName=IP:127.0.0.1']);
    client = make('client', ['-subj', '/CN=ven-aalborg']);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('the broker’s certificate is verified, by the authorities given', async () => {
    const mock = await broker(server);
    const url = `mqtts://127.0.0.1:${mock.port}`;
    await expect(open({ url })).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE' });
    expect((await open({ url, ca: server.cert })).refused).toEqual([]);
    expect((await open({ url, verifyTls: false })).refused).toEqual([]);
  });

  test('a client certificate logs in', async () => {
    const mock = await broker({ ...server, requestCert: true, rejectUnauthorized: true, ca: client.cert, maxVersion: 'TLSv1.2' });
    const url = `mqtts://127.0.0.1:${mock.port}`;
    await expect(open({ url, ca: server.cert })).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE' });
    expect((await open({ url, ca: server.cert, ...client })).refused).toEqual([]);
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
