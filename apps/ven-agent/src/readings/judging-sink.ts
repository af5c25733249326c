import { type Clock, hours, type Instant, minutes } from '@venfleet/core';
import { judge, type MeterLimits, type MeterMemory, recall } from './judge.js';
import type { Reading, ReadingSink, ReadingSource } from './reading.js';

export interface JudgingSinkOptions {
  /** Where the judged readings go. */
  readonly sink: ReadingSink;
  /** Where the past of a meter is looked up, once. */
  readonly source: ReadingSource;
  limitsOf(resource: number): MeterLimits;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
}

/** A reading older than this was timed by somebody else's clock: a file's or a device's. */
const LIVE = minutes(1);

/** Judges each reading by its own meter's past and passes it on, flagged. */
export class JudgingSink implements ReadingSink {
  readonly #options: JudgingSinkOptions;
  readonly #memories = new Map<number, MeterMemory>();

  constructor(options: JudgingSinkOptions) {
    this.#options = options;
  }

  add(readings: readonly Reading[]): void {
    this.#options.sink.add(readings.map((reading) => this.#judge(reading)));
  }

  #judge(given: Reading): Reading {
    const { clock, limitsOf } = this.#options;
    const age = clock.now() - given.at;
    const monotonicMs = Math.abs(age) <= LIVE ? clock.monotonic() - age : undefined;
    const known = this.#memories.get(given.resource) ?? this.#recall(given.resource);
    const { reading, memory } = judge(known, { ...given, monotonicMs }, limitsOf(given.resource));
    this.#memories.set(given.resource, memory);
    return reading;
  }

  #recall(resource: number): MeterMemory | undefined {
    const { source } = this.#options;
    const latest = source.latest(resource);
    if (latest === undefined) return undefined;
    return recall(source.around(resource, (latest.at - hours(1)) as Instant, (latest.at + 1) as Instant));
  }
}
