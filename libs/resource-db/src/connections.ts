import { type HasNow, type Instant, VenfleetError } from '@venfleet/core';
import { type Database, isForeignKeyViolation } from '@venfleet/sqlite';
import { connectionMistakes, refuseMistakes } from './mistakes.js';
import type { Actor, Connection, ConnectionType, NewConnection } from './model.js';

interface ConnectionRow {
  readonly id: number;
  readonly type: ConnectionType;
  readonly actor: Actor;
  readonly profile: string;
  readonly host: string | null;
  readonly port: number | null;
  readonly unit_id: number | null;
  readonly topic: string | null;
  readonly username: string | null;
  readonly secret_ref: string | null;
  readonly file: string | null;
  readonly managed: 0 | 1;
  readonly created_at_ms: number;
  readonly updated_at_ms: number;
}

/** A connection, and whether the import may still bring it up to date (see schema.ts). */
export interface ManagedConnection {
  readonly connection: Connection;
  readonly managed: boolean;
}

const SETTINGS = ['type', 'actor', 'profile', 'host', 'port', 'unit_id', 'topic', 'username', 'secret_ref', 'file'] as const;

/** The values of {@link SETTINGS}, in that order. */
function settingsRow(c: NewConnection): (string | number | null)[] {
  switch (c.type) {
    case 'MODBUSTCP':
      return [c.type, c.actor, c.profile, c.host, c.port, c.unitId, null, null, null, null];
    case 'MQTT':
      return [c.type, c.actor, c.profile, c.host, c.port, null, c.topic, c.username, c.secretRef, null];
    case 'FILEREADER':
      return [c.type, c.actor, c.profile, null, null, null, null, null, null, c.file];
  }
}

/** The table's CHECK constraints guarantee that the columns a type needs are there. */
function toConnection(row: ConnectionRow): Connection {
  const common = {
    id: row.id,
    actor: row.actor,
    profile: row.profile,
    createdAt: row.created_at_ms as Instant,
    updatedAt: row.updated_at_ms as Instant,
  };
  if (row.type === 'FILEREADER') return { type: row.type, file: row.file as string, ...common };
  const address = { host: row.host as string, port: row.port as number };
  if (row.type === 'MODBUSTCP') return { type: row.type, ...address, unitId: row.unit_id as number, ...common };
  return { type: row.type, ...address, topic: row.topic as string, username: row.username, secretRef: row.secret_ref, ...common };
}

/** Whether two connections reach the same device in the same way. */
export function sameSettings(a: NewConnection, b: NewConnection): boolean {
  const other = settingsRow(b);
  return settingsRow(a).every((value, i) => value === other[i]);
}

/** The table `connections`. */
export class ConnectionRepository {
  readonly #statements;
  readonly #clock: HasNow;

  constructor(db: Database, clock: HasNow) {
    this.#clock = clock;
    const assignments = SETTINGS.map((column) => `${column} = ?`).join(', ');
    this.#statements = {
      get: db.prepare<ConnectionRow>('SELECT * FROM connections WHERE id = ?'),
      all: db.prepare<ConnectionRow>('SELECT * FROM connections ORDER BY id'),
      insert: db.prepare(
        `INSERT INTO connections (${SETTINGS.join(', ')}, managed, created_at_ms, updated_at_ms)
         VALUES (${SETTINGS.map(() => '?').join(', ')}, ?, ?, ?)`,
      ),
      update: db.prepare(`UPDATE connections SET ${assignments}, managed = 0, updated_at_ms = ? WHERE id = ?`),
      manage: db.prepare('UPDATE connections SET managed = 1 WHERE id = ?'),
      delete: db.prepare('DELETE FROM connections WHERE id = ?'),
      users: db.prepare<{ n: number }>(
        'SELECT count(*) AS n FROM resources WHERE reader_connection_id = @id OR writer_connection_id = @id',
      ),
      deleteUnused: db.prepare(
        `DELETE FROM connections WHERE id = @id AND NOT EXISTS
         (SELECT 1 FROM resources WHERE reader_connection_id = @id OR writer_connection_id = @id)`,
      ),
    };
  }

  get(id: number): Connection | undefined {
    const row = this.#statements.get.get([id]);
    return row && toConnection(row);
  }

  /** All connections by id. */
  list(): Connection[] {
    return this.#statements.all.all().map(toConnection);
  }

  /** All connections by id, each with whether the import looks after it. */
  listManaged(): ManagedConnection[] {
    return this.#statements.all.all().map((row) => ({ connection: toConnection(row), managed: row.managed === 1 }));
  }

  /**
   * @param managed whether the import may change it later; connections of other callers are theirs.
   * @returns the new connection's id.
   * @throws VenfleetError CONNECTION_INVALID with every mistake.
   */
  insert(connection: NewConnection, managed = false): number {
    refuseMistakes('CONNECTION_INVALID', `the ${connection.type} connection`, connectionMistakes(connection));
    const now = this.#clock.now();
    return this.#statements.insert.run([...settingsRow(connection), managed ? 1 : 0, now, now]).lastInsertRowid;
  }

  /**
   * Puts `connection` in the place of the one with that id, for all resources that use it.
   * @returns whether anything changed.
   * @throws VenfleetError CONNECTION_INVALID, CONNECTION_UNKNOWN
   */
  update(id: number, connection: NewConnection, managed = false): boolean {
    const old = this.get(id);
    if (old === undefined) throw unknownConnection(id);
    if (sameSettings(old, connection)) return false;
    refuseMistakes('CONNECTION_INVALID', `the change of connection ${id}`, connectionMistakes(connection));
    this.#statements.update.run([...settingsRow(connection), this.#clock.now(), id]);
    if (managed) this.#statements.manage.run([id]);
    return true;
  }

  /**
   * @returns false when there is none with that id.
   * @throws VenfleetError CONNECTION_IN_USE while a resource refers to it.
   */
  delete(id: number): boolean {
    try {
      return this.#statements.delete.run([id]).changes > 0;
    } catch (cause) {
      if (!isForeignKeyViolation(cause)) throw cause;
      throw new VenfleetError('CONNECTION_IN_USE', `connection ${id} is in use by a resource`, {
        cause,
        context: { id },
        hint: 'give the resource another connection, or none, first',
      });
    }
  }

  /** How many resources use it. */
  users(id: number): number {
    return this.#statements.users.get({ id })?.n ?? 0;
  }

  /** Deletes the connection unless a resource refers to it. @returns whether it did. */
  deleteUnused(id: number): boolean {
    return this.#statements.deleteUnused.run({ id }).changes > 0;
  }
}

function unknownConnection(id: number): VenfleetError {
  return new VenfleetError('CONNECTION_UNKNOWN', `there is no connection ${id}`, { context: { id } });
}
