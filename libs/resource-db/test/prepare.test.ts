import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { seconds, shardOf, watts } from '@venfleet/core';
import { openDatabase } from '@venfleet/sqlite';
import { danishGsrn, openResourceDb, type Resource } from '../src/index.js';
import { RESOURCE_DB_SCHEMA } from '../src/schema.js';
import {
  BARS,
  byName,
  CONFIG,
  clock,
  connectionsOf,
  counts,
  folder,
  HEADER,
  HOTELS,
  NONE,
  options,
  resources,
  run,
  withDb,
  write,
  writeConfig,
} from './support/importing.js';

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
