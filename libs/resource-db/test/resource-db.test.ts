import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { seconds, wattHours, watts } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import { openDatabase } from '@venfleet/sqlite';
import fc from 'fast-check';
import { type NewConnection, type NewResource, openResourceDb, type ResourceDb } from '../src/index.js';
import { RESOURCE_DB_SCHEMA } from '../src/schema.js';
import { hotel } from './support.js';

const MODBUS_METER: NewConnection = {
  type: 'MODBUSTCP',
  actor: 'READER',
  profile: 'eastron-sdm630',
  host: '127.0.0.1',
  port: 20_000,
  unitId: 1,
};

let serial = 0;

const site = (changes: Partial<NewResource> = {}) => hotel(++serial, changes);

describe('resource database', () => {
  let folder: string;
  let clock: FakeClock;
  let db: ResourceDb;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'resource-db-'));
    clock = new FakeClock();
    db = openResourceDb(join(folder, 'resources.db'), 'create', clock);
  });

  afterEach(() => {
    db.close();
    rmSync(folder, { recursive: true });
  });

  test('a resource is read back as it was written, with id and times', () => {
    const readerConnectionId = db.connections.insert(MODBUS_METER);
    const written = site({ enabled: false, reported: false, readerConnectionId });
    const id = db.resources.insert(written);
    expect(db.resources.get(written.resourceId)).toEqual({ ...written, id, createdAt: clock.now(), updatedAt: clock.now() });
  });

  test.each<NewConnection>([
    MODBUS_METER,
    { type: 'MQTT', actor: 'WRITER', profile: 'p', host: 'broker', port: 1883, topic: 'a/b', username: null, secretRef: null },
    {
      type: 'MQTT',
      actor: 'READER',
      profile: 'p',
      host: 'b',
      port: 8883,
      topic: 'a',
      username: 'u',
      secretRef: 'env:MQTT_PASSWORD',
    },
    { type: 'FILEREADER', actor: 'READER', profile: 'csv', file: 'readings/site-1.csv' },
  ])('a $type $actor connection is read back as it was written', (connection) => {
    const id = db.connections.insert(connection);
    expect(db.connections.get(id)).toEqual({ ...connection, id, createdAt: clock.now(), updatedAt: clock.now() });
  });

  test('any power and energy survives a round trip, so that writing it again changes nothing', () => {
    const quantity = fc.double({ min: 0, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(quantity, quantity, (power, energy) => {
        const resource = site({ pMax: watts(power), eMax: wattHours(energy) });
        db.resources.insert(resource);
        const read = db.resources.get(resource.resourceId) as NewResource;
        expect(Math.abs(read.pMax - power)).toBeLessThanOrEqual(0.000_51);
        expect(db.resources.update(resource.resourceId, resource)).toBe(false);
        expect(db.resources.update(resource.resourceId, read)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  test('updatedAt moves only on a real change', async () => {
    const resource = site();
    db.resources.insert(resource);
    const before = clock.now();
    await clock.advance(seconds(60));
    expect(db.resources.update(resource.resourceId, { name: resource.name })).toBe(false);
    expect(db.resources.get(resource.resourceId)?.updatedAt).toBe(before);
    expect(db.resources.update(resource.resourceId, { name: 'Hotel Phønix' })).toBe(true);
    expect(db.resources.get(resource.resourceId)).toMatchObject({
      name: 'Hotel Phønix',
      createdAt: before,
      updatedAt: clock.now(),
    });
  });

  test('VENs come biggest first, equal ones by code units', () => {
    for (const ven of ['Ølgod', 'Aalborg', 'Vejle', 'Aalborg', 'Zealand', 'aalborg']) db.resources.insert(site({ ven }));
    expect(db.resources.vens().map((v) => `${v.name} ${v.resources}`)).toEqual([
      'Aalborg 2',
      'Vejle 1',
      'Zealand 1',
      'aalborg 1',
      'Ølgod 1',
    ]);
  });

  test('filters combine, and pages are stable', () => {
    const all = [site(), site({ ven: 'Vejle' }), site({ subType: 'Bars' }), site({ type: 'EV' }), site({ enabled: false })];
    db.resources.upsertMany(all);
    const ids = (list: readonly NewResource[]) => list.map((r) => r.resourceId);
    expect(ids(db.resources.list())).toEqual(ids(all));
    expect(ids(db.resources.list({}, { limit: 2, offset: 1 }))).toEqual(ids(all.slice(1, 3)));
    expect(ids(db.resources.list({ ven: 'Aalborg', type: 'DSR', subType: 'Hotels', enabled: true }))).toEqual(
      ids(all.slice(0, 1)),
    );
    expect(db.resources.list({ meterPointId: all[2]?.meterPointId })).toHaveLength(1);
    expect(db.resources.count({ enabled: false })).toBe(1);
    expect(db.resources.list({ ven: "Aalborg' OR '1'='1" })).toEqual([]);
    expect(ids(db.resources.byVen('Aalborg'))).toEqual(ids(all.filter((r) => r.ven === 'Aalborg')));
  });

  test('a bulk upsert counts what it did, and one bad resource undoes all of it', () => {
    const [a, b] = [site(), site()];
    expect(db.resources.upsertMany([a, b])).toEqual({ created: 2, updated: 0, unchanged: 0 });
    expect(db.resources.upsertMany([a, { ...b, name: 'new' }, site()])).toEqual({ created: 1, updated: 1, unchanged: 1 });
    expect(() => db.resources.upsertMany([{ ...a, name: 'lost' }, site({ pMin: watts(99_000) })])).toThrow('refused');
    expect(db.resources.get(a.resourceId)?.name).toBe(a.name);
  });

  test('every mistake of a resource is named at once', () => {
    const bad = site({ name: ' ', meterPointId: '571313000000000000', eMin: wattHours(-1), ven: 'x\u001b[2J' });
    expect(() => db.resources.insert(bad)).toThrow(
      expect.objectContaining({
        code: 'RESOURCE_INVALID',
        details: [
          'name: must not be empty',
          'ven: must not contain control characters',
          'meter_point_id: must be a GSRN: 18 digits, the last one a right check digit',
          'e_min_kwh: must not be negative',
        ],
      }),
    );
  });

  test('a resource id and a meter point belong to one resource', () => {
    const first = site();
    db.resources.insert(first);
    const exists = expect.objectContaining({ code: 'RESOURCE_EXISTS' });
    expect(() => db.resources.insert(site({ resourceId: first.resourceId }))).toThrow(exists);
    expect(() => db.resources.insert(site({ meterPointId: first.meterPointId }))).toThrow(exists);
  });

  test('a secret is accepted as a reference only', () => {
    const mqtt = { type: 'MQTT', actor: 'READER', profile: 'p', host: 'b', port: 1883, topic: 't', username: 'u' } as const;
    expect(() => db.connections.insert({ ...mqtt, secretRef: 'hunter2' })).toThrow(
      expect.objectContaining({ code: 'CONNECTION_INVALID', details: [expect.not.stringContaining('hunter2')] }),
    );
  });

  test('a connection in use is not deleted, and a resource cannot refer to one that is not there', () => {
    const id = db.connections.insert(MODBUS_METER);
    const resource = site({ readerConnectionId: id });
    db.resources.insert(resource);
    expect(() => db.connections.delete(id)).toThrow(expect.objectContaining({ code: 'CONNECTION_IN_USE' }));
    expect(db.connections.deleteUnused(id)).toBe(false);
    expect(() => db.resources.insert(site({ writerConnectionId: 999 }))).toThrow(
      expect.objectContaining({ code: 'CONNECTION_UNKNOWN' }),
    );
    expect(db.resources.delete(resource.resourceId)).toBe(true);
    expect(db.connections.delete(id)).toBe(true);
    expect(db.connections.delete(id)).toBe(false);
  });

  test('a connection is replaced by one of another kind in its place', () => {
    const id = db.connections.insert(MODBUS_METER);
    const file: NewConnection = { type: 'FILEREADER', actor: 'READER', profile: 'csv', file: 'meter.csv' };
    expect(db.connections.update(id, file)).toBe(true);
    expect(db.connections.update(id, file)).toBe(false);
    expect(db.connections.get(id)).toMatchObject(file);
    expect(() => db.connections.update(77, file)).toThrow(expect.objectContaining({ code: 'CONNECTION_UNKNOWN' }));
  });

  test('the export of a VEN holds its resources and their connections, and nothing else', () => {
    const [a, b] = [db.connections.insert(MODBUS_METER), db.connections.insert({ ...MODBUS_METER, port: 20_001 })];
    db.resources.insert(site({ ven: 'Vejle', readerConnectionId: a }));
    db.resources.insert(site({ readerConnectionId: b, enabled: false }));
    const path = join(folder, 'pi', 'aalborg.db');
    expect(() => db.exportVen('aalborg', path)).toThrow(expect.objectContaining({ code: 'VEN_UNKNOWN' }));
    expect(db.exportVen('Aalborg', path)).toEqual({ resources: 1, connections: 1 });
    const exported = openResourceDb(path, 'readonly');
    expect(exported.resources.list()).toEqual(db.resources.byVen('Aalborg'));
    expect(exported.connections.list()).toEqual([db.connections.get(b)]);
    expect(exported.check()).toEqual([]);
    exported.close();
    expect(() => db.exportVen('Vejle', path)).toThrow(expect.objectContaining({ code: 'FILE_EXISTS' }));
  });

  test('a backup equals the original', async () => {
    db.resources.insert(site());
    const path = join(folder, 'backup.db');
    await db.backup(path);
    const copy = openResourceDb(path, 'readonly');
    expect(copy.resources.list()).toEqual(db.resources.list());
    copy.close();
  });

  test('the check finds what constraints cannot', () => {
    expect(db.check()).toEqual([]);
    const meter = db.connections.insert(MODBUS_METER);
    const sameUnit = db.connections.insert(MODBUS_METER);
    const control = db.connections.insert({ ...MODBUS_METER, unitId: 2, actor: 'WRITER' });
    db.connections.insert({ ...MODBUS_METER, unitId: 3 });
    db.resources.insert(site({ readerConnectionId: meter, writerConnectionId: control }));
    db.resources.insert(site({ readerConnectionId: sameUnit }));
    db.resources.insert(site({ readerConnectionId: control }));
    db.resources.insert(site());
    const raw = openDatabase(db.path, { mode: 'readwrite', schema: RESOURCE_DB_SCHEMA });
    raw.exec("UPDATE resources SET meter_point_id = '571313000000000000' WHERE id = 1");
    raw.close();
    expect(db.check().map((f) => f.problem)).toEqual([
      expect.stringContaining('meter_point_id must be a GSRN'),
      'uses connection 3 as READER, but it is a WRITER',
      'has no connection to a meter',
      'is used by no resource',
      expect.stringMatching(/^unit 1 is claimed by resources /),
      expect.stringMatching(/^unit 2 is claimed by resources /),
    ]);
  });
});

describe('opening', () => {
  const folder = mkdtempSync(join(tmpdir(), 'resource-db-'));
  const path = join(folder, 'other.db');
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('a missing database is named with the command that makes it', () => {
    expect(() => openResourceDb(path, 'readonly')).toThrow(
      expect.objectContaining({ code: 'DB_MISSING', hint: expect.stringContaining('npx nx run resource-db:prepare') }),
    );
  });

  test('a file that is no database is refused', () => {
    const text = join(mkdtempSync(join(tmpdir(), 'resource-db-')), 'text.db');
    writeFileSync(text, 'title,address\n'.repeat(100));
    expect(() => openResourceDb(text, 'create')).toThrow(expect.objectContaining({ code: 'DB_CORRUPT' }));
  });
});
