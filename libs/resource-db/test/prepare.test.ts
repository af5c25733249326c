import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { seconds, shardOf, watts } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import { openDatabase } from '@venfleet/sqlite';
import { parse } from 'csv-parse/sync';
import {
  danishGsrn,
  openResourceDb,
  type PrepareOptions,
  type PrepareResult,
  prepare,
  type Resource,
  type ResourceDb,
} from '../src/index.js';
import { RESOURCE_DB_SCHEMA } from '../src/schema.js';

const CONFIG = `
modbus: { host: 127.0.0.1, basePort: 20000, maxUnitsPerGateway: 4 }
mqtt: { host: 127.0.0.1, port: 1883, baseTopic: fleet }
files:
  hotels.csv:
    subType: Hotels
    type: DSR
    capacity: { pMaxKw: 50, eMaxKwh: 200 }
    meter: { via: MODBUSTCP, profile: eastron-sdm630 }
    control: { via: MODBUSTCP, profile: flex-controller-modbus }
  bars.csv:
    subType: Bars
    type: DSR
    capacity: { pMaxKw: 25, eMaxKwh: 100 }
    meter: { via: MQTT, profile: shelly-pro-3em }
    control: { via: MQTT, profile: flex-controller-mqtt }
  chargers.csv:
    subType: Charging Stations
    type: EV
    capacity: { pMaxKw: 22, eMaxKwh: 100 }
    meter: { via: MODBUSTCP, profile: alfen-eve }
    control: { via: MODBUSTCP, profile: alfen-eve }
`;
const HEADER = 'title,address,longitude,latitude\n';
const HOTELS = `${HEADER}Hotel Nord,"Algade 1, 9000 Aalborg",9.9,57.0\nHotel Syd,"Algade 2, 7100 Vejle",9.5,55.7\n`;
const BARS = `${HEADER}Bar Ida,"Algade 3, 9000 Aalborg",9.91,57.01\n`;
const CHARGERS = `${HEADER}Lader 1,"Algade 4, 9000 Aalborg",9.92,57.02\n`;

let folder: string;
let clock: FakeClock;
let options: PrepareOptions;

const write = (name: string, content: string | Buffer) => writeFileSync(join(folder, 'source', name), content);
const writeConfig = (content: string) => writeFileSync(options.config, content);
const run = (more: Partial<PrepareOptions> = {}): PrepareResult => prepare({ ...options, ...more });

function withDb<T>(work: (db: ResourceDb) => T): T {
  const db = openResourceDb(options.db, 'readwrite', clock);
  try {
    return work(db);
  } finally {
    db.close();
  }
}

const resources = () => withDb((db) => db.resources.list());
const byName = (name: string) => resources().find((r) => r.name === name) as Resource;
const connectionsOf = (name: string) =>
  withDb((db) => {
    const { readerConnectionId, writerConnectionId } = db.resources.list().find((r) => r.name === name) as Resource;
    return {
      reader: readerConnectionId === null ? null : db.connections.get(readerConnectionId),
      writer: writerConnectionId === null ? null : db.connections.get(writerConnectionId),
    };
  });
const counts = ({ created, updated, unchanged, rejected, gone, pruned }: PrepareResult) => ({
  created,
  updated,
  unchanged,
  rejected,
  gone,
  pruned,
});
const NONE = { created: 0, updated: 0, unchanged: 0, rejected: 0, gone: 0, pruned: 0 };
/** The mistakes of a refused import. */
function refusal(more: Partial<PrepareOptions> = {}): readonly string[] {
  try {
    run(more);
  } catch (error) {
    return (error as { details: readonly string[] }).details;
  }
  throw new Error('the import was not refused');
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prepare-'));
  mkdirSync(join(folder, 'source'));
  clock = new FakeClock();
  options = {
    source: join(folder, 'source'),
    db: join(folder, 'db', 'resources.db'),
    config: join(folder, 'fleet.yaml'),
    rejects: join(folder, 'rejects.csv'),
    clock,
  };
  writeConfig(CONFIG);
  write('hotels.csv', HOTELS);
  write('bars.csv', BARS);
  write('chargers.csv', CHARGERS);
});

afterEach(() => rmSync(folder, { recursive: true }));

