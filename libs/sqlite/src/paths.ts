import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { VenfleetError } from '@venfleet/core';
import { fileProblem, makeFolder } from '@venfleet/core/node';

/** @throws VenfleetError FILE_EXISTS */
export function refuseExisting(path: string): void {
  if (!existsSync(path)) return;
  throw new VenfleetError('FILE_EXISTS', `${path} exists already`, {
    hint: 'name a new file or move the old one away',
    context: { path },
  });
}

/** Makes the folder that `path` is to be in. @throws VenfleetError DB_UNOPENABLE */
export function makeFolderOf(path: string): void {
  try {
    makeFolder(dirname(path));
  } catch (cause) {
    throw unmakeable(path, cause);
  }
}

/** A folder of its own for what is to become `path`, on the same file system. @throws VenfleetError DB_UNOPENABLE */
export function makeFolderBeside(path: string): string {
  makeFolderOf(path);
  try {
    return mkdtempSync(`${path}.`);
  } catch (cause) {
    throw unmakeable(path, cause);
  }
}

/**
 * Gives a closed database its name, which no database has. Logs that an earlier database of this name left there when its
 * process was killed go: SQLite would take them for the new one's.
 * @throws VenfleetError DB_FULL when not all of it is in the file, DB_UNOPENABLE
 */
export function moveDatabase(from: string, to: string): void {
  // SQLite says nothing when it cannot write the log back as it closes: it stays then.
  if (existsSync(`${from}-wal`)) {
    throw new VenfleetError('DB_FULL', `the database ${to} cannot be completed: the disk is full`, {
      hint: 'free some space; nothing was changed',
      context: { path: to },
    });
  }
  try {
    for (const log of ['-wal', '-shm', '-journal']) rmSync(to + log, { force: true });
    renameSync(from, to);
  } catch (cause) {
    throw new VenfleetError('DB_UNOPENABLE', `cannot make the database ${to}: ${fileProblem(cause)}`, {
      cause,
      context: { path: to },
    });
  }
}

function unmakeable(path: string, cause: unknown): VenfleetError {
  return new VenfleetError('DB_UNOPENABLE', `cannot make the folder of ${path}: ${fileProblem(cause)}`, {
    cause,
    context: { path },
  });
}
