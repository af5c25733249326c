import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, test } from '@jest/globals';
import { hours, type Instant, instant, minutes, seconds } from '@venfleet/core';
import type { ReadingStore, ReadingStoreOptions } from '../../src/readings/store.js';
import { FOREVER, reading, START, secondsOf, storePlace, sweep } from './support.js';

const place = storePlace();

/** What starting a store threw. */
function failure(over: Partial<ReadingStoreOptions> = {}): unknown {
  try {
    place.store(over);
  } catch (error) {
    return error;
  }
  throw new Error('it started');
}

/** Adds sweeps of a hundred resources, ten seconds apart, merged every ten. @returns the seconds after the last */
async function fill(store: ReadingStore, sweeps: number, from = 0): Promise<number> {
  for (let i = 0; i < sweeps; i++) {
    store.add(sweep(100, from + i * 10));
    if (i % 10 === 9) await store.merge();
  }
  return from + sweeps * 10;
}

/** Lets an hour pass as the store sees it, every flush of it. */
async function passHour(): Promise<void> {
  for (let minute = 0; minute < 61; minute++) await place.clock.advance(minutes(1));
}

describe('two owners', () => {
  test('a second store on the same file is refused, and the first goes on', async () => {
    const store = place.store();
    expect(failure()).toMatchObject({ code: 'DB_IN_USE' });
    store.add(sweep(1, 0));
    expect(await store.flush()).toBe(true);
  });
});

test('killed at any moment, the store has what it said was on the disk, without holes', async () => {
  for (let round = 0; round < 5; round++) {
    const path = place.path(`killed-${round}.db`);
    const child = spawn(process.execPath, [join(import.meta.dirname, 'fill-store.mjs'), path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'close');
    let flushed = -1;
    let lines = 0;
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      flushed = Number(line);
      if (++lines === 3 + round * 7) child.kill('SIGKILL');
    }
    await ended;
    const store = place.store({ path });
    for (const resource of [1, 2, 3]) {
      const left = store.around(resource, ...FOREVER).map(({ at }) => Number(at));
      expect(left).toEqual(left.map((_, i) => i));
      expect(left.length).toBeGreaterThan(flushed);
    }
    expect([...place.alarms.raised]).toEqual([]);
    await place.stop(store);
  }
});

describe('a damaged file', () => {
  const damaged = () => readdirSync(place.folder).filter((name) => /^readings\.db\.damaged-[\dTZ.-]+$/.test(name));

  test('that is no database is moved aside with an alarm, and a new one begun', () => {
    writeFileSync(place.path(), 'this is not a database, however long one looks at it'.repeat(100));
    const store = place.store();
    expect(place.alarms.raised.get('READINGS_CORRUPT')).toContain(damaged()[0]);
    expect(readFileSync(join(place.folder, damaged()[0] as string), 'utf8')).toContain('not a database');
    store.add(sweep(1, 0));
    expect(store.latest(1)).toEqual(reading(1, 0));
  });

  test('that is damaged behind its first page is found when it is used; what is in memory goes into the new one', async () => {
    let store = place.store();
    await fill(store, 100);
    await place.stop(store);
    const size = readFileSync(place.path()).length;
    const fd = openSync(place.path(), 'r+');
    // Everything but the header page and the roots of the two trees.
    for (let page = 3; page < size / 4096; page++) writeSync(fd, Buffer.alloc(4096, 0xa5), 0, 4096, page * 4096);
    store = place.store();
    store.add(sweep(100, 5000));
    await store.merge();
    expect(place.alarms.raised.has('READINGS_CORRUPT')).toBe(true);
    expect(damaged()).toHaveLength(1);
    expect(secondsOf(store.around(50, ...FOREVER))).toEqual([5000]);
    await place.stop(store);
    store = place.store();
    expect(secondsOf(store.around(50, ...FOREVER))).toEqual([5000]);
  });

  test('of another kind, or of a newer venfleet, is refused and left as it is', async () => {
    await place.stop(place.store());
    const bytes = readFileSync(place.path());
    for (const [offset, code] of [
      [68, 'DB_WRONG_KIND'],
      [60, 'DB_NEWER'],
    ] as const) {
      const other = Buffer.from(bytes);
      other.writeUInt32BE(99, offset);
      writeFileSync(place.path(), other);
      expect(failure()).toMatchObject({ code });
      expect(readFileSync(place.path())).toEqual(other);
    }
  });
});

test('a read-only file is refused at the start', async () => {
  await place.stop(place.store());
  chmodSync(place.path(), 0o444);
  expect(failure()).toMatchObject({ code: 'DB_READONLY' });
});

