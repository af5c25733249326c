import {
  type Clock,
  type Duration,
  describeError,
  isVenfleetError,
  type Logger,
  milliseconds,
  type Random,
  type RetryPolicy,
  seconds,
  type VenfleetError,
} from '@venfleet/core';
import { type GatewayAddress, type GatewayLink, linkErrors, type OpenGateway } from './link.js';

const CONNECT_TIMEOUT = seconds(3);
/** Pauses between attempts to connect. */
const RECONNECT: Pick<RetryPolicy, 'base' | 'cap'> = { base: seconds(1), cap: seconds(60) };

export interface ConnectionOptions {
  readonly address: GatewayAddress;
  readonly open: OpenGateway;
  readonly pauseAfterConnect: Duration;
  /** A link is there, or is no longer. */
  readonly changed: () => void;
  /** The gateway cannot be reached now, and those who wait need not. */
  readonly unreachable: (error: VenfleetError) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/**
 * The connection to a gateway: opened when it is needed, left alone while nobody answers, replaced after a time-out.
 * The old one stays until the healthy requests on it have ended, while the new one is used already; but for gateways
 * that take no second one, which is found out.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #replaced = new WeakSet<GatewayLink>();
  #link: GatewayLink | undefined;
  /** Replaced, but for the requests that are still under way on it. */
  #old: GatewayLink | undefined;
  /** Requests under way to devices that are not in doubt, by link. */
  readonly #healthy = new Map<GatewayLink, number>();
  #isOpening = false;
  /** The link is to be replaced, but the old one is still there. */
  #isSpent = false;
  #takesTwo = true;
  #hasAnswered = false;
  #failures = 0;
  #retryAt = Number.NEGATIVE_INFINITY;
  #problem: VenfleetError | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get link(): GatewayLink | undefined {
    return this.#link;
  }

  /** Whether a request may go out, or a link be opened for it. */
  get isReady(): boolean {
    return !this.#isOpening && !this.#isSpent && (this.#old === undefined || this.#takesTwo);
  }

  /** Why the gateway cannot be reached; undefined while it can. */
  get problem(): VenfleetError | undefined {
    return this.#problem;
  }

  /** Begins to connect, unless an attempt has just failed: then those who wait are told at once. */
  open(): void {
    if (this.#problem !== undefined && this.#options.clock.monotonic() < this.#retryAt) this.#options.unreachable(this.#problem);
    else void this.#open();
  }

  /** Somebody answered on the link. */
  answered(): void {
    this.#hasAnswered = true;
    if (this.#problem === undefined) return;
    this.#options.logger.warn({}, 'gateway is reachable again');
    this.#problem = undefined;
    this.#failures = 0;
  }

  /** A request to a device that is not in doubt goes out on `link`. */
  begin(link: GatewayLink): void {
    this.#healthy.set(link, (this.#healthy.get(link) ?? 0) + 1);
  }

  end(link: GatewayLink): void {
    const left = (this.#healthy.get(link) ?? 0) - 1;
    if (left > 0) {
      this.#healthy.set(link, left);
      return;
    }
    this.#healthy.delete(link);
    if (link === this.#old) this.#closeOld();
    else this.#replaceIfSpent();
  }

  /** A late answer may come on `link`: nothing new may go out on it. */
  spend(link: GatewayLink): void {
    if (this.#link !== link) return;
    this.#isSpent = true;
    this.#replaceIfSpent();
  }

  /** `link` has ended; tells who ended it. */
  lost(link: GatewayLink): 'replaced' | 'by-peer' {
    if (this.#old === link) this.#closeOld();
    if (this.#link === link) {
      this.#link = undefined;
      this.#isSpent = false;
      // One that hangs up before it has said anything wants no connection now; asking at once would be a storm.
      if (!this.#hasAnswered && !this.#options.signal.aborted) this.#failed(linkErrors.lost(this.#options.address));
      this.#options.changed();
    }
    return this.#replaced.has(link) ? 'replaced' : 'by-peer';
  }

  close(): void {
    this.#link?.close();
    this.#old?.close();
  }

  /** Lets go of a spent link, or waits until the old one is gone where this one still has healthy requests under way. */
  #replaceIfSpent(): void {
    const link = this.#link;
    if (!this.#isSpent || link === undefined) return;
    const isQuiet = !this.#healthy.has(link);
    if (!isQuiet && this.#old !== undefined) return;
    this.#link = undefined;
    this.#isSpent = false;
    this.#replaced.add(link);
    // What is still under way on it, to devices in doubt, ends with GATEWAY_LOST.
    if (isQuiet) link.close();
    else this.#old = link;
  }

  #closeOld(): void {
    const old = this.#old;
    this.#old = undefined;
    old?.close();
    this.#replaceIfSpent();
    this.#options.changed();
  }

  async #open(): Promise<void> {
    const { address, open, pauseAfterConnect, clock, signal } = this.#options;
    this.#isOpening = true;
    try {
      const link = await open(address, CONNECT_TIMEOUT);
      if (signal.aborted) {
        link.close();
        return;
      }
      this.#link = link;
      this.#isSpent = false;
      this.#hasAnswered = false;
      void link.closed.then(() => this.lost(link));
      if (pauseAfterConnect > 0) await clock.sleep(pauseAfterConnect, signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#failed(isVenfleetError(error) ? error : linkErrors.unreachable(address, describeError(error), error));
    } finally {
      this.#isOpening = false;
    }
    this.#options.changed();
  }

  /** There is no link. */
  #failed(error: VenfleetError): void {
    // With the old one still there, it may take one at a time: the next is opened when that is gone.
    if (this.#old !== undefined && this.#takesTwo) this.#takesTwo = false;
    else this.#becameUnreachable(error);
  }

  #becameUnreachable(error: VenfleetError): void {
    const { clock, random, logger, unreachable } = this.#options;
    if (this.#problem === undefined) logger.warn({ reason: error.message }, 'gateway is unreachable');
    this.#problem = error;
    // What comes back may be another gateway.
    this.#takesTwo = true;
    const pause = Math.min(RECONNECT.cap, RECONNECT.base * 2 ** Math.min(this.#failures++, 30));
    this.#retryAt = clock.monotonic() + milliseconds(pause * (0.5 + random.next() / 2));
    unreachable(error);
  }
}
