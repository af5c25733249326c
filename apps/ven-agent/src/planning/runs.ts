import { type Instant, instant } from '@venfleet/core';
import type { Timeline } from '@venfleet/openadr';

/** A stretch of time without a gap. */
interface Run {
  readonly start: number;
  /** Infinity where there is none. */
  readonly end: number;
}

/** Stretches in which intervals of an event follow each other without a gap. */
export class Runs {
  /** In the order of time; those of the first pass of a loop. */
  readonly #runs: readonly Run[];
  /** From one pass of a loop to the next. */
  readonly #length: number | undefined;
  readonly #hasNoGap: boolean;

  /** @param takesPart which intervals are looked at, by their place in the event */
  constructor(timeline: Timeline, takesPart: (index: number) => boolean) {
    const spans = timeline.kind === 'implied' ? [] : timeline.intervals.filter((_, index) => takesPart(index));
    this.#runs = merged(spans.map(({ start, end }) => ({ start, end: end === 'forever' ? Number.POSITIVE_INFINITY : end })));
    this.#length = timeline.kind === 'loop' ? timeline.length : undefined;
    this.#hasNoGap = this.#length !== undefined && coversPass(this.#runs, this.#length);
  }

  /** Where the stretch that holds a time began; that time itself where none does. */
  startOf(at: Instant): Instant {
    if (this.#hasNoGap) return instant(Math.min(at, (this.#runs[0] as Run).start));
    for (let start: number = at; ; ) {
      const earlier = Math.min(start, ...this.#runs.map((run) => this.#reachedFrom(run, start)));
      if (earlier === start) return instant(start);
      start = earlier;
    }
  }

  /** Where the last repetition of a run began that reaches up to a time. */
  #reachedFrom({ start, end }: Run, at: number): number {
    const pass = this.#length === undefined ? 0 : Math.max(0, Math.floor((at - start) / this.#length));
    const by = pass * (this.#length ?? 0);
    return start + by <= at && at <= end + by ? start + by : at;
  }
}

function merged(runs: readonly Run[]): Run[] {
  const found: Run[] = [];
  for (const run of runs.filter(({ start, end }) => start !== end).sort((a, b) => a.start - b.start)) {
    const last = found.at(-1);
    if (last !== undefined && run.start <= last.end) {
      found[found.length - 1] = { start: last.start, end: Math.max(last.end, run.end) };
    } else found.push(run);
  }
  return found;
}

/** Whether a pass is covered whole, once runs of earlier passes reach into it. */
function coversPass(runs: readonly Run[], length: number): boolean {
  const origin = runs[0]?.start ?? 0;
  const pieces = runs.flatMap(({ start, end }): Run[] => {
    const from = (start - origin) % length;
    const to = from + Math.min(length, end - start);
    return [
      { start: from, end: Math.min(to, length) },
      { start: 0, end: Math.max(0, to - length) },
    ];
  });
  const [whole] = merged(pieces);
  return whole !== undefined && whole.start === 0 && whole.end >= length;
}
