import type { Database, Schema } from '@venfleet/sqlite';

export const OUTBOX_SCHEMA: Schema = {
  what: 'report outbox',
  applicationId: 0x76656f62, // "veob"
  migrations: [
    `CREATE TABLE vens (
       id INTEGER PRIMARY KEY, vtn_url TEXT NOT NULL, name TEXT NOT NULL, targets TEXT, UNIQUE (vtn_url, name)
     ) STRICT;
     CREATE TABLE event_days (
       ven_id INTEGER NOT NULL REFERENCES vens(id), date TEXT NOT NULL, PRIMARY KEY (ven_id, date)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE events (
       ven_id INTEGER NOT NULL REFERENCES vens(id), event_id TEXT NOT NULL, seen_at_ms INTEGER NOT NULL,
       definition TEXT NOT NULL, gone_at_ms INTEGER, PRIMARY KEY (ven_id, event_id)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE requests (
       id INTEGER PRIMARY KEY, ven_id INTEGER NOT NULL, event_id TEXT NOT NULL, key TEXT NOT NULL,
       next_ordinal INTEGER NOT NULL, pruned_acknowledged INTEGER NOT NULL DEFAULT 0, pruned_lost INTEGER NOT NULL DEFAULT 0,
       UNIQUE (ven_id, event_id, key),
       FOREIGN KEY (ven_id, event_id) REFERENCES events(ven_id, event_id) ON DELETE CASCADE
     ) STRICT;
     CREATE TABLE reports (
       id INTEGER PRIMARY KEY, request_id INTEGER NOT NULL REFERENCES requests(id) ON DELETE CASCADE,
       ven_id INTEGER NOT NULL REFERENCES vens(id), ordinal INTEGER NOT NULL, revision INTEGER NOT NULL, name TEXT NOT NULL UNIQUE,
       state TEXT NOT NULL CHECK (state IN ('pending', 'sent', 'acknowledged', 'failed', 'expired')),
       due_at_ms INTEGER NOT NULL, covers TEXT NOT NULL, content TEXT, attempts INTEGER NOT NULL DEFAULT 0,
       vtn_id TEXT, reason TEXT, changed_at_ms INTEGER NOT NULL, UNIQUE (request_id, ordinal, revision)
     ) STRICT;
     CREATE INDEX reports_open ON reports (ven_id, due_at_ms) WHERE state IN ('pending', 'sent');
     CREATE INDEX reports_closed ON reports (changed_at_ms) WHERE state NOT IN ('pending', 'sent');`,
    'ALTER TABLE vens DROP COLUMN targets;',
    'CREATE TABLE restores (at_ms INTEGER PRIMARY KEY) STRICT;',
  ],
};

/**
 * Makes a restored outbox safe to go on with: what was sent since it was copied, the VTN has. So whatever was due by now
 * is looked for there before it is sent, what is open and what will only be planned.
 */
export function noteRestored(db: Database, at: number): void {
  db.transaction(() => {
    db.prepare('INSERT OR REPLACE INTO restores (at_ms) VALUES (?)').run([at]);
    db.prepare("UPDATE reports SET state = 'sent' WHERE state = 'pending' AND due_at_ms <= ?").run([at]);
  });
}

export const REPORT_STATES = ['pending', 'sent', 'acknowledged', 'failed', 'expired'] as const;
/**
 * pending: to be sent, or certainly not received yet. sent: handed to the network, the answer not known. acknowledged:
 * the VTN has it. failed: the VTN refuses it. expired: nobody wants it any more, or it was kept for too long.
 */
export type ReportState = (typeof REPORT_STATES)[number];

export interface ReportRow {
  readonly id: number;
  readonly vtn: string;
  readonly ven: string;
  readonly event: string;
  readonly request: string;
  readonly ordinal: number;
  readonly revision: number;
  readonly name: string;
  readonly state: ReportState;
  readonly dueAt: number;
  readonly covers: string;
  readonly attempts: number;
  readonly vtnId: string | null;
  readonly reason: string | null;
  readonly changedAt: number;
  /** Whether its content is made. */
  readonly built: 0 | 1;
}

const ROW = `r.id, v.vtn_url AS vtn, v.name AS ven, q.event_id AS event, q.key AS request, r.ordinal, r.revision, r.name,
  r.state, r.due_at_ms AS dueAt, r.covers, r.attempts, r.vtn_id AS vtnId, r.reason, r.changed_at_ms AS changedAt,
  r.content IS NOT NULL AS built`;
const FROM = 'reports r JOIN requests q ON q.id = r.request_id JOIN vens v ON v.id = r.ven_id';
const OPEN = "r.state IN ('pending', 'sent')";

/** Why a report expired that somebody still wanted. */
const UNDELIVERED = 'not delivered in time';
/** What should have reached the VTN and never will; other expired reports are wanted by nobody. */
const LOST = `(state = 'failed' OR (state = 'expired' AND reason = '${UNDELIVERED}'))`;

