import {
  type Clock,
  type Duration,
  describeError,
  hours,
  type Instant,
  isAbort,
  isVenfleetError,
  minutes,
  seconds,
} from '@venfleet/core';
import type { Alarms } from './alarms.js';
import type { Reading, ReadingSink, ReadingSource } from './reading.js';
import { type FileUsage, ReadingsFile } from './readings-file.js';
import { mergeAround, RecentReadings } from './recent.js';
import { ResilientFile } from './resilient-file.js';
import { type ReportedUntil, Retention } from './retention.js';

export interface ReadingStoreOptions {
  /** Path of the database. */
  readonly path: string;
  readonly clock: Clock;
  readonly alarms: Alarms;
  readonly reportedUntil: ReportedUntil;
  /** How often new readings are put on the disk, and so what a power cut can lose at most; 1 s unless given. */
  readonly flushInterval?: Duration;
  /** How often the journal is merged into the table; ten minutes unless given, or sooner where `maxWaiting` wait for it. */
  readonly mergeInterval?: Duration;
  /** Reported readings older than this are deleted; 14 days unless given. */
  readonly maxAge?: Duration;
  /** The file's largest size; 2 GiB unless given. */
  readonly maxBytes?: number;
  /** How many readings are held in memory at most while the disk does not take them; 100,000 unless given. */
  readonly maxWaiting?: number;
}

/** Figures for gauges. */
export interface StoreStatus extends FileUsage {
  /** Readings that are in memory alone. */
  readonly waiting: number;
  /** Readings taken since the start. */
  readonly added: number;
  /** Readings that were given up unreported since the start. */
  readonly lost: number;
}

/** Readings of the journal, and its last block that has any of them. */
interface Batch {
  readonly readings: RecentReadings;
  readonly lastId: number;
}

const FLUSH_CHUNK = 10_000;
const MERGE_CHUNK = 4000;
const EXPIRY_INTERVAL = hours(1);

/**
 * The agent's readings, in an SQLite file of this process alone. What is added can be read at once, is on the
 * disk after one flush interval, and stays until it is reported and old, or until the room is needed.
 */
