import type { Database, Schema } from '@venfleet/sqlite';

export const EVENTS_SCHEMA: Schema = {
  what: 'event database',
  applicationId: 0x76656576, // "veev"
  migrations: [
    `CREATE TABLE vens (
       id INTEGER PRIMARY KEY, vtn_url TEXT NOT NULL, name TEXT NOT NULL, targets TEXT, UNIQUE (vtn_url, name)
     ) STRICT;
     CREATE TABLE programs (
       ven_id INTEGER NOT NULL REFERENCES vens(id), program_id TEXT NOT NULL, facts TEXT NOT NULL,
       PRIMARY KEY (ven_id, program_id)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE events (
       ven_id INTEGER NOT NULL REFERENCES vens(id), event_id TEXT NOT NULL, definition TEXT NOT NULL,
       seen_at_ms INTEGER NOT NULL, changed_at_ms INTEGER NOT NULL, gone_at_ms INTEGER, draws TEXT NOT NULL,
       first_action_at_ms INTEGER, last_action_at_ms INTEGER, PRIMARY KEY (ven_id, event_id)
     ) STRICT, WITHOUT ROWID;
     CREATE INDEX events_gone ON events (gone_at_ms) WHERE gone_at_ms IS NOT NULL;
     CREATE TABLE opt_outs (
       ven_id INTEGER NOT NULL, event_id TEXT NOT NULL, resource TEXT NOT NULL, reason TEXT NOT NULL, at_ms INTEGER NOT NULL,
       PRIMARY KEY (ven_id, event_id, resource),
       FOREIGN KEY (ven_id, event_id) REFERENCES events(ven_id, event_id) ON DELETE CASCADE
     ) STRICT, WITHOUT ROWID;`,
    'CREATE TABLE callback_bases (id INTEGER PRIMARY KEY, url TEXT NOT NULL UNIQUE) STRICT;',
  ],
};

export interface EventRow {
  readonly vtn: string;
  readonly ven: string;
  readonly venId: number;
  readonly event: string;
  readonly definition: string;
  readonly seenAt: number;
  readonly changedAt: number;
  readonly goneAt: number | null;
  readonly draws: string;
  readonly firstActionAt: number | null;
  readonly lastActionAt: number | null;
}

export interface OptOutRow {
  readonly event: string;
  /** Empty: all of the VEN's. */
  readonly resource: string;
  readonly reason: string;
  readonly at: number;
}

const COLUMNS = `v.vtn_url AS vtn, v.name AS ven, v.id AS venId, e.event_id AS event, e.definition, e.seen_at_ms AS seenAt,
  e.changed_at_ms AS changedAt, e.gone_at_ms AS goneAt, e.draws, e.first_action_at_ms AS firstActionAt,
  e.last_action_at_ms AS lastActionAt`;
const FROM = 'events e JOIN vens v ON v.id = e.ven_id';

export function prepareEvents(db: Database) {
  return {
    addVen: db.prepare('INSERT INTO vens (vtn_url, name) VALUES (?, ?) ON CONFLICT DO NOTHING'),
    ven: db.prepare<{ id: number; targets: string | null }>('SELECT id, targets FROM vens WHERE vtn_url = ? AND name = ?'),
    vens: db.prepare<{ name: string }>('SELECT DISTINCT name FROM vens'),
    setTargets: db.prepare('UPDATE vens SET targets = ? WHERE id = ?'),
    programs: db.prepare<{ facts: string }>('SELECT facts FROM programs WHERE ven_id = ? ORDER BY program_id'),
    dropPrograms: db.prepare('DELETE FROM programs WHERE ven_id = ?'),
    addProgram: db.prepare('INSERT INTO programs (ven_id, program_id, facts) VALUES (?, ?, ?)'),
    current: db.prepare<EventRow>(
      `SELECT ${COLUMNS} FROM ${FROM} WHERE e.ven_id = ? AND e.gone_at_ms IS NULL ORDER BY e.event_id`,
    ),
    find: db.prepare<EventRow>(`SELECT ${COLUMNS} FROM ${FROM} WHERE e.ven_id = ? AND e.event_id = ?`),
    put: db.prepare(
      `INSERT INTO events (ven_id, event_id, definition, seen_at_ms, changed_at_ms, draws)
       VALUES (@ven, @event, @definition, @seenAt, @changedAt, @draws)
       ON CONFLICT (ven_id, event_id) DO UPDATE SET definition = @definition, changed_at_ms = @changedAt, draws = @draws,
         gone_at_ms = NULL`,
    ),
    gone: db.prepare('UPDATE events SET gone_at_ms = @at WHERE ven_id = @ven AND event_id = @event AND gone_at_ms IS NULL'),
    noteAction: db.prepare(
      `UPDATE events SET first_action_at_ms = coalesce(first_action_at_ms, @at), last_action_at_ms = @at
       WHERE ven_id = @ven AND event_id = @event`,
    ),
    optOuts: db.prepare<OptOutRow>(
      'SELECT event_id AS event, resource, reason, at_ms AS at FROM opt_outs WHERE ven_id = ? ORDER BY event_id, resource',
    ),
    optOut: db.prepare(
      `INSERT INTO opt_outs (ven_id, event_id, resource, reason, at_ms) VALUES (@ven, @event, @resource, @reason, @at)
       ON CONFLICT (ven_id, event_id, resource) DO UPDATE SET reason = @reason`,
    ),
    undoOptOut: db.prepare('DELETE FROM opt_outs WHERE ven_id = ? AND event_id = ? AND resource = ?'),
    list: db.prepare<EventRow>(
      `SELECT ${COLUMNS} FROM ${FROM} WHERE (@ven IS NULL OR v.name = @ven) AND (@event IS NULL OR e.event_id = @event)
       ORDER BY v.vtn_url, v.name, e.seen_at_ms DESC, e.event_id`,
    ),
    prune: db.prepare('DELETE FROM events WHERE gone_at_ms < ?'),
    addCallbackBase: db.prepare('INSERT INTO callback_bases (url) VALUES (?) ON CONFLICT DO NOTHING'),
    dropOldCallbackBases: db.prepare(
      'DELETE FROM callback_bases WHERE id NOT IN (SELECT id FROM callback_bases ORDER BY id DESC LIMIT 20)',
    ),
    callbackBases: db.prepare<{ url: string }>('SELECT url FROM callback_bases'),
  };
}