export function prepareOutbox(db: Database) {
  return {
    addVen: db.prepare('INSERT INTO vens (vtn_url, name) VALUES (?, ?) ON CONFLICT DO NOTHING'),
    venId: db.prepare<{ id: number }>('SELECT id FROM vens WHERE vtn_url = ? AND name = ?'),
    addEventDay: db.prepare('INSERT INTO event_days (ven_id, date) VALUES (?, ?) ON CONFLICT DO NOTHING'),
    eventDays: db.prepare<{ date: string }>('SELECT date FROM event_days WHERE ven_id = ?'),
    pruneEventDays: db.prepare('DELETE FROM event_days WHERE date < ?'),
    putEvent: db.prepare(
      `INSERT INTO events (ven_id, event_id, seen_at_ms, definition) VALUES (@ven, @event, @seenAt, @definition)
       ON CONFLICT (ven_id, event_id) DO UPDATE SET definition = @definition, gone_at_ms = NULL`,
    ),
    event: db.prepare<{ seenAt: number; definition: string; gone: 0 | 1 }>(
      `SELECT seen_at_ms AS seenAt, definition, gone_at_ms IS NOT NULL AS gone FROM events WHERE ven_id = ? AND event_id = ?`,
    ),
    events: db.prepare<{ event: string; seenAt: number; definition: string }>(
      `SELECT event_id AS event, seen_at_ms AS seenAt, definition FROM events
       WHERE ven_id = ? AND gone_at_ms IS NULL ORDER BY event_id`,
    ),
    findEvent: db.prepare<{ vtn: string; ven: string; event: string; seenAt: number; definition: string }>(
      `SELECT v.vtn_url AS vtn, v.name AS ven, e.event_id AS event, e.seen_at_ms AS seenAt, e.definition
       FROM events e JOIN vens v ON v.id = e.ven_id WHERE e.event_id = ? ORDER BY v.vtn_url, v.name`,
    ),
    goneEvent: db.prepare('UPDATE events SET gone_at_ms = @now WHERE ven_id = @ven AND event_id = @event AND gone_at_ms IS NULL'),
    addRequest: db.prepare(
      'INSERT INTO requests (ven_id, event_id, key, next_ordinal) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    ),
    request: db.prepare<{ id: number; next: number }>(
      'SELECT id, next_ordinal AS next FROM requests WHERE ven_id = ? AND event_id = ? AND key = ?',
    ),
    requestKeys: db.prepare<{ id: number; key: string }>('SELECT id, key FROM requests WHERE ven_id = ? AND event_id = ?'),
    restoredAt: db.prepare<{ at: number | null }>('SELECT max(at_ms) AS at FROM restores'),
    setNext: db.prepare('UPDATE requests SET next_ordinal = ? WHERE id = ?'),
    addReport: db.prepare(
      `INSERT INTO reports (request_id, ven_id, ordinal, revision, name, state, due_at_ms, covers, content, changed_at_ms)
       VALUES (@request, @ven, @ordinal, @revision, @name, @state, @dueAt, @covers, @content, @now) ON CONFLICT DO NOTHING`,
    ),
    changePlan: db.prepare(
      'UPDATE reports SET due_at_ms = @dueAt, covers = @covers, content = NULL, changed_at_ms = @now WHERE id = @id',
    ),
    // An event that was gone is back: whether the report was sent in the meantime is looked up.
    reopen: db.prepare(
      `UPDATE reports SET state = 'sent', due_at_ms = @dueAt, covers = @covers, reason = NULL, changed_at_ms = @now
       WHERE id = @id`,
    ),
    ofRequest: db.prepare<ReportRow>(`SELECT ${ROW} FROM ${FROM} WHERE r.request_id = ? ORDER BY r.ordinal, r.revision`),
    unbuilt: db.prepare<ReportRow>(
      `SELECT ${ROW} FROM ${FROM} WHERE ${OPEN} AND r.ven_id = ? AND r.content IS NULL ORDER BY r.due_at_ms, r.id`,
    ),
    // The first that is built, and before which none of its event is waiting to be built.
    toSend: db.prepare<ReportRow>(
      `SELECT ${ROW} FROM ${FROM} WHERE ${OPEN} AND r.ven_id = @ven AND r.content IS NOT NULL AND NOT EXISTS (
         SELECT 1 FROM reports e JOIN requests f ON f.id = e.request_id
         WHERE e.state IN ('pending', 'sent') AND e.ven_id = @ven AND e.due_at_ms <= r.due_at_ms AND e.content IS NULL
           AND f.event_id = q.event_id AND (e.due_at_ms < r.due_at_ms OR e.id < r.id))
       ORDER BY r.due_at_ms, r.id LIMIT 1`,
    ),
    content: db.prepare<{ content: string | null }>('SELECT content FROM reports WHERE id = ?'),
    // An event that was changed meanwhile wants another one.
    setContent: db.prepare(
      "UPDATE reports SET content = @content WHERE id = @id AND covers = @covers AND state IN ('pending', 'sent')",
    ),
    setSent: db.prepare("UPDATE reports SET state = 'sent', attempts = attempts + 1, changed_at_ms = ? WHERE id = ?"),
    setPending: db.prepare(
      "UPDATE reports SET state = 'pending', reason = @reason, changed_at_ms = @now WHERE id = @id AND state = 'sent'",
    ),
    acknowledge: db.prepare(
      `UPDATE reports SET state = 'acknowledged', vtn_id = @vtnId, reason = NULL, content = NULL, changed_at_ms = @now
       WHERE id = @id`,
    ),
    close: db.prepare('UPDATE reports SET state = @state, reason = @reason, content = NULL, changed_at_ms = @now WHERE id = @id'),
    addLost: db.prepare('UPDATE requests SET pruned_lost = pruned_lost + ? WHERE id = ?'),
    expireOld: db.prepare(
      `UPDATE reports SET state = 'expired', reason = '${UNDELIVERED}', content = NULL, changed_at_ms = @now
       WHERE state IN ('pending', 'sent') AND due_at_ms < @before`,
    ),
    countPruned: db.prepare(
      `UPDATE requests AS q SET
         pruned_acknowledged = pruned_acknowledged + (SELECT count(*) FROM reports WHERE request_id = q.id
           AND state = 'acknowledged' AND changed_at_ms < @before),
         pruned_lost = pruned_lost + (SELECT count(*) FROM reports WHERE request_id = q.id
           AND ${LOST} AND changed_at_ms < @before)
       WHERE q.id IN (SELECT request_id FROM reports WHERE state NOT IN ('pending', 'sent') AND changed_at_ms < @before)`,
    ),
    prune: db.prepare("DELETE FROM reports WHERE state NOT IN ('pending', 'sent') AND changed_at_ms < ?"),
    pruneEvents: db.prepare(
      `DELETE FROM events WHERE gone_at_ms < ? AND NOT EXISTS (SELECT 1 FROM requests q JOIN reports r ON r.request_id = q.id
         WHERE q.ven_id = events.ven_id AND q.event_id = events.event_id)`,
    ),
    list: db.prepare<ReportRow>(
      `SELECT ${ROW} FROM ${FROM} WHERE (@ven IS NULL OR v.name = @ven) AND (@event IS NULL OR q.event_id = @event)
       AND (@state IS NULL OR r.state = @state) ORDER BY r.due_at_ms DESC, r.id DESC LIMIT @limit`,
    ),
    audit: db.prepare<AuditRow>(
      `SELECT v.vtn_url AS vtn, v.name AS ven, q.event_id AS event, q.key AS request,
         q.pruned_acknowledged + coalesce(sum(r.state = 'acknowledged'), 0) AS acknowledged,
         coalesce(sum(r.state IN ('pending', 'sent') AND r.due_at_ms + @grace <= @now), 0) AS late,
         coalesce(sum(r.state IN ('pending', 'sent') AND r.due_at_ms + @grace > @now), 0) AS toCome,
         q.pruned_lost + coalesce(sum(${LOST}), 0) AS lost,
         coalesce(sum(r.state = 'expired' AND NOT ${LOST}), 0) AS unwanted
       FROM requests q JOIN vens v ON v.id = q.ven_id LEFT JOIN reports r ON r.request_id = q.id
       WHERE (@ven IS NULL OR v.name = @ven) AND (@event IS NULL OR q.event_id = @event)
       GROUP BY q.id ORDER BY v.vtn_url, v.name, q.event_id, q.key`,
    ),
    acknowledged: db.prepare<{ count: number }>(
      `SELECT (SELECT coalesce(sum(pruned_acknowledged), 0) FROM requests)
         + (SELECT count(*) FROM reports WHERE state = 'acknowledged') AS count`,
    ),
    waiting: db.prepare<{ count: number }>(
      "SELECT count(*) AS count FROM reports WHERE state IN ('pending', 'sent') AND due_at_ms <= ?",
    ),
    waitingByVen: db.prepare<{ ven: string; count: number }>(
      `SELECT v.name AS ven, count(*) AS count FROM reports r JOIN vens v ON v.id = r.ven_id
       WHERE ${OPEN} AND r.due_at_ms <= ? AND v.vtn_url = ? GROUP BY v.id`,
    ),
    doubles: db.prepare<{ vtn: string; vtnId: string; reports: number }>(
      `SELECT v.vtn_url AS vtn, r.vtn_id AS vtnId, count(*) AS reports FROM ${FROM} WHERE r.vtn_id IS NOT NULL
       GROUP BY v.id, r.vtn_id HAVING count(*) > 1`,
    ),
  };
}

export interface AuditRow {
  readonly vtn: string;
  readonly ven: string;
  readonly event: string;
  readonly request: string;
  readonly acknowledged: number;
  /** Due, and not acknowledged yet. */
  readonly late: number;
  readonly toCome: number;
  /** Refused by the VTN, not delivered for too long, or never made because the agent was away for too long. */
  readonly lost: number;
  /** Given up as the event or the request is gone. */
  readonly unwanted: number;
}
