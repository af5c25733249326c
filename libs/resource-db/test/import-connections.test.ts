import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { isVenfleetError } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import fc from 'fast-check';
import {
  danishGsrn,
  exportConnections,
  importConnections,
  type NewConnection,
  openResourceDb,
  type Resource,
} from '../src/index.js';
import { hotel } from './support.js';

const PROFILES = fileURLToPath(new URL('../../../config/device-profiles', import.meta.url));
const SIMULATED = { type: 'MODBUSTCP', host: '127.0.0.1', port: 20_000 } as const;

let folder: string;
let db: string;
let file: string;

/** Sites 1, 2, 3 with simulated meters and controls at units 11, 12, …; site 3 is only metered. */
function makeDatabase(): void {
  const made = openResourceDb(db, 'create', new FakeClock());
  for (const site of [1, 2, 3]) {
    const insert = (connection: NewConnection) => made.connections.insert(connection, true);
    const readerConnectionId = insert({ ...SIMULATED, actor: 'READER', profile: 'eastron-sdm630', unitId: 10 * site + 1 });
    const writerConnectionId =
      site === 3 ? null : insert({ ...SIMULATED, actor: 'WRITER', profile: 'flex-controller', unitId: 10 * site + 2 });
    made.resources.insert(hotel(site, { readerConnectionId, writerConnectionId }));
  }
  made.close();
}

const run = (csv: string, dryRun = false) => {
  writeFileSync(file, csv);
  return importConnections({ file, db, profiles: PROFILES, dryRun });
};

/** The mistakes that refuse `csv`; each database is as it was. */
function mistakesOf(csv: string): readonly string[] {
  const before = csvOfDatabase();
  try {
    run(csv);
  } catch (error) {
    if (!isVenfleetError(error, 'CONNECTIONS_INVALID')) throw error;
    expect(csvOfDatabase()).toBe(before);
    return error.details;
  }
  throw new Error('it was imported');
}

function withDatabase<T>(work: (opened: ReturnType<typeof openResourceDb>) => T): T {
  const opened = openResourceDb(db, 'readonly');
  try {
    return work(opened);
  } finally {
    opened.close();
  }
}

const csvOfDatabase = () => withDatabase((opened) => exportConnections(opened).csv);

/** The connections of a site as they are now. */
function site(number: number) {
  return withDatabase((opened) => {
    const found = opened.resources.list({ meterPointId: danishGsrn(number) })[0] as Resource;
    const get = (id: number | null) => (id === null ? null : opened.connections.get(id));
    return { reader: get(found.readerConnectionId), writer: get(found.writerConnectionId) };
  });
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'import-connections-'));
  db = join(folder, 'pi.db');
  file = join(folder, 'site.csv');
  makeDatabase();
});

afterEach(() => rmSync(folder, { recursive: true }));

