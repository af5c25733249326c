import type { Instant } from '@venfleet/core';
import { type Database, type OwnerLock, openDatabase, type Schema, type Statement, shareFile } from '@venfleet/sqlite';
import type { ThreePhase } from '../models/electricity.js';

/** What a meter has counted, and since when. */
export interface Counted {
  /** Import on each phase, in Wh. */
  readonly energiesWh: ThreePhase;
  readonly since: Instant;
}

const VERSION_1 = `
CREATE TABLE counters (
  resource_id TEXT PRIMARY KEY,
  l1_wh REAL NOT NULL,
  l2_wh REAL NOT NULL,
  l3_wh REAL NOT NULL,
  since_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID`;

export const COUNTERS_SCHEMA: Schema = {
  what: 'state of the device simulator',
  // "VFsm"
  applicationId: 0x5646_736d,
  migrations: [VERSION_1],
};

/**
 * Where meters keep their counters while they are without power, that is, between two runs of the simulator.
 * Simulators of different parts of a fleet may share one file.
 */
export class CounterStore {
  readonly #lock: OwnerLock;
  readonly #db: Database;
  readonly #all: Statement<CounterRow>;
  readonly #upsert: Statement<never>;

  /** @throws VenfleetError DB_ as openDatabase; DB_IN_USE while it is restored */
  constructor(path: string) {
    this.#lock = shareFile(path, COUNTERS_SCHEMA.what);
    try {
      this.#db = openDatabase(path, { schema: COUNTERS_SCHEMA, mode: 'create' });
    } catch (error) {
      this.#lock.release();
      throw error;
    }
    this.#all = this.#db.prepare('SELECT resource_id, l1_wh, l2_wh, l3_wh, since_ms FROM counters');
    this.#upsert = this.#db.prepare('INSERT OR REPLACE INTO counters VALUES (?, ?, ?, ?, ?)');
  }

  /** By resource id. */
  load(): Map<string, Counted> {
    return new Map(
      this.#all.all().map(({ resource_id, l1_wh, l2_wh, l3_wh, since_ms }) => {
        return [resource_id, { energiesWh: [l1_wh, l2_wh, l3_wh], since: since_ms as Instant }];
      }),
    );
  }

  /** All of them or, when it throws, none. @throws VenfleetError DB_FULL, DB_LOCKED, DB_IO */
  save(counters: Iterable<readonly [resourceId: string, counted: Counted]>): void {
    this.#db.transaction(() => {
      for (const [id, { energiesWh, since }] of counters) this.#upsert.run([id, ...energiesWh, since]);
    });
  }

  close(): void {
    this.#db.close();
    this.#lock.release();
  }
}

interface CounterRow {
  readonly resource_id: string;
  readonly l1_wh: number;
  readonly l2_wh: number;
  readonly l3_wh: number;
  readonly since_ms: number;
}
