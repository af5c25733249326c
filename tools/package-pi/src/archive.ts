import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGunzip, gzip } from 'node:zlib';
import { describeError, VenfleetError } from '@venfleet/core';
import { extract, pack } from 'tar-stream';

const compress = promisify(gzip);

/** A file of a package. */
export interface PackageFile {
  /** From the root, without a leading slash. */
  readonly path: string;
  readonly mode: number;
  readonly content: Buffer;
  /** An administrator may change it, and an upgrade keeps that. */
  readonly isSetting?: boolean;
}

/**
 * The files of a .tar.gz that `wanted` names by another path.
 * @param wanted the path to give it, or undefined to leave it out; the archive's top folder is cut off before
 * @throws VenfleetError ARCHIVE_UNREADABLE
 */
export async function readTarGz(file: string, wanted: (path: string) => string | undefined): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  const archive = extract();
  const reading = (async () => {
    for await (const entry of archive) {
      const path = entry.header.type === 'file' ? wanted(entry.header.name.replace(/^[^/]*\//, '')) : undefined;
      const chunks: Buffer[] = [];
      for await (const chunk of entry) if (path !== undefined) chunks.push(chunk as Buffer);
      if (path !== undefined) found.set(path, Buffer.concat(chunks));
    }
  })();
  try {
    await Promise.all([pipeline(createReadStream(file), createGunzip(), archive), reading]);
  } catch (cause) {
    throw new VenfleetError('ARCHIVE_UNREADABLE', `${file} is no .tar.gz that can be read: ${describeError(cause)}`, { cause });
  }
  return found;
}

/** The same bytes for the same files and time: sorted, all of root, all folders named. */
export async function toTarGz(files: readonly PackageFile[], mtime: Date, prefix = './'): Promise<Buffer> {
  const archive = pack();
  const common = { mtime, uid: 0, gid: 0, uname: 'root', gname: 'root' };
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const folder of foldersOf(sorted)) {
    archive.entry({ ...common, name: `${prefix}${folder}`, type: 'directory', mode: 0o755 });
  }
  for (const { path, mode, content } of sorted) archive.entry({ ...common, name: `${prefix}${path}`, mode }, content);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return await compress(Buffer.concat(chunks));
}

/** With a slash at the end, each after the one that holds it; the top one first, named ''. */
function foldersOf(files: readonly PackageFile[]): string[] {
  const folders = new Set(['']);
  for (const { path } of files) {
    const parts = path.split('/').slice(0, -1);
    parts.forEach((_, i) => {
      folders.add(`${parts.slice(0, i + 1).join('/')}/`);
    });
  }
  return [...folders].sort();
}
