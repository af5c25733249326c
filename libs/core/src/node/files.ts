import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { describeError, systemCode, VenfleetError } from '../errors.js';

const REASONS: Record<string, string> = {
  ENOENT: 'it does not exist',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EEXIST: 'part of its path is not a directory',
  EISDIR: 'it is a directory',
  ENOTDIR: 'part of its path is not a directory',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
};

/** What went wrong with a file, in words where the system code is a usual one. */
export function fileProblem(error: unknown): string {
  return REASONS[systemCode(error) ?? ''] ?? describeError(error);
}

/**
 * Reads a text file.
 * @throws VenfleetError FILE_UNREADABLE, naming the path, the reason and `hint`.
 */
export function readTextFile(path: string, what: string, hint?: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new VenfleetError('FILE_UNREADABLE', `cannot read ${what} ${path}: ${fileProblem(cause)}`, {
      cause,
      context: { path },
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/**
 * Makes a folder and the missing ones above it; harmless when it is there.
 * Not Node's recursive mkdir: where a file system knows no new entries (/proc), Node 20's tries for ever.
 * @throws the system's error
 */
export function makeFolder(path: string): void {
  const missing: string[] = [];
  let existing = path;
  for (; !existsSync(existing) && dirname(existing) !== existing; existing = dirname(existing)) missing.unshift(existing);
  for (const folder of missing) {
    try {
      mkdirSync(folder);
    } catch (error) {
      // Another process may have been faster.
      if (systemCode(error) !== 'EEXIST' || !statSync(folder).isDirectory()) throw error;
    }
  }
  if (missing.length === 0 && !statSync(path).isDirectory()) mkdirSync(path);
}

/**
 * Replaces a file as a whole: readers see the old content or the new, never a part, even after a
 * power cut. Missing directories are made.
 * @param mode permission bits of the new file, e.g. 0o600 for secrets.
 * @throws VenfleetError FILE_UNWRITABLE
 */
export function writeFileAtomically(path: string, content: string | Uint8Array, mode = 0o644): void {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    makeFolder(dirname(path));
    const fd = openSync(temporary, 'wx', mode);
    try {
      const bytes = typeof content === 'string' ? Buffer.from(content) : content;
      for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    chmodSync(temporary, mode);
    renameSync(temporary, path);
  } catch (cause) {
    removeIfThere(temporary);
    throw new VenfleetError('FILE_UNWRITABLE', `cannot write ${path}: ${fileProblem(cause)}`, { cause, context: { path } });
  }
}

/** `force` of rmSync forgives ENOENT alone; a path through a file gives ENOTDIR. */
function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The reason why it cannot be there is the one that the caller reports.
  }
}
