import { type Clock, hours, type Instant, instant, isAbort, type Logger, seconds } from '@venfleet/core';
import { type Database, isDiskProblem, type OwnerLock, openDatabase, ownFile, type Schema } from '@venfleet/sqlite';
import { type Alarms, alarmOfWrites } from '../readings/alarms.js';
import { type Decision, isSameDecision } from './decision.js';

export const DECISIONS_SCHEMA: Schema = {
  what: 'decision log',
  applicationId: 0x7665646c, // "vedl"
  migrations: [
    `CREATE TABLE decisions (
       resource INTEGER NOT NULL, at_ms INTEGER NOT NULL, limit_w REAL, event TEXT, mode TEXT NOT NULL, status TEXT NOT NULL,
       held_w REAL, problem TEXT, PRIMARY KEY (resource, at_ms)
     ) STRICT, WITHOUT ROWID;
     CREATE INDEX decisions_at ON decisions (at_ms);`,
  ],
};

interface Waiting {
  readonly resource: number;
  readonly decision: Decision;
}

/** What is not on the disk yet is lost when the process is killed. */
const WRITTEN_EVERY = seconds(1);
const PRUNED_EVERY = hours(1);
/** So long it can be told what was decided and why. */
const KEPT = hours(24 * 14);

const COLUMNS = 'at_ms AS at, limit_w AS "limit", event, mode, status, held_w AS held, problem';

/**
 * What was decided for each resource, from when on: for reports of operating states and for people who ask why. Only
 * changes are written. Without it nothing of control is lost, so it may lag by a second and is pruned by age.
 */
export class DecisionLog {
  readonly #db: Database;
  readonly #lock: OwnerLock | undefined;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #put;
  readonly #upTo;
  readonly #curtailedSince;
  readonly #prune;
  readonly #last = new Map<number, Decision>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  /** @throws VenfleetError DB_IN_USE, and the DB_ errors of openDatabase */
  constructor(
    path: string,
    { clock, logger, alarms }: { readonly clock: Clock; readonly logger: Logger; readonly alarms?: Alarms | undefined },
  ) {
    this.#clock = clock;
    this.#logger = logger;
    this.#lock = path === ':memory:' ? undefined : ownFile(path, DECISIONS_SCHEMA.what);
    try {
      const onWrite = alarmOfWrites(alarms, 'DECISIONS_UNWRITABLE');
      this.#db = openDatabase(path, { schema: DECISIONS_SCHEMA, mode: 'create', onWrite });
    } catch (error) {
      this.#lock?.release();
      throw error;
    }
    this.#put = this.#db.prepare(
      `INSERT OR REPLACE INTO decisions (resource, at_ms, limit_w, event, mode, status, held_w, problem)
       VALUES (@resource, @at, @limit, @event, @mode, @status, @held, @problem)`,
    );
    this.#upTo = this.#db.prepare<Decision>(
      `SELECT ${COLUMNS} FROM decisions WHERE resource = ? AND at_ms <= ? ORDER BY at_ms DESC LIMIT 1`,
    );
    this.#curtailedSince = this.#db.prepare<{ at: Instant | null }>(
      `SELECT min(at_ms) AS at FROM decisions WHERE resource = @resource AND at_ms <= @at AND at_ms > coalesce(
         (SELECT max(at_ms) FROM decisions WHERE resource = @resource AND at_ms <= @at AND mode <> 'curtailed'), 0)`,
    );
    this.#prune = this.#db.prepare('DELETE FROM decisions WHERE at_ms < ?');
  }

  /** Begins to write what is noted. */
  start(): void {
    this.#running = this.#keep(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new DOMException('the decision log stops', 'AbortError'));
    await this.#running;
    try {
      this.#write();
    } finally {
      this.#db.close();
      this.#lock?.release();
    }
  }

  /** Notes what holds from now on; nothing where it is what held already. */
  note(resource: number, decision: Decision): void {
    const last = this.#last.get(resource) ?? this.#upTo.get([resource, decision.at]);
    if (last !== undefined && isSameDecision(last, decision)) return;
    this.#last.set(resource, decision);
    this.#waiting.set(`${resource} ${decision.at}`, { resource, decision });
  }

  /** What held at a time; undefined before anything was decided, or where that is no longer known. */
  at(resource: number, at: Instant): Decision | undefined {
    const last = this.#last.get(resource);
    if (last !== undefined && last.at <= at) return last;
    let found = this.#upTo.get([resource, at]);
    for (const { resource: other, decision } of this.#waiting.values()) {
      const isLater = found === undefined || decision.at >= found.at;
      if (other === resource && decision.at <= at && isLater) found = decision;
    }
    return found;
  }

  /** Since when a resource was held to less than it would draw, without a break until `at`; undefined where it was not. */
  curtailedSince(resource: number, at: Instant): Instant | undefined {
    if (this.at(resource, at)?.mode !== 'curtailed') return undefined;
    this.#write();
    return this.#curtailedSince.get({ resource, at })?.at ?? undefined;
  }

  #write(): void {
    if (this.#waiting.size === 0) return;
    const rows = [...this.#waiting.values()].sort((a, b) => a.resource - b.resource || a.decision.at - b.decision.at);
    this.#db.transaction(() => {
      for (const { resource, decision } of rows) this.#put.run({ resource, ...decision });
    });
    this.#waiting.clear();
  }

  async #keep(signal: AbortSignal): Promise<void> {
    let prunedAt = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      try {
        this.#write();
        if (this.#clock.monotonic() - prunedAt >= PRUNED_EVERY) {
          prunedAt = this.#clock.monotonic();
          this.#prune.run([instant(this.#clock.now() - KEPT)]);
        }
      } catch (error) {
        if (isAbort(error)) return;
        // Of a disk that takes nothing the alarm tells, once.
        if (!isDiskProblem(error)) this.#logger.error({ err: error }, 'decisions cannot be written');
        // Bounded: what a full disk does not take is given up.
        if (this.#waiting.size > MOST_WAITING) this.#waiting.clear();
      }
      await this.#clock.sleep(WRITTEN_EVERY, signal).catch(() => undefined);
    }
  }
}

const MOST_WAITING = 200_000;
