import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of 2 MB of its own, where this user may mount one. */
export interface SmallDisk {
  readonly path: string;
  /** Why there is none. */
  readonly reason?: string;
  /** Leaves no byte free. */
  fill(): void;
  makeRoom(): void;
  makeReadOnly(): void;
  remove(): void;
}

export function smallDisk(): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'venfleet-disk-'));
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', path]).status === 0;
  const ballast = join(path, 'ballast');
  return {
    path,
    ...(isMounted ? {} : { reason: 'mounting a file system needs root' }),
    fill() {
      try {
        writeFileSync(ballast, Buffer.alloc(4e6));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return;
        throw error;
      }
      throw new Error('the disk is larger than it should be');
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
