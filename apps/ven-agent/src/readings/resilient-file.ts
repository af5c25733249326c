import { existsSync, renameSync } from 'node:fs';
import { describeError, type HasNow, isVenfleetError } from '@venfleet/core';
import { type OwnerLock, ownFile } from '@venfleet/sqlite';

export interface ResilientFileOptions<File> {
  readonly path: string;
  /** The file, for people: "reading store". */
  readonly what: string;
  readonly clock: HasNow;
  /** @throws the DB_ errors of openDatabase */
  open(path: string): File;
  /** Called when a damaged file was moved aside, so that the next will be empty. @param detail for people */
  onDamaged(detail: string): void;
}

/** An SQLite file owned by this process; where it turns out to be damaged it is moved aside and a new one begun. */
export class ResilientFile<File extends { close(): void }> {
  readonly #options: ResilientFileOptions<File>;
  #lock: OwnerLock | undefined;
  #file: File | undefined;

  constructor(options: ResilientFileOptions<File>) {
    this.#options = options;
  }

  /** @throws VenfleetError DB_IN_USE, DB_READONLY, DB_UNOPENABLE, DB_NEWER, DB_WRONG_KIND, DB_FULL, DB_IO */
  open(): void {
    const { path, what } = this.#options;
    this.#lock = ownFile(path, what);
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
  use<T>(work: (file: File) => T): T {
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

  #openFile(): File {
    const { path, what, open } = this.#options;
    if (this.#lock === undefined) throw new TypeError(`the ${what} is not open`);
    try {
      return open(path);
    } catch (error) {
      if (!isVenfleetError(error, 'DB_CORRUPT')) throw error;
      this.#moveAside(error);
      return open(path);
    }
  }

  #moveAside(reason: unknown): void {
    const { path, clock, onDamaged } = this.#options;
    const aside = `${path}.damaged-${new Date(clock.now()).toISOString().replaceAll(':', '')}`;
    // The WAL and its index belong to the file; left behind they would be replayed into the new one.
    for (const suffix of ['', '-wal', '-shm']) {
      if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
    }
    onDamaged(`${describeError(reason)}; it was moved to ${aside}, and a new one begun`);
  }
}