export class ReadingStore implements ReadingSink, ReadingSource {
  readonly #clock: Clock;
  readonly #alarms: Alarms;
  readonly #flushInterval: Duration;
  readonly #mergeInterval: Duration;
  readonly #maxWaiting: number;
  readonly #file: ResilientFile<ReadingsFile>;
  readonly #retention: Retention;
  /** In the order of their coming; not on the disk. */
  #waiting: Reading[] = [];
  /** Not in the table: those that wait, and those in the journal up to #lastId. */
  #recent = new RecentReadings();
  #lastId = 0;
  /** The part of the journal that is on its way into the table. */
  #merging: Batch | undefined;
  /** The latest merged reading of resources that were asked for since the file was last changed. */
  readonly #merged = new Map<number, Reading | undefined>();
  #flushedAt: number;
  #added = 0;
  #dropped = 0;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(options: ReadingStoreOptions) {
    const { path, clock, alarms, reportedUntil, maxAge = hours(14 * 24), maxBytes = 2 * 2 ** 30 } = options;
    this.#clock = clock;
    this.#alarms = alarms;
    this.#flushInterval = options.flushInterval ?? seconds(1);
    this.#mergeInterval = options.mergeInterval ?? minutes(10);
    this.#maxWaiting = options.maxWaiting ?? 100_000;
    this.#flushedAt = clock.monotonic();
    this.#file = new ResilientFile({
      path,
      what: 'reading store',
      clock,
      open: (at) => new ReadingsFile(at, maxBytes),
      onDamaged: (detail) => this.#beginAgain(detail),
    });
    this.#retention = new Retention(this.#file, { clock, alarms, reportedUntil, maxAge, breathe: () => this.#breathe() });
  }

  /**
   * Opens or makes the file, and from now on flushes by itself. A damaged file is moved aside, with an alarm.
   * @throws VenfleetError DB_IN_USE, DB_READONLY, DB_UNOPENABLE, DB_NEWER, DB_WRONG_KIND, DB_FULL, DB_IO
   */
  start(): void {
    this.#file.open();
    try {
      const { readings, lastId } = this.#file.use((file) => file.journal());
      for (const reading of readings) this.#recent.add(reading);
      this.#lastId = lastId;
    } catch (error) {
      this.#file.close();
      throw error;
    }
    this.#loop = this.#run();
  }

  /** Puts everything on the disk and closes the file. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    await this.merge();
    if (!(await this.flush())) this.#drop(this.#waiting.length);
    this.#file.close();
  }

  add(readings: readonly Reading[]): void {
    for (const given of readings) {
      if (!isKey(given.resource) || !isKey(Math.round(given.at))) {
        throw new RangeError(`a reading needs a resource's id and a time after 1970, not ${given.resource} and ${given.at}`);
      }
      const reading = Number.isInteger(given.at) ? given : { ...given, at: Math.round(given.at) as Instant };
      if (!this.#recent.add(reading)) continue;
      this.#waiting.push(reading);
      this.#added++;
    }
    if (this.#waiting.length > this.#maxWaiting) this.#drop(this.#waiting.length - this.#maxWaiting);
  }

  around(resource: number, from: Instant, to: Instant): Reading[] {
    const stored = this.#file.use((file) => file.around(resource, from, to));
    const inMemory = [this.#merging?.readings, this.#recent].map((recent) => recent?.around(resource, from, to) ?? []);
    return inMemory.every((line) => line.length === 0) ? stored : mergeAround([stored, ...inMemory], from, to);
  }

  latest(resource: number): Reading | undefined {
    const candidates = [this.#latestMerged(resource), this.#merging?.readings.latest(resource), this.#recent.latest(resource)];
    return candidates.reduce((best, reading) => ((reading?.at ?? -1) > (best?.at ?? -1) ? reading : best));
  }

  /** The time of the newest reading of all; undefined where there is none. For the start: the journal is looked through. */
  newest(): Instant | undefined {
    let newest: Instant | undefined = this.#file.use((file) => file.newest());
    for (const { at } of this.#recent.inKeyOrder()) if (newest === undefined || at > newest) newest = at;
    return newest;
  }

  /** Control asks for each resource every other second; the file changes when readings are merged. */
  #latestMerged(resource: number): Reading | undefined {
    if (!this.#merged.has(resource))
      this.#merged.set(
        resource,
        this.#file.use((file) => file.latest(resource)),
      );
    return this.#merged.get(resource);
  }

  status(): StoreStatus {
    const usage = this.#file.use((file) => file.usage());
    return { ...usage, waiting: this.#waiting.length, added: this.#added, lost: this.#dropped + this.#retention.lost };
  }

  /**
   * Puts what waits on the disk. Where the disk does not take it, it goes on waiting, and an alarm is raised.
   * @returns whether all of it is on the disk
   */
  async flush(): Promise<boolean> {
    while (this.#waiting.length > 0) {
      // What the journal takes stays in memory until it is merged, which must not grow while merges fail.
      if (this.#merging !== undefined && this.#recent.size - this.#waiting.length > this.#maxWaiting) return false;
      if (!(await this.#withRoom(() => this.#flushChunk()))) return false;
      await turn();
    }
    return true;
  }

  /** Moves the journal into the table, in chunks between which the event loop turns and flushes go on. */
  async merge(): Promise<void> {
    if (this.#merging === undefined) {
      if (!(await this.flush())) return;
      this.#merging = { readings: this.#recent, lastId: this.#lastId };
      this.#recent = new RecentReadings();
    }
    const batch = this.#merging;
    await this.#withRoom(() => this.#mergeBatch(batch));
  }

  async #run(): Promise<void> {
    let [mergedAt, expiredAt] = [this.#clock.monotonic(), this.#clock.monotonic()];
    try {
      for (;;) {
        await this.#clock.sleep(this.#flushInterval, this.#stopping.signal);
        await this.flush();
        const now = this.#clock.monotonic();
        if (now - mergedAt >= this.#mergeInterval || this.#recent.size >= this.#maxWaiting) {
          mergedAt = now;
          await this.#tidy((retention) => retention.keepToSize());
          await this.merge();
        }
        if (now - expiredAt >= EXPIRY_INTERVAL) {
          expiredAt = now;
          await this.#tidy((retention) => retention.expireOld());
        }
      }
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }

  #flushChunk(): void {
    this.#flushedAt = this.#clock.monotonic();
    const waiting = this.#waiting;
    const chunk = waiting.slice(0, FLUSH_CHUNK);
    this.#lastId = this.#file.use((file) => file.append(chunk));
    // Where the file was replaced, more waits now than did before; what is written twice does no harm.
    if (this.#waiting === waiting) waiting.splice(0, chunk.length);
  }

  async #mergeBatch(batch: Batch): Promise<void> {
    for (const chunk of inChunks(batch.readings.inKeyOrder(), MERGE_CHUNK)) {
      this.#file.use((file) => file.merge(chunk));
      this.#merged.clear();
      await this.#breathe();
      // Where the file was replaced meanwhile, all of it waits again.
      if (this.#merging !== batch) return;
    }
    this.#file.use((file) => file.forgetJournal(batch.lastId));
    this.#merging = undefined;
  }

  /** Does `write`, and on a full disk once more after giving up what is reported. @returns false, with an alarm, when it fails */
  async #withRoom(write: () => unknown): Promise<boolean> {
    try {
      try {
        await write();
      } catch (error) {
        if (!isVenfleetError(error, 'DB_FULL') || (await this.#retention.makeRoom()) === 0) throw error;
        await write();
      }
    } catch (error) {
      this.#complain(error);
      return false;
    }
    // A flush that succeeds proves nothing about a merge that has failed.
    if (this.#merging === undefined) this.#clearAlarms();
    return true;
  }

  async #tidy(work: (retention: Retention) => Promise<void>): Promise<void> {
    try {
      await work(this.#retention);
    } catch (error) {
      this.#complain(error);
    } finally {
      this.#merged.clear();
    }
  }

  /** Lets other work go on, and does a flush that became due; where that fails, the next regular one tells. */
  async #breathe(): Promise<void> {
    await turn();
    const isDue = this.#clock.monotonic() - this.#flushedAt >= this.#flushInterval;
    if (!isDue || this.#waiting.length === 0) return;
    try {
      this.#flushChunk();
    } catch (error) {
      if (!isVenfleetError(error)) throw error;
    }
  }

  /** The file was damaged and is empty now: what is still in memory goes into it. */
  #beginAgain(detail: string): void {
    this.#alarms.raise('READINGS_CORRUPT', detail);
    for (const reading of this.#merging?.readings.inKeyOrder() ?? []) this.#recent.add(reading);
    this.#merging = undefined;
    this.#merged.clear();
    this.#lastId = 0;
    this.#waiting = [...this.#recent.inKeyOrder()];
  }

  #drop(count: number): void {
    for (const reading of this.#waiting.splice(0, count)) this.#recent.delete(reading);
    this.#dropped += count;
    this.#alarms.raise('READINGS_LOST', `${this.#dropped} readings were given up: the disk did not take them`);
  }

  #complain(error: unknown): void {
    const code = isVenfleetError(error, 'DB_FULL') ? 'READINGS_DISK_FULL' : 'READINGS_UNWRITABLE';
    const waiting = `${this.#waiting.length} readings wait in memory, which holds ${this.#maxWaiting}`;
    this.#alarms.raise(code, `${describeError(error)}; ${waiting}`);
  }

  #clearAlarms(): void {
    this.#alarms.clear('READINGS_DISK_FULL');
    this.#alarms.clear('READINGS_UNWRITABLE');
  }
}

/** What the journal has room for: 48 bits. */
function isKey(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < 2 ** 48;
}

function* inChunks<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let chunk: T[] = [];
  for (const item of items) {
    chunk.push(item);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

/** Lets whatever else is ready run. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
