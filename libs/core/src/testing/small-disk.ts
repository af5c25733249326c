import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A small file system of its own, where this user may mount one; else only a folder. */
export interface SmallDisk {
  readonly path: string;
  /** Why there is none. */
  readonly reason?: string;
  /** @param free share that it leaves free; without it, no byte */
  fill(free?: number): void;
  makeRoom(): void;
  makeReadOnly(): void;
  remove(): void;
}

export function smallDisk(megabytes = 2): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'venfleet-disk-'));
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path]).status === 0;
  const ballast = join(path, 'ballast');
  return {
    path,
    ...(isMounted ? {} : { reason: 'mounting a file system needs root' }),
    fill(free = 0) {
      if (!isMounted) throw new Error('this would fill the disk of the whole machine');
      rmSync(ballast, { force: true });
      const { bavail, blocks, bsize } = statfsSync(path);
      writeFileSync(ballast, Buffer.alloc(Math.round(bavail - free * blocks) * bsize));
    },
    makeRoom: () => rmSync(ballast),
    makeReadOnly() {
      const { status, stderr } = spawnSync('mount', ['-o', 'remount,ro', path]);
      if (status !== 0) throw new Error(`remounting failed: ${stderr}`);
    },
    remove() {
      if (isMounted) spawnSync('umount', [path]);
      rmSync(path, { recursive: true, force: true });
    },
  };
}
