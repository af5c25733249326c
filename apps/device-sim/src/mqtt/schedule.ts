import { type Clock, describeError, type Instant, isAbort, type Logger, milliseconds } from '@venfleet/core';

/** Something that is done over and over. */
export interface Job {
  readonly periodMs: number;
  /** @returns false when it need not come again. */
  run(now: Instant): Promise<void> | undefined | false;
}

interface Entry {
  due: number;
  readonly job: Job;
}

/** Jobs that fall due within it are done together: it bounds how often the loop wakes. */
const GRAIN_MS = 50;
/** Publications that may be on their way at once. */
const IN_FLIGHT = 64;

/**
 * Runs thousands of periodic jobs off one sleep, by the injected clock: a binary heap by due time. A job
 * that is late, because the machine is, skips what it missed instead of catching up.
 */
export class Schedule {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #heap: Entry[] = [];
  #stop: AbortController | undefined;
  #loop: Promise<void> = Promise.resolve();
  #wake: AbortController | undefined;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Adds a job; `firstMs` is how long from now it comes for the first time. */
  add(job: Job, firstMs: number): void {
    this.#push({ due: this.#clock.now() + firstMs, job });
    if (this.#heap[0]?.job === job) this.#wake?.abort();
  }

  start(): void {
    this.#stop = new AbortController();
    this.#loop = this.#run(this.#stop.signal).catch((error: unknown) => {
      if (!isAbort(error)) throw error;
    });
  }

  async stop(): Promise<void> {
    this.#stop?.abort();
    this.#wake?.abort();
    this.#stop = undefined;
    await this.#loop;
    this.#heap.length = 0;
  }

  async #run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await this.#runDue(stop);
      if (stop.aborted) return;
      const first = this.#heap[0];
      const wait = first === undefined ? 3_600_000 : Math.max(GRAIN_MS, first.due - this.#clock.now());
      this.#wake = new AbortController();
      // No AbortSignal.any: Node 20 keeps a little of each for as long as the longest-lived signal is there.
      await this.#clock.sleep(milliseconds(wait), this.#wake.signal).catch((error: unknown) => {
        if (!isAbort(error)) throw error;
      });
    }
  }

  async #runDue(stop: AbortSignal): Promise<void> {
    const flying = new Set<Promise<void>>();
    const now = this.#clock.now();
    for (let first = this.#heap[0]; first !== undefined && first.due <= now && !stop.aborted; first = this.#heap[0]) {
      const { job, due } = this.#pop();
      const result = this.#runOne(job);
      if (result !== false) this.#push({ due: nextDue(due, job.periodMs, now), job });
      if (result === undefined || result === false) continue;
      const flight: Promise<void> = result.finally(() => flying.delete(flight));
      flying.add(flight);
      if (flying.size >= IN_FLIGHT) await Promise.race(flying);
    }
    await Promise.all(flying);
  }

  /** One device's trouble is not the others'. */
  #runOne(job: Job): Promise<void> | undefined | false {
    const report = (error: unknown) => this.#logger.warn({ reason: describeError(error) }, 'a publication failed');
    try {
      const result = job.run(this.#clock.now());
      return result instanceof Promise ? result.catch(report) : result;
    } catch (error) {
      report(error);
      return undefined;
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    heap.push(entry);
    let at = heap.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((heap[parent] as Entry).due <= entry.due) break;
      heap[at] = heap[parent] as Entry;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): Entry {
    const heap = this.#heap;
    const top = heap[0] as Entry;
    const last = heap.pop() as Entry;
    if (heap.length === 0) return top;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && (heap[child + 1] as Entry).due < (heap[child] as Entry).due) child++;
      if ((heap[child] as Entry).due >= last.due) break;
      heap[at] = heap[child] as Entry;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}

/** The next of `due`, `due + period`, … that is still to come, so that a device keeps its own beat. */
function nextDue(due: number, periodMs: number, now: number): number {
  return due + (Math.floor((now - due) / periodMs) + 1) * periodMs;
}
