import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import {
  type Clock,
  type Duration,
  describeError,
  isAbort,
  milliseconds,
  minutes,
  type Random,
  type RetryPolicy,
  retryPause,
  seconds,
} from '@venfleet/core';
import type { Alarms } from '../alarms.js';
import type { Reading, ReadingSink } from '../reading.js';
import { ResilientFile } from '../resilient-file.js';
import { seriesKey, type Tags, toLine } from './line-protocol.js';
import { type InfluxTarget, type WriteOutcome, writeLines } from './server.js';
import { type Batch, Spool } from './spool.js';

export interface InfluxCopyOptions {
  readonly target: InfluxTarget;
  /** `meter` unless given. */
  readonly measurement?: string;
  /** The tags of a resource's series: its VEN, its id, … */
  tagsOf(resource: number): Tags;
  /** Path of the spool's database. */
  readonly spool: string;
  /** How much may wait in the spool, compressed; 256 MiB unless given. The oldest lines go first. */
  readonly maxSpoolBytes?: number;
  /** How often lines are put into the spool and sent; 10 s unless given. A crash can lose so much of the copy. */
  readonly interval?: Duration;
  readonly clock: Clock;
  readonly random: Random;
  readonly alarms: Alarms;
}

/** Figures for gauges. */
export interface CopyStatus {
  readonly spooledBytes: number;
  readonly written: number;
  readonly refused: number;
  readonly lost: number;
}

const compress = promisify(gzip);
const decompress = promisify(gunzip);
/** InfluxData recommends batches of 5,000 lines. */
const LINES_A_BATCH = 5000;
/** A bad line costs at most 1/64 of its batch: halves smaller than that are skipped as a whole. */
const MOST_SPLITS = 6;
const LONGEST_ASKED = minutes(15);
const RETRIES: RetryPolicy = {
  attempts: Number.POSITIVE_INFINITY,
  base: seconds(1),
  cap: minutes(1),
  longestAsked: LONGEST_ASKED,
};

/**
 * Copies readings to an InfluxDB. They wait in a spool on the disk until the server has them, through its outages
 * and our restarts; a batch that was sent twice does no harm, since one series and time is one point.
 */
export class InfluxCopy implements ReadingSink {
  readonly #options: InfluxCopyOptions;
  readonly #interval: Duration;
  readonly #spool: ResilientFile<Spool>;
  readonly #series = new Map<number, string>();
  readonly #stopping = new AbortController();
  #lines: string[] = [];
  #loop: Promise<void> | undefined;
  #sending: Promise<void> | undefined;
  #written = 0;
  #refused = 0;
  #lost = 0;

  constructor(options: InfluxCopyOptions) {
    this.#options = options;
    this.#interval = options.interval ?? seconds(10);
    this.#spool = new ResilientFile({
      path: options.spool,
      what: "readings' spool",
      clock: options.clock,
      open: (path) => new Spool(path, options.maxSpoolBytes ?? 256 * 2 ** 20),
      onDamaged: (detail) => options.alarms.raise('COPY_LOST', detail),
    });
  }

  /** @throws VenfleetError DB_IN_USE, DB_READONLY, DB_UNOPENABLE, DB_NEWER, DB_WRONG_KIND, DB_FULL, DB_IO */
  start(): void {
    this.#spool.open();
    this.#loop = this.#run();
  }

  /** Puts what is in memory into the spool, where it waits for the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    await this.#sending;
    await this.seal();
    this.#spool.close();
  }

  add(readings: readonly Reading[]): void {
    for (const reading of readings) {
      this.#lines.push(toLine(this.#seriesOf(reading.resource), reading));
    }
    // Where sealing does not keep up, memory must not grow without end.
    const surplus = this.#lines.length - 20 * LINES_A_BATCH;
    if (surplus > 0) this.#lose(this.#lines.splice(0, surplus).length, 'the spool does not keep up');
  }

  status(): CopyStatus {
    const spooledBytes = this.#spool.use((spool) => spool.bytes);
    return { spooledBytes, written: this.#written, refused: this.#refused, lost: this.#lost };
  }

  /** Moves the lines in memory into the spool. */
  async seal(): Promise<void> {
    while (this.#lines.length > 0) {
      const lines = this.#lines.splice(0, LINES_A_BATCH);
      try {
        const batch = await toBatch(lines, 0);
        const dropped = this.#spool.use((spool) => spool.append(batch));
        if (dropped > 0) this.#lose(dropped, 'the spool is full');
      } catch (error) {
        this.#lose(lines.length, describeError(error));
      }
    }
  }

  /** Sends what waits in the spool until nothing does, however long the server is away. @throws when stopped */
  async drain(): Promise<void> {
    const { clock, random, alarms, target } = this.#options;
    const { signal } = this.#stopping;
    let failures = 0;
    for (;;) {
      const batch = this.#spool.use((spool) => spool.oldest());
      if (batch === undefined) return;
      const outcome = await writeLines(target, batch.gzip, clock, signal);
      if (outcome.kind !== 'unavailable') {
        failures = 0;
        alarms.clear('COPY_WAITING');
        await this.#settle(batch, outcome);
        continue;
      }
      failures++;
      alarms.raise('COPY_WAITING', `${target.url}: ${outcome.reason}`);
      const asked = outcome.retryAfter === undefined ? undefined : milliseconds(Math.min(outcome.retryAfter, LONGEST_ASKED));
      await clock.sleep(retryPause(RETRIES, failures, random, asked), signal);
    }
  }

  /** Ends a batch: written, or halved to find the bad line, or skipped. */
  async #settle({ id, lines, splits, gzip }: Batch & { readonly id: number }, outcome: WriteOutcome): Promise<void> {
    if (outcome.kind === 'written') {
      this.#spool.use((spool) => spool.remove(id));
      this.#written += lines;
    } else if (lines > 1 && (outcome.kind === 'too-large' || splits < MOST_SPLITS)) {
      const all = (await decompress(gzip)).toString('utf8').split('\n');
      const middle = Math.ceil(all.length / 2);
      const halves = await Promise.all([all.slice(0, middle), all.slice(middle)].map((half) => toBatch(half, splits + 1)));
      this.#spool.use((spool) => spool.replace(id, halves));
    } else {
      this.#spool.use((spool) => spool.remove(id));
      this.#refused += lines;
      const reason = outcome.kind === 'refused' ? outcome.reason : 'one line is too large';
      this.#options.alarms.raise('COPY_REFUSED', `${this.#refused} lines were skipped; ${this.#options.target.url}: ${reason}`);
    }
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        await this.#options.clock.sleep(this.#interval, this.#stopping.signal);
        await this.seal();
        // Not awaited: lines go to the disk while the server keeps us waiting.
        this.#sending ??= this.#send();
      }
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }

  async #send(): Promise<void> {
    try {
      await this.drain();
    } catch (error) {
      if (!isAbort(error)) this.#options.alarms.raise('COPY_WAITING', describeError(error));
    } finally {
      this.#sending = undefined;
    }
  }

  #seriesOf(resource: number): string {
    const known = this.#series.get(resource);
    if (known !== undefined) return known;
    const series = seriesKey(this.#options.measurement ?? 'meter', this.#options.tagsOf(resource));
    this.#series.set(resource, series);
    return series;
  }

  #lose(count: number, reason: string): void {
    this.#lost += count;
    this.#options.alarms.raise('COPY_LOST', `${this.#lost} lines of the copy were dropped: ${reason}`);
  }
}

async function toBatch(lines: readonly string[], splits: number): Promise<Batch> {
  return { lines: lines.length, splits, gzip: await compress(lines.join('\n')) };
}
