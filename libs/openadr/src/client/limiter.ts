import { type Clock, type Duration, milliseconds, seconds } from '@venfleet/core';
import { type Abortable, unwatchAbort, watchAbort } from './aborts.js';

export interface LimiterOptions {
  /** Requests in flight at first; by default `max`. */
  readonly start?: number | undefined;
  /** Most requests in flight; by default 64. */
  readonly max?: number | undefined;
  /** The longest that a Retry-After may hold everybody back; by default 120 s. */
  readonly longestHold?: Duration | undefined;
}

/** How a request went, for the limiter: `overload` is 429, 503 or a time-out; `neutral` says nothing about load. */
export type Outcome = 'success' | 'overload' | 'neutral';

interface Waiter extends Abortable {
  admit(permit: number): void;
}

/** Answers this many times slower than the floor mean that requests queue at the VTN … */
const SLOW_FACTOR = 8;
/** … unless they are quick all the same (ms): a single-threaded server at its best has a queue, too. */
const SLOW_LATENCY = 250;
const OVERLOAD_CUT = 0.5;
const SLOW_CUT = 0.7;
/** With a queue at the VTN, answers get quicker with the cut, to about 0.7; above this they have not. */
const HELPED = 0.85;

/**
 * Bounds the requests in flight to one VTN by what it bears: additive increase, multiplicative decrease (Chiu and
 * Jain 1989, as TCP does). Overload and latency far above its floor cut the bound, once a round trip; each success
 * raises it by 1/bound while it is used. A cut that makes answers no quicker is taken back: such a VTN is slow by
 * itself, not by the queue of our requests. A Retry-After lets nobody start before its time.
 */
export class AdaptiveLimiter {
  readonly #clock: Clock;
  readonly #max: number;
  readonly #longestHold: number;
  readonly #waiting = new Set<Waiter>();
  readonly #closing = new AbortController();
  #limit: number;
  #inFlight = 0;
  #heldUntil = Number.NEGATIVE_INFINITY;
  #waking = false;
  #cutAt = Number.NEGATIVE_INFINITY;
  /** The least latency known of this VTN. */
  #floor = Number.POSITIVE_INFINITY;
  /** Mean latency and number of the answers to requests that started after the last cut. */
  #mean = 0;
  #answers = 0;
  /** Bound and latency before the last cut, where that was for slowness. */
  #beforeCut: { readonly limit: number; readonly mean: number } | undefined;

  constructor(clock: Clock, options: LimiterOptions = {}) {
    this.#clock = clock;
    this.#max = options.max ?? 64;
    this.#limit = Math.min(options.start ?? this.#max, this.#max);
    this.#longestHold = options.longestHold ?? seconds(120);
  }

  /** The present bound, a whole number of requests, at least 1. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /**
   * Asks to start a request, first come, first served. The permit goes back by {@link release}.
   * @returns at once, without a promise, where there is room.
   * @throws the signal's reason when it aborts while waiting.
   */
  acquire(signal?: AbortSignal): number | Promise<number> {
    if (this.#waiting.size === 0 && this.#hasRoom()) return this.#admit();
    return this.#queue(signal);
  }

  /** Gives a permit back and tells how it went. @param retryAfter what the VTN asked for. */
  release(permit: number, outcome: Outcome, retryAfter?: Duration): void {
    this.#inFlight--;
    const now = this.#clock.monotonic();
    if (retryAfter !== undefined) this.#heldUntil = Math.max(this.#heldUntil, now + Math.min(retryAfter, this.#longestHold));
    if (outcome === 'overload') this.#cut(permit, now, OVERLOAD_CUT);
    else if (outcome === 'success') this.#learn(permit, now);
    this.#drain();
  }

  /** Refuses all who wait, now and later. */
  close(reason: unknown): void {
    this.#closing.abort(reason);
    for (const waiter of this.#waiting) waiter.abort(reason);
  }

  #hasRoom(): boolean {
    return this.#inFlight < this.limit && this.#clock.monotonic() >= this.#heldUntil;
  }

  #admit(): number {
    this.#inFlight++;
    return this.#clock.monotonic();
  }

  #queue(signal?: AbortSignal): Promise<number> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (this.#closing.signal.aborted) return reject(this.#closing.signal.reason);
      const done = () => signal !== undefined && unwatchAbort(signal, waiter);
      const waiter: Waiter = {
        admit: (permit) => {
          done();
          resolve(permit);
        },
        abort: (reason) => {
          this.#waiting.delete(waiter);
          done();
          reject(reason);
        },
      };
      if (signal !== undefined) watchAbort(signal, waiter);
      this.#waiting.add(waiter);
      this.#drain();
    });
  }

  #drain(): void {
    for (const waiter of this.#waiting) {
      if (!this.#hasRoom()) break;
      this.#waiting.delete(waiter);
      waiter.admit(this.#admit());
    }
    if (this.#waiting.size > 0 && !this.#waking && this.#clock.monotonic() < this.#heldUntil) void this.#wakeWhenReleased();
  }

  async #wakeWhenReleased(): Promise<void> {
    this.#waking = true;
    const left = milliseconds(Math.max(0, this.#heldUntil - this.#clock.monotonic()));
    // Only close() aborts this sleep, and it has refused everybody itself.
    await this.#clock.sleep(left, this.#closing.signal).catch(() => undefined);
    this.#waking = false;
    this.#drain();
  }

  /** Cuts the bound, but only once for all requests that were in flight together. */
  #cut(permit: number, now: number, factor: number): void {
    if (permit < this.#cutAt) return;
    this.#beforeCut = undefined;
    this.#change(now, this.#limit * factor);
  }

  /** Sets the bound; what is measured from now on is measured under it. */
  #change(now: number, limit: number): void {
    this.#cutAt = now;
    this.#limit = Math.max(1, limit);
    this.#mean = 0;
    this.#answers = 0;
  }

  #learn(permit: number, now: number): void {
    const latency = now - permit;
    this.#floor = Math.min(this.#floor, latency);
    if (permit < this.#cutAt) return;
    this.#answers++;
    this.#mean += (latency - this.#mean) / Math.min(this.#answers, 32);
    // A whole round first: one slow answer is no queue, and one quick answer does not show that there is none.
    const wholeRound = this.#answers >= this.limit;
    if (this.#mean > Math.max(SLOW_LATENCY, SLOW_FACTOR * this.#floor)) {
      if (wholeRound) this.#slow(now);
      return;
    }
    if (wholeRound) this.#beforeCut = undefined;
    // A bound that is hardly used has not been tried.
    if (2 * (this.#inFlight + 1) >= this.limit) this.#limit = Math.min(this.#max, this.#limit + 1 / this.#limit);
  }

  #slow(now: number): void {
    const before = this.#beforeCut;
    if (before !== undefined && this.#mean > HELPED * before.mean) {
      this.#floor = this.#mean;
      this.#beforeCut = undefined;
      this.#change(now, before.limit);
    } else {
      this.#beforeCut = { limit: this.#limit, mean: this.#mean };
      this.#change(now, this.#limit * SLOW_CUT);
    }
  }
}
