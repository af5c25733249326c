import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, describeError, type Logger, seconds } from '@venfleet/core';
import type { Overview, StreamEvent } from '../types.js';
import type { LiveSource } from './backend.js';
import { API_HEADERS, ConsoleProblem } from './problem.js';

const TICK = seconds(1);
const HEARTBEAT_MS = 10_000;
/** A reader that has not taken what it was sent for so long is cut off. */
const PATIENCE_MS = 30_000;
const MOST_READERS = 50;

interface Reader {
  readonly response: ServerResponse;
  readonly until: number | undefined;
  /** Since when it takes nothing (monotonic ms); it is sent nothing more until it does, and then a snapshot. */
  blockedSince: number | undefined;
  behind: boolean;
  lastSentAt: number;
}

/**
 * Server-sent events for all who look (WHATWG HTML, server-sent events): a snapshot for each, then what changes, once a
 * second at most and one text for all. Nothing piles up for a slow reader: it is left out, and begins anew once it takes
 * again.
 */
export class StreamHub {
  readonly #source: LiveSource;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #readers = new Set<Reader>();
  #stopping = new AbortController();
  #ticking = false;
  /** Readers whose snapshot is being made. */
  #joining = 0;
  #sent = 0;

  constructor(source: LiveSource, clock: Clock, logger: Logger) {
    this.#source = source;
    this.#clock = clock;
    this.#logger = logger;
  }

  get readers(): number {
    return this.#readers.size;
  }

  /**
   * Serves one reader until it leaves.
   * @param until epoch ms at which its stream ends
   * @throws ConsoleProblem 503 where there are too many
   */
  async serve(request: IncomingMessage, response: ServerResponse, until: number | undefined): Promise<void> {
    if (this.#readers.size + this.#joining >= MOST_READERS) {
      throw new ConsoleProblem(503, 'too many are looking already', { headers: { 'retry-after': '30' } });
    }
    this.#joining++;
    try {
      const overview = await this.#source.overview();
      if (response.destroyed) return;
      this.#begin(request, response, until, overview);
    } finally {
      this.#joining--;
    }
    if (!this.#ticking) void this.#run();
  }

  /** From its snapshot on a reader is told what all are told. */
  #begin(request: IncomingMessage, response: ServerResponse, until: number | undefined, overview: Overview): void {
    request.socket.setNoDelay(true);
    response.writeHead(200, {
      ...API_HEADERS,
      'content-type': 'text/event-stream; charset=utf-8',
      // A proxy must not collect it (nginx).
      'x-accel-buffering': 'no',
    });
    const reader: Reader = { response, until, blockedSince: undefined, behind: false, lastSentAt: 0 };
    this.#readers.add(reader);
    response.on('close', () => this.#readers.delete(reader));
    this.#write(reader, this.#text({ event: 'snapshot', data: overview }));
  }

  /** Ends all streams; there may be new ones. */
  stop(): void {
    this.#stopping.abort(new DOMException('the console stops', 'AbortError'));
    this.#stopping = new AbortController();
    for (const { response } of this.#readers) response.end();
    this.#readers.clear();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    this.#ticking = true;
    try {
      while (this.#readers.size > 0) {
        await this.#clock.sleep(TICK, signal);
        await this.#tick();
      }
    } catch (error) {
      if (!signal.aborted) this.#logger.error({ error: describeError(error) }, 'the console cannot tell what changes');
      for (const { response } of this.#readers) response.end();
      this.#readers.clear();
    } finally {
      this.#ticking = false;
    }
  }

  async #tick(): Promise<void> {
    const delta = this.#source.delta();
    const text = delta === undefined ? undefined : this.#text({ event: 'delta', data: delta });
    const [now, wall] = [this.#clock.monotonic(), this.#clock.now()];
    let snapshot: string | undefined;
    for (const reader of this.#readers) {
      if (reader.until !== undefined && wall >= reader.until) {
        reader.response.end();
        this.#readers.delete(reader);
      } else if (this.#isBlocked(reader, now)) {
        reader.behind ||= text !== undefined;
      } else if (reader.behind) {
        snapshot ??= this.#text({ event: 'snapshot', data: await this.#source.overview() });
        reader.behind = false;
        this.#write(reader, snapshot);
      } else if (text !== undefined) this.#write(reader, text);
      else if (now - reader.lastSentAt >= HEARTBEAT_MS) {
        this.#write(reader, this.#text({ event: 'heartbeat', data: { serverAt: wall } }));
      }
    }
  }

  /** Whether it has yet to take what it was sent; for too long, and it is cut off. */
  #isBlocked(reader: Reader, now: number): boolean {
    if (!reader.response.writableNeedDrain) {
      reader.blockedSince = undefined;
      return false;
    }
    reader.blockedSince ??= now;
    if (now - reader.blockedSince >= PATIENCE_MS) {
      reader.response.destroy();
      this.#readers.delete(reader);
    }
    return true;
  }

  #write(reader: Reader, text: string): void {
    reader.lastSentAt = this.#clock.monotonic();
    reader.response.write(text);
  }

  #text({ event, data }: StreamEvent): string {
    return `event: ${event}\nid: ${++this.#sent}\ndata: ${JSON.stringify(data)}\n\n`;
  }
}
