import { type Clock, describeError, isAbort, type Logger, minutes, seconds } from '@venfleet/core';
import type { CounterStore } from './counter-store.js';
import type { SimSite } from './sim-site.js';

export interface CounterKeeperOptions {
  readonly store: CounterStore;
  readonly sites: Iterable<SimSite>;
  /** Simulated time, in which meters count. */
  readonly clock: Clock;
  /** Real time, in which a process may be killed. */
  readonly realClock: Clock;
  /** Simulated seconds in a real one. */
  readonly speed: number;
  readonly logger: Logger;
}

const PERIOD = seconds(60);
/** How much longer than the period a busy machine may take until the next save. */
const SLACK = minutes(1);
/** Sites in one transaction: the Modbus clients wait for a few milliseconds, not for the whole fleet. */
const SITES_AT_ONCE = 1000;

/**
 * Saves the counters of all sites while they run. What it saves is what a meter may have shown by the next save at
 * the most (nothing draws more than P_max), so that a counter does not run backwards even when the process is
 * killed; a stop saves what it really shows.
 */
export class CounterKeeper {
  readonly #options: CounterKeeperOptions;
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(options: CounterKeeperOptions) {
    this.#options = options;
  }

  /** @throws VenfleetError DB_ when the first save fails */
  start(): void {
    for (const batch of this.#batches()) this.#save(batch, PERIOD + SLACK);
    this.#loop = this.#run(this.#stop.signal);
  }

  /** Saves what is shown now and closes the store. @throws VenfleetError DB_ */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    try {
      for (const batch of this.#batches()) this.#save(batch, 0);
    } finally {
      this.#options.store.close();
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { realClock, logger } = this.#options;
    try {
      for (;;) {
        await realClock.sleep(PERIOD, signal);
        for (const batch of this.#batches()) {
          try {
            this.#save(batch, PERIOD + SLACK);
          } catch (error) {
            logger.error({ reason: describeError(error) }, 'the counters could not be saved');
          }
          await realClock.sleep(seconds(0), signal);
        }
      }
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }

  #save(sites: readonly SimSite[], aheadMs: number): void {
    const { store, clock, speed } = this.#options;
    const now = clock.now();
    store.save(sites.map((site) => [site.resource.resourceId, site.counted(now, aheadMs * speed)]));
  }

  *#batches(): Generator<SimSite[]> {
    const sites = [...this.#options.sites];
    for (let at = 0; at < sites.length; at += SITES_AT_ONCE) yield sites.slice(at, at + SITES_AT_ONCE);
  }
}
