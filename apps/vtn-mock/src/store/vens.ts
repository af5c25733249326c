import type { Database } from '@venfleet/sqlite';
import type { OnChange } from './change.js';
import { type Condition, Listing, type Page } from './listing.js';
import type { Stamp } from './store.js';
import type { StoredTargets } from './targets.js';

/** What a client gives of a ven. JSON texts; null where absent. */
export interface VenContent extends StoredTargets {
  readonly name: string;
  readonly clientId: string;
  readonly attributes: string | null;
}

export interface VenRow extends VenContent, Stamp {
  readonly seq: number;
}

const COLUMNS = 'seq, id, name, client_id AS clientId, attributes, targets, targets301, created, modified';

export class Vens {
  readonly #insert;
  readonly #update;
  readonly #delete;
  readonly #byId;
  readonly #clientHasVen;
  readonly #grant;
  readonly #holders;
  readonly #owners;
  readonly #listing: Listing<VenRow>;
  readonly #changed: OnChange<VenRow>;

  constructor(db: Database, changed: OnChange<VenRow>) {
    this.#changed = changed;
    this.#insert = db.prepare(
      'INSERT INTO vens (name, client_id, attributes, targets, targets301, id, created, modified) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#update = db.prepare(
      'UPDATE vens SET name = ?, client_id = ?, attributes = ?, targets = ?, targets301 = ?, modified = ? WHERE seq = ?',
    );
    this.#delete = db.prepare('DELETE FROM vens WHERE seq = ?');
    this.#byId = db.prepare<VenRow>(`SELECT ${COLUMNS} FROM vens WHERE id = ?`);
    this.#clientHasVen = db.prepare('SELECT 1 FROM vens WHERE client_id = ?');
    this.#grant = db.prepare<{ target: string }>(
      `SELECT t.value AS target FROM vens v, json_each(v.targets) t WHERE v.client_id = @client
       UNION
       SELECT t.value FROM vens v JOIN resources r ON r.ven = v.seq, json_each(r.targets) t
       WHERE v.client_id = @client AND r.targets IS NOT NULL`,
    );
    this.#holders = db.prepare<{ client: string; target: string }>(
      `SELECT v.client_id AS client, t.value AS target FROM vens v, json_each(v.targets) t
       WHERE t.value IN (SELECT value FROM json_each(@targets))
       UNION
       SELECT v.client_id, t.value FROM resources r JOIN vens v ON v.seq = r.ven, json_each(r.targets) t
       WHERE r.targets IS NOT NULL AND t.value IN (SELECT value FROM json_each(@targets))`,
    );
    this.#owners = db.prepare<{ id: string; clientId: string }>('SELECT id, client_id AS clientId FROM vens');
    this.#listing = new Listing(db, `SELECT ${COLUMNS} FROM vens`, 'seq DESC');
  }

  insert(v: VenContent, { id, created, modified }: Stamp): VenRow {
    const { lastInsertRowid } = this.#insert.run([
      v.name,
      v.clientId,
      v.attributes,
      v.targets,
      v.targets301,
      id,
      created,
      modified,
    ]);
    const made = { ...v, id, created, modified, seq: lastInsertRowid };
    this.#changed('CREATE', made);
    return made;
  }

  update(row: VenRow, v: VenContent, modified: number): VenRow {
    this.#update.run([v.name, v.clientId, v.attributes, v.targets, v.targets301, modified, row.seq]);
    const changed = { ...row, ...v, modified };
    this.#changed('UPDATE', changed, row);
    return changed;
  }

  /** @throws a FOREIGN KEY violation when the ven has resources. */
  delete(row: VenRow): void {
    this.#changed('DELETE', row);
    this.#delete.run([row.seq]);
  }

  byId(id: string): VenRow | undefined {
    return this.#byId.get([id]);
  }

  clientHasVen(clientId: string): boolean {
    return this.#clientHasVen.get([clientId]) !== undefined;
  }

  /** The targets that a client may see: those of its vens and of their resources (OpenADR 3.1, object privacy). */
  grantOf(clientId: string): string[] {
    return this.#grant.all({ client: clientId }).map((row) => row.target);
  }

  /** The clients that hold any of these targets, each with those that it holds: {@link grantOf} the other way round. */
  holdersOf(targets: readonly string[]): Map<string, Set<string>> {
    const holders = new Map<string, Set<string>>();
    for (const { client, target } of this.#holders.all({ targets: JSON.stringify(targets) })) {
      const held = holders.get(client);
      if (held === undefined) holders.set(client, new Set([target]));
      else held.add(target);
    }
    return holders;
  }

  /** Each ven, and the client that it belongs to. */
  owners(): { readonly id: string; readonly clientId: string }[] {
    return this.#owners.all();
  }

  page(conditions: readonly Condition[], page: Page): VenRow[] {
    return this.#listing.page(conditions, page);
  }
}
