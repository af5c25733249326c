import { existsSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { VenfleetError } from '@venfleet/core';
import { fileProblem, loadConfigFile, makeFolder, writeFileAtomically } from '@venfleet/core/node';
import { z } from 'zod';
import { syncToDisk } from './files.js';

/**
 * A restore that has everything in place and only gives files their names: from the moment that this is on the disk it
 * is finished, now or by the next restore, whatever happens.
 */
const journalSchema = z.strictObject({
  version: z.literal(1),
  /** The backup. */
  from: z.string().min(1),
  moves: z.array(
    z.strictObject({
      /** The database. */
      to: z.string().min(1),
      /** What it is to be, beside it; absent where it is only to go. */
      staged: z.string().min(1).optional(),
      /** The folder that keeps what it was. */
      aside: z.string().min(1),
    }),
  ),
});
export type RestoreJournal = z.infer<typeof journalSchema>;

/** A database and what SQLite keeps beside it while it is open, or was killed. */
const PARTS = ['-wal', '-shm', '-journal', ''];

export const journalOf = (anchor: string): string => `${anchor}.restore.json`;

/** The restore that was stopped half-way; undefined where none was. */
export function unfinishedRestore(anchor: string): RestoreJournal | undefined {
  const path = journalOf(anchor);
  return existsSync(path) ? loadConfigFile(path, journalSchema) : undefined;
}

/** @throws VenfleetError RESTORE_UNFINISHED */
export function refuseUnfinishedRestore(anchor: string): void {
  if (!existsSync(journalOf(anchor))) return;
  throw new VenfleetError('RESTORE_UNFINISHED', `a restore of ${anchor} was stopped half-way`, {
    context: { path: anchor },
    hint: 'run the same restore again: it goes on where it was stopped',
  });
}

/** Notes what is to be done; from now on it will be. @throws VenfleetError FILE_UNWRITABLE */
export function noteRestore(anchor: string, journal: RestoreJournal): void {
  writeFileAtomically(journalOf(anchor), JSON.stringify(journal));
  syncToDisk(dirname(journalOf(anchor)));
}

/** Does what is noted, from the start or from wherever it was stopped. @throws VenfleetError RESTORE_FAILED */
export function finishRestore(anchor: string, { moves }: RestoreJournal): void {
  try {
    for (const { to, staged, aside } of moves) {
      // It has its name already.
      if (staged !== undefined && !existsSync(staged)) continue;
      moveAside(to, aside);
      if (staged !== undefined) renameSync(staged, to);
      syncToDisk(dirname(to));
    }
    rmSync(journalOf(anchor));
    syncToDisk(dirname(anchor));
  } catch (cause) {
    throw new VenfleetError('RESTORE_FAILED', `the restore cannot be finished: ${fileProblem(cause)}`, {
      cause,
      hint: 'mend that, and run the same restore again: it goes on where it was stopped',
    });
  }
}

function moveAside(path: string, folder: string): void {
  for (const part of PARTS) {
    if (!existsSync(path + part)) continue;
    makeFolder(folder);
    renameSync(path + part, join(folder, basename(path) + part));
  }
}
