import { isVenfleetError, systemCode, VenfleetError } from '@venfleet/core';

interface Meaning {
  readonly code: string;
  readonly text: string;
  readonly hint: string;
}

/** SQLite's primary result codes that a user can do something about (sqlite.org/rescode.html). */
const MEANINGS: Record<string, Meaning> = {
  SQLITE_BUSY: {
    code: 'DB_LOCKED',
    text: 'is locked by another process',
    hint: 'stop the other process, or try again when it is done',
  },
  SQLITE_LOCKED: { code: 'DB_LOCKED', text: 'is locked', hint: 'try again when the other reader or writer is done' },
  SQLITE_READONLY: {
    code: 'DB_READONLY',
    text: 'is read-only',
    hint: 'make the file and its folder writable, or name another file',
  },
  SQLITE_PERM: {
    code: 'DB_READONLY',
    text: 'may not be opened by this user',
    hint: 'mend the permissions of the file and its folder',
  },
  SQLITE_CANTOPEN: {
    code: 'DB_UNOPENABLE',
    text: 'cannot be opened',
    hint: 'check that the folder exists and may be written to',
  },
  SQLITE_CORRUPT: {
    code: 'DB_CORRUPT',
    text: 'is damaged',
    hint: 'restore it from a backup, or move it away and make a new one',
  },
  SQLITE_NOTADB: { code: 'DB_CORRUPT', text: 'is not an SQLite database', hint: 'name the right file, or move this one away' },
  SQLITE_FULL: { code: 'DB_FULL', text: 'cannot grow: the disk is full', hint: 'free some space; nothing was changed' },
  SQLITE_IOERR: {
    code: 'DB_IO',
    text: 'cannot be read or written: the disk reports an error',
    hint: 'check the disk and the system log',
  },
};

/** The primary code of an SQLite error (`SQLITE_CONSTRAINT_UNIQUE` → `SQLITE_CONSTRAINT`), else undefined. */
function primaryCode(error: unknown): string | undefined {
  const code = systemCode(error);
  return code?.startsWith('SQLITE_') ? code.split('_').slice(0, 2).join('_') : undefined;
}

/** True when another connection holds the lock. */
export function isBusy(error: unknown): boolean {
  return primaryCode(error) === 'SQLITE_BUSY';
}

/** True when the disk does not take what is written: it is full, read-only or fails. Another time it may. */
export function isDiskProblem(error: unknown): boolean {
  return isVenfleetError(error, 'DB_FULL', 'DB_READONLY', 'DB_IO');
}

/** True when a statement failed on a UNIQUE or PRIMARY KEY constraint. */
export function isUniqueViolation(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY';
}

/** True when a statement failed on a FOREIGN KEY constraint. */
export function isForeignKeyViolation(error: unknown): boolean {
  return systemCode(error) === 'SQLITE_CONSTRAINT_FOREIGNKEY';
}

/** An SQLite error as a VenfleetError that names the file; constraint violations and bugs are left as they are. */
export function translateSqliteError(error: unknown, path: string): unknown {
  if (error instanceof VenfleetError) return error;
  const meaning = MEANINGS[primaryCode(error) ?? ''];
  if (meaning === undefined) return error;
  return new VenfleetError(meaning.code, `the database ${path} ${meaning.text}`, {
    cause: error,
    hint: meaning.hint,
    context: { path },
  });
}
