import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CsvMistakes, readCsvFile } from '../src/import/csv-file.js';
import { SITES } from '../src/import/site.js';

const folder = mkdtempSync(join(tmpdir(), 'csv-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

const quote = (field: string) => `"${field.replaceAll('"', '""')}"`;

test('whatever stands in quoted fields is read as it was written, with the line that its row begins on', () => {
  const field = fc.string({ unit: fc.constantFrom(...'aå,;"\n \r\t€😀') });
  const rows = fc.array(fc.tuple(field, field, field, field), { maxLength: 8 });
  fc.assert(
    fc.property(rows, fc.constantFrom('\n', '\r\n'), fc.boolean(), (fields, lineEnd, mark) => {
      const lines = ['title,address,longitude,latitude', ...fields.map((row) => row.map(quote).join(','))];
      writeFileSync(join(folder, 'x.csv'), (mark ? '\ufeff' : '') + lines.map((line) => line + lineEnd + lineEnd).join(''));
      const file = readCsvFile(join(folder, 'x.csv'), 'x.csv', SITES);
      if (file instanceof CsvMistakes) throw new Error(file.mistakes.join());
      expect(file.records.map((record) => record.fields)).toEqual(fields);
      const before = (index: number) => lines.slice(0, index + 1).map((line) => `${line}\n\n`);
      const begin = (index: number) => before(index).join('').split('\n').length;
      expect(file.records.map((record) => record.line)).toEqual(fields.map((_, index) => begin(index)));
    }),
  );
});

test('any bytes give records or a reason, never a crash', () => {
  const bytes = fc.uint8Array({ maxLength: 60 });
  fc.assert(
    fc.property(bytes, (tail) => {
      writeFileSync(join(folder, 'y.csv'), Buffer.concat([Buffer.from('title,address,longitude,latitude\n'), tail]));
      const file = readCsvFile(join(folder, 'y.csv'), 'y.csv', SITES);
      if (file instanceof CsvMistakes) expect(file.mistakes).toEqual([expect.stringMatching(/^y\.csv:\d+: ./)]);
      else expect(file.columns.size).toBe(4);
    }),
  );
});

test('a pipe, which may never end, is refused', () => {
  execFileSync('mkfifo', [join(folder, 'z.csv')]);
  expect(readCsvFile(join(folder, 'z.csv'), 'z.csv', SITES)).toEqual(
    new CsvMistakes(['z.csv:1: cannot be read: it is not a regular file']),
  );
});
