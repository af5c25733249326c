import { chmodSync, chownSync, copyFileSync, existsSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type HasNow, systemCode, VenfleetError } from '@venfleet/core';
import { fileProblem, makeFolder } from '@venfleet/core/node';
import { openDatabase } from '../open.js';
import { type OwnerLock, ownFile, refuseWriters } from '../owner-lock.js';
import { checksum, syncToDisk } from './files.js';
import { type BackupEntry, readManifest } from './manifest.js';
import type { BackupMember, BackupSet } from './set.js';
import { finishRestore, noteRestore, type RestoreJournal } from './unfinished.js';

export interface RestoreStep {
  readonly member: BackupMember;
  /** The file of the backup; undefined for a database that was not there when the backup was taken. */
  readonly from: string | undefined;
  /** The folder to which the database goes that is there now; undefined where there is none. */
  readonly aside: string | undefined;
}

/** A restore whose backup is sound, and what it will do. */
export interface RestorePlan {
  readonly from: string;
  readonly anchor: string;
  /** When the backup was taken; undefined for a single file, which does not say. */
  readonly takenAt?: string;
  readonly steps: readonly RestoreStep[];
}

/**
 * Checks a backup from end to end; changes nothing.
 * @throws VenfleetError BACKUP_OTHER, BACKUP_DAMAGED with every finding, DB_NEWER, DB_WRONG_KIND; FILE_UNREADABLE,
 *   CONFIG_INVALID for the manifest
 */
export async function planRestore(set: BackupSet, folder: string, clock: HasNow): Promise<RestorePlan> {
  const manifest = readManifest(folder);
  if (manifest.program !== set.program) {
    throw new VenfleetError('BACKUP_OTHER', `${folder} is a backup of ${manifest.program}, not of ${set.program}`, {
      hint: `restore it with ${manifest.program}`,
    });
  }
  const unknown = manifest.databases.filter(({ name }) => !set.members.some((member) => member.name === name));
  if (unknown.length > 0) {
    throw new VenfleetError('DB_NEWER', `${folder} holds databases that this venfleet does not know`, {
      details: unknown.map(({ name }) => name),
      hint: 'use the newer venfleet that wrote it',
    });
  }
  const details: string[] = [];
  for (const entry of manifest.databases) details.push(...(await damage(folder, entry)));
  if (details.length > 0) throw damaged(folder, details);
  const steps = set.members.flatMap((member): RestoreStep[] => {
    if (manifest.databases.some(({ name }) => name === member.name)) return [stepFor(member, join(folder, member.name), clock)];
    return manifest.absent.includes(member.name) && existsSync(member.path) ? [stepFor(member, undefined, clock)] : [];
  });
  return { from: resolve(folder), anchor: resolve(set.anchor), takenAt: manifest.takenAt, steps };
}

/**
 * As {@link planRestore}, for one database that was copied into a single file.
 * @throws VenfleetError DB_MISSING, DB_CORRUPT, BACKUP_DAMAGED, DB_NEWER, DB_WRONG_KIND
 */
export function planFileRestore(member: BackupMember, file: string, clock: HasNow): RestorePlan {
  const db = openDatabase(file, { schema: member.schema, mode: 'readonly', acceptOlder: true });
  try {
    const details = db.integrityProblems();
    if (details.length > 0) throw damaged(file, details);
  } finally {
    db.close();
  }
  return { from: resolve(file), anchor: resolve(member.path), steps: [stepFor(member, file, clock)] };
}

/**
 * Puts the backup in the place of what is there, which is kept in a folder of its own. Until everything is copied, synced
 * and brought to the present schema, nothing is changed; from then on it is finished, by the next restore where this one
 * is killed. `dryRun` goes no further than making sure that it may begin.
 * @throws VenfleetError DB_IN_USE, DB_LOCKED while somebody uses one of the databases; DB_FULL, RESTORE_FAILED, DB_DANGLING
 */
