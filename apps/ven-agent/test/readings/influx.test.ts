import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Clock, milliseconds, seconds, watts } from '@venfleet/core';
import { sequenceRandom } from '@venfleet/core/testing';
import fc from 'fast-check';
import { InfluxCopy, type InfluxCopyOptions } from '../../src/readings/influx/copy.js';
import { seriesKey, toLine } from '../../src/readings/influx/line-protocol.js';
import { reading, storePlace, sweep } from './support.js';

/** A series key read as the servers do: a backslash takes the special meaning of what follows. */
function parseSeries(key: string): { measurement: string; tags: Record<string, string> } {
  const split = (text: string, at: RegExp) => text.split(at).map((part) => part.replace(/\\([,= ])/g, '$1'));
  const [head = '', ...rest] = key.split(/(?<!\\),/);
  const tags = rest.map((pair) => split(pair, /(?<!\\)=/));
  for (const pair of tags) expect(pair).toHaveLength(2);
  return { measurement: split(head, /$^/)[0] ?? '', tags: Object.fromEntries(tags) };
}

describe('line protocol', () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom(',', '=', ' ', '\\', '"', 'å', '\n', '\t', 'x', '😀') }),
  );
  const expected = (value: string) => value.replace(/\p{Cc}/gu, ' ').replaceAll('\\', '/');

  test('measurement, tag keys and tag values come back as they were, whatever is in them', () => {
    fc.assert(
      fc.property(text, fc.dictionary(text, text), (measurement, tags) => {
        const entries = Object.entries(tags).filter(([key, value]) => key !== '' && value !== '');
        // Keys that differ in a backslash alone become one.
        fc.pre(measurement !== '' && new Set(entries.map(([key]) => expected(key))).size === entries.length);
        const key = seriesKey(measurement, tags);
        expect(key).not.toMatch(/\p{Cc}|\\(?![,= ])/u);
        expect(parseSeries(key)).toEqual({
          measurement: expected(measurement),
          tags: Object.fromEntries(entries.map(([k, v]) => [expected(k), expected(v)])),
        });
      }),
    );
  });

  test('tags are sorted, empty ones are left out', () => {
    expect(seriesKey('meter', { ven: 'Nykøbing Falster', meter_point: '', b: '1', a: 'x=y,z' })).toBe(
      'meter,a=x\\=y\\,z,b=1,ven=Nykøbing\\ Falster',
    );
  });

  test('a reading is one line: what is absent is left out, the flags are always there', () => {
    expect(toLine('m', reading(1, 0))).toBe('m power_w=3600,import_wh=1000,flags=0i 1772323200000');
    const absent = { power: undefined, importEnergy: undefined, flags: 32 };
    expect(toLine('m', reading(1, 0, absent))).toBe('m flags=32i 1772323200000');
    const precise = reading(1, 0, { power: watts(-0.1 - 0.2), stateOfCharge: 0.5, flags: 2 });
    expect(toLine('m', precise)).toBe('m power_w=-0.3,import_wh=1000,state_of_charge=0.5,flags=2i 1772323200000');
  });

  test('numbers of any size are numbers of the protocol', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (power) => {
        const line = toLine('m', reading(1, 0, { power: power as never }));
        expect(line).toMatch(/^m power_w=-?\d+(\.\d+)?(e[+-]\d+)?,import_wh=1000,flags=0i \d+$/);
      }),
    );
  });
});

const FOREVER_MS = 1e12;
const REQUEST_TIMEOUT_MS = 30_000;
type Answer = { status: number; headers?: Record<string, string>; body?: string } | 'silence';

const place = storePlace();
let received: { url: string; headers: IncomingMessage['headers']; lines: string[] }[];
let answers: ((lines: string[]) => Answer)[];
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const lines = gunzipSync(Buffer.concat(chunks)).toString('utf8').split('\n');
    received.push({ url: request.url ?? '', headers: request.headers, lines });
    const answer = (answers.length > 1 ? answers.shift() : answers[0])?.(lines) ?? { status: 204 };
    if (answer !== 'silence') response.writeHead(answer.status, answer.headers).end(answer.body);
  });
});
let url: string;
let copies: InfluxCopy[];

