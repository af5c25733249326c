import type { HasMonotonic } from '@venfleet/core';
import type { MeterStatus } from '../metering/metering.js';

/** Reads of meters with one interval must end at least so often; even dead meters' reads do, with their time-out. */
const PATIENCE_INTERVALS = 3;
const PATIENCE_MS = 60_000;

interface Progress {
  readonly ended: number;
  readonly sinceMs: number;
}

/**
 * Tells an agent that works from one that only seems to. A VTN, meters or a disk that are not there are no reason to restart
 * it: it goes on without them, and says so. But reads that do not end any more, with values or without, can only be its own
 * fault; and an event loop that stands still asks nothing at all.
 */
export class Liveness {
  readonly #clock: HasMonotonic;
  readonly #progress = new Map<number, Progress>();

  constructor(clock: HasMonotonic) {
    this.#clock = clock;
  }

  /** What stands still; empty while all goes on. To be asked again and again. */
  stuck(meters: Iterable<Pick<MeterStatus, 'resource' | 'onTime' | 'late' | 'failed'>>): string[] {
    const now = this.#clock.monotonic();
    const ended = new Map<number, number>();
    for (const { resource, onTime, late, failed } of meters) {
      const interval = resource.readInterval;
      ended.set(interval, (ended.get(interval) ?? 0) + onTime + late + failed);
    }
    const reasons: string[] = [];
    for (const [interval, count] of ended) {
      const before = this.#progress.get(interval);
      if (before === undefined || before.ended !== count) this.#progress.set(interval, { ended: count, sinceMs: now });
      else if (now - before.sinceMs > PATIENCE_INTERVALS * interval + PATIENCE_MS) {
        reasons.push(
          `no read of the meters that are read each ${interval / 1000} s has ended for ${Math.round((now - before.sinceMs) / 1000)} s`,
        );
      }
    }
    return reasons;
  }
}
