import { type Clock, type Duration, isAbort, type Logger, milliseconds, type Random, seconds, uniform } from '@venfleet/core';

export interface PollerOptions {
  /** Fetches and hands on; its failure is logged, and what is known stays. */
  readonly poll: (signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Mean time from one poll to the next; by default 30 s. */
  readonly interval?: Duration;
}

const DEFAULT_INTERVAL = seconds(30);
/** Each pause differs by up to this part, so that a fleet that was started together spreads out. */
const JITTER = 0.2;

/** Polls until it is stopped, one at a time. */
export class Poller {
  readonly #options: PollerOptions;
  #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: PollerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#stopping = new AbortController();
    this.#running = this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new DOMException('polling stops', 'AbortError'));
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { poll, clock, random, logger, interval = DEFAULT_INTERVAL } = this.#options;
    while (!signal.aborted) {
      try {
        await poll(signal);
      } catch (error) {
        if (!isAbort(error)) logger.warn({ err: error }, 'the VTN’s events cannot be read; what is known stays');
      }
      if (signal.aborted) return;
      const pause = milliseconds(interval * uniform(random, 1 - JITTER, 1 + JITTER));
      await clock.sleep(pause, signal).catch(() => undefined);
    }
  }
}
