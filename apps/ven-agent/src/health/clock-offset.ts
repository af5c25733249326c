import { type Duration, type HasNow, milliseconds, seconds } from '@venfleet/core';
import type { HttpTransport } from '@venfleet/openadr';

/** The header Date has no fractions (RFC 9110 section 5.6.7): on average it is half a second old. */
const DATE_STEP = milliseconds(1000);
/** What took longer says too little. */
const LONGEST_EXCHANGE = seconds(5);
/** Of so many answers the middle one counts: one from a cache, or from a server with another clock, does not. */
const REMEMBERED = 5;

/**
 * How far this machine's clock is ahead of the one that an answer's header Date was taken from; undefined where it has none.
 * @param at this machine's time in the middle of the exchange
 */
export function offsetOf(date: unknown, at: number): Duration | undefined {
  const theirs = Date.parse(String(date));
  return Number.isNaN(theirs) ? undefined : milliseconds(at - theirs - DATE_STEP / 2);
}

/** Compares this machine's clock with the VTN's, by the answers that come anyway. */
export class ClockOffset {
  readonly #clock: HasNow;
  readonly #latest: Duration[] = [];

  constructor(clock: HasNow) {
    this.#clock = clock;
  }

  /** How far this machine's clock is ahead of the VTN's, to half a second; undefined before the VTN has answered. */
  get value(): Duration | undefined {
    const sorted = this.#latest.toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)];
  }

  /** Looks at each answer on its way. */
  watch(transport: HttpTransport): HttpTransport {
    return {
      signal: transport.signal,
      close: () => transport.close(),
      request: async (request) => {
        const before = this.#clock.now();
        const answer = await transport.request(request);
        // A cache's answer is as old as it says (RFC 9111 section 5.1).
        if (answer.headers.age === undefined) this.#note(answer.headers.date, before, this.#clock.now());
        return answer;
      },
    };
  }

  #note(date: unknown, before: number, now: number): void {
    // A clock that was stepped meanwhile tells nothing.
    if (now < before || now - before > LONGEST_EXCHANGE) return;
    const offset = offsetOf(date, (before + now) / 2);
    if (offset === undefined) return;
    this.#latest.push(offset);
    if (this.#latest.length > REMEMBERED) this.#latest.shift();
  }
}