describe('import of good files', () => {
  test('each row becomes a resource with the capacities and connections of its kind', () => {
    expect(counts(run())).toEqual({ ...NONE, created: 4 });
    expect(byName('Hotel Nord')).toMatchObject({
      type: 'DSR',
      subType: 'Hotels',
      ven: 'Aalborg',
      address: 'Algade 1, 9000 Aalborg',
      pMin: 0,
      pMax: 50_000,
      eMin: 0,
      eMax: 200_000,
      position: { longitude: 9.9, latitude: 57 },
      enabled: true,
      readInterval: 10_000,
    });
    expect(connectionsOf('Hotel Nord')).toMatchObject({
      reader: { type: 'MODBUSTCP', profile: 'eastron-sdm630', host: '127.0.0.1', port: 20_000, unitId: 1 },
      writer: { type: 'MODBUSTCP', profile: 'flex-controller-modbus', port: 20_000, unitId: 2 },
    });
    const id = byName('Bar Ida').resourceId;
    expect(connectionsOf('Bar Ida')).toMatchObject({
      reader: { type: 'MQTT', profile: 'shelly-pro-3em', topic: `fleet/${id}/meter`, port: 1883 },
      writer: { type: 'MQTT', profile: 'flex-controller-mqtt', topic: `fleet/${id}/controller` },
    });
    const charger = connectionsOf('Lader 1');
    expect(charger).toMatchObject({ reader: { port: 20_000, unitId: 3 }, writer: { port: 20_000, unitId: 3 } });
    expect(withDb((db) => db.check())).toEqual([]);
  });

  test('Modbus devices of several shards stand on the host of their VEN, each on a port of its own all the same', () => {
    const shards = 3;
    writeConfig(CONFIG.replace('{ host: 127.0.0.1,', `{ host: "sim-{shard}.sims", shards: ${shards},`));
    expect(counts(run())).toEqual({ ...NONE, created: 4 });
    const places = ['Hotel Nord', 'Hotel Syd'].map((name) => connectionsOf(name).reader as { host: string; port: number });
    expect(places.map(({ host }) => host)).toEqual(['Aalborg', 'Vejle'].map((ven) => `sim-${shardOf(ven, shards) - 1}.sims`));
    expect(new Set(places.map(({ port }) => port)).size).toBe(2);
    expect(run()).toMatchObject({ updated: 0, unchanged: 4 });
    // One machine carries all of it now: the ports stay.
    writeConfig(CONFIG);
    expect(run()).toMatchObject({ updated: 3, unchanged: 1 });
    expect(connectionsOf('Hotel Syd').reader).toMatchObject({ ...places[1], host: '127.0.0.1' });
  });

  test.each(['host: sim, shards: 2', 'host: "sim-{shard}"', 'host: "sim-{shard}", shards: 0'])(
    '%s is refused: a number of shards and a host with {shard} belong together',
    (wrong) => {
      writeConfig(CONFIG.replace('{ host: 127.0.0.1,', `{ ${wrong},`));
      expect(run).toThrow(expect.objectContaining({ details: [expect.stringMatching(/fleet\.yaml:2: modbus\.shards: /)] }));
    },
  );

  test('the same files give the same database, whoever imports them', () => {
    run();
    const first = withDb((db) => [db.resources.list(), db.connections.list()]);
    run({ db: join(folder, 'other.db') });
    const other = openResourceDb(join(folder, 'other.db'), 'readonly');
    expect([other.resources.list(), other.connections.list()]).toEqual(first);
    other.close();
  });

  test('resource ids never change: a VTN knows the resources by them', () => {
    run();
    expect(byName('Hotel Nord').resourceId).toBe('9adbed94-06a6-5ae1-b43b-a41af0a6b9d0');
  });

  test('a byte order mark, CRLF, any column order, extra columns, quoted commas and line breaks are taken', () => {
    write(
      'bars.csv',
      '\ufeffPhone, Latitude ,TITLE,address,longitude\r\n12,57.1,"Bar ""Ida"", øl og vin","Algade 3\r\n9000 Aalborg",9.9\r\n\r\n13,57,Baren,"A 1, 9000 Aalborg",10\r\n',
    );
    expect(run()).toMatchObject({ created: 5, rejected: 0 });
    expect(byName('Bar "Ida", øl og vin')).toMatchObject({
      ven: 'Aalborg',
      address: 'Algade 3 9000 Aalborg',
      position: { latitude: 57.1 },
    });
  });

  test('optional columns override what the configuration says; blank cells do not', () => {
    write(
      'bars.csv',
      `title,address,longitude,latitude,meter_point_id,p_min_kw,p_max_kw,e_min_kwh,e_max_kwh,enabled
Bar A,"A 1, 9000 Aalborg",9.9,57,${danishGsrn(7)},2.5,22.1,10,40,no
Bar B,"A 2, 9000 Aalborg",9.9,57,,,,,,\n`,
    );
    run();
    expect(byName('Bar A')).toMatchObject({
      meterPointId: danishGsrn(7),
      pMin: 2500,
      pMax: 22_100,
      eMin: 10_000,
      eMax: 40_000,
      enabled: false,
    });
    expect(byName('Bar B')).toMatchObject({ pMin: 0, pMax: 25_000, eMax: 100_000, enabled: true });
    expect(counts(run())).toEqual({ ...NONE, unchanged: 5 });
  });

  test('a site with the same title in another street, or of another kind, is another site', () => {
    write('bars.csv', `${HEADER}Hotel Nord,"Algade 1, 9000 Aalborg",9.9,57\nHotel Nord,"Algade 9, 9000 Aalborg",9.9,57\n`);
    expect(run()).toMatchObject({ created: 5, rejected: 0 });
  });

  test('files that the configuration does not name are left out and named', () => {
    write('notes.txt', 'x');
    write('pubs.csv', BARS);
    expect(run()).toMatchObject({ unknownFiles: ['notes.txt', 'pubs.csv'], resources: 4 });
  });
});

