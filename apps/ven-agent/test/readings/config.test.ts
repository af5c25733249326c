import { writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { instant, kilowatts, systemRandom, wattHours, watts } from '@venfleet/core';
import type { Resource } from '@venfleet/resource-db';
import { loadAgentConfig } from '../../src/config.js';
import { flagNames } from '../../src/readings/reading.js';
import { Readings } from '../../src/readings/readings.js';
import { reading, storePlace } from './support.js';

const place = storePlace();

/** The agent's settings with this part `readings`. */
function load(yaml: string, env: NodeJS.ProcessEnv = {}) {
  const path = place.path('agent.yaml');
  writeFileSync(path, `version: 1\nvtn: { auth: false }\nreadings:\n${yaml}`);
  return loadAgentConfig({ config: path, state: 'state/agent.db' }, env).readings;
}

describe('settings', () => {
  test('without any, readings lie beside the state and are not copied', () => {
    expect(load('  {}')).toEqual({ store: { path: 'state/readings.db' } });
  });

  test('all of them, with the secrets resolved', () => {
    const yaml = `
      database: r.db
      flushIntervalMs: 500
      mergeIntervalMs: 600000
      maxAgeDays: 2
      maxSizeMiB: 100
      influx: { version: 2, url: "http://localhost:8086", org: o, bucket: b, token: "env:TOKEN", measurement: m,
                intervalMs: 5000, spool: s.db, maxSpoolMiB: 10 }`;
    expect(load(yaml, { TOKEN: 'secret' })).toEqual({
      store: { path: 'r.db', flushInterval: 500, mergeInterval: 600_000, maxAge: 172_800_000, maxBytes: 104_857_600 },
      influx: {
        target: { version: 2, url: 'http://localhost:8086', org: 'o', bucket: 'b', token: 'secret' },
        measurement: 'm',
        interval: 5000,
        spool: 's.db',
        maxSpoolBytes: 10_485_760,
      },
    });
    const v1 = load('  influx: { version: 1, url: "http://localhost:8086", database: d, username: u, password: "env:P" }', {
      P: 'p',
    });
    expect(v1.influx).toEqual({
      target: { version: 1, url: 'http://localhost:8086', database: 'd', username: 'u', password: 'p' },
      spool: 'state/readings-copy.db',
    });
  });

  test.each([
    ['influx: { version: 2, url: "http://h", org: o, bucket: b, token: plain }', 'reference to the secret'],
    ['influx: { version: 1, url: "http://u:p@h", database: d }', 'must hold no user or password'],
    ['influx: { version: 3, url: "http://h" }', 'influx.version'],
    ['influx: { version: 1, url: "http://h", database: d, bucket: b }', 'unknown key'],
    ['maxSizeMiB: 1', 'maxSizeMiB'],
    ['size: 1', 'unknown key'],
  ])('refuses %s', (yaml, reason) => {
    expect(() => load(`  ${yaml}`)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', details: [expect.stringContaining(reason)] }),
    );
  });

  test('a secret that is not set is named', () => {
    expect(() => load('  influx: { version: 1, url: "http://h", database: d, password: "env:GONE" }')).toThrow('env:GONE');
  });
});

test("a reading is judged by its resource's capacity, stored, and copied with the names of its resource", async () => {
  const resource = {
    id: 7,
    resourceId: 'id-7',
    ven: 'Ribe',
    type: 'DSR',
    subType: 'Bars',
    meterPointId: '571313',
    pMax: kilowatts(1),
  };
  const { clock, alarms } = place;
  const options = { clock, alarms, random: systemRandom, reportedUntil: () => undefined, resources: [resource as Resource] };
  const influx = { target: { version: 1, url: 'http://127.0.0.1:1', database: 'd' }, spool: place.path('spool.db') } as const;
  const readings = new Readings({ store: { path: place.path() }, influx, ...options });
  await readings.start();
  readings.sink.add([reading(7, 0), reading(7, 10, { importEnergy: wattHours(9e6), power: watts(500) }), reading(8, 0)]);
  const stored = readings.source.around(7, instant(0), instant(8e15));
  expect(stored.map(({ flags }) => flagNames(flags))).toEqual([['IMPLAUSIBLE'], ['COUNTER_JUMP']]);
  expect(readings.source.latest(8)?.flags).toBe(0);
  await readings.stop();

  const again = new Readings({ store: { path: place.path() }, influx, ...options });
  await again.start();
  expect(again.status()).toMatchObject({ store: { waiting: 0, lost: 0 }, copy: { lost: 0 } });
  expect(again.status().copy?.spooledBytes).toBeGreaterThan(0);
  expect(again.source.latest(7)?.flags).not.toBe(0);
  await again.stop();
});
