import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { instant, seconds, systemClock } from '@venfleet/core';
import { Gateway, json, objectOf } from '../src/vtn/gateway.js';

describe('the gateway between a VEN and the VTN', () => {
  let vtn: Server;
  let gateway: Gateway;
  let url: string;
  beforeEach(async () => {
    vtn = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      response.writeHead(201, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ method: request.method, url: request.url, host: request.headers.host, body }));
    });
    await new Promise<void>((resolve) => vtn.listen(0, '127.0.0.1', resolve));
    gateway = new Gateway({ vtn: `http://127.0.0.1:${(vtn.address() as AddressInfo).port}`, clock: systemClock });
    url = await gateway.start();
  });
  afterEach(async () => {
    await gateway.stop();
    vtn.closeAllConnections();
    await new Promise((resolve) => vtn.close(resolve));
  });

  const wait = { patience: seconds(60), signal: new AbortController().signal };

  test('hands requests on as they are, by the name of its own, and keeps both sides', async () => {
    const answer = await fetch(`${url}/a/events?skip=1&x=ø`, { method: 'POST', body: '{"b":1}' });
    const seen = { method: 'POST', url: '/a/events?skip=1&x=%C3%B8', host: new URL(url).host, body: '{"b":1}' };
    expect([answer.status, await answer.json()]).toEqual([201, seen]);
    const [exchange] = gateway.exchanges;
    expect(exchange).toMatchObject({ ask: { method: 'POST', path: '/a/events', body: '{"b":1}' }, reply: { status: 201 } });
    expect(objectOf(exchange?.reply ?? { body: '' })).toEqual(seen);
  });

  test('lets rules answer and change answers, the latest first, until they are taken away', async () => {
    const first = gateway.rule(async (ask, next) => ({ ...(await next(ask)), status: 202 }));
    const second = gateway.rule((ask, next) => (ask.path === '/own' ? json(418, {}) : next({ ...ask, path: '/other' })));
    const ask = async (path: string) => {
      const answer = await fetch(url + path);
      return [answer.status, ((await answer.json()) as { url?: string }).url];
    };
    expect(await ask('/own')).toEqual([418, undefined]);
    expect(await ask('/a')).toEqual([202, '/other']);
    second();
    expect(await ask('/a')).toEqual([202, '/a']);
    first();
    expect(await ask('/a')).toEqual([201, '/a']);
  });

  test('waits for requests that fit, and gives those there are when no more come', async () => {
    const isA = ({ ask }: { ask: { path: string } }) => ask.path === '/a';
    const both = gateway.wait(instant(0), isA, { ...wait, count: 2 });
    for (const path of ['/a', '/b', '/a']) await (await fetch(url + path)).text();
    expect((await both).map(({ ask }) => ask.path)).toEqual(['/a', '/a']);
    expect(await gateway.wait(instant(0), isA, { ...wait, count: 3, patience: seconds(0) })).toHaveLength(2);
  });

  test('is away when it is to be, and back again', async () => {
    gateway.isDown = true;
    await expect(fetch(`${url}/a`)).rejects.toThrow();
    gateway.isDown = false;
    expect((await fetch(`${url}/a`)).status).toBe(201);
  });

  test('says that the VTN cannot be reached', async () => {
    vtn.closeAllConnections();
    await new Promise((resolve) => vtn.close(resolve));
    expect((await fetch(`${url}/a`)).status).toBe(502);
  });
});

test('a body that is no object is taken for an empty one', () => {
  expect(['', '[1]', 'null', '{', '"a"'].map((body) => objectOf({ body }))).toEqual([{}, {}, {}, {}, {}]);
});