describe('import again', () => {
  test('the same files change nothing', async () => {
    run();
    const before = withDb((db) => [db.resources.list(), db.connections.list()]);
    await clock.advance(seconds(60));
    expect(counts(run())).toEqual({ ...NONE, unchanged: 4 });
    expect(withDb((db) => [db.resources.list(), db.connections.list()])).toEqual(before);
  });

  test('a corrected coordinate updates its resource and no other', async () => {
    run();
    const before = resources();
    await clock.advance(seconds(60));
    write('bars.csv', BARS.replace('9.91', '9.95'));
    expect(counts(run())).toEqual({ ...NONE, updated: 1, unchanged: 3 });
    const changed = resources().filter((r) => r.updatedAt === clock.now());
    expect(changed).toEqual([
      { ...before.find((r) => r.name === 'Bar Ida'), position: { longitude: 9.95, latitude: 57.01 }, updatedAt: clock.now() },
    ]);
  });

  test('a connection that a user replaced stays, through the library or by plain SQL', () => {
    run();
    withDb((db) => {
      const { readerConnectionId } = db.resources.list().find((r) => r.name === 'Hotel Nord') as Resource;
      db.connections.update(readerConnectionId as number, {
        type: 'MODBUSTCP',
        actor: 'READER',
        profile: 'abb-b23',
        host: '192.168.1.20',
        port: 502,
        unitId: 1,
      });
    });
    const raw = openDatabase(options.db, { schema: RESOURCE_DB_SCHEMA, mode: 'readwrite' });
    raw.exec("UPDATE connections SET host = 'broker.local' WHERE type = 'MQTT' AND actor = 'READER'");
    raw.close();
    writeConfig(CONFIG.replace('eastron-sdm630', 'sunspec-213').replaceAll('127.0.0.1', '10.0.0.1'));
    expect(run()).toMatchObject({ created: 0, updated: 4 });
    expect(connectionsOf('Hotel Nord')).toMatchObject({
      reader: { host: '192.168.1.20', port: 502, profile: 'abb-b23' },
      writer: { host: '10.0.0.1', port: 20_000, unitId: 2 },
    });
    expect(connectionsOf('Bar Ida')).toMatchObject({ reader: { host: 'broker.local' }, writer: { host: '10.0.0.1' } });
    expect(connectionsOf('Hotel Syd').reader).toMatchObject({ profile: 'sunspec-213', host: '10.0.0.1' });
    expect(run()).toMatchObject({ updated: 0, unchanged: 4 });
  });

  test('what the source does not speak of stays: reading, reporting, enabled, no control', () => {
    run();
    withDb((db) => {
      const { resourceId, writerConnectionId } = db.resources.list().find((r) => r.name === 'Hotel Nord') as Resource;
      db.resources.update(resourceId, { enabled: false, readInterval: seconds(60), reported: false, writerConnectionId: null });
      db.connections.delete(writerConnectionId as number);
    });
    expect(counts(run())).toEqual({ ...NONE, unchanged: 4 });
    expect(byName('Hotel Nord')).toMatchObject({
      enabled: false,
      readInterval: 60_000,
      reported: false,
      writerConnectionId: null,
    });
  });

  test('capacities that the source gives win over the database', () => {
    run();
    withDb((db) => db.resources.update(db.resources.list()[0]?.resourceId as string, { pMax: watts(1) }));
    expect(run()).toMatchObject({ updated: 1, unchanged: 3 });
  });

  test('sites that are there keep their gateways and units when others come before them', () => {
    run();
    const before = connectionsOf('Hotel Nord');
    write('hotels.csv', HOTELS.replace('Hotel Nord', 'A,"B 1, 9000 Aalborg",9,57\nB,"B 2, 9000 Aalborg",9,57\nHotel Nord'));
    expect(counts(run())).toEqual({ ...NONE, created: 2, unchanged: 4 });
    expect(connectionsOf('Hotel Nord')).toEqual(before);
    // Three of the four units of Aalborg's gateway are taken, and Vejle has the next port.
    expect(connectionsOf('A')).toMatchObject({ reader: { port: 20_002, unitId: 1 }, writer: { port: 20_002, unitId: 2 } });
    expect(withDb((db) => db.check())).toEqual([]);
  });

  test('a kind that changes from MQTT to Modbus gets units, one for a device that does both', () => {
    run();
    writeConfig(
      CONFIG.replace('via: MQTT, profile: shelly-pro-3em', 'via: MODBUSTCP, profile: x').replace(
        'via: MQTT, profile: flex-controller-mqtt',
        'via: MODBUSTCP, profile: x',
      ),
    );
    expect(run()).toMatchObject({ updated: 1, unchanged: 3 });
    expect(connectionsOf('Bar Ida')).toMatchObject({ reader: { port: 20_000, unitId: 4 }, writer: { port: 20_000, unitId: 4 } });
    expect(withDb((db) => db.check())).toEqual([]);
  });

  test('a device that metered and controlled becomes two with two units, and one again', () => {
    run();
    writeConfig(
      CONFIG.replace('control: { via: MODBUSTCP, profile: alfen-eve }', 'control: { via: MODBUSTCP, profile: flex-controller }'),
    );
    expect(run()).toMatchObject({ updated: 1, unchanged: 3 });
    expect(connectionsOf('Lader 1')).toMatchObject({ reader: { port: 20_000, unitId: 3 }, writer: { port: 20_000, unitId: 4 } });
    expect(run()).toMatchObject({ updated: 0, unchanged: 4 });
    writeConfig(CONFIG);
    expect(run()).toMatchObject({ updated: 1, unchanged: 3 });
    expect(connectionsOf('Lader 1')).toMatchObject({ reader: { unitId: 3 }, writer: { unitId: 3 } });
  });

  test('a kind that is no longer controlled loses the control that the import gave it', () => {
    run();
    writeConfig(CONFIG.replace('    control: { via: MQTT, profile: flex-controller-mqtt }\n', ''));
    expect(run()).toMatchObject({ updated: 1, unchanged: 3 });
    expect(connectionsOf('Bar Ida').writer).toBeNull();
    expect(withDb((db) => db.check())).toEqual([]);
  });

  test('resources gone from the source are kept and named, and deleted with their connections by prune', () => {
    run();
    write('hotels.csv', HOTELS.replace(/Hotel Syd.*\n/, ''));
    const result = run();
    expect(counts(result)).toEqual({ ...NONE, unchanged: 3, gone: 1 });
    expect(result.goneResources).toMatchObject([{ name: 'Hotel Syd', ven: 'Vejle' }]);
    expect(resources()).toHaveLength(4);
    expect(counts(run({ prune: true }))).toEqual({ ...NONE, unchanged: 3, pruned: 1 });
    expect(resources()).toHaveLength(3);
    expect(withDb((db) => db.connections.list())).toHaveLength(6);
    expect(withDb((db) => db.check())).toEqual([]);
  });
});

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

test('an import that breaks off anywhere leaves the database as it was', () => {
  let calls = 0;
  const failing = (limit: number) => ({
    now: () => {
      if (calls++ >= limit) throw new Error('broken off');
      return clock.now();
    },
  });
  expect(() => run({ clock: failing(5) })).toThrow('broken off');
  expect(readdirSync(join(folder, 'db'))).toEqual([]);
  run();
  const before = withDb((db) => [db.resources.list(), db.connections.list()]);
  write('hotels.csv', `${HOTELS.replace('9.9', '9.8')}Hotel Ny,"A 9, 7100 Vejle",9.5,55.7\n`);
  for (const limit of [0, 1, 2, 3]) {
    calls = 0;
    expect(() => run({ clock: failing(limit) })).toThrow('broken off');
    expect(withDb((db) => [db.resources.list(), db.connections.list()])).toEqual(before);
  }
});