export function restore({ from, anchor, steps }: RestorePlan, { dryRun = false } = {}): void {
  const locks: OwnerLock[] = [];
  const staged: string[] = [];
  try {
    for (const { member } of steps) {
      makeFolder(dirname(member.path));
      locks.push(ownFile(member.path, member.schema.what));
      giveOwner(`${member.path}-owner`, member.path);
      refuseWriters(member.path);
    }
    if (dryRun) return;
    const moves = steps.map((step): RestoreJournal['moves'][number] => {
      const to = resolve(step.member.path);
      const aside = resolve(step.aside ?? dirname(to));
      if (step.from === undefined) return { to, aside };
      const target = `${to}.restoring`;
      staged.push(target);
      stage(step.member, step.from, target);
      return { to, staged: target, aside };
    });
    const journal: RestoreJournal = { version: 1, from, moves };
    noteRestore(anchor, journal);
    staged.length = 0;
    finishRestore(anchor, journal);
  } finally {
    for (const path of staged) removeStaged(path);
    for (const lock of locks) lock.release();
  }
}

async function damage(folder: string, { name, bytes, sha256 }: BackupEntry): Promise<string[]> {
  const path = join(folder, name);
  if (!existsSync(path)) return [`${name} is missing`];
  const { size } = statSync(path);
  if (size !== bytes) return [`${name} has ${size} bytes, the manifest says ${bytes}`];
  return (await checksum(path)) === sha256 ? [] : [`${name} has another checksum than the manifest says`];
}

function damaged(what: string, details: readonly string[]): VenfleetError {
  return new VenfleetError('BACKUP_DAMAGED', `the backup ${what} is not what was written`, {
    details,
    hint: 'copy it again from where it came, or use another backup; nothing was changed',
  });
}

/** @throws VenfleetError DB_NEWER, DB_WRONG_KIND, DB_CORRUPT */
function stepFor(member: BackupMember, from: string | undefined, clock: HasNow): RestoreStep {
  if (from !== undefined) openDatabase(from, { schema: member.schema, mode: 'readonly', acceptOlder: true }).close();
  const time = new Date(clock.now()).toISOString().replaceAll(':', '');
  const aside = existsSync(member.path) ? join(dirname(member.path), `before-restore-${time}`) : undefined;
  return { member, from, aside };
}

/** Copies a file of the backup to where it will only have to be renamed, in the schema that this venfleet wants. */
function stage({ schema, onRestore, path: to }: BackupMember, from: string, target: string): void {
  removeStaged(target);
  try {
    copyFileSync(from, target);
    // A copy of what is read-only would be, too.
    chmodSync(target, existsSync(to) ? statSync(to).mode | 0o200 : 0o600);
    giveOwner(target, to);
  } catch (cause) {
    const code = systemCode(cause) === 'ENOSPC' ? 'DB_FULL' : 'RESTORE_FAILED';
    throw new VenfleetError(code, `cannot copy ${basename(from)} to ${target}: ${fileProblem(cause)}`, {
      cause,
      hint: 'mend that and try again; nothing was changed',
    });
  }
  const db = openDatabase(target, { schema, mode: 'readwrite' });
  try {
    onRestore?.(db);
  } finally {
    db.close();
  }
  // SQLite says nothing when it cannot write the log back as it closes: it stays then.
  if (existsSync(`${target}-wal`)) {
    throw new VenfleetError('DB_FULL', `cannot complete ${target}: the disk is full`, {
      hint: 'free some space; nothing was changed',
    });
  }
  syncToDisk(target);
}

/** What root restores belongs to whom the database did, or its folder does: the agent must be able to write to it. */
function giveOwner(path: string, like: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(existsSync(like) ? like : dirname(like));
  chownSync(path, uid, gid);
}

function removeStaged(path: string): void {
  for (const part of ['', '-wal', '-shm']) rmSync(path + part, { force: true });
}
