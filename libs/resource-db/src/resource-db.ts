import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { type HasNow, isVenfleetError, systemClock, VenfleetError } from '@venfleet/core';
import { type Database, moveDatabase, openDatabase } from '@venfleet/sqlite';
import { checkDomain, type Finding } from './check.js';
import { ConnectionRepository } from './connections.js';
import { ResourceRepository } from './resources.js';
import { RESOURCE_DB_SCHEMA } from './schema.js';
import { readStatistics, type Statistics } from './statistics.js';

export type ResourceDbMode = 'create' | 'readwrite' | 'readonly';

/** An open resource database. */
export class ResourceDb {
  readonly resources: ResourceRepository;
  readonly connections: ConnectionRepository;
  readonly #db: Database;

  constructor(db: Database, clock: HasNow) {
    this.#db = db;
    this.resources = new ResourceRepository(db, clock);
    this.connections = new ConnectionRepository(db, clock);
  }

  get path(): string {
    return this.#db.path;
  }

  /** Runs `work` in one transaction: all of its changes or, when it throws, none. */
  transaction<T>(work: () => T): T {
    return this.#db.transaction(work);
  }

  statistics(): Statistics {
    return readStatistics(this.#db);
  }

  /** What is wrong with the file (SQLite's own check) and with its content; empty when all is well. */
  check(): Finding[] {
    const damage = this.#db.integrityProblems().map((problem) => ({ subject: 'database', problem }));
    try {
      return [...damage, ...checkDomain(this.resources, this.connections)];
    } catch (error) {
      // The pages that hold the rows may be the damaged ones.
      if (damage.length > 0 && isVenfleetError(error, 'DB_CORRUPT')) return damage;
      throw error;
    }
  }

  /**
   * Copies the database while others use it, into a new file.
   * @throws VenfleetError FILE_EXISTS
   */
  backup(path: string): Promise<void> {
    return this.#db.backup(path);
  }

  /**
   * Writes one VEN's resources and their connections into a new database, which is all that an agent
   * of this VEN needs. Row ids and times stay as they are here.
   * @returns how many resources and connections it has.
   * @throws VenfleetError VEN_UNKNOWN, FILE_EXISTS
   */
  exportVen(ven: string, path: string): { resources: number; connections: number } {
    if (existsSync(path)) {
      throw new VenfleetError('FILE_EXISTS', `${path} exists already`, {
        context: { path },
        hint: 'name a new file or move the old one away',
      });
    }
    if (this.resources.count({ ven }) === 0) {
      throw new VenfleetError('VEN_UNKNOWN', `there is no VEN named ${ven} in ${this.path}`, {
        context: { ven },
        hint: 'the stats command lists the names; upper and lower case matter',
      });
    }
    return buildWhole(path, (temporary) => {
      const target = openDatabase(temporary, { schema: RESOURCE_DB_SCHEMA, mode: 'create' });
      try {
        return target.transaction(() => ({
          connections: copyRows(this.#db, target, 'connections', CONNECTIONS_OF_VEN, ven),
          resources: copyRows(this.#db, target, 'resources', 'SELECT * FROM resources WHERE ven = @ven', ven),
        }));
      } finally {
        target.close();
      }
    });
  }

  close(): void {
    this.#db.close();
  }
}

const CONNECTIONS_OF_VEN = `SELECT * FROM connections WHERE id IN (
  SELECT reader_connection_id FROM resources WHERE ven = @ven
  UNION SELECT writer_connection_id FROM resources WHERE ven = @ven)`;

function copyRows(from: Database, to: Database, table: string, select: string, ven: string): number {
  const rows = from.prepare<Record<string, string | number | null>>(select).all({ ven });
  const columns = Object.keys(rows[0] ?? {});
  if (columns.length === 0) return 0;
  const insert = to.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`);
  for (const row of rows) insert.run(Object.values(row));
  return rows.length;
}

/**
 * Opens a resource database.
 * @param mode `create` makes it when missing; `readonly` never changes it.
 * @throws VenfleetError as openDatabase of libs/sqlite (DB_MISSING, DB_LOCKED, DB_NEWER, DB_CORRUPT, …)
 */
export function openResourceDb(path: string, mode: ResourceDbMode, clock: HasNow = systemClock): ResourceDb {
  const db = openDatabase(path, {
    schema: RESOURCE_DB_SCHEMA,
    mode,
    missingHint: 'make it with: npx nx run resource-db:prepare',
  });
  return new ResourceDb(db, clock);
}

/**
 * Lets `build` write a new database under another name and moves it to `path` when it is whole: killed
 * at any moment, there is a whole file at `path` or none.
 */
export function buildWhole<T>(path: string, build: (temporary: string) => T): T {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.db`;
  try {
    const result = build(temporary);
    moveDatabase(temporary, path);
    return result;
  } catch (error) {
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${temporary}${suffix}`, { force: true });
    throw error;
  }
}
