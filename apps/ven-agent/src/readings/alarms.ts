import type { Logger } from '@venfleet/core';

/** What an operator has to hear of, by a stable code. */
export type AlarmCode =
  /** The disk is full, or the store has reached its size with nothing left that may go. */
  | 'READINGS_DISK_FULL'
  /** The store cannot be written for another reason: read-only, disk errors. */
  | 'READINGS_UNWRITABLE'
  /** The store was damaged; it was moved aside and a new one begun. */
  | 'READINGS_CORRUPT'
  /** Readings that were not reported yet are gone, for want of room. */
  | 'READINGS_LOST'
  /** The copy's server cannot be reached or refuses us; readings wait on the disk. */
  | 'COPY_WAITING'
  /** The copy's server refused lines for good; they were skipped. */
  | 'COPY_REFUSED'
  /** The copy's spool was full or could not be written; its oldest lines are gone. */
  | 'COPY_LOST'
  /** The wall clock may be wrong: nothing is reported or controlled before it is right, or what is measured is marked. */
  | 'CLOCK_IN_DOUBT';

/** Takes alarms. Raising one that is raised already only changes its detail. */
export interface Alarms {
  raise(code: AlarmCode, detail: string): void;
  clear(code: AlarmCode): void;
}

/** Keeps the alarms that are raised, for health endpoints and gauges, and logs each change. */
export class AlarmBoard implements Alarms {
  readonly #logger: Logger;
  readonly #raised = new Map<AlarmCode, string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  raise(code: AlarmCode, detail: string): void {
    if (!this.#raised.has(code)) this.#logger.error({ alarm: code, detail }, 'alarm');
    this.#raised.set(code, detail);
  }

  clear(code: AlarmCode): void {
    if (this.#raised.delete(code)) this.#logger.info({ alarm: code }, 'alarm is over');
  }

  /** What is raised now, with its latest detail. */
  get raised(): ReadonlyMap<AlarmCode, string> {
    return this.#raised;
  }
}
