import type { Database } from '@venfleet/sqlite';
import type { OnChange } from './change.js';
import { type Condition, Listing, type Page } from './listing.js';
import type { Stamp } from './store.js';
import type { StoredTargets } from './targets.js';
import type { VenRow } from './vens.js';

/** What a client gives of a resource. JSON texts; null where absent. */
export interface ResourceContent extends StoredTargets {
  readonly name: string;
  readonly attributes: string | null;
}

export interface ResourceRow extends ResourceContent, Stamp {
  readonly seq: number;
  /** Its ven's id and client. */
  readonly venId: string;
  readonly clientId: string;
}

const SELECT = `SELECT r.seq, r.id, r.name, r.attributes, r.targets, r.targets301, r.created, r.modified,
  v.id AS venId, v.client_id AS clientId FROM resources r JOIN vens v ON v.seq = r.ven`;

export class Resources {
  readonly #insert;
  readonly #update;
  readonly #delete;
  readonly #byId;
  readonly #ofVen;
  readonly #listing: Listing<ResourceRow>;
  readonly #changed: OnChange<ResourceRow>;

  constructor(db: Database, changed: OnChange<ResourceRow>) {
    this.#changed = changed;
    this.#insert = db.prepare(
      'INSERT INTO resources (ven, name, attributes, targets, targets301, id, created, modified) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#update = db.prepare(
      'UPDATE resources SET name = ?, attributes = ?, targets = ?, targets301 = ?, modified = ? WHERE seq = ?',
    );
    this.#delete = db.prepare('DELETE FROM resources WHERE seq = ?');
    this.#byId = db.prepare<ResourceRow>(`${SELECT} WHERE r.id = ?`);
    this.#ofVen = db.prepare<ResourceRow>(`${SELECT} WHERE r.ven = ? ORDER BY r.seq DESC`);
    this.#listing = new Listing(db, SELECT, 'r.seq DESC');
  }

  insert(ven: VenRow, r: ResourceContent, { id, created, modified }: Stamp): ResourceRow {
    const { lastInsertRowid } = this.#insert.run([ven.seq, r.name, r.attributes, r.targets, r.targets301, id, created, modified]);
    const made = { ...r, id, created, modified, seq: lastInsertRowid, venId: ven.id, clientId: ven.clientId };
    this.#changed('CREATE', made);
    return made;
  }

  update(row: ResourceRow, r: ResourceContent, modified: number): ResourceRow {
    this.#update.run([r.name, r.attributes, r.targets, r.targets301, modified, row.seq]);
    const changed = { ...row, ...r, modified };
    this.#changed('UPDATE', changed, row);
    return changed;
  }

  delete(row: ResourceRow): void {
    this.#changed('DELETE', row);
    this.#delete.run([row.seq]);
  }

  byId(id: string): ResourceRow | undefined {
    return this.#byId.get([id]);
  }

  /** All resources of a ven, newest first. */
  ofVen(ven: VenRow): ResourceRow[] {
    return this.#ofVen.all([ven.seq]);
  }

  page(conditions: readonly Condition[], page: Page): ResourceRow[] {
    return this.#listing.page(conditions, page);
  }
}
