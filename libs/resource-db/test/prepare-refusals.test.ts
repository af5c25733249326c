import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { danishGsrn } from '../src/index.js';
import {
  BARS,
  byName,
  CONFIG,
  counts,
  folder,
  HEADER,
  HOTELS,
  NONE,
  options,
  refusal,
  resources,
  run,
  write,
  writeConfig,
} from './support/importing.js';

describe('meter points', () => {
  const withPoints = (...points: string[]) =>
    `title,address,longitude,latitude,meter_point_id\n${points.map((p, i) => `Bar ${i},"A ${i}, 9000 Aalborg",9.9,57,${p}\n`).join('')}`;

  test('two rows can change their meter points', () => {
    write('bars.csv', withPoints(danishGsrn(1), danishGsrn(2)));
    run();
    write('bars.csv', withPoints(danishGsrn(2), danishGsrn(1)));
    expect(run()).toMatchObject({ updated: 2, unchanged: 3 });
    expect([byName('Bar 0').meterPointId, byName('Bar 1').meterPointId]).toEqual([danishGsrn(2), danishGsrn(1)]);
  });

  test('one that is in two rows, or is not a GSRN, refuses the later row', () => {
    write('bars.csv', withPoints(danishGsrn(1), danishGsrn(1), '571313000000000000', '42'));
    expect(run().rejections).toEqual([
      `bars.csv:3: meter_point_id: ${danishGsrn(1)} is also that of bars.csv:2`,
      'bars.csv:4: meter_point_id: must be a GSRN: 18 digits, the last one a right check digit',
      'bars.csv:5: meter_point_id: must be a GSRN: 18 digits, the last one a right check digit',
    ]);
  });

  test('a real one drives out a derived one, and is kept when the column is blank again', () => {
    run();
    const derived = byName('Hotel Nord').meterPointId;
    write('bars.csv', withPoints(derived));
    run();
    expect(byName('Bar 0').meterPointId).toBe(derived);
    expect(byName('Hotel Nord').meterPointId).not.toBe(derived);
    const now = byName('Hotel Nord').meterPointId;
    write('bars.csv', withPoints(''));
    expect(run()).toMatchObject({ updated: 0 });
    expect([byName('Bar 0').meterPointId, byName('Hotel Nord').meterPointId]).toEqual([derived, now]);
  });

  test('that of a resource which is gone but kept refuses the row; with prune it goes in', () => {
    write('bars.csv', withPoints(danishGsrn(1)));
    run();
    write('bars.csv', withPoints(danishGsrn(1)).replace('Bar 0', 'New bar'));
    expect(run().rejections).toEqual([expect.stringMatching(/^bars\.csv:2: meter_point_id: is that of Bar 0 /)]);
    expect(run({ prune: true })).toMatchObject({ created: 1, rejected: 0 });
  });

  test('a row refused for it keeps its resource, whose own meter point then refuses another row', () => {
    write('bars.csv', withPoints(danishGsrn(1), danishGsrn(2), danishGsrn(3)));
    run();
    // Bar 0 is gone, Bar 1 wants its meter point, and Bar 2 wants that of Bar 1.
    write('bars.csv', withPoints('', danishGsrn(1), danishGsrn(2)).replace(/Bar 0.*\n/, ''));
    expect(run()).toMatchObject({ rejected: 2, gone: 1, unchanged: 3 });
    expect([0, 1, 2].map((i) => byName(`Bar ${i}`).meterPointId)).toEqual([1, 2, 3].map(danishGsrn));
  });
});

describe('rows that cannot be used', () => {
  const BAD = `title,address,longitude,latitude,p_min_kw
 ,"A 1, 9000 Aalborg",9.9,57,
Bar 1,"A 1, Aalborg",9.9,57,
Bar 2,"A 2, 9000 Aalborg",,57,
Bar 3,"A 3, 9000 Aalborg","9,9",abc,
Bar 4,"A 4, 9000 Aalborg",181,-90.5,
Bar 5,"A 5, 9000 Aalborg",9.9,57,99
Bar 6,A 6, 9000 Aalborg,9.9,57,
Bar 7,"A 7, 9000 Aalborg",9.9,57,1e999
"Bar
8","A 8, 9000 Aalborg",9.9,57,
Bar 8,"A  8, 9000 Aalborg ",9.9,57,
Bar\u001b[2J,"A 9, 9000 Aalborg",9.9,57,
${'B'.repeat(300)},"A 9, 9000 Aalborg",NaN,0x10,
`;

  test('are refused with file, line, field and reason; the others go in', () => {
    write('bars.csv', BAD);
    const result = run();
    expect(result).toMatchObject({ created: 4, rejected: 11, resources: 4 });
    expect(result.rejections).toEqual([
      'bars.csv:2: title: must not be empty',
      'bars.csv:3: address: "A 1, Aalborg" has no city: a postal code of 4 digits and a place name',
      'bars.csv:4: longitude: is empty',
      'bars.csv:5: longitude: "9,9" is not a number such as 57.048',
      'bars.csv:5: latitude: "abc" is not a number such as 57.048',
      'bars.csv:6: longitude: must be within -180…180',
      'bars.csv:6: latitude: must be within -90…90',
      'bars.csv:7: p_min_kw: must not be greater than p_max_kw',
      'bars.csv:8: row: has 6 fields, but the header has 5',
      'bars.csv:9: p_min_kw: "1e999" is out of range',
      'bars.csv:12: row: has the title and address of bars.csv:10',
      'bars.csv:13: title: must not contain control characters',
      'bars.csv:14: longitude: "NaN" is not a number such as 57.048',
      'bars.csv:14: latitude: "0x10" is not a number such as 57.048',
      'bars.csv:14: title: must not be longer than 256 characters',
    ]);
  });

  test('are written to the rejects file with the row itself, and the file is emptied by a clean import', () => {
    write('bars.csv', BAD);
    run();
    const [header, ...lines] = parse(readFileSync(options.rejects, 'utf8')) as string[][];
    expect(header).toEqual(['file', 'line', 'field', 'reason', 'row']);
    expect(lines).toHaveLength(15);
    expect(lines[3]).toEqual([
      'bars.csv',
      '5',
      'longitude',
      '"9,9" is not a number such as 57.048',
      'Bar 3,"A 3, 9000 Aalborg","9,9",abc,',
    ]);
    write('bars.csv', BARS);
    run();
    expect(readFileSync(options.rejects, 'utf8')).toBe('file,line,field,reason,row\n');
  });

  test('leave their resource as it is, even with prune', () => {
    run();
    const before = byName('Bar Ida');
    write('bars.csv', BARS.replace('9.91', '991'));
    expect(counts(run({ prune: true }))).toEqual({ ...NONE, unchanged: 3, rejected: 1 });
    expect(byName('Bar Ida')).toEqual(before);
  });

  test('refuse the whole import when strict', () => {
    run();
    const before = resources();
    write('hotels.csv', HOTELS.replace('9.9', '9.8'));
    write('bars.csv', BAD);
    expect(refusal({ strict: true })).toHaveLength(15);
    expect(resources()).toEqual(before);
    expect(readFileSync(options.rejects, 'utf8').split('\n')).toHaveLength(17);
  });
});

