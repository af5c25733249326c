import { type Clock, instant, type Logger, minutes } from '@venfleet/core';
import { type Reading, ReadingFlag, type ReadingSink } from '../readings/reading.js';
import type { ClockGate } from './clock-gate.js';

export interface HoldingSinkOptions {
  readonly sink: ReadingSink;
  readonly gate: Pick<ClockGate, 'state' | 'onOpen'>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly logger: Logger;
  /** Readings held at most, then the oldest of them go; 100,000 unless given. */
  readonly most?: number;
}

interface Held {
  readonly reading: Reading;
  /** When it was taken, by the clock that never jumps; undefined for one that brings its own time. */
  readonly monotonicMs: number | undefined;
}

/** A reading older than this was timed by somebody else's clock: a file's or a device's. */
const LIVE = minutes(1);

/**
 * Holds readings back while the clock is in doubt, and gives them their true times once it is right: how long ago each
 * was taken is known all the while.
 */
export class HoldingSink implements ReadingSink {
  readonly #options: HoldingSinkOptions;
  readonly #most: number;
  #held: Held[] = [];
  #dropped = 0;

  constructor(options: HoldingSinkOptions) {
    this.#options = options;
    this.#most = options.most ?? 100_000;
    options.gate.onOpen(() => this.#release());
  }

  add(readings: readonly Reading[]): void {
    const { sink, gate } = this.#options;
    if (gate.state === 'open') sink.add(readings);
    else if (gate.state === 'unsure') sink.add(readings.map(marked));
    else this.#hold(readings);
  }

  #hold(readings: readonly Reading[]): void {
    const { clock } = this.#options;
    const [now, monotonic] = [clock.now(), clock.monotonic()];
    for (const reading of readings) {
      const age = now - reading.at;
      this.#held.push({ reading, monotonicMs: Math.abs(age) <= LIVE ? monotonic - age : undefined });
    }
    // Not one by one: each would move all others.
    if (this.#held.length < 1.1 * this.#most) return;
    this.#dropped += this.#held.length - this.#most;
    this.#held = this.#held.slice(-this.#most);
  }

  #release(): void {
    const { sink, gate, clock, logger } = this.#options;
    const held = this.#held;
    this.#held = [];
    if (held.length === 0) return;
    const [now, monotonic] = [clock.now(), clock.monotonic()];
    const readings = held.map(({ reading, monotonicMs }) =>
      monotonicMs === undefined ? reading : { ...reading, at: instant(Math.round(now - (monotonic - monotonicMs))) },
    );
    sink.add(gate.state === 'open' ? readings : readings.map(marked));
    logger.info(
      { readings: held.length, dropped: this.#dropped },
      'readings that were taken before the clock was right are kept',
    );
  }
}

function marked(reading: Reading): Reading {
  return { ...reading, flags: reading.flags | ReadingFlag.CLOCK_SUSPECT };
}
