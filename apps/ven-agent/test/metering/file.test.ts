import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from '@jest/globals';
import { minutes, silentLogger } from '@venfleet/core';
import fc from 'fast-check';
import { openCsvRows } from '../../src/metering/adapters/csv-rows.js';
import { CsvText } from '../../src/metering/file/csv-text.js';
import { FileReplay } from '../../src/metering/file/replay.js';
import { FakeClock, resource } from './support.js';

const folder = mkdtempSync(join(tmpdir(), 'venfleet-file-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HEADER = 'timestamp,meter_point_id,resource_id,power_w,energy_import_wh,energy_export_wh,voltage_l1_v\n';
const [a, b] = [resource(1), resource(2)];
const line = (minute: number, { meterPointId, resourceId }: typeof a, powerW: number | '') =>
  `2026-01-01T00:${String(minute).padStart(2, '0')}:00.000Z,${meterPointId},${resourceId},${powerW},${minute * 10},0,230\n`;

function setUp(name: string, content: string | Buffer, start = '2026-01-01T00:00:00Z') {
  const file = join(folder, name);
  writeFileSync(file, content);
  const clock = new FakeClock(start);
  const replay = new FileReplay({ plan: { file, resources: [a, b] }, open: openCsvRows, clock, logger: silentLogger });
  replay.start();
  const read = (i: number) =>
    replay.drivers[i]?.read().then(
      (samples) => samples.map(({ values }) => values.powerW),
      (error: { code: string; message: string }) => `${error.code} ${error.message}`,
    );
  return { file, clock, replay, read };
}

describe('a file of meter values', () => {
  test.each([false, true])('is replayed by the clock, each row when its time has come (gzip: %s)', async (gzip) => {
    const text = HEADER + line(0, a, 1) + line(0, b, 2) + line(1, a, 3) + line(2, a, 4) + line(2, b, 5);
    const { clock, read, replay } = setUp(gzip ? 'r.csv.gz' : 'r.csv', gzip ? gzipSync(text) : text);
    expect(await read(0)).toEqual([1]);
    expect(await read(1)).toEqual([2]);
    expect(await read(0)).toEqual([]);
    await clock.advance(minutes(2));
    expect(await read(0)).toEqual([3, 4]);
    expect(await read(1)).toEqual([5]);
    await replay.stop();
  });

  test('gives an error when its last value is stale', async () => {
    const { clock, read, replay } = setUp('stale.csv', HEADER + line(0, a, 1));
    expect(await read(0)).toEqual([1]);
    await clock.advance(minutes(31));
    expect(await read(0)).toMatch(/^METER_STALE .*2026-01-01T00:00:00/);
    expect(await read(1)).toMatch(/^METER_STALE/);
    await replay.stop();
  });

  test('of rows long past gives none', async () => {
    const { read, replay } = setUp('past.csv', HEADER + line(0, a, 1) + line(1, a, 2), '2026-01-02T00:00:00Z');
    expect(await read(0)).toMatch(/^METER_STALE/);
    await replay.stop();
  });

  test('leaves out a value that is not there', async () => {
    const { read, replay } = setUp('absent.csv', HEADER + line(0, a, ''));
    expect(await read(0)).toEqual([undefined]);
    await replay.stop();
  });

  test.each([
    ['no number', HEADER + line(0, a, 1).replace(',1,', ',one,'), /:2: power_w: "one" is no number/],
    [
      'a time without a zone',
      HEADER + line(0, a, 1).replace('.000Z', ''),
      /:2: timestamp: "2026-01-01T00:00:00" is no ISO 8601 time with a zone/,
    ],
    ['times that run backwards', HEADER + line(3, a, 1) + line(2, a, 1), /:3: timestamp: is earlier/],
    ['a missing column', 'power_w\n1\n', /:2: timestamp: is missing/],
    ['a row too short', `${HEADER}${line(0, a, 1)}2026\n`, /:3: /],
  ])('with %s says in which line', async (_, content, words) => {
    const { clock, read, replay } = setUp('bad.csv', content);
    await read(0);
    await clock.advance(minutes(5));
    // What stands before the mistake is read, and then it is told.
    await read(0);
    const outcome = await read(0);
    expect(outcome).toMatch(/^METER_FILE_INVALID/);
    expect(outcome).toMatch(words);
    await replay.stop();
  });

  test('that grows is followed: a row counts when its line is ended', async () => {
    const { file, clock, read, replay } = setUp('grows.csv', HEADER + line(0, a, 1));
    expect(await read(0)).toEqual([1]);
    await clock.advance(minutes(3));
    const [second, third] = [line(1, a, 2), line(2, a, 34)];
    appendFileSync(file, second + third.slice(0, -8));
    expect(await read(0)).toEqual([2]);
    appendFileSync(file, third.slice(-8));
    expect(await read(0)).toEqual([34]);
    expect(await read(0)).toEqual([]);
    await replay.stop();
  });

  test('that is rotated is read to its end, then the one that takes its place', async () => {
    const { file, clock, read, replay } = setUp('rotated.csv', HEADER + line(0, a, 1));
    expect(await read(0)).toEqual([1]);
    await clock.advance(minutes(5));
    appendFileSync(file, line(1, a, 2));
    renameSync(file, `${file}.1`);
    expect(await read(0)).toEqual([2]);
    writeFileSync(file, HEADER + line(2, a, 3));
    expect(await read(0)).toEqual([3]);
    await replay.stop();
  });

  test('that is cut short is read anew, and what it repeats is not read twice', async () => {
    const { file, clock, read, replay } = setUp('cut-short.csv', HEADER + line(0, a, 1) + line(1, a, 2) + line(2, b, 3));
    await clock.advance(minutes(3));
    expect(await read(0)).toEqual([1, 2]);
    truncateSync(file, 0);
    appendFileSync(file, HEADER + line(1, a, 2) + line(3, a, 4));
    await read(0);
    expect(await read(1)).toEqual([3]);
    appendFileSync(file, line(3, b, 5));
    expect(await read(1)).toEqual([5]);
    await replay.stop();
  });

  test('with a mistake is read again once it is replaced', async () => {
    const { file, clock, read, replay } = setUp('mended.csv', `${HEADER}${line(0, a, 1)}nonsense\n`);
    expect(await read(0)).toEqual([1]);
    expect(await read(0)).toMatch(/^METER_FILE_INVALID .*:3: /);
    await clock.advance(minutes(2));
    writeFileSync(`${file}.new`, HEADER + line(0, a, 1) + line(1, a, 2));
    renameSync(`${file}.new`, file);
    expect(await read(0)).toEqual([2]);
    expect(replay.reachable).toBe(true);
    await replay.stop();
  });

  test('gives the same rows in whatever pieces it comes', () => {
    const text = Buffer.from(
      `\uFEFFtimestamp,note,resource_id,power_w\n${'2026-01-01T00:00:00Z,"a ""b""\n, ø",r1,5\n'.repeat(3)}`,
    );
    const whole = new CsvText('f').add(text);
    expect(whole).toHaveLength(3);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: text.length })), (cuts) => {
        const csv = new CsvText('f');
        const edges = [0, ...cuts.sort((x, y) => x - y), text.length];
        const rows = edges.slice(1).flatMap((to, i) => csv.add(text.subarray(edges[i], to)));
        expect(csv.mistake).toBeUndefined();
        expect(rows).toEqual(whole);
      }),
    );
  });

  test('that is not there says so, and is read as soon as it is', async () => {
    const clock = new FakeClock();
    const plan = { file: join(folder, 'missing.csv'), resources: [a] };
    const replay = new FileReplay({ plan, open: openCsvRows, clock, logger: silentLogger });
    replay.start();
    await expect(replay.drivers[0]?.read()).rejects.toMatchObject({ code: 'METER_FILE_UNREADABLE' });
    expect(replay.reachable).toBe(false);
    writeFileSync(plan.file, HEADER + line(0, a, 1));
    expect(await replay.drivers[0]?.read()).toMatchObject([{ values: { powerW: 1 } }]);
    expect(replay.reachable).toBe(true);
    await replay.stop();
  });

  test('cut off within its gzip stream says so', async () => {
    const whole = gzipSync(HEADER + Array.from({ length: 2000 }, (_, i) => line(0, a, i)).join(''));
    const { read, replay } = setUp('cut.csv.gz', whole.subarray(0, whole.length / 2));
    const outcome = String(await read(0));
    expect(outcome.length).toBeGreaterThan(0);
    expect(await read(0)).toMatch(/^METER_FILE_/);
    await replay.stop();
  });
});
