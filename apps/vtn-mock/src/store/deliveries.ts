import type { Database } from '@venfleet/sqlite';
import type { Wish } from './subscriptions.js';

/** A notification that is to be posted. */
export interface Delivery {
  readonly seq: number;
  readonly message: number;
  /** The object that it tells of. */
  readonly objectId: string;
  readonly url: string;
  readonly token: string | null;
  readonly body: string;
}

/** The queue of notifications: each callback has its own, in the order of the changes. */
export class Deliveries {
  readonly #addMessage;
  readonly #add;
  readonly #head;
  readonly #remove;
  readonly #keepNewest;
  readonly #keepOnly;
  readonly #setToken;
  readonly #sweep;
  readonly #sweepOne;
  readonly #pending;

  constructor(db: Database) {
    this.#addMessage = db.prepare('INSERT INTO messages (object_id, body) VALUES (?, ?)');
    this.#add = db.prepare('INSERT INTO deliveries (message, subscription, url, token) VALUES (?, ?, ?, ?)');
    this.#head = db.prepare<Delivery>(
      `SELECT d.seq, d.message, m.object_id AS objectId, d.url, d.token, m.body
       FROM deliveries d JOIN messages m ON m.seq = d.message WHERE d.url = ? ORDER BY d.seq LIMIT 1`,
    );
    this.#remove = db.prepare('DELETE FROM deliveries WHERE seq = ?');
    this.#keepNewest = db.prepare<{ objectId: string }>(
      `DELETE FROM deliveries WHERE url = @url AND seq IS NOT @except
       AND seq NOT IN (SELECT seq FROM deliveries WHERE url = @url ORDER BY seq DESC LIMIT @count)
       RETURNING (SELECT object_id FROM messages WHERE seq = message) AS objectId`,
    );
    this.#keepOnly = db.prepare('DELETE FROM deliveries WHERE subscription = ? AND url NOT IN (SELECT value FROM json_each(?))');
    this.#setToken = db.prepare('UPDATE deliveries SET token = ? WHERE subscription = ? AND url = ?');
    const unused = 'NOT EXISTS (SELECT 1 FROM deliveries WHERE message = messages.seq)';
    this.#sweep = db.prepare(`DELETE FROM messages WHERE ${unused}`);
    this.#sweepOne = db.prepare(`DELETE FROM messages WHERE seq = ? AND ${unused}`);
    this.#pending = db.prepare<{ url: string; count: number }>('SELECT url, count(*) AS count FROM deliveries GROUP BY url');
  }

  /** @returns the number by which deliveries refer to the text. */
  addMessage(objectId: string, body: string): number {
    return this.#addMessage.run([objectId, body]).lastInsertRowid;
  }

  add(message: number, { subscription, url, token }: Wish): void {
    this.#add.run([message, subscription, url, token]);
  }

  /** The next one for a callback. */
  head(url: string): Delivery | undefined {
    return this.#head.get([url]);
  }

  remove({ seq, message }: Delivery): void {
    this.#remove.run([seq]);
    this.#sweepOne.run([message]);
  }

  /**
   * Removes those for a callback but for the newest, and the one that is under way.
   * @returns the objects that they told of
   */
  keepNewest(url: string, count: number, except: number | undefined): string[] {
    const removed = this.#keepNewest.all({ url, count, except: except ?? null }).map(({ objectId }) => objectId);
    if (removed.length > 0) this.#sweep.run();
    return removed;
  }

  /** Leaves of a subscription's deliveries those to these callbacks, with their tokens of now. */
  keepOnly(subscription: number, callbacks: ReadonlyMap<string, string | null>): void {
    if (this.#keepOnly.run([subscription, JSON.stringify([...callbacks.keys()])]).changes > 0) this.#sweep.run();
    for (const [url, token] of callbacks) this.#setToken.run([token, subscription, url]);
  }

  /** How many there are for each callback. */
  pending(): { readonly url: string; readonly count: number }[] {
    return this.#pending.all();
  }
}
