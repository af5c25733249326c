import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { systemClock, systemRandom } from '@venfleet/core';
import { InfluxCopy, type InfluxCopyOptions } from '../../src/readings/influx/copy.js';
import { START, storePlace, sweep } from './support.js';

const place = storePlace();
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
  }
});

/** A test against a server that has to be installed; where it is not, the name says so. */
function withServer(program: string, debianPackage: string, what: string, work: () => Promise<void>): void {
  const { error } = spawnSync(program, ['--version'], { stdio: 'ignore' });
  if (error === undefined) test(`${what}: ${program}`, work);
  else test.skip(`${what}: ${program} (skipped: it is not installed; Debian package ${debianPackage})`, work);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a server and waits until it answers at `url`. */
async function startServer(program: string, args: string[], env: NodeJS.ProcessEnv, url: string): Promise<ChildProcess> {
  const child = spawn(program, args, { stdio: 'ignore', env: { ...process.env, ...env } });
  children.push(child);
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${program} ended with status ${child.exitCode}`);
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return child;
    await new Promise((done) => setImmediate(done));
  }
}

function copyTo(target: InfluxCopyOptions['target']): InfluxCopy {
  const copy = new InfluxCopy({
    target,
    tagsOf: (resource) => ({ ven: 'Nykøbing Falster', name: `a=b, c\\ "${resource}"` }),
    spool: place.path('spool.db'),
    clock: systemClock,
    random: systemRandom,
    alarms: place.alarms,
  });
  copy.start();
  return copy;
}

withServer(
  'influxd',
  'influxdb',
  'InfluxDB 1.x takes every reading, escaped tags included, once, over its own restart',
  async () => {
    const [http, rpc] = [await freePort(), await freePort()];
    const url = `http://127.0.0.1:${http}`;
    const env = {
      INFLUXDB_REPORTING_DISABLED: 'true',
      INFLUXDB_BIND_ADDRESS: `127.0.0.1:${rpc}`,
      INFLUXDB_HTTP_BIND_ADDRESS: `127.0.0.1:${http}`,
      INFLUXDB_META_DIR: place.path('meta'),
      INFLUXDB_DATA_DIR: place.path('data'),
      INFLUXDB_DATA_WAL_DIR: place.path('wal'),
    };
    const startInflux = () => startServer('influxd', [], env, `${url}/ping`);
    const query = async (q: string, method = 'GET') => {
      const answer = await fetch(`${url}/query?${new URLSearchParams({ db: 'venfleet', epoch: 'ms', q })}`, { method });
      return (await answer.json()) as { results: { series?: { tags?: unknown; values: unknown[][] }[] }[] };
    };

    const first = await startInflux();
    const copy = copyTo({ url, version: 1, database: 'venfleet' });
    copy.add(sweep(3, 0));
    await copy.seal();
    const draining = copy.drain();
    // There is no such database yet: 404, which is waited for.
    while (!place.alarms.raised.has('COPY_WAITING')) await new Promise((done) => setImmediate(done));
    await query('CREATE DATABASE venfleet', 'POST');
    await draining;

    const ended = once(first, 'close');
    first.kill('SIGKILL');
    children.splice(0);
    await ended;
    copy.add(sweep(3, 10));
    await copy.seal();
    const later = copy.drain();
    await startInflux();
    await later;
    expect(copy.status()).toMatchObject({ written: 6, refused: 0, lost: 0 });
    await copy.stop();

    const { results } = await query('SELECT power_w, import_wh, flags FROM meter GROUP BY *');
    expect(results[0]?.series).toEqual(
      [1, 2, 3].map((resource) =>
        expect.objectContaining({
          tags: { ven: 'Nykøbing Falster', name: `a=b, c/ "${resource}"` },
          values: [
            [START, 3600, 1000, 0],
            [START + 10_000, 3600, 1010, 0],
          ],
        }),
      ),
    );
  },
);

withServer('victoria-metrics', 'victoria-metrics', 'the 2.x write API gives every reading with its tags', async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const args = [`-storageDataPath=${place.path('vm')}`, `-httpListenAddr=127.0.0.1:${port}`, '-retentionPeriod=100y'];
  await startServer('victoria-metrics', args, {}, `${url}/health`);
  const copy = copyTo({ url, version: 2, org: 'o', bucket: 'b', token: 't' });
  copy.add([...sweep(2, 0), ...sweep(2, 10)]);
  await copy.stop();
  const again = copyTo({ url, version: 2, org: 'o', bucket: 'b', token: 't' });
  await again.drain();
  expect(again.status()).toMatchObject({ written: 4, refused: 0 });
  await again.stop();

  await fetch(`${url}/internal/force_flush`);
  const answer = await fetch(`${url}/api/v1/export?match[]=meter_import_wh`);
  const series = (await answer.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(series.sort((a, b) => (a.metric.name < b.metric.name ? -1 : 1))).toEqual(
    [1, 2].map((resource) => ({
      metric: expect.objectContaining({ ven: 'Nykøbing Falster', name: `a=b, c/ "${resource}"` }),
      values: [1000, 1010],
      timestamps: [START, START + 10_000],
    })),
  );
});