describe('what is given', () => {
  test('a unit makes a Modbus connection, a topic one of MQTT, with the usual ports', () => {
    run(
      `meter_point_id,host,unit,topic,profile\n${danishGsrn(1)},192.168.1.20,5,,eastron-sdm630\n${danishGsrn(2)},broker.lan,,shop/em,shelly-pro-3em\n`,
    );
    expect(site(1).reader).toMatchObject({ type: 'MODBUSTCP', host: '192.168.1.20', port: 502, unitId: 5 });
    expect(site(2).reader).toMatchObject({ type: 'MQTT', host: 'broker.lan', port: 1883, topic: 'shop/em', username: null });
  });

  test('a control without a host is beside the meter, at its port and with its login', () => {
    run(
      `meter_point_id,host,port,topic,profile,username,secret_ref,control_profile,control_topic\n${danishGsrn(1)},broker.lan,8883,a/em,shelly-pro-3em,pi,env:MQTT,flex-controller,a/ctl\n`,
    );
    expect(site(1).writer).toMatchObject({
      type: 'MQTT',
      actor: 'WRITER',
      host: 'broker.lan',
      port: 8883,
      topic: 'a/ctl',
      username: 'pi',
      secretRef: 'env:MQTT',
    });
  });

  test('a control over the other transport takes the host alone from the meter', () => {
    run(
      `meter_point_id,host,port,topic,profile,control_profile,control_unit\n${danishGsrn(1)},box.lan,8883,a/em,shelly-pro-3em,flex-controller,9\n`,
    );
    expect(site(1).writer).toMatchObject({ type: 'MODBUSTCP', host: 'box.lan', port: 502, unitId: 9 });
  });

  test('a control of the meter’s own profile is the same device', () => {
    run(`meter_point_id,host,port,unit,profile,control_profile\n${danishGsrn(1)},10.0.0.7,1502,3,alfen-eve,alfen-eve\n`);
    const { reader, writer } = site(1);
    expect(writer).toMatchObject({ host: '10.0.0.7', port: 1502, unitId: 3, profile: 'alfen-eve', actor: 'WRITER' });
    expect(reader).toMatchObject({ host: '10.0.0.7', port: 1502, unitId: 3, profile: 'alfen-eve', actor: 'READER' });
  });

  test('a row that says nothing of the control leaves it; "none" takes it away', () => {
    const header = 'meter_point_id,host,unit,profile,control_profile\n';
    run(`${header}${danishGsrn(1)},10.0.0.1,1,eastron-sdm630,\n${danishGsrn(2)},10.0.0.1,2,eastron-sdm630,none\n`);
    expect(site(1).writer).toMatchObject({ host: '127.0.0.1', unitId: 12 });
    expect(site(2).writer).toBeNull();
    expect(withDatabase((opened) => opened.check())).toEqual([]);
  });

  test('semicolons, a byte order mark and CRLF of a spreadsheet are taken', () => {
    run(`\ufeffMeter_Point_Id;host;unit;profile\r\n${danishGsrn(1)};10.0.0.1;1;eastron-sdm630\r\n`);
    expect(site(1).reader).toMatchObject({ host: '10.0.0.1' });
  });
});

