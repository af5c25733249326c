import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type PackageFile, readTarGz, toTarGz } from '../src/archive.js';

const folder = mkdtempSync(join(tmpdir(), 'archive-'));
afterAll(() => rmSync(folder, { recursive: true }));

const TIME = new Date(1_700_000_000_000);
const name = fc.stringMatching(/^[a-z][a-z0-9._-]{0,20}$/);
/** Paths of which none lies within another, as in a real package. */
const files = fc
  .uniqueArray(fc.tuple(fc.array(name, { maxLength: 3 }), name, fc.uint8Array({ maxLength: 2000 })), {
    minLength: 1,
    maxLength: 8,
    selector: ([folders, file]) => [...folders.map((each) => `${each}_`), file].join('/'),
  })
  .map((all) =>
    all.map(([folders, file, content]): PackageFile => {
      return { path: [...folders.map((each) => `${each}_`), file].join('/'), mode: 0o644, content: Buffer.from(content) };
    }),
  );

describe('a .tar.gz', () => {
  test('holds the files that were put in, and gives those that are wanted by another name', async () => {
    await fc.assert(
      fc.asyncProperty(files, async (all) => {
        const path = join(folder, 'x.tar.gz');
        writeFileSync(path, await toTarGz(all, TIME, 'top/'));
        const [first, ...others] = all as [PackageFile, ...PackageFile[]];
        const found = await readTarGz(path, (each) => (each === first.path ? undefined : `new/${each}`));
        expect([...found].sort()).toEqual(others.map(({ path: each, content }) => [`new/${each}`, content] as const).sort());
      }),
      { numRuns: 50 },
    );
  });

  test('is the same bytes for the same files and time, in whatever order they come', async () => {
    await fc.assert(
      fc.asyncProperty(files, async (all) => {
        expect(await toTarGz([...all].reverse(), TIME)).toEqual(await toTarGz(all, TIME));
      }),
      { numRuns: 20 },
    );
  });

  test('that is none is refused with its path', async () => {
    const path = join(folder, 'bad.tar.gz');
    writeFileSync(path, 'not compressed');
    await expect(readTarGz(path, (each) => each)).rejects.toMatchObject({
      code: 'ARCHIVE_UNREADABLE',
      message: expect.stringContaining(path),
    });
    await expect(readTarGz(join(folder, 'missing'), (each) => each)).rejects.toMatchObject({ code: 'ARCHIVE_UNREADABLE' });
  });
});
