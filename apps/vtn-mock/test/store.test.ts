import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { milliseconds, seconds } from '@venfleet/core';
import { openDatabase } from '@venfleet/sqlite';
import { buildVtnMock } from '../src/index.js';
import { STORE_SCHEMA } from '../src/store/schema.js';
import { makeVen, TestVtn } from './support/vtn.js';

const HOUR_MS = 3_600_000;

describe('store', () => {
  let folder: string;
  let dataFile: string;
  const running: TestVtn[] = [];

  const start = async (file = dataFile) => {
    const vtn = await new TestVtn({ dataFile: file }).start();
    running.push(vtn);
    return vtn;
  };
  const stop = async (vtn: TestVtn) => {
    running.splice(running.indexOf(vtn), 1);
    await vtn.stop();
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vtn-mock-'));
    dataFile = join(folder, 'sub', 'vtn.db');
  });
  afterEach(async () => {
    for (const vtn of [...running]) await stop(vtn);
    rmSync(folder, { recursive: true });
  });

  /** Everything that a VTN has, as both versions show it. */
  const contents = async (vtn: TestVtn) => {
    const [old, now] = [vtn.api('3.0.1', 'bl'), vtn.api('3.1.0', 'bl')];
    const lists = [old.get('/vens'), old.get('/programs'), now.get('/vens'), now.get('/programs'), now.get('/resources')];
    return await Promise.all(lists.map(async (list) => (await list).body));
  };
  const fill = async (vtn: TestVtn) => {
    const bl = vtn.api('3.1.0', 'bl');
    const ven = await makeVen(vtn, '3.1.0', 'v', {
      targets: ['g'],
      attributes: [{ type: 'A', values: [1.5, 'æ', { x: 1, y: 2 }] }],
    });
    await bl.ok(bl.post('/resources', { objectType: 'BL_RESOURCE_REQUEST', venID: ven.id, resourceName: 'r' }));
    await bl.ok(bl.put(`/vens/${ven.id}`, { objectType: 'BL_VEN_REQUEST', clientID: 'c2', venName: 'v2', targets: ['h'] }));
    await bl.ok(bl.post('/programs', { programName: 'p', attributes: [{ type: 'COUNTRY', values: ['DK'] }] }));
  };

  it('a file keeps everything over a restart, while tokens end', async () => {
    const first = await start();
    await fill(first);
    const before = await contents(first);
    expect(before.every((list) => list.length > 0)).toBe(true);
    const token = await first.token('bl', '3.1.0');
    await stop(first);
    const second = await start();
    expect(await contents(second)).toEqual(before);
    const headers = { authorization: `Bearer ${token}` };
    expect((await second.send('GET', '/openadr3/3.1.0/vens', { headers })).status).toBe(401);
  });

  it('after an orderly stop all is in the one file', async () => {
    const vtn = await start();
    await fill(vtn);
    await stop(vtn);
    expect([existsSync(dataFile), existsSync(`${dataFile}-wal`)]).toEqual([true, false]);
  });

  it('a file of an earlier schema is brought up to date and keeps its resources and their names', async () => {
    mkdirSync(join(folder, 'sub'));
    const old = openDatabase(dataFile, {
      mode: 'create',
      schema: { ...STORE_SCHEMA, migrations: STORE_SCHEMA.migrations.slice(0, 3) },
    });
    old.exec(`INSERT INTO vens VALUES (7, 'v-7', 'v', 'ven-a', NULL, NULL, NULL, 5, 5);
      INSERT INTO resources VALUES (3, 'r-3', 7, 'r', '[]', NULL, NULL, 5, 6), (9, 'r-9', 7, 's', NULL, NULL, NULL, 7, 7)`);
    old.close();
    const bl = (await start()).api('3.1.0', 'bl');
    const ids = async (path: string) => (await bl.ok(bl.get(path))).map((r: { id: string }) => r.id);
    expect(await ids('/resources?venID=v-7')).toEqual(['r-9', 'r-3']);
    expect(await ids('/resources?resourceName=r')).toEqual(['r-3']);
    const again = await bl.post('/resources', { objectType: 'BL_RESOURCE_REQUEST', venID: 'v-7', resourceName: 's' });
    expect(again.status).toBe(409);
  });

  it('memory forgets', async () => {
    const first = await start(':memory:');
    await fill(first);
    await stop(first);
    expect(await contents(await start(':memory:'))).toEqual([[], [], [], [], []]);
  });

  it('what was answered is in the files at once: a copy taken while it runs, as a kill would leave it, is whole', async () => {
    const vtn = await start();
    const bl = vtn.api('3.0.1', 'bl');
    const ven = await makeVen(vtn, '3.0.1', 'v');
    const acknowledged: string[] = [];
    const write = async (i: number) => {
      const { id } = await bl.ok(bl.post(`/vens/${ven.id}/resources`, { resourceName: `r${i}` }));
      acknowledged.push(id);
    };
    const writing = Promise.all(Array.from({ length: 200 }, (_, i) => write(i)));
    while (acknowledged.length < 60) await new Promise((resolve) => setImmediate(resolve));
    const copied = [...acknowledged];
    cpSync(join(folder, 'sub'), join(folder, 'copy'), { recursive: true });
    await writing;
    const copy = await start(join(folder, 'copy', 'vtn.db'));
    const { resources } = (await copy.api('3.0.1', 'bl').get(`/vens/${ven.id}`)).body;
    const kept = new Set(resources.map((r: { id: string }) => r.id));
    expect(copied.filter((id) => !kept.has(id))).toEqual([]);
  });

  it('times never go backwards, though the clock does, so that newest first stays true', async () => {
    const vtn = await start();
    await vtn.clock.advance(seconds(5));
    const first = await makeVen(vtn, '3.0.1', 'first');
    vtn.clock.step(-HOUR_MS);
    const second = await makeVen(vtn, '3.0.1', 'second');
    expect(second.createdDateTime).toBe(first.createdDateTime);
    await stop(vtn);
    const again = await start();
    const third = await makeVen(again, '3.0.1', 'third');
    expect(third.createdDateTime).toBe(first.createdDateTime);
    const { body } = await again.api('3.0.1', 'bl').get('/vens');
    expect(body.map((v: { venName: string }) => v.venName)).toEqual(['third', 'second', 'first']);
  });

  it('writes that arrive together are kept or refused each for itself', async () => {
    const vtn = await start();
    const bl = vtn.api('3.0.1', 'bl');
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => bl.post('/vens', { venName: `v${i % 50}` })));
    const count = (status: number) => answers.filter((answer) => answer.status === status).length;
    expect([count(201), count(409)]).toEqual([50, 50]);
    expect(await bl.ok(bl.get('/vens'))).toHaveLength(50);
  });

  it('a second VTN on the same file is refused, and the first goes on', async () => {
    const first = await start();
    await expect(start()).rejects.toMatchObject({ code: 'DB_IN_USE', hint: expect.stringContaining('--data') });
    await fill(first);
    await stop(first);
    expect((await contents(await start()))[0]).toHaveLength(1);
  });

  it('a file of another kind is refused and not changed', async () => {
    const text = join(folder, 'text.db');
    writeFileSync(text, 'this is no database, but it is long enough to look at '.repeat(40));
    const other = join(folder, 'other.db');
    openDatabase(other, {
      mode: 'create',
      schema: { what: 'x', applicationId: 5, migrations: ['CREATE TABLE x (y INTEGER)'] },
    }).close();
    for (const [file, code] of [
      [text, 'DB_CORRUPT'],
      [other, 'DB_WRONG_KIND'],
      [folder, 'DB_UNOPENABLE'],
    ] as const) {
      const before = file === folder ? undefined : readFileSync(file);
      await expect(start(file)).rejects.toMatchObject({ code });
      if (before !== undefined) expect(readFileSync(file).equals(before)).toBe(true);
    }
  });

  it('a taken port leaves nothing half-started: the file is free again', async () => {
    const first = await start(':memory:');
    const port = Number(new URL(first.address.origin).port);
    await expect(buildVtnMock({ port, dataFile }).start()).rejects.toMatchObject({ code: 'PORT_TAKEN' });
    await expect(buildVtnMock({ port: 0, rootPorts: { '3.1.0': port }, dataFile }).start()).rejects.toMatchObject({
      code: 'PORT_TAKEN',
    });
    await start();
  });

  it('a missing or broken credentials file is told before anything is opened', async () => {
    const clients = join(folder, 'none.json');
    await expect(buildVtnMock({ port: 0, dataFile, clients }).start()).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
    writeFileSync(clients, '{}');
    await expect(buildVtnMock({ port: 0, dataFile, clients }).start()).rejects.toMatchObject({ code: 'CREDENTIALS_INVALID' });
    expect(existsSync(dataFile)).toBe(false);
  });

  it('stop is harmless before start and twice; a second start is refused; one may start again', async () => {
    const vtn = buildVtnMock({ port: 0 });
    await vtn.stop();
    await vtn.start();
    await expect(vtn.start()).rejects.toMatchObject({ code: 'ALREADY_STARTED' });
    await vtn.stop();
    await vtn.stop();
    await vtn.start();
    await vtn.stop();
  });

  it('stop waits three seconds for a request that does not end, then cuts it off', async () => {
    const vtn = await start();
    const { port } = new URL(vtn.address.origin);
    const socket = connect(Number(port), '127.0.0.1');
    const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
    socket.on('error', () => undefined);
    await new Promise<void>((resolve) => socket.write('POST /openadr3/3.1.0/vens HTTP/1.1\r\nhost: a\r\n', () => resolve()));
    await vtn.send('GET', '/healthz');
    const stopped = stop(vtn);
    while (vtn.clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve));
    await vtn.clock.advance(milliseconds(2_999));
    expect(socket.destroyed).toBe(false);
    await vtn.clock.advance(milliseconds(1));
    await Promise.all([stopped, closed]);
  });
});
