import { connect } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { seconds } from '@venfleet/core';
import type { Delta } from '../src/index.js';
import { PATHS } from '../src/index.js';
import type { ConsoleGuard } from '../src/server/index.js';
import { DELTA, fakeBackend, guard, OVERVIEW, Reader, TestConsole, TOKEN, USER } from './support/fakes.js';

let served: TestConsole | undefined;

afterEach(async () => {
  await served?.stop();
  served = undefined;
});

/** A console whose changes are those that the test makes. */
async function serve(options: { guard?: ConsoleGuard; overview?: () => typeof OVERVIEW | Promise<typeof OVERVIEW> } = {}) {
  const changes: Delta[] = [];
  let asked = 0;
  const backend = fakeBackend({
    overview: options.overview ?? (() => OVERVIEW),
    delta() {
      asked++;
      return changes.shift();
    },
  });
  served = await new TestConsole(backend, undefined, options.guard ?? guard).start();
  return { console: served, changes, asked: () => asked };
}

/** Until something holds, with real time for the network between two looks. */
async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; !isSo(); i++) {
    if (i > 10_000) throw new Error('it has not come to be so');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('the stream', () => {
  test('begins with a snapshot, and goes on with what changes, numbered', async () => {
    const { console, changes } = await serve();
    const answer = await console.fetch(PATHS.stream);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const reader = new Reader(answer);
    expect(await reader.next()).toEqual({ event: 'snapshot', id: '1', data: OVERVIEW });
    changes.push(DELTA);
    await until(() => console.clock.sleeping > 0);
    await console.clock.advance(seconds(1));
    expect(await reader.next()).toEqual({ event: 'delta', id: '2', data: DELTA });
  });

  test('says nothing more often than once a second, however many look', async () => {
    const { console, changes, asked } = await serve();
    const readers = [new Reader(await console.fetch(PATHS.stream)), new Reader(await console.fetch(PATHS.stream))];
    for (const reader of readers) await reader.next();
    changes.push(DELTA, { ...DELTA, serverAt: 3 });
    await until(() => console.clock.sleeping > 0);
    await console.clock.advance(seconds(1));
    expect(asked()).toBe(1);
    for (const reader of readers) expect((await reader.next())?.data.serverAt).toBe(2);
    await console.clock.advance(seconds(1));
    for (const reader of readers) expect((await reader.next())?.data.serverAt).toBe(3);
  });

  test('without a change there is a heartbeat each ten seconds', async () => {
    const { console } = await serve();
    const reader = new Reader(await console.fetch(PATHS.stream));
    await reader.next();
    await until(() => console.clock.sleeping > 0);
    await console.clock.advance(seconds(10));
    expect(await reader.next()).toMatchObject({ event: 'heartbeat', data: { serverAt: console.clock.now() } });
  });

  test('one who comes back begins with a snapshot, whatever it had last', async () => {
    const { console } = await serve();
    const reader = new Reader(await console.fetch(PATHS.stream, { headers: { 'last-event-id': '17' } }));
    expect((await reader.next())?.event).toBe('snapshot');
  });

  test('the source is asked nothing more once nobody looks', async () => {
    const { console, asked } = await serve();
    const reader = new Reader(await console.fetch(PATHS.stream));
    await reader.next();
    await reader.cancel();
    await until(() => console.server.readers === 0);
    await console.clock.advance(seconds(30));
    expect(asked()).toBeLessThanOrEqual(1);
    expect(console.clock.sleeping).toBe(0);
  });

  test('one whose snapshot is still being made is told nothing before it', async () => {
    let release: (() => void) | undefined;
    const snapshots = [Promise.resolve(OVERVIEW), new Promise<typeof OVERVIEW>((resolve) => (release = () => resolve(OVERVIEW)))];
    const { console, changes } = await serve({ overview: () => snapshots.shift() ?? OVERVIEW });
    const first = new Reader(await console.fetch(PATHS.stream));
    await first.next();
    const joining = console.fetch(PATHS.stream);
    await until(() => snapshots.length === 0 && console.clock.sleeping > 0);
    changes.push(DELTA);
    await console.clock.advance(seconds(1));
    expect((await first.next())?.event).toBe('delta');
    release?.();
    const second = await joining;
    expect(second.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect((await new Reader(second).next())?.event).toBe('snapshot');
  });

  test('it ends when the token does', async () => {
    const start = Date.parse('2026-01-01T00:00:00Z');
    const short: ConsoleGuard = { ...guard, admit: () => ({ ...USER, expiresAt: start + 5000 }) };
    const { console } = await serve({ guard: short });
    const reader = new Reader(await console.fetch(PATHS.stream));
    await reader.next();
    await until(() => console.clock.sleeping > 0);
    await console.clock.advance(seconds(5));
    expect(await reader.next()).toBeUndefined();
  });

  test('it ends when the server stops, and begins anew afterwards', async () => {
    const { console } = await serve();
    const reader = new Reader(await console.fetch(PATHS.stream));
    await reader.next();
    console.server.stop();
    expect(await reader.next()).toBeUndefined();
    const next = new Reader(await console.fetch(PATHS.stream));
    expect((await next.next())?.event).toBe('snapshot');
  });

  test('the fifty-first is told to come back later', async () => {
    const { console } = await serve();
    for (let i = 0; i < 50; i++) await new Reader(await console.fetch(PATHS.stream)).next();
    const refused = await console.fetch(PATHS.stream);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('30');
  });

  test('for one who does not read nothing piles up, and after half a minute it is cut off', async () => {
    // More than the network takes for one who does not read.
    const overview = () => ({ ...OVERVIEW, vens: [{ ...OVERVIEW.vens[0], name: 'x'.repeat(20_000_000) }] }) as typeof OVERVIEW;
    const { console, changes } = await serve({ overview });
    const socket = connect(console.port, '127.0.0.1');
    socket.pause();
    socket.on('error', () => undefined);
    socket.write(`GET ${PATHS.stream} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TOKEN}\r\n\r\n`);
    await until(() => console.server.readers === 1 && console.clock.sleeping > 0);
    for (let i = 0; i < 29; i++) {
      changes.push(DELTA);
      await console.clock.advance(seconds(1));
    }
    expect(console.server.readers).toBe(1);
    await console.clock.advance(seconds(3));
    expect(console.server.readers).toBe(0);
    socket.destroy();
  });
});
