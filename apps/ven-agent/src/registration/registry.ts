import type { Clock } from '@venfleet/core';
import { type Database, openDatabase, type Schema } from '@venfleet/sqlite';

export const REGISTRY_SCHEMA: Schema = {
  what: 'agent state database',
  applicationId: 0x76656e61, // "vena"
  migrations: [
    `CREATE TABLE vtns (
       id INTEGER PRIMARY KEY, url TEXT NOT NULL UNIQUE, version TEXT NOT NULL, last_run_at TEXT NOT NULL,
       last_run_failed INTEGER NOT NULL
     ) STRICT;
     CREATE TABLE vens (
       vtn_id INTEGER NOT NULL REFERENCES vtns(id), name TEXT NOT NULL, ven_id TEXT NOT NULL, registered_at TEXT NOT NULL,
       PRIMARY KEY (vtn_id, name)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE resources (
       vtn_id INTEGER NOT NULL, ven_name TEXT NOT NULL, name TEXT NOT NULL, resource_id TEXT NOT NULL,
       PRIMARY KEY (vtn_id, ven_name, name),
       FOREIGN KEY (vtn_id, ven_name) REFERENCES vens(vtn_id, name) ON DELETE CASCADE
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE failures (
       vtn_id INTEGER NOT NULL REFERENCES vtns(id), ven_name TEXT NOT NULL, resource_name TEXT NOT NULL,
       code TEXT NOT NULL, message TEXT NOT NULL, PRIMARY KEY (vtn_id, ven_name, resource_name)
     ) STRICT, WITHOUT ROWID;`,
  ],
};

/** A VEN or (with `resource`) a resource that could not be registered, and why. */
export interface Failure {
  readonly ven: string;
  /** The resource's name, absent when the whole VEN failed. */
  readonly resource?: string;
  readonly code: string;
  readonly message: string;
}

/** The VTN's ids of a VEN's resources, by resource name. */
export type ResourceIds = ReadonlyMap<string, string>;

export interface RegisteredVen {
  readonly name: string;
  readonly venId: string;
  readonly registeredAt: string;
  readonly resources: number;
}

export interface VtnStatus {
  readonly url: string;
  readonly version: string;
  readonly lastRunAt: string;
  readonly vens: readonly RegisteredVen[];
  readonly failures: readonly Failure[];
}

/** What the agent remembers of its registrations, by VTN: ids, and what failed in the last run. */
export class Registry {
  readonly #db: Database;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #sql;

  constructor(db: Database, clock: Pick<Clock, 'now'>) {
    this.#db = db;
    this.#clock = clock;
    this.#sql = prepare(db);
  }

  /** Opens or makes the state database. @throws the DB_ errors of openDatabase */
  static open(path: string, clock: Pick<Clock, 'now'>): Registry {
    return new Registry(openDatabase(path, { schema: REGISTRY_SCHEMA, mode: 'create' }), clock);
  }

  /** As {@link open}, but only to read it. @throws VenfleetError DB_MISSING and the other DB_ errors */
  static openReadonly(path: string, clock: Pick<Clock, 'now'>): Registry {
    const missingHint = 'nothing was registered with this state file yet: run `npx nx run ven-agent:register`';
    return new Registry(openDatabase(path, { schema: REGISTRY_SCHEMA, mode: 'readonly', missingHint }), clock);
  }

