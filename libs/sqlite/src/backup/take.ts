import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type HasNow, VenfleetError } from '@venfleet/core';
import { fileProblem, writeFileAtomically } from '@venfleet/core/node';
import { openDatabase } from '../open.js';
import { makeFolderBeside, refuseExisting } from '../paths.js';
import { checksum, syncToDisk } from './files.js';
import type { BackupEntry, BackupManifest } from './manifest.js';
import { type BackupMember, type BackupSet, MANIFEST } from './set.js';
import { refuseUnfinishedRestore } from './unfinished.js';

/**
 * Copies the databases of a program, which may go on reading and writing them, into a new folder with a manifest. Each
 * copy is one moment's state, checked by SQLite; the folder appears whole or not at all. Databases that are not there
 * yet are left out, and named as absent.
 * @throws VenfleetError FILE_EXISTS, BACKUP_EMPTY, BACKUP_DAMAGED, BACKUP_FAILED, RESTORE_UNFINISHED and the DB_ errors of
 *   either file
 */
export async function takeBackup(
  { program, anchor, members }: BackupSet,
  folder: string,
  clock: HasNow,
): Promise<BackupManifest> {
  refuseUnfinishedRestore(anchor);
  refuseFolder(folder);
  const present = members.filter(({ path }) => existsSync(path));
  if (present.length === 0) {
    throw new VenfleetError('BACKUP_EMPTY', `there is nothing to back up: ${program} has none of its databases yet`, {
      details: members.map(({ path, schema }) => `no ${schema.what} at ${path}`),
      hint: 'name the files that it uses',
    });
  }
  const unfinished = makeFolderBeside(folder);
  try {
    const takenAt = new Date(clock.now()).toISOString();
    const databases: BackupEntry[] = [];
    for (const member of present) databases.push(await copyMember(member, join(unfinished, member.name)));
    const absent = members.filter((member) => !present.includes(member)).map(({ name }) => name);
    const manifest: BackupManifest = { version: 1, program, takenAt, databases, absent };
    writeFileAtomically(join(unfinished, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
    syncToDisk(unfinished);
    giveName(unfinished, folder);
    return manifest;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** An empty folder may be there: somebody has made it for this. */
function refuseFolder(folder: string): void {
  const isEmptyFolder = existsSync(folder) && statSync(folder).isDirectory() && readdirSync(folder).length === 0;
  if (!isEmptyFolder) refuseExisting(folder);
}

async function copyMember({ name, path, schema }: BackupMember, target: string): Promise<BackupEntry> {
  const source = openDatabase(path, { schema, mode: 'readonly', acceptOlder: true });
  try {
    await source.backup(target);
  } finally {
    source.close();
  }
  const copy = openDatabase(target, { schema, mode: 'readonly', acceptOlder: true });
  try {
    const details = copy.integrityProblems();
    if (details.length > 0) {
      throw new VenfleetError('BACKUP_DAMAGED', `the ${schema.what} ${path} is damaged, and so would be its backup`, {
        details,
        context: { path },
        hint: 'restore it from an earlier backup, or move it away and let a new one be made',
      });
    }
    const schemaVersion = copy.pragma('user_version') as number;
    syncToDisk(target);
    return { name, schemaVersion, bytes: statSync(target).size, sha256: await checksum(target) };
  } finally {
    copy.close();
  }
}

function giveName(unfinished: string, folder: string): void {
  try {
    renameSync(unfinished, folder);
    syncToDisk(dirname(folder));
  } catch (cause) {
    throw new VenfleetError('BACKUP_FAILED', `cannot make the folder ${folder}: ${fileProblem(cause)}`, { cause });
  }
}
