import { describe, expect, test } from '@jest/globals';
import type { LoginWays } from '@venfleet/console-api';
import { seconds } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import { ApiError } from '../src/api/api-error.js';
import { Console } from '../src/app/console.js';
import { hrefOf, type Route, Router, routeOf } from '../src/app/router.js';
import { ThemeChoice } from '../src/app/theme.js';
import { loginProblem } from '../src/login/login-problem.js';
import { json, overview, totals, ven } from './support.js';

const SESSION = {
  server: 'vtn',
  name: 'VTN mock',
  user: 'bl',
  abilities: { writeEvents: true, audit: true, faults: false },
  version: '1',
  serverAt: 0,
};

/** A server with one good token and one good code. */
function page(ways: LoginWays['ways'], { isDown = false } = {}) {
  const clock = new FakeClock();
  const kept = new Map<string, string>();
  const state = { isDown, good: 'good', streams: [] as ReadableStreamDefaultController<Uint8Array>[] };
  const fetch = async (path: string, init?: RequestInit): Promise<Response> => {
    if (state.isDown) throw new TypeError('fetch failed');
    if (path === '/console/api/login') return json({ server: 'vtn', ways, tokenUrl: '/auth/token' });
    if (path === '/console/api/code') {
      const { code } = JSON.parse(String(init?.body)) as { code: string };
      return code === 'once'
        ? json({ access_token: 'good', token_type: 'Bearer', expires_in: 60 })
        : json({ detail: 'used up' }, 401);
    }
    const authorization = new Headers(init?.headers).get('authorization');
    if (!ways.includes('none') && authorization !== `Bearer ${state.good}`) return json({ detail: 'no' }, 401);
    if (path === '/console/api/session') return json(SESSION);
    if (path === '/console/api/series') return json({ startAt: 0, stepMs: 60_000, loadW: [1], baselineW: [null] });
    if (path !== '/console/api/stream') return json({}, 404);
    const body = new ReadableStream<Uint8Array>({ start: (controller) => void state.streams.push(controller) });
    init?.signal?.addEventListener('abort', () => state.streams.at(-1)?.error(init.signal?.reason));
    return new Response(body);
  };
  const made = new Console({
    fetch,
    tokens: {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => void kept.set(key, value),
      removeItem: (key) => void kept.delete(key),
    },
    clock,
    random: { next: () => 0.5 },
    frame: (callback) => callback(),
  });
  const send = (event: string, data: unknown) =>
    state.streams.at(-1)?.enqueue(new TextEncoder().encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
  return { console: made, clock, kept, state, send };
}

describe('the console', () => {
  test('asks who one is', async () => {
    const { console } = page(['client-credentials']);
    await console.start();
    expect(console.phase.value).toMatchObject({ kind: 'login', ways: { ways: ['client-credentials'] } });
  });

  test('opens by a login link', async () => {
    const { console, kept } = page(['client-credentials', 'code']);
    await console.start('once');
    expect(console.phase.value).toMatchObject({ kind: 'open', session: { name: 'VTN mock' } });
    expect([...kept.values()]).toEqual(['good']);
    await console.logOut();
  });

  test('says that a login link is used up', async () => {
    const { console } = page(['client-credentials', 'code']);
    await console.start('twice');
    expect(console.phase.value).toMatchObject({ kind: 'login', notice: expect.stringContaining('used up') });
  });

  test('opens by the token of before a reload, unless that is no longer good', async () => {
    const reloaded = page(['client-credentials']);
    reloaded.kept.set('venfleet-token', 'good');
    await reloaded.console.start();
    expect(reloaded.console.phase.value.kind).toBe('open');
    await reloaded.console.logOut();
    const late = page(['client-credentials']);
    late.kept.set('venfleet-token', 'expired');
    await late.console.start();
    expect(late.console.phase.value.kind).toBe('login');
    expect(late.kept.size).toBe(0);
  });

  test('asks nobody where the server does not', async () => {
    const { console } = page(['none']);
    await console.start();
    expect(console.phase.value.kind).toBe('open');
    await console.logOut();
  });

  test('says that the server does not answer, and opens when it does', async () => {
    const { console, state } = page(['none'], { isDown: true });
    await console.start();
    expect(console.phase.value).toMatchObject({ kind: 'unreachable', error: { code: 'API_UNREACHABLE' } });
    state.isDown = false;
    await console.start();
    expect(console.phase.value.kind).toBe('open');
    await console.logOut();
  });

  test('shows what the stream says, with the load so far', async () => {
    const { console, clock, send } = page(['none']);
    await console.start();
    await clock.advance(seconds(0));
    send('snapshot', overview({ serverAt: 7000, vens: [ven('Vejle')], totals: totals({ vens: 1 }) }));
    await clock.advance(seconds(2));
    expect(console.fleet.totals.value?.vens).toBe(1);
    expect(console.fleet.series.value.loadW).toEqual([1]);
    expect(console.now.value).toBe(9000);
    await console.logOut();
  });

  test('says aloud once that the connection is lost, and is live again by itself', async () => {
    const { console, clock, state, send } = page(['none']);
    await console.start();
    await clock.advance(seconds(0));
    send('snapshot', overview());
    await clock.advance(seconds(1));
    const told: string[] = [];
    console.told.subscribe((text) => void (text !== '' && told.push(text)));
    state.isDown = true;
    state.streams[0]?.close();
    await clock.advance(seconds(60));
    expect(console.fleet.connection.value.state).toBe('lost');
    expect(told).toEqual(['Connection lost. Trying again.']);
    state.isDown = false;
    await clock.advance(seconds(30));
    send('snapshot', overview());
    await clock.advance(seconds(1));
    expect(console.fleet.connection.value.state).toBe('live');
    await console.logOut();
  });

  test('asks who one is again when the session has ended', async () => {
    const { console, clock, kept, state } = page(['client-credentials']);
    kept.set('venfleet-token', 'good');
    await console.start();
    await clock.advance(seconds(0));
    state.good = 'another';
    state.streams[0]?.close();
    await clock.advance(seconds(10));
    expect(console.phase.value).toMatchObject({ kind: 'login', notice: expect.stringContaining('ended') });
    expect(kept.size).toBe(0);
    expect(clock.sleeping).toBe(0);
  });
});

describe('addresses', () => {
  const routes: Route[] = [
    { page: 'fleet' },
    { page: 'ven', ven: 'a/b ø' },
    { page: 'resource', resource: '1' },
    { page: 'events' },
    { page: 'events', event: 'e 1' },
    { page: 'reports' },
    { page: 'audit' },
    { page: 'faults' },
  ];

  test.each(routes)('%j is what its address says', (route) => {
    expect(routeOf(hrefOf(route))).toEqual(route);
  });

  test('that mean nothing lead to the fleet', () => {
    for (const fragment of ['', '#', '#/', '#/nonsense', '#/ven', '#/ven/']) expect(routeOf(fragment)).toEqual({ page: 'fleet' });
    expect(routeOf('#/ven/%E0%A4%A')).toEqual({ page: 'ven', ven: '%E0%A4%A' });
  });

  test('change the page, and the page changes them', () => {
    let changed = (): void => {};
    const address = {
      location: { hash: '#/events' },
      addEventListener: (_type: 'hashchange', listener: () => void) => {
        changed = listener;
      },
    };
    const router = new Router(address);
    expect(router.route.value).toEqual({ page: 'events' });
    router.go({ page: 'ven', ven: 'Vejle' });
    expect(address.location.hash).toBe('#/ven/Vejle');
    changed();
    expect(router.route.value).toEqual({ page: 'ven', ven: 'Vejle' });
  });
});

test('the look follows the system until one is chosen, which is kept', () => {
  const kept = new Map<string, string>();
  const dataset: Record<string, string | undefined> = {};
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
  const theme = new ThemeChoice({ storage, dataset });
  expect([theme.chosen.value, dataset.theme]).toEqual(['system', undefined]);
  theme.choose('dark');
  expect(dataset.theme).toBe('dark');
  expect(new ThemeChoice({ storage, dataset }).chosen.value).toBe('dark');
  theme.choose('system');
  expect('theme' in dataset).toBe(false);
});

test('a login that failed says what to do about it', () => {
  expect(loginProblem(new ApiError('API_BUSY', 'x', { hint: 'try again in 30 s' }))).toBe(
    'Too many attempts: try again in 30 s.',
  );
  expect(loginProblem(new ApiError('API_UNAUTHORIZED', 'the secret is wrong'))).toBe('Not accepted: the secret is wrong.');
  expect(loginProblem(new ApiError('API_UNREACHABLE', 'x'))).toContain('cannot be reached');
  expect(loginProblem(new ApiError('API_REFUSED', 'a VEN may not look.'))).toBe('A VEN may not look.');
});
