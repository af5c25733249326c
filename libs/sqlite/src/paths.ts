import { existsSync, mkdtempSync } from 'node:fs';
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

function unmakeable(path: string, cause: unknown): VenfleetError {
  return new VenfleetError('DB_UNOPENABLE', `cannot make the folder of ${path}: ${fileProblem(cause)}`, {
    cause,
    context: { path },
  });
}
