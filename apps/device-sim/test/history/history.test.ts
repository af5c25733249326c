import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { instant, kilowattHours, kilowatts } from '@venfleet/core';
import fc from 'fast-check';
import { HISTORY_FORMATS } from '../../src/history/formats.js';
import { type HistoryResource, historyRows, rowsPerMeter } from '../../src/history/rows.js';
import { type HistoryOptions, writeHistory } from '../../src/history/write-history.js';
import { idOf, temporaryFolder } from '../support/fleet.js';

const folder = temporaryFolder();
const FROM = instant(Date.parse('2026-01-15T00:00:00Z'));

const resource = (n: number, ven = 'Aalborg', subType = 'Bars'): HistoryResource => ({
  resourceId: idOf(n),
  ven,
  meterPointId: `57131300000000000${n}`,
  type: 'DSR',
  subType,
  pMin: kilowatts(0),
  pMax: kilowatts(25),
  eMin: kilowattHours(0),
  eMax: kilowattHours(100),
});

const day = { from: FROM, to: instant(FROM + 86_400_000), stepMs: 900_000, seed: 'h' };
const options = (more: Partial<HistoryOptions> = {}): HistoryOptions => ({
  ...day,
  out: mkdtempSync(join(folder, 'out-')),
  format: HISTORY_FORMATS.csv,
  gzip: false,
  ...more,
});

describe('the readings', () => {
  test('come by time from the beginning up to the end, which is left out', () => {
    const rows = [...historyRows([resource(1), resource(2)], day)];
    expect(rows).toHaveLength(2 * 96);
    expect(rows.slice(0, 3).map((r) => [r.at - FROM, r.resource.resourceId])).toEqual([
      [0, idOf(1)],
      [0, idOf(2)],
      [900_000, idOf(1)],
    ]);
    expect(rows.at(-1)?.at).toBe(day.to - 900_000);
  });

  test('are as many as rowsPerMeter says, whatever the step', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4000 }), fc.integer({ min: 1, max: 7200 }), (stepS, lengthS) => {
        const span = { from: FROM, to: instant(FROM + lengthS * 1000), stepMs: stepS * 1000, seed: 1 };
        expect([...historyRows([resource(1)], span)]).toHaveLength(rowsPerMeter(span));
      }),
      { numRuns: 30 },
    );
  });

  test('are the same for the same seed; their counters never run backwards and fit the power', () => {
    const [a, b] = [
      [...historyRows([resource(1)], day)],
      [...historyRows([resource(2), resource(1)], day)].filter((r) => r.resource.resourceId === idOf(1)),
    ];
    expect(b).toEqual(a);
    for (const [i, row] of a.slice(1).entries()) {
      const delivered = row.energyImportWh - (a[i]?.energyImportWh ?? 0);
      expect(delivered).toBeGreaterThanOrEqual(0);
      expect(delivered).toBeLessThanOrEqual(25_000 / 4);
    }
  });
});

describe('the files', () => {
  test('are one CSV a VEN, that a FILEREADER connection can read', async () => {
    const chosen = options();
    const vens = new Map([
      ['Aalborg', [resource(1), resource(2)]],
      ['Nykøbing Falster', [resource(3, 'Nykøbing Falster')]],
    ]);
    const result = await writeHistory(vens, chosen);
    expect(result).toEqual({ rows: 288, files: [join(chosen.out, 'Aalborg.csv'), join(chosen.out, 'Nykøbing Falster.csv')] });
    const [header, first, ...rest] = readFileSync(join(chosen.out, 'Aalborg.csv'), 'utf8').trimEnd().split('\n');
    expect(header).toBe(
      'timestamp,meter_point_id,resource_id,power_w,energy_import_wh,energy_export_wh,voltage_l1_v,frequency_hz',
    );
    expect(first).toMatch(
      /^2026-01-15T00:00:00\.000Z,571313000000000001,00000000-0000-4000-8000-000000000001,\d+(\.\d)?,0,0,2\d\d(\.\d)?,(49|50)(\.\d+)?$/,
    );
    expect(rest).toHaveLength(191);
  });

  test('are compressed on request, and line protocol with its tags escaped', async () => {
    const vens = new Map([['Nykøbing Falster', [resource(3, 'Nykøbing Falster')]]]);
    const { files } = await writeHistory(vens, options({ format: HISTORY_FORMATS.influx, gzip: true }));
    expect(files[0]).toMatch(/Nykøbing Falster\.lp\.gz$/);
    const lines = gunzipSync(readFileSync(files[0] as string))
      .toString()
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(96);
    expect(lines[0]).toMatch(
      /^meter,ven=Nykøbing\\ Falster,resource_id=\S+,meter_point_id=\d{18} power_w=[\d.]+,\S+ 1768435200000000000$/,
    );
  });

  test('that are there already are never overwritten, and then nothing is written', async () => {
    const chosen = options();
    await writeHistory(new Map([['Aarhus', [resource(1)]]]), chosen);
    const both = new Map([
      ['Aalborg', [resource(2)]],
      ['Aarhus', [resource(1)]],
    ]);
    await expect(writeHistory(both, chosen)).rejects.toMatchObject({ code: 'FILE_EXISTS' });
    expect(readdirSync(chosen.out)).toEqual(['Aarhus.csv']);
  });

  test('a run that is stopped leaves no file that is not whole', async () => {
    const stop = new AbortController();
    const chosen = options({ stepMs: 1000, signal: stop.signal, onProgress: () => stop.abort() });
    await expect(writeHistory(new Map([['Aalborg', [resource(1)]]]), chosen)).rejects.toMatchObject({ name: 'AbortError' });
    expect(readdirSync(chosen.out)).toEqual([]);
  });

  test('a folder that cannot be made is told of', async () => {
    const chosen = options({ out: join(import.meta.filename, 'x') });
    await expect(writeHistory(new Map([['Aalborg', [resource(1)]]]), chosen)).rejects.toMatchObject({ code: 'FILE_UNWRITABLE' });
    expect(existsSync(chosen.out)).toBe(false);
  });

  test('a VEN’s name cannot lead out of the folder', async () => {
    const chosen = options();
    const { files } = await writeHistory(new Map([['../x', [resource(1)]]]), chosen);
    expect(files).toEqual([join(chosen.out, '__x.csv')]);
  });
});
