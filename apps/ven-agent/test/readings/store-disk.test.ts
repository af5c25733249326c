import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { FOREVER, secondsOf, storePlace, sweep } from './support.js';

/** A file system of 2 MB of its own, where this user may mount one. */
function smallDisk(): { path: string; reason?: string } {
  const path = mkdtempSync(join(tmpdir(), 'venfleet-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', path]);
  return status === 0 ? { path } : { path, reason: 'mounting a file system needs root' };
}

const disk = smallDisk();
const place = storePlace();
const mounted = disk.reason === undefined;
const name = (what: string) => (mounted ? what : `${what} (skipped: ${disk.reason})`);

afterAll(() => {
  if (mounted) spawnSync('umount', [disk.path]);
  rmSync(disk.path, { recursive: true });
});

describe('a real disk', () => {
  (mounted ? test : test.skip)(
    name('that somebody else fills: readings wait and nothing is lost; they go on it when there is room'),
    async () => {
      const store = place.store({ path: join(disk.path, 'readings.db') });
      store.add(sweep(100, 0));
      expect(await store.flush()).toBe(true);
      const ballast = join(disk.path, 'ballast');
      expect(() => writeFileSync(ballast, Buffer.alloc(4e6))).toThrow('ENOSPC');
      for (let s = 10; s < 500; s += 10) {
        store.add(sweep(100, s));
        await store.merge();
      }
      expect(place.alarms.raised.has('READINGS_DISK_FULL')).toBe(true);
      expect(store.status().waiting).toBeGreaterThan(0);
      expect(secondsOf(store.around(7, ...FOREVER))).toHaveLength(50);

      rmSync(ballast);
      await store.merge();
      await store.merge();
      expect([...place.alarms.raised]).toEqual([]);
      expect(store.status()).toMatchObject({ waiting: 0, lost: 0 });
      expect(secondsOf(store.around(7, ...FOREVER))).toHaveLength(50);
    },
  );

  (mounted ? test : test.skip)(name('that is read-only is refused at the start'), () => {
    expect(spawnSync('mount', ['-o', 'remount,ro', disk.path]).status).toBe(0);
    const start = () => place.store({ path: join(disk.path, 'other.db') });
    expect(start).toThrow(expect.objectContaining({ code: expect.stringMatching(/DB_READONLY|DB_UNOPENABLE/) }));
  });
});