  /** The record of the VTN at `url`, made when new. @returns its key for the other calls */
  vtn(url: string, version: string): number {
    const now = this.#timestamp();
    return this.#db.transaction(() => {
      this.#sql.upsertVtn.run({ url, version, now });
      return (this.#sql.vtnId.get([url]) as { id: number }).id;
    });
  }

  /** The key of the VTN at `url`, if there is a record of it. */
  find(url: string): number | undefined {
    return this.#sql.vtnId.get([url])?.id;
  }

  /** Replaces what is remembered of one VEN: its ids and its failures, in one transaction. */
  rememberVen(vtn: number, ven: { name: string; venId: string; resources: ResourceIds }, failures: readonly Failure[]): void {
    this.#db.transaction(() => {
      const known = new Map(this.#sql.resourcesOf.all([vtn, ven.name]).map((row) => [row.name, row.resource_id]));
      this.#sql.upsertVen.run({ vtn, name: ven.name, venId: ven.venId, now: this.#timestamp() });
      for (const [name, id] of ven.resources) if (known.get(name) !== id) this.#sql.upsertResource.run([vtn, ven.name, name, id]);
      for (const name of known.keys()) if (!ven.resources.has(name)) this.#sql.deleteResource.run([vtn, ven.name, name]);
      this.#replaceFailures(vtn, ven.name, failures);
    });
  }

  /** Notes that a VEN as a whole failed; its remembered ids stay. */
  rememberFailures(vtn: number, venName: string, failures: readonly Failure[]): void {
    this.#db.transaction(() => this.#replaceFailures(vtn, venName, failures));
  }

  /** Forgets a VEN that is gone from the VTN. */
  forgetVen(vtn: number, name: string): void {
    this.#db.transaction(() => {
      this.#replaceFailures(vtn, name, []);
      this.#sql.deleteVen.run([vtn, name]);
    });
  }

  finishRun(vtn: number, failed: number): void {
    this.#sql.finishRun.run({ vtn, failed, now: this.#timestamp() });
  }

  /** Names and ids of the VENs registered at a VTN. */
  vens(vtn: number): RegisteredVen[] {
    return this.#sql.vensOf.all([vtn]);
  }

  /** Everything known, VTN by VTN, the latest run first. */
  status(): VtnStatus[] {
    return this.#sql.vtns.all().map(({ id, ...vtn }) => ({
      ...vtn,
      vens: this.vens(id),
      failures: this.#sql.failuresOf.all([id]).map(({ resource, ...rest }) => (resource === '' ? rest : { ...rest, resource })),
    }));
  }

  close(): void {
    this.#db.close();
  }

  #replaceFailures(vtn: number, venName: string, failures: readonly Failure[]): void {
    this.#sql.clearFailures.run([vtn, venName]);
    for (const { resource = '', code, message } of failures) {
      this.#sql.insertFailure.run({ vtn, ven: venName, resource, code, message });
    }
  }

  #timestamp(): string {
    return new Date(this.#clock.now()).toISOString();
  }
}

function prepare(db: Database) {
  return {
    upsertVtn: db.prepare(
      `INSERT INTO vtns (url, version, last_run_at, last_run_failed) VALUES (@url, @version, @now, 0)
       ON CONFLICT (url) DO UPDATE SET version = @version`,
    ),
    vtnId: db.prepare<{ id: number }>('SELECT id FROM vtns WHERE url = ?'),
    finishRun: db.prepare('UPDATE vtns SET last_run_at = @now, last_run_failed = @failed WHERE id = @vtn'),
    upsertVen: db.prepare(
      `INSERT INTO vens (vtn_id, name, ven_id, registered_at) VALUES (@vtn, @name, @venId, @now)
       ON CONFLICT (vtn_id, name) DO UPDATE SET ven_id = @venId, registered_at = @now WHERE ven_id <> @venId`,
    ),
    deleteVen: db.prepare('DELETE FROM vens WHERE vtn_id = ? AND name = ?'),
    resourcesOf: db.prepare<{ name: string; resource_id: string }>(
      'SELECT name, resource_id FROM resources WHERE vtn_id = ? AND ven_name = ?',
    ),
    upsertResource: db.prepare(
      `INSERT INTO resources (vtn_id, ven_name, name, resource_id) VALUES (?, ?, ?, ?)
       ON CONFLICT (vtn_id, ven_name, name) DO UPDATE SET resource_id = excluded.resource_id`,
    ),
    deleteResource: db.prepare('DELETE FROM resources WHERE vtn_id = ? AND ven_name = ? AND name = ?'),
    clearFailures: db.prepare('DELETE FROM failures WHERE vtn_id = ? AND ven_name = ?'),
    insertFailure: db.prepare(
      `INSERT OR REPLACE INTO failures (vtn_id, ven_name, resource_name, code, message)
       VALUES (@vtn, @ven, @resource, @code, @message)`,
    ),
    vtns: db.prepare<{ id: number; url: string; version: string; lastRunAt: string }>(
      'SELECT id, url, version, last_run_at AS lastRunAt FROM vtns ORDER BY last_run_at DESC, url',
    ),
    vensOf: db.prepare<RegisteredVen>(
      `SELECT v.name, v.ven_id AS venId, v.registered_at AS registeredAt, count(r.name) AS resources
       FROM vens v LEFT JOIN resources r ON r.vtn_id = v.vtn_id AND r.ven_name = v.name
       WHERE v.vtn_id = ? GROUP BY v.name ORDER BY resources DESC, v.name`,
    ),
    failuresOf: db.prepare<{ ven: string; resource: string; code: string; message: string }>(
      `SELECT ven_name AS ven, resource_name AS resource, code, message FROM failures
       WHERE vtn_id = ? ORDER BY ven_name, resource_name`,
    ),
  };
}
