import type { Database } from './database.js';

/** Answers one caller: with what its write returned, or with the failure of the whole group. */
type Settle = (failure?: { readonly error: unknown }) => void;

/**
 * Commits all writes of one turn of the event loop in one transaction, and answers each caller after
 * that commit: a server's many small writes at a fraction of their cost, with no timed window and no
 * reply before its data is kept. A write that throws is undone alone (savepoint); when the transaction
 * itself fails (disk full) every caller of the group gets that error and nothing of it stays.
 *
 * The transaction is open from the first write to the end of the turn. Whoever else uses the same
 * `Database` in between reads what is not committed yet, and writes into the same transaction.
 */
export class GroupedWriter {
  readonly #db: Database;
  /** Callers of the open transaction; undefined when none is open. */
  #group: Settle[] | undefined;
  readonly #statements;

  constructor(db: Database) {
    this.#db = db;
    this.#statements = {
      begin: db.prepare('BEGIN IMMEDIATE'),
      commit: db.prepare('COMMIT'),
      rollback: db.prepare('ROLLBACK'),
      savepoint: db.prepare('SAVEPOINT one_write'),
      release: db.prepare('RELEASE one_write'),
      undo: db.prepare('ROLLBACK TO one_write'),
    };
  }

  /** @returns what `work` returned, once it is committed. @throws what `work` threw, or the transaction's error. */
  write<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#group ??= this.#begin();
      const settle = this.#perform(work, resolve, reject);
      this.#group?.push(settle);
    });
  }

  /** Commits at once what is waiting; also for an orderly end. */
  flush(): void {
    if (this.#group === undefined) return;
    try {
      this.#statements.commit.run();
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#end();
  }

  #begin(): Settle[] {
    this.#statements.begin.run();
    const group: Settle[] = [];
    setImmediate(() => {
      if (this.#group === group) this.flush();
    });
    return group;
  }

  /** Does one write and gives the function that answers its caller when the transaction has ended. */
  #perform<T>(work: () => T, resolve: (value: T) => void, reject: (error: unknown) => void): Settle {
    try {
      this.#statements.savepoint.run();
      const value = work();
      this.#statements.release.run();
      return (failure) => (failure === undefined ? resolve(value) : reject(failure.error));
    } catch (error) {
      if (!this.#undoOne()) {
        this.#fail(error);
        reject(error);
      }
      return () => reject(error);
    }
  }

  /**
   * Undoes the last write alone. False when the whole transaction is gone: a full or failing disk can
   * roll it back at once (sqlite.org/lang_transaction.html, 3).
   */
  #undoOne(): boolean {
    if (!this.#db.inTransaction) return false;
    try {
      this.#statements.undo.run();
      this.#statements.release.run();
      return true;
    } catch {
      return false;
    }
  }

  #fail(error: unknown): void {
    try {
      if (this.#db.inTransaction) this.#statements.rollback.run();
    } catch {
      // The first error says why; if this one lasts, the next write's BEGIN will tell.
    }
    this.#end({ error });
  }

  #end(failure?: { readonly error: unknown }): void {
    const group = this.#group ?? [];
    this.#group = undefined;
    for (const settle of group) settle(failure);
  }
}
