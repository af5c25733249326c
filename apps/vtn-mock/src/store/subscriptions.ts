import type { Role, WireVersion } from '@venfleet/openadr';
import type { Database } from '@venfleet/sqlite';
import type { ChangeOperation, OnChange } from './change.js';
import { type Condition, Listing, type Page } from './listing.js';
import type { Stamp } from './store.js';
import type { StoredTargets } from './targets.js';

/** What a client gives of a subscription; `operations` is its objectOperations as a JSON text. */
export interface SubscriptionContent extends StoredTargets {
  readonly clientName: string;
  readonly programId: string | null;
  readonly operations: string;
}

/** Who made a subscription, and over which version. */
export interface Subscriber {
  readonly version: WireVersion;
  readonly clientId: string;
  readonly role: Role;
}

export interface SubscriptionRow extends SubscriptionContent, Subscriber, Stamp {
  readonly seq: number;
}

/** One kind of object and one operation that a subscription asks for at one callback. */
export interface Subscribed {
  readonly objectType: string;
  readonly operation: string;
  readonly url: string;
  readonly token: string | null;
}

/** A {@link Subscribed} as it concerns one change, and what decides whether its client is told. */
export interface Wish extends Subscriber {
  readonly subscription: number;
  readonly url: string;
  readonly token: string | null;
  readonly targets: string | null;
  readonly targets301: string | null;
}

const SELECT = `SELECT s.seq, s.id, s.version, p.id AS programId, s.client_name AS clientName, s.client_id AS clientId, s.role,
  s.operations, s.targets, s.targets301, s.created, s.modified
  FROM subscriptions s LEFT JOIN programs p ON p.seq = s.program`;

const WISHES = `SELECT w.subscription, w.url, w.token, s.version, s.client_id AS clientId, s.role, s.targets, s.targets301
  FROM subscribed w JOIN subscriptions s ON s.seq = w.subscription
  WHERE w.object_type = ? AND w.operation = ?`;

const PROGRAM_OF = '(SELECT seq FROM programs WHERE id = ?)';

export class Subscriptions {
  readonly #insert;
  readonly #update;
  readonly #delete;
  readonly #byId;
  readonly #twin;
  readonly #forget;
  readonly #subscribe;
  readonly #wishes;
  readonly #wishesOfProgram;
  readonly #types;
  readonly #listing: Listing<SubscriptionRow>;
  readonly #changed: OnChange<SubscriptionRow>;

  constructor(db: Database, changed: OnChange<SubscriptionRow>) {
    this.#changed = changed;
    this.#insert = db.prepare(
      `INSERT INTO subscriptions (program, client_name, operations, targets, targets301, version, client_id, role, id, created, modified)
       VALUES (${PROGRAM_OF}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#update = db.prepare(
      `UPDATE subscriptions SET program = ${PROGRAM_OF}, client_name = ?, operations = ?, targets = ?, targets301 = ?, modified = ?
       WHERE seq = ?`,
    );
    this.#delete = db.prepare('DELETE FROM subscriptions WHERE seq = ?');
    this.#byId = db.prepare<SubscriptionRow>(`${SELECT} WHERE s.id = ?`);
    this.#twin = db.prepare<{ id: string }>(
      `SELECT id FROM subscriptions WHERE client_id = ? AND version = ? AND client_name = ? AND program IS ${PROGRAM_OF}
       AND operations = ? AND targets IS ? AND id <> ?`,
    );
    this.#forget = db.prepare('DELETE FROM subscribed WHERE subscription = ?');
    this.#subscribe = db.prepare(
      'INSERT OR IGNORE INTO subscribed (object_type, operation, subscription, url, token) VALUES (?, ?, ?, ?, ?)',
    );
    this.#wishes = db.prepare<Wish>(WISHES);
    this.#wishesOfProgram = db.prepare<Wish>(`${WISHES} AND (s.program IS NULL OR s.program = ${PROGRAM_OF})`);
    this.#types = db.prepare<{ type: string }>('SELECT DISTINCT object_type AS type FROM subscribed');
    this.#listing = new Listing(db, SELECT, 's.seq DESC');
  }

  insert(
    s: SubscriptionContent,
    subscribed: readonly Subscribed[],
    by: Subscriber,
    { id, created, modified }: Stamp,
  ): SubscriptionRow {
    const { lastInsertRowid: seq } = this.#insert.run([...values(s), by.version, by.clientId, by.role, id, created, modified]);
    this.#setSubscribed(seq, subscribed);
    const made = { ...s, ...by, id, created, modified, seq };
    this.#changed('CREATE', made);
    return made;
  }

  update(row: SubscriptionRow, s: SubscriptionContent, subscribed: readonly Subscribed[], modified: number): SubscriptionRow {
    this.#update.run([...values(s), modified, row.seq]);
    this.#forget.run([row.seq]);
    this.#setSubscribed(row.seq, subscribed);
    const changed = { ...row, ...s, modified };
    this.#changed('UPDATE', changed, row);
    return changed;
  }

  delete(row: SubscriptionRow): void {
    this.#changed('DELETE', row);
    this.#delete.run([row.seq]);
  }

  byId(id: string): SubscriptionRow | undefined {
    return this.#byId.get([id]);
  }

  /** The id of another subscription of the same client that asks for the very same. */
  twinOf(s: SubscriptionContent, { clientId, version }: Subscriber, id: string): string | undefined {
    return this.#twin.get([clientId, version, s.clientName, s.programId, s.operations, s.targets, id])?.id;
  }

  page(conditions: readonly Condition[], page: Page): SubscriptionRow[] {
    return this.#listing.page(conditions, page);
  }

  /** The wishes for a change: those without a program, and of objects that belong to one, those for it. */
  wishes(objectType: string, operation: ChangeOperation, programId: string | undefined): Wish[] {
    if (programId === undefined) return this.#wishes.all([objectType, operation]);
    return this.#wishesOfProgram.all([objectType, operation, programId]);
  }

  /** The kinds of object that anybody asks for. */
  types(): Set<string> {
    return new Set(this.#types.all().map(({ type }) => type));
  }

  #setSubscribed(seq: number, subscribed: readonly Subscribed[]): void {
    for (const { objectType, operation, url, token } of subscribed) this.#subscribe.run([objectType, operation, seq, url, token]);
  }
}

function values(s: SubscriptionContent) {
  return [s.programId, s.clientName, s.operations, s.targets, s.targets301];
}

/** For one of the kinds of object. */
export function forTypes(types: readonly string[]): Condition {
  return {
    sql: 's.seq IN (SELECT subscription FROM subscribed WHERE object_type IN (SELECT value FROM json_each(?)))',
    values: [JSON.stringify(types)],
  };
}

/** For the program with that id alone. */
export function forProgram(id: string): Condition {
  return { sql: `s.program = ${PROGRAM_OF}`, values: [id] };
}