describe('the size limit', () => {
  const maxBytes = 1024 * 1024;

  test('reported readings go first, oldest first; unreported ones stay', async () => {
    const reported = instant(START + 2000 * 1000);
    const store = place.store({ maxBytes, reportedUntil: (resource) => (resource <= 80 ? reported : undefined) });
    await fill(store, 200);
    for (let from = 2000; from < 5000; from += 100) {
      await fill(store, 10, from);
      await place.clock.advance(seconds(100));
    }
    const [kept, thinned] = [90, 25].map((resource) => secondsOf(store.around(resource, ...FOREVER)));
    expect(kept).toEqual(Array.from({ length: 500 }, (_, i) => i * 10));
    expect(thinned?.length).toBeLessThan(500);
    expect(thinned).toEqual(kept?.slice(-(thinned?.length ?? 0)));
    expect(thinned?.slice(-300)).toEqual(kept?.slice(-300));
    expect([...place.alarms.raised]).toEqual([]);
    expect(store.status().usedBytes).toBeLessThanOrEqual(maxBytes);
  });

  test('where nothing is reported, the oldest is given up for the newest, with an alarm and a count', async () => {
    const store = place.store({ maxBytes });
    for (let from = 0; from < 6000; from += 100) {
      await fill(store, 10, from);
      await place.clock.advance(seconds(100));
    }
    const left = secondsOf(store.around(7, ...FOREVER));
    expect(left.at(-1)).toBe(5990);
    expect(left).toEqual(left.map((_, i) => 5990 - (left.length - 1 - i) * 10));
    const { lost, waiting } = store.status();
    expect(lost + left.length * 100).toBe(600 * 100);
    expect(waiting).toBe(0);
    expect(place.alarms.raised.has('READINGS_LOST')).toBe(true);
    expect(place.alarms.raised.has('READINGS_DISK_FULL')).toBe(false);
    expect(readFileSync(place.path()).length).toBeLessThanOrEqual(maxBytes);
  });
});

describe('a full disk', () => {
  // SQLite keeps to its page limit exactly as to a disk without room: SQLITE_FULL from whatever needs a page.
  const full = { maxBytes: 256 * 1024, mergeInterval: hours(1000) };

  test('makes room by giving up what is reported', async () => {
    const store = place.store({ ...full, reportedUntil: () => instant(START + 1_500_000) });
    await fill(store, 200);
    expect([...place.alarms.raised]).toEqual([]);
    const left = secondsOf(store.around(7, ...FOREVER));
    expect(left[0]).toBeGreaterThan(0);
    expect(left.filter((s) => s >= 1500)).toEqual(Array.from({ length: 50 }, (_, i) => 1500 + i * 10));
  });

  test('with nothing reported: what is on the disk stays, the newest wait in bounded memory, an alarm is raised; it recovers', async () => {
    let reported: Instant | undefined;
    const store = place.store({ ...full, maxWaiting: 2000, reportedUntil: () => reported });
    const end = await fill(store, 400);
    expect(place.alarms.raised.has('READINGS_DISK_FULL')).toBe(true);
    expect(place.alarms.raised.has('READINGS_LOST')).toBe(true);
    const { waiting, lost, added } = store.status();
    expect(waiting).toBe(2000);
    const during = secondsOf(store.around(7, ...FOREVER));
    expect(during[0]).toBe(0);
    expect(during.slice(-20)).toEqual(Array.from({ length: 20 }, (_, i) => end - 200 + i * 10));
    expect(during.length * 100 + lost).toBe(added);

    reported = instant(START + 600_000);
    await place.clock.advance(seconds(31));
    await store.merge();
    expect(await store.flush()).toBe(true);
    await store.merge();
    expect(store.status()).toMatchObject({ waiting: 0, lost });
    expect(place.alarms.raised.has('READINGS_DISK_FULL')).toBe(false);
    const recovered = secondsOf(store.around(7, ...FOREVER));
    expect(recovered.length).toBeLessThan(during.length);
    expect(recovered.filter((s) => s >= 600)).toEqual(during.filter((s) => s >= 600));
  });
});

describe('retention by age', () => {
  test('deletes reported readings older than the limit, once the clock has been steady for an hour', async () => {
    const reported = instant(START + 1000 * 1000);
    const options = { maxAge: minutes(5), reportedUntil: (resource: number) => (resource === 1 ? reported : undefined) };
    const store = place.store(options);
    await fill(store, 200);
    await place.clock.advance(minutes(50));
    expect(store.around(1, ...FOREVER)).toHaveLength(200);
    await passHour();
    await passHour();
    expect(secondsOf(store.around(1, ...FOREVER))[0]).toBe(1000);
    expect(store.around(2, ...FOREVER)).toHaveLength(200);
  });

  test('a clock that was set a year ahead deletes nothing for an hour, and nothing when it is set back by then', async () => {
    const store = place.store({ maxAge: hours(24), reportedUntil: () => instant(START + 1e9) });
    await fill(store, 20);
    await passHour();
    await passHour();
    place.clock.step(365 * 86_400_000);
    await place.clock.advance(minutes(30));
    await place.clock.advance(minutes(29));
    place.clock.step(-365 * 86_400_000);
    await passHour();
    await passHour();
    expect(store.around(1, ...FOREVER)).toHaveLength(20);
  });
});
