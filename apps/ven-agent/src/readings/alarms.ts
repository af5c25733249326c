import type { Logger } from '@venfleet/core';
import type { OnWrite } from '@venfleet/sqlite';

/** What an operator has to hear of, by a stable code. One alert tells of each. */
export const ALARM_CODES = [
  /** The disk is full, or the store has reached its size with nothing left that may go. */
  'READINGS_DISK_FULL',
  /** The store cannot be written for another reason: read-only, disk errors. */
  'READINGS_UNWRITABLE',
  /** The store was damaged; it was moved aside and a new one begun. */
  'READINGS_CORRUPT',
  /** Readings that were not reported yet are gone, for want of room. */
  'READINGS_LOST',
  /** The copy's server cannot be reached or refuses us; readings wait on the disk. */
  'COPY_WAITING',
  /** The copy's server refused lines for good; they were skipped. */
  'COPY_REFUSED',
  /** The copy's spool was full or could not be written; its oldest lines are gone. */
  'COPY_LOST',
  /** What the VTN wants cannot be kept: it is carried out, but forgotten at the next start. */
  'EVENTS_UNWRITABLE',
  /** Reports cannot be kept, and so not sent. */
  'OUTBOX_UNWRITABLE',
  /** What is decided cannot be kept, so that nobody can look it up. */
  'DECISIONS_UNWRITABLE',
  /** The wall clock may be wrong: nothing is reported or controlled before it is right, or what is measured is marked. */
  'CLOCK_IN_DOUBT',
] as const;

export type AlarmCode = (typeof ALARM_CODES)[number];

/** Takes alarms. Raising one that is raised already only changes its detail. */
export interface Alarms {
  raise(code: AlarmCode, detail: string): void;
  clear(code: AlarmCode): void;
}

/** Raises an alarm while a database cannot be written: for `onWrite` of openDatabase. */
export function alarmOfWrites(alarms: Alarms | undefined, code: AlarmCode): OnWrite | undefined {
  if (alarms === undefined) return undefined;
  return (problem) => (problem === undefined ? alarms.clear(code) : alarms.raise(code, problem.message));
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
    if (this.#raised.delete(code)) this.#logger.warn({ alarm: code }, 'alarm is over');
  }

  /** What is raised now, with its latest detail. */
  get raised(): ReadonlyMap<AlarmCode, string> {
    return this.#raised;
  }
}