describe('files that cannot be used', () => {
  test('the mistakes of all files are named at once, and nothing is changed', () => {
    run();
    const before = resources();
    write('hotels.csv', `${HEADER}Hotel Nord,"Algade 1, 9000 Aalborg",9.8,57\nHotel "Syd",x,1,1\n`);
    write('bars.csv', 'title,address,lon\n');
    rmSync(join(options.source, 'chargers.csv'));
    expect(refusal()).toEqual([
      'hotels.csv:3: a quote stands within an unquoted field; quote the whole field and double the quotes in it',
      'bars.csv:1: columns longitude, latitude missing',
      'chargers.csv:1: cannot be read: it does not exist',
    ]);
    expect(resources()).toEqual(before);
  });

  test.each<[string, string | Buffer, string]>([
    ['an empty file', '', '1: is empty; a header line is needed'],
    ['a quote never closed', `${HEADER}Bar,"x, 9000 Aalborg,1,1\nBar 2,y,1,1\n`, '2: a quote is opened and never closed'],
    ['text after a quote', `${HEADER}Bar,"x"y,1,1\n`, '2: text follows a closing quote; a quote within a field must be doubled'],
    [
      'an endless field',
      `${HEADER}Bar,x,1,1\n"${'x'.repeat(70_000)}`,
      '3: the row is longer than 65536 characters; perhaps a quote is not closed',
    ],
    [
      'a binary file',
      Buffer.from(`${HEADER}Bar\0,x,1,1\n`),
      '2: holds a zero byte: it is a binary or UTF-16 file, not UTF-8 text',
    ],
    ['UTF-16', Buffer.from(`\ufeff${HEADER}`, 'utf16le'), '1: holds a zero byte: it is a binary or UTF-16 file, not UTF-8 text'],
    [
      'Latin 1',
      Buffer.from(`${HEADER}Bar,x,1,1\nBår,x,1,1\n`, 'latin1'),
      '3: holds bytes that are not UTF-8; save the file as UTF-8',
    ],
    [
      'semicolons',
      HEADER.replaceAll(',', ';'),
      '1: columns title, address, longitude, latitude missing; columns must be separated by commas',
    ],
    [
      'semicolons, and quotes as a spreadsheet sets them',
      `${HEADER.replaceAll(',', ';')}Bar;"Gade 1, 9000 Aalborg";9,9;57,0\n`,
      '1: columns title, address, longitude, latitude missing; columns must be separated by commas',
    ],
    [
      'tabs',
      `${HEADER.replaceAll(',', '\t')}Bar\t"Gade 1, 9000 Aalborg"\t9.9\t57.0\n`,
      '1: columns title, address, longitude, latitude missing; columns must be separated by commas',
    ],
    ['a column twice', 'title,address,longitude,latitude,Title\n', '1: column title is there twice'],
  ])('%s', (_, content, reason) => {
    write('bars.csv', content);
    expect(refusal()).toEqual([`bars.csv:${reason}`]);
    expect(existsSync(options.db)).toBe(false);
    expect(existsSync(join(folder, 'db')) ? readdirSync(join(folder, 'db')) : []).toEqual([]);
  });

  test('a source folder that is missing, and a configuration that is', () => {
    expect(() => run({ source: join(folder, 'none') })).toThrow(expect.objectContaining({ code: 'SOURCE_UNREADABLE' }));
    expect(() => run({ config: join(folder, 'none.yaml') })).toThrow(expect.objectContaining({ code: 'FILE_UNREADABLE' }));
  });

  test('a configuration with unknown keys and wrong values is refused, all mistakes with their lines', () => {
    writeConfig(CONFIG.replace('basePort: 20000', 'basePort: 40000, portz: 1').replace('type: EV', 'type: CAR'));
    expect(refusal()).toEqual([
      expect.stringMatching(/fleet\.yaml:2: modbus\.basePort: /),
      expect.stringMatching(/fleet\.yaml:2: modbus\.portz: unknown key/),
      expect.stringMatching(/fleet\.yaml:19: files\.chargers\.csv\.type: /),
    ]);
  });
});
