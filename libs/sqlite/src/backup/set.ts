import type { Database } from '../database.js';
import type { Schema } from '../migrations.js';

/** A database of a program, as one of those that are backed up and restored together. */
export interface BackupMember {
  /** The file's name in the backup, whatever it is called in use: `outbox.db`. */
  readonly name: string;
  readonly path: string;
  readonly schema: Schema;
  /** Brings a restored copy up to what may have happened since it was taken, before it comes into use. */
  readonly onRestore?: (db: Database) => void;
}

/** All databases of a program. */
export interface BackupSet {
  /** Whose they are: `ven-agent`. A backup of one program is none of another's. */
  readonly program: string;
  /** The database beside which an unfinished restore is noted. */
  readonly anchor: string;
  /** In the order in which they are copied: what refers to another one's rows comes before that one. */
  readonly members: readonly BackupMember[];
}

export const MANIFEST = 'manifest.json';
