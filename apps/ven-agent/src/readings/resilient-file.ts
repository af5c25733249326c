import { existsSync, renameSync } from 'node:fs';
import { describeError, type HasNow, isVenfleetError } from '@venfleet/core';
import { type OwnerLock, ownFile } from '@venfleet/sqlite';
import type { Alarms } from './alarms.js';
import { ReadingsFile } from './readings-file.js';

export interface ResilientFileOptions {
  readonly path: string;
  readonly maxBytes: number;
  readonly clock: HasNow;
  readonly alarms: Alarms;
  /** Called when a damaged file was moved aside, so that the next will be empty. */
  onReplaced(): void;
}

/** The readings' file, owned by this process; where it turns out to be damaged it is moved aside and a new one begun. */
export class ResilientFile {
  readonly #options: ResilientFileOptions;
  #lock: OwnerLock | undefined;
  #file: ReadingsFile | undefined;

  constructor(options: ResilientFileOptions) {
    this.#options = options;
  }

  /** @throws VenfleetError DB_IN_USE, DB_READONLY, DB_UNOPENABLE, DB_NEWER, DB_WRONG_KIND, DB_FULL, DB_IO */
  open(): void {
    this.#lock = ownFile(this.#options.path, 'reading store');
    try {
      this.#file = this.#openFile();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
    this.#lock?.release();
    this.#lock = undefined;
  }

  /**
   * Does `work` on the file, and once more on a new one where the old one is found damaged.
   * @throws VenfleetError DB_FULL, DB_IO, DB_READONLY; TypeError before open and after close
   */
  use<T>(work: (file: ReadingsFile) => T): T {
    this.#file ??= this.#openFile();
    try {
      return work(this.#file);
    } catch (error) {
      if (!isVenfleetError(error, 'DB_CORRUPT')) throw error;
      this.#file.close();
      this.#file = undefined;
      this.#moveAside(error);
      this.#file = this.#openFile();
      return work(this.#file);
    }
  }

  #openFile(): ReadingsFile {
    if (this.#lock === undefined) throw new TypeError('the reading store is not open');
    const { path, maxBytes } = this.#options;
    try {
      return new ReadingsFile(path, maxBytes);
    } catch (error) {
      if (!isVenfleetError(error, 'DB_CORRUPT')) throw error;
      this.#moveAside(error);
      return new ReadingsFile(path, maxBytes);
    }
  }

  #moveAside(reason: unknown): void {
    const { path, clock, alarms, onReplaced } = this.#options;
    const aside = `${path}.damaged-${new Date(clock.now()).toISOString().replaceAll(':', '')}`;
    // The WAL and its index belong to the file; left behind they would be replayed into the new one.
    for (const suffix of ['', '-wal', '-shm']) {
      if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
    }
    alarms.raise('READINGS_CORRUPT', `${describeError(reason)}; it was moved to ${aside}, and a new one begun`);
    onReplaced();
  }
}
