import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { smallDisk } from '@venfleet/core/testing';
import { FOREVER, secondsOf, storePlace, sweep } from './support.js';

const disk = smallDisk();
const place = storePlace();
const mounted = disk.reason === undefined;
const name = (what: string) => (mounted ? what : `${what} (skipped: ${disk.reason})`);

afterAll(() => disk.remove());

describe('a real disk', () => {
  (mounted ? test : test.skip)(
    name('that somebody else fills: readings wait and nothing is lost; they go on it when there is room'),
    async () => {
      const store = place.store({ path: join(disk.path, 'readings.db') });
      store.add(sweep(100, 0));
      expect(await store.flush()).toBe(true);
      disk.fill();
      for (let s = 10; s < 500; s += 10) {
        store.add(sweep(100, s));
        await store.merge();
      }
      expect(place.alarms.raised.get('READINGS_DISK_FULL')).toMatch(/disk is full.* \d+ readings wait in memory/);
      expect(store.status().waiting).toBeGreaterThan(0);
      expect(secondsOf(store.around(7, ...FOREVER))).toHaveLength(50);

      disk.makeRoom();
      await store.merge();
      await store.merge();
      expect([...place.alarms.raised]).toEqual([]);
      expect(store.status()).toMatchObject({ waiting: 0, lost: 0 });
      expect(secondsOf(store.around(7, ...FOREVER))).toHaveLength(50);
    },
  );

  (mounted ? test : test.skip)(name('that is read-only is refused at the start'), () => {
    disk.makeReadOnly();
    const start = () => place.store({ path: join(disk.path, 'other.db') });
    expect(start).toThrow(expect.objectContaining({ code: expect.stringMatching(/DB_READONLY|DB_UNOPENABLE/) }));
  });
});
