import type { Database } from './database.js';

interface Waiting {
  settle(failure: unknown): void;
}

/**
 * Commits all writes of one turn of the event loop in one transaction, and answers each caller after
 * that commit: a server's many small writes at a fraction of their cost, with no timed window and no
 * reply before its data is kept. A write that throws is undone alone (savepoint); when the commit
 * itself fails (disk full) every caller of the group gets that error and nothing of it stays.
 */
export class GroupedWriter {
  readonly #db: Database;
  #waiting: Waiting[] = [];
  readonly #statements;

  constructor(db: Database) {
    this.#db = db;
    const command = (sql: string) => db.prepare(sql);
    this.#statements = {
      begin: command('BEGIN IMMEDIATE'),
      commit: command('COMMIT'),
      rollback: command('ROLLBACK'),
      savepoint: command('SAVEPOINT one_write'),
      release: command('RELEASE one_write'),
      undo: command('ROLLBACK TO one_write'),
    };
  }

  /** @returns what `work` returned, once it is committed. @throws what `work` threw, or the commit's error. */
  write<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#waiting.length === 0) {
        try {
          this.#statements.begin.run();
        } catch (error) {
          reject(error);
          return;
        }
        setImmediate(() => this.flush());
      }
      const { settle } = this.#perform(work, resolve, reject);
      this.#waiting.push({ settle });
    });
  }

  /** Commits at once what is waiting; also for an orderly end. */
  flush(): void {
    const group = this.#waiting;
    if (group.length === 0) return;
    this.#waiting = [];
    let failure: unknown;
    try {
      this.#statements.commit.run();
    } catch (error) {
      failure = error;
      if (this.#db.inTransaction) this.#statements.rollback.run();
    }
    for (const waiting of group) waiting.settle(failure);
  }

  #perform<T>(work: () => T, resolve: (value: T) => void, reject: (error: unknown) => void): Waiting {
    try {
      this.#statements.savepoint.run();
      const value = work();
      this.#statements.release.run();
      return { settle: (failure) => (failure === undefined ? resolve(value) : reject(failure)) };
    } catch (error) {
      // Some errors (disk full) have already rolled the whole transaction back.
      if (this.#db.inTransaction) {
        this.#statements.undo.run();
        this.#statements.release.run();
      }
      return { settle: () => reject(error) };
    }
  }
}
