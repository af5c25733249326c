import { randomUUID } from 'node:crypto';
import { type HasNow, isVenfleetError, VenfleetError } from '@venfleet/core';
import {
  type Database,
  GroupedWriter,
  isForeignKeyViolation,
  isUniqueViolation,
  type OwnerLock,
  openDatabase,
  ownFile,
} from '@venfleet/sqlite';
import { Problem } from '../http/problem.js';
import { STORE_SCHEMA, TABLES } from './schema.js';

/** What the server gives every object that it keeps; times in epoch milliseconds. */
export interface Stamp {
  readonly id: string;
  readonly created: number;
  readonly modified: number;
}

/** The database of the VTN: grouped writes, consistent reads, and times that never go backwards. */
export class Store {
  readonly db: Database;
  readonly #writer: GroupedWriter;
  readonly #clock: HasNow;
  readonly #lock: OwnerLock | undefined;
  #latest: number;
  #afterwards: (() => void)[] = [];

  constructor(db: Database, clock: HasNow, lock?: OwnerLock) {
    this.db = db;
    this.#lock = lock;
    this.#writer = new GroupedWriter(db);
    this.#clock = clock;
    this.#latest = Math.max(0, ...TABLES.map((table) => newestIn(db, table)));
  }

  /**
   * Runs `work` together with the other writes of this turn of the event loop.
   * @returns what `work` returned, once it is on the disk.
   * @throws Problem 409 when a unique name is taken or something still refers to what was deleted.
   */
  write<T>(work: () => T): Promise<T> {
    return this.#writer.write(() => {
      const planned = this.#afterwards.length;
      try {
        return work();
      } catch (error) {
        this.#afterwards.length = planned;
        if (isUniqueViolation(error)) throw conflictOf(error);
        if (isForeignKeyViolation(error)) throw new Problem(409, 'other objects still refer to this one; delete them first');
        throw error;
      }
    });
  }

  /** Has `work` done once the write that is under way is committed, or not at all when it is undone. */
  afterCommit(work: () => void): void {
    this.#afterwards.push(work);
    if (this.#afterwards.length > 1) return;
    // An empty write of the same turn shares the group's commit, and its fate.
    queueMicrotask(() => {
      this.#writer
        .write(() => undefined)
        .then(
          () => this.#doAfterwards(),
          () => {
            this.#afterwards = [];
          },
        );
    });
  }

  #doAfterwards(): void {
    const planned = this.#afterwards;
    this.#afterwards = [];
    for (const work of planned) work();
  }

  /** Runs `work` on what is committed, and on nothing else. */
  read<T>(work: () => T): T {
    this.#writer.flush();
    return work();
  }

  /** In epoch milliseconds. Lists are in order of creation; a clock that was set back must not show in their times. */
  now(): number {
    this.#latest = Math.max(this.#clock.now(), this.#latest);
    return this.#latest;
  }

  newStamp(): Stamp {
    const now = this.now();
    return { id: orderedUuid(now), created: now, modified: now };
  }

  /** The time of a modification: later than `previous`, the last one of the same object. */
  modifiedAfter(previous: number): number {
    return Math.max(this.now(), previous + 1);
  }

  /** Deletes all objects, and what is queued about them. */
  clear(): void {
    this.read(() => {
      for (const table of ['deliveries', 'messages', 'reports', 'events', 'subscriptions', 'programs', 'resources', 'vens']) {
        this.db.exec(`DELETE FROM ${table}`);
      }
    });
  }

  close(): void {
    this.#writer.flush();
    this.db.close();
    this.#lock?.release();
  }
}

/**
 * A UUID that begins with the time (RFC 9562 section 5.7, version 7; `now` in epoch milliseconds): new ones go to the end
 * of their index, where wholly random ones would make each new object write a page of its own.
 */
function orderedUuid(now: number): string {
  const time = now.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

function newestIn(db: Database, table: string): number {
  const row = db.prepare<{ created: number }>(`SELECT created FROM ${table} ORDER BY seq DESC LIMIT 1`).get();
  return row?.created ?? 0;
}

/** `UNIQUE constraint failed: vens.name` → which value is taken. */
function conflictOf(error: unknown): Problem {
  const [, table, column] = /failed: (\w+)\.(\w+)/.exec(String(error)) ?? [];
  const kind = table?.replace(/s$/, '') ?? 'object';
  if (column === 'client_id' || String(error).includes('vens_client')) {
    return new Problem(409, 'clientID: this client has a ven already; a client has one ven at most');
  }
  const scope = table === 'resources' ? 'of this ven' : 'of this VTN';
  return new Problem(409, `${kind}Name: another ${kind} ${scope} has this name; names are unique`);
}

/**
 * Opens the store for this process alone; others may still copy it.
 * @param path a file, made when missing, or `:memory:`.
 * @throws VenfleetError DB_IN_USE when another VTN has it, or another DB_ error of openDatabase.
 */
export function openStore(path: string, clock: HasNow): Store {
  const lock = path === ':memory:' ? undefined : ownStore(path);
  try {
    return new Store(openDatabase(path, { schema: STORE_SCHEMA, mode: 'create' }), clock, lock);
  } catch (error) {
    lock?.release();
    throw error;
  }
}

function ownStore(path: string): OwnerLock {
  try {
    return ownFile(path, STORE_SCHEMA.what);
  } catch (error) {
    if (!isVenfleetError(error, 'DB_IN_USE')) throw error;
    throw new VenfleetError(error.code, error.message, {
      cause: error,
      context: { path },
      hint: 'stop the other VTN, or name another file with --data',
    });
  }
}
