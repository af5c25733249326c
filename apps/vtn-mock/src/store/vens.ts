import type { Database } from '@venfleet/sqlite';
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
  readonly #listing: Listing<VenRow>;

  constructor(db: Database) {
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
    return { ...v, id, created, modified, seq: lastInsertRowid };
  }

  update(row: VenRow, v: VenContent, modified: number): VenRow {
    this.#update.run([v.name, v.clientId, v.attributes, v.targets, v.targets301, modified, row.seq]);
    return { ...row, ...v, modified };
  }

  /** @throws a FOREIGN KEY violation when the ven has resources. */
  delete(row: VenRow): void {
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

  page(conditions: readonly Condition[], page: Page): VenRow[] {
    return this.#listing.page(conditions, page);
  }
}
