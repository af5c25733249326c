import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { seconds, systemClock, systemRandom } from '@venfleet/core';
import { canMakeCertificates, FakeClock, MemoryLogger, makeCertificate } from '@venfleet/core/testing';
import { Aedes, type PublishPacket } from 'aedes';
import { openPublisher } from '../../src/alerts/adapters/mqtt-publisher.js';
import { postJson } from '../../src/alerts/adapters/post-json.js';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

interface Got {
  readonly method: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A receiver that gives one answer, and what it got. */
async function receiver(
  status: number,
  headers: Record<string, string> = {},
  tls?: { cert: string; key: string },
): Promise<{ url: string; got: Got[] }> {
  const got: Got[] = [];
  const handler: Parameters<typeof createServer>[1] = async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    got.push({ method: request.method, headers: request.headers, body });
    response.writeHead(status, headers).end('because');
  };
  const server: Server = tls === undefined ? createServer(handler) : createSecureServer(tls, handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, got };
}

const post = (url: string, extra: { token?: string; ca?: string } = {}) =>
  postJson({ url, ...extra }, systemClock)('{"a":1}', 'id-1', new AbortController().signal);

describe('a message by HTTP', () => {
  test('is posted as JSON with the bearer token and an id', async () => {
    const { url, got } = await receiver(204);
    expect(await post(url, { token: 'secret' })).toEqual({ kind: 'delivered' });
    expect(got).toHaveLength(1);
    expect(got[0]).toMatchObject({
      method: 'POST',
      body: '{"a":1}',
      headers: { authorization: 'Bearer secret', 'idempotency-key': 'id-1', 'content-type': 'application/json; charset=utf-8' },
    });
  });

  test.each<[number, Record<string, string>, object]>([
    [400, {}, { kind: 'refused', reason: 'status 400: because' }],
    [401, {}, { kind: 'unavailable', reason: 'status 401: because' }],
    [503, {}, { kind: 'unavailable', reason: 'status 503: because' }],
    [429, { 'retry-after': '7' }, { kind: 'unavailable', reason: 'status 429: because', after: seconds(7) }],
    // Where it leads to was not named, and must not see the token.
    [307, { location: 'http://127.0.0.1:1/' }, { kind: 'unavailable', reason: 'status 307: because' }],
  ])('that is answered with %s is judged by that', async (status, headers, outcome) => {
    expect(await post((await receiver(status, headers)).url, { token: 't' })).toEqual(outcome);
  });

  test('to somebody who is not there waits', async () => {
    expect(await post('http://127.0.0.1:1/')).toMatchObject({
      kind: 'unavailable',
      reason: expect.stringContaining('ECONNREFUSED'),
    });
  });

  test('that is not answered in time waits', async () => {
    const server = createTcpServer();
    const sockets: Socket[] = [];
    const clock = new FakeClock();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const connected = new Promise<void>((resolve) => {
      server.once('connection', (socket) => {
        sockets.push(socket);
        resolve();
      });
    });
    stops.push(() => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const outcome = postJson({ url }, clock)('{}', 'id', new AbortController().signal);
    await connected;
    await clock.advance(seconds(15));
    expect(await outcome).toEqual({ kind: 'unavailable', reason: 'it did not answer in time' });
  });

  (canMakeCertificates ? test : test.skip)(
    'goes to who shows a certificate that is trusted, and to nobody else (needs openssl)',
    async () => {
      const own = makeCertificate();
      const { url, got } = await receiver(200, {}, own);
      expect(await post(url, { token: 't' })).toMatchObject({ kind: 'unavailable' });
      expect(got).toEqual([]);
      expect(await post(url, { token: 't', ca: own.cert })).toEqual({ kind: 'delivered' });
    },
  );
});

/** A broker that remembers what is retained, and can drop its clients. */
async function broker() {
  const aedes = await Aedes.createBroker({});
  const sockets = new Set<Socket>();
  const retained = new Map<string, string>();
  aedes.on('publish', (packet: PublishPacket) => {
    if (packet.retain) retained.set(packet.topic, packet.payload.toString());
  });
  const server: TcpServer = createTcpServer((socket) => {
    sockets.add(socket);
    aedes.handle(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(async () => {
    await new Promise<void>((resolve) => aedes.close(resolve));
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return { url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`, retained, cut };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('states by MQTT', () => {
  test('are retained, with whether the agent is there; the broker itself says when it is gone', async () => {
    const { url, retained, cut } = await broker();
    let connected = 0;
    const publisher = openPublisher({ url, topic: 'site/pi' }, () => connected++, {
      random: systemRandom,
      logger: new MemoryLogger(),
    });
    stops.push(() => publisher.close());
    await until(() => retained.get('site/pi/status') === 'online');
    publisher.publish('alerts/VenSilent', '{"status":"firing"}');
    await until(() => retained.get('site/pi/alerts/VenSilent') === '{"status":"firing"}');
    cut();
    await until(() => retained.get('site/pi/status') === 'offline');
    await until(() => connected === 2 && retained.get('site/pi/status') === 'online');
    await publisher.close();
    expect(retained.get('site/pi/status')).toBe('offline');
  });

  test('are not queued while the broker is away, and its loss is told once', async () => {
    const logger = new MemoryLogger();
    const publisher = openPublisher({ url: 'mqtt://127.0.0.1:1', topic: 'x' }, () => undefined, { random: systemRandom, logger });
    publisher.publish('alerts/VenSilent', '{}');
    await until(() => logger.lines.length > 0);
    await publisher.close();
    expect(logger.lines.map(({ message }) => message)).toEqual(['the broker for alerts cannot be reached']);
  });
});