beforeEach(async () => {
  received = [];
  answers = [];
  copies = [];
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  for (const copy of copies) await copy.stop();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

function start(over: Partial<InfluxCopyOptions> = {}): InfluxCopy {
  const copy = new InfluxCopy({
    target: { url, version: 1, database: 'venfleet' },
    tagsOf: (resource) => ({ resource: `r${resource}` }),
    spool: place.path('spool.db'),
    interval: milliseconds(FOREVER_MS),
    clock: place.clock,
    random: sequenceRandom(0.5),
    alarms: place.alarms,
    ...over,
  });
  copy.start();
  copies.push(copy);
  return copy;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((done) => setImmediate(done));
}

/** A clock on which pauses between attempts are over at once; `pauses` has their lengths in ms. */
function eagerClock(): { clock: Clock; pauses: number[] } {
  const pauses: number[] = [];
  const clock: Clock = {
    now: () => place.clock.now(),
    monotonic: () => place.clock.monotonic(),
    async sleep(duration, signal) {
      if (duration === FOREVER_MS || duration === REQUEST_TIMEOUT_MS) return place.clock.sleep(duration, signal);
      pauses.push(duration);
    },
  };
  return { clock, pauses };
}

const linesReceived = () => received.flatMap(({ lines }) => lines);

test('1.x: one compressed POST to /write with database, precision and Basic credentials', async () => {
  const copy = start({
    target: { url, version: 1, database: 'my db', retentionPolicy: 'year', username: 'u', password: 'p:w' },
  });
  copy.add(sweep(2, 0));
  await copy.seal();
  await copy.drain();
  expect(received).toHaveLength(1);
  expect(received[0]).toMatchObject({
    url: '/write?db=my+db&rp=year&precision=ms',
    headers: { authorization: `Basic ${Buffer.from('u:p:w').toString('base64')}`, 'content-encoding': 'gzip' },
    lines: [1, 2].map((r) => `meter,resource=r${r} power_w=3600,import_wh=1000,flags=0i 1772323200000`),
  });
});

test('2.x: POST to /api/v2/write with organisation, bucket and token; a path before it is kept', async () => {
  const copy = start({ target: { url: `${url}/influx/`, version: 2, org: 'o&o', bucket: 'b', token: 't' } });
  copy.add(sweep(1, 0));
  await copy.seal();
  await copy.drain();
  expect(received[0]).toMatchObject({
    url: '/influx/api/v2/write?org=o%26o&bucket=b&precision=ms',
    headers: { authorization: 'Token t' },
  });
});

test('batches have 5,000 lines at most and go out by themselves', async () => {
  const copy = start({ interval: seconds(10) });
  copy.add(sweep(12_000, 0));
  await place.clock.advance(seconds(10));
  await until(() => copy.status().written === 12_000);
  expect(received.map(({ lines }) => lines.length)).toEqual([5000, 5000, 2000]);
  expect(copy.status()).toMatchObject({ spooledBytes: 0, refused: 0, lost: 0 });
});

test('an outage is waited for, with an alarm; then everything arrives in order', async () => {
  answers = [500, 503, 401, 404, 204].map((status) => () => ({ status }));
  const { clock, pauses } = eagerClock();
  const copy = start({ clock });
  copy.add(sweep(3, 0));
  await copy.seal();
  const draining = copy.drain();
  await until(() => received.length > 0);
  copy.add(sweep(3, 10));
  await copy.seal();
  await draining;
  await copy.drain();
  // Full jitter at half of 1, 2, 4, 8 s.
  expect(pauses).toEqual([500, 1000, 2000, 4000]);
  expect(place.alarms.raised.has('COPY_WAITING')).toBe(false);
  expect(
    linesReceived()
      .slice(-6)
      .map((line) => line.slice(-13)),
  ).toEqual([...Array(3).fill('1772323200000'), ...Array(3).fill('1772323210000')]);
  expect(copy.status()).toMatchObject({ written: 6, spooledBytes: 0 });
});

test('the alarm names the server and what it said, never the credentials', async () => {
  answers = [() => ({ status: 401, body: 'unauthorized' })];
  const copy = start({ target: { url, version: 2, org: 'o', bucket: 'b', token: 'very-secret' } });
  copy.add(sweep(1, 0));
  await copy.seal();
  const draining = copy.drain();
  await until(() => place.alarms.raised.has('COPY_WAITING'));
  expect(place.alarms.raised.get('COPY_WAITING')).toBe(`${url}: status 401: unauthorized`);
  await copy.stop();
  copies = [];
  await expect(draining).rejects.toThrow('aborted');
});

test('Retry-After is kept, in seconds or as a date, but no longer than a quarter of an hour', async () => {
  const asked = ['120', new Date(place.clock.now() + 300_000).toUTCString(), '86400'];
  answers = [
    ...asked.map((retryAfter) => () => ({ status: 429, headers: { 'retry-after': retryAfter } })),
    () => ({ status: 204 }),
  ];
  const { clock, pauses } = eagerClock();
  const copy = start({ clock });
  copy.add(sweep(1, 0));
  await copy.seal();
  await copy.drain();
  expect(pauses).toEqual([120_500, 300_500, 900_500]);
});

test('a server that does not answer is given up after half a minute and asked again', async () => {
  answers = [() => 'silence', () => ({ status: 204 })];
  const copy = start();
  copy.add(sweep(1, 0));
  await copy.seal();
  const draining = copy.drain();
  await until(() => received.length === 1);
  await place.clock.advance(seconds(30));
  await until(() => place.alarms.raised.has('COPY_WAITING'));
  expect(place.alarms.raised.get('COPY_WAITING')).toContain('did not answer in time');
  await place.clock.advance(seconds(1));
  await draining;
  expect(copy.status().written).toBe(1);
});

test('a server that is not there is waited for', async () => {
  const gone = start({ target: { url: 'http://127.0.0.1:1', version: 1, database: 'd' } });
  gone.add(sweep(1, 0));
  await gone.seal();
  gone.drain().catch(() => {});
  await until(() => place.alarms.raised.has('COPY_WAITING'));
  expect(place.alarms.raised.get('COPY_WAITING')).toMatch(/^http:\/\/127.0.0.1:1: /);
});

test('a bad line is found by halves and skipped with at most a 64th of its batch; the others arrive', async () => {
  answers = [
    (lines) =>
      lines.some((line) => line.includes('resource=r2000 ')) ? { status: 400, body: 'field type conflict' } : { status: 204 },
  ];
  const copy = start();
  copy.add(sweep(5000, 0));
  await copy.seal();
  await copy.drain();
  const { written, refused } = copy.status();
  expect(refused).toBeLessThanOrEqual(79);
  expect(written + refused).toBe(5000);
  expect(place.alarms.raised.get('COPY_REFUSED')).toContain('field type conflict');
});

test('where every line is bad the copy goes on, at 127 requests a batch', async () => {
  answers = [() => ({ status: 422 })];
  const copy = start();
  copy.add(sweep(5000, 0));
  await copy.seal();
  await copy.drain();
  expect(copy.status()).toMatchObject({ written: 0, refused: 5000, spooledBytes: 0 });
  expect(received).toHaveLength(127);
});

test('a batch that is too large is halved until it fits', async () => {
  answers = [(lines) => ({ status: lines.length > 9 ? 413 : 204 })];
  const copy = start();
  copy.add(sweep(5000, 0));
  await copy.seal();
  await copy.drain();
  expect(copy.status()).toMatchObject({ written: 5000, refused: 0 });
});

test('what was not sent is sent after a restart', async () => {
  const copy = start();
  copy.add(sweep(3, 0));
  await copy.stop();
  copies = [];
  expect(received).toEqual([]);
  await start().drain();
  expect(linesReceived()).toHaveLength(3);
});

test('the spool is bounded: the oldest lines go, counted and with an alarm', async () => {
  const copy = start({ maxSpoolBytes: 2000 });
  for (let i = 0; i < 30; i++) {
    copy.add(sweep(20, i * 10));
    await copy.seal();
  }
  const { lost, spooledBytes } = copy.status();
  expect(spooledBytes).toBeLessThanOrEqual(2000);
  expect(place.alarms.raised.has('COPY_LOST')).toBe(true);
  await copy.drain();
  expect(linesReceived()).toHaveLength(600 - lost);
  expect(linesReceived().at(-1)).toContain(String(1772323200000 + 290_000));
});

test('a redirect is not followed: credentials are for the server that was named', async () => {
  answers = [() => ({ status: 307, headers: { location: `${url}/elsewhere` } }), () => ({ status: 204 })];
  const copy = start({ clock: eagerClock().clock });
  copy.add(sweep(1, 0));
  await copy.seal();
  await copy.drain();
  expect(received.map((r) => r.url.split('?')[0])).toEqual(['/write', '/write']);
});

test('lines go to the disk while the server keeps us waiting', async () => {
  answers = [() => ({ status: 429, headers: { 'retry-after': '900' } })];
  const copy = start({ interval: seconds(10) });
  copy.add(sweep(1, 0));
  await place.clock.advance(seconds(10));
  await until(() => place.alarms.raised.has('COPY_WAITING'));
  const { spooledBytes } = copy.status();
  copy.add(sweep(100, 10));
  await place.clock.advance(seconds(10));
  await until(() => copy.status().spooledBytes > spooledBytes);
  expect(copy.status().lost).toBe(0);
});

test('two processes do not share a spool', () => {
  start();
  expect(() => start()).toThrow(expect.objectContaining({ code: 'DB_IN_USE' }));
});