describe('what becomes of the database', () => {
  const CSV = `meter_point_id,host,unit,profile,control_profile,control_unit,remarks\n${danishGsrn(3)},10.0.0.1,1,eastron-sdm630,flex-controller,2,cellar\n`;

  test('the same file again changes nothing', () => {
    expect(run(CSV).changes.map(({ change }) => change)).toEqual(['updated', 'created']);
    expect(run(CSV).changes.map(({ change }) => change)).toEqual(['unchanged', 'unchanged']);
  });

  test('a dry run finds the same changes and makes none', () => {
    const before = csvOfDatabase();
    const { changes, unnamed, unknownColumns } = run(CSV, true);
    expect(changes.map(({ change }) => change)).toEqual(['updated', 'created']);
    expect(unnamed.map(({ name }) => name)).toEqual(['Hotel 1', 'Hotel 2']);
    expect(unknownColumns).toEqual(['remarks']);
    expect(csvOfDatabase()).toBe(before);
  });

  test('two sites may change their devices in one file', () => {
    run(
      `meter_point_id,host,port,unit,profile\n${danishGsrn(1)},127.0.0.1,20000,21,eastron-sdm630\n${danishGsrn(2)},127.0.0.1,20000,11,eastron-sdm630\n`,
    );
    expect([site(1).reader, site(2).reader]).toMatchObject([{ unitId: 21 }, { unitId: 11 }]);
  });

  test('a connection that two resources share is left to the one that the file does not name', () => {
    const opened = openResourceDb(db, 'readwrite');
    const shared = opened.resources.list()[0]?.readerConnectionId as number;
    opened.resources.update(hotel(2, {}).resourceId, { readerConnectionId: shared });
    opened.close();
    run(`meter_point_id,host,unit,profile\n${danishGsrn(1)},10.0.0.1,1,eastron-sdm630\n`);
    expect([site(1).reader, site(2).reader]).toMatchObject([{ host: '10.0.0.1' }, { host: '127.0.0.1', unitId: 11 }]);
  });

  test('what is exported is imported without a change, whatever the connections are', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9/_ ,";-]{0,12}[a-z0-9]$/);
    const port = fc.integer({ min: 1, max: 65_535 });
    const host = fc.constantFrom('10.0.0.1', 'meter.lan', '::1', 'fe80::1');
    const end = (modbus: string, mqtt: string) =>
      fc.oneof(
        fc.record({ type: fc.constant('MODBUSTCP' as const), host, port, profile: fc.constant(modbus) }),
        fc.record({
          type: fc.constant('MQTT' as const),
          host,
          port,
          profile: fc.constant(mqtt),
          topic: word,
          username: fc.option(word),
          secretRef: fc.constantFrom(null, 'env:BROKER', 'file:/etc/venfleet/broker'),
        }),
      );
    const sites = fc.array(
      fc.tuple(end('eastron-sdm630', 'shelly-pro-3em'), fc.option(end('flex-controller', 'flex-controller'))),
      { minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(sites, (ends) => {
        rmSync(db);
        const made = openResourceDb(db, 'create', new FakeClock());
        ends.forEach(([meter, control], i) => {
          // Each device is one site's own.
          const own = (c: typeof meter, unitId: number) =>
            c.type === 'MODBUSTCP' ? { ...c, unitId } : { ...c, topic: `${unitId}/${c.topic}` };
          const readerConnectionId = made.connections.insert({ ...own(meter, 2 * i + 1), actor: 'READER' } as NewConnection);
          const writerConnectionId =
            control === null ? null : made.connections.insert({ ...own(control, 2 * i + 2), actor: 'WRITER' } as NewConnection);
          made.resources.insert(hotel(i + 1, { readerConnectionId, writerConnectionId }));
        });
        made.close();
        const { changes, unnamed } = run(csvOfDatabase());
        expect(changes.filter(({ change }) => change !== 'unchanged')).toEqual([]);
        expect(unnamed).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });
});

describe('what is refused', () => {
  const HEADER = 'meter_point_id,host,port,unit,profile,topic,control_profile,control_unit\n';
  const one = (row: string) => mistakesOf(`${HEADER}${row}\n`);
  const id = danishGsrn(1);

  test.each([
    [
      'a meter point that is not in the database',
      `${danishGsrn(9)},h,,1,eastron-sdm630,,,`,
      [/^site.csv:2: meter_point_id: 571313\d+ is no meter point of /],
    ],
    [
      'one that a spreadsheet has rounded',
      '5.71313E+17,h,,1,eastron-sdm630,,,',
      [/:2: meter_point_id: "5.71313E\+17" was rounded by a spreadsheet/],
    ],
    [
      'an unknown profile, naming the known ones',
      `${id},h,,1,sdm,,,`,
      [/:2: profile: "sdm" is no device profile for Modbus TCP; use one of .*eastron-sdm630/],
    ],
    [
      'a profile of the other transport',
      `${id},h,,,eastron-sdm630,a/b,,`,
      [/:2: profile: "eastron-sdm630" is no device profile for MQTT/],
    ],
    [
      'a controller as a meter',
      `${id},h,,1,flex-controller,,,`,
      [/:2: profile: "flex-controller" gives neither power nor energy/],
    ],
    [
      'a meter as a controller',
      `${id},h,,1,eastron-sdm630,,eastron-sdm630,`,
      [/:2: control_profile: "eastron-sdm630" takes no limit/],
    ],
    ['neither unit nor topic', `${id},h,,,eastron-sdm630,,,`, [/:2: unit: is empty, and so is the topic/]],
    ['both', `${id},h,,1,eastron-sdm630,a/b,,`, [/:2: unit: is given, and a topic, too/]],
    [
      'a host with its port',
      `${id},10.0.0.1:502,,1,eastron-sdm630,,,`,
      [/:2: host: "10.0.0.1:502" is neither a host name nor an address; the port has a column/],
    ],
    [
      'a port and a unit out of range',
      `${id},h,70000,248,eastron-sdm630,,,`,
      [/:2: port: "70000" must be a whole number from 1 to 65535/, /:2: unit: "248" must be a whole number from 1 to 247/],
    ],
    ['a unit that is no number', `${id},h,,1.5,eastron-sdm630,,,`, [/:2: unit: "1.5" must be a whole number/]],
    ['a topic with wildcards', `${id},h,,,shelly-pro-3em,a/#,,`, [/:2: topic: "a\/#" must not contain wildcards/]],
    [
      'a control without its profile',
      `${id},h,,1,eastron-sdm630,,,2`,
      [/:2: control_unit: is given, but control_profile is empty/],
    ],
    ['a row with a cell too few', `${id},h`, [/:2: row: has 2 fields, but the header has 8/]],
    ['an empty host and profile', `${id},,,1,,,,`, [/:2: profile: is empty/, /:2: host: is empty/]],
  ])('%s', (_, row, expected) => {
    const found = one(row);
    expect(found).toHaveLength(expected.length);
    for (const pattern of expected) expect(found).toContainEqual(expect.stringMatching(pattern));
  });

  test('a device that another site has, in the file or in the database', () => {
    const rows = [`${id},127.0.0.1,20000,31,eastron-sdm630,,,`, `${danishGsrn(2)},10.0.0.1,,7,eastron-sdm630,,none,`];
    expect(mistakesOf(`${HEADER}${rows.join('\n')}\n`)).toEqual([
      `site.csv:2: unit: 127.0.0.1:20000 unit 31 is the device of Hotel 3 (${danishGsrn(3)}) already`,
    ]);
    const twice = [`${id},10.0.0.1,,7,eastron-sdm630,,none,`, rows[1]];
    expect(mistakesOf(`${HEADER}${twice.join('\n')}\n`)).toEqual([
      `site.csv:3: unit: 10.0.0.1:502 unit 7 is the device of Hotel 1 (${id}, line 2) already`,
    ]);
  });

  test('a meter point that an earlier line names', () => {
    expect(mistakesOf(`${HEADER}${id},h,,1,eastron-sdm630,,,\n${id},h,,2,eastron-sdm630,,,\n`)).toEqual([
      `site.csv:3: meter_point_id: ${id} is also that of line 2`,
    ]);
  });

  test('all mistakes are told at once, in the order of the lines, and the good rows change nothing', () => {
    const rows = [`${danishGsrn(9)},h,,1,eastron-sdm630,,,`, `${id},h,,1,eastron-sdm630,,,`, `${danishGsrn(2)},h,,0,nothing,,,`];
    expect(mistakesOf(`${HEADER}${rows.join('\n')}\n`)).toEqual([
      expect.stringMatching(/^site.csv:2: meter_point_id: /),
      expect.stringMatching(/^site.csv:4: profile: /),
      expect.stringMatching(/^site.csv:4: unit: /),
    ]);
  });

  test('an unknown meter point is told of also where the row has other mistakes', () => {
    expect(mistakesOf(`${HEADER}${danishGsrn(9)},h,,0,eastron-sdm630,,,\n`)).toEqual([
      expect.stringMatching(/^site.csv:2: unit: /),
      expect.stringMatching(/^site.csv:2: meter_point_id: \d+ is no meter point of /),
    ]);
    expect(mistakesOf(`${HEADER}57131,h,,1,eastron-sdm630,,,\n`)).toEqual([
      'site.csv:2: meter_point_id: "57131" is no GSRN: 18 digits, the last one a right check digit',
    ]);
  });

  test('a file that is not there, has no rows or lacks a column', () => {
    expect(mistakesOf(HEADER)).toEqual(['site.csv:1: has no row below its header']);
    expect(mistakesOf('meter_point_id,host\n')).toEqual(['site.csv:1: column profile missing']);
    expect(() => importConnections({ file: join(folder, 'no.csv'), db, profiles: PROFILES })).toThrow(/no.csv has a mistake/);
  });
});
