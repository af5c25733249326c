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

/** The one connection to a gateway: opened when it is needed, replaced when it is spent, left alone while nobody answers. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #replaced = new WeakSet<GatewayLink>();
  #link: GatewayLink | undefined;
  #isOpening = false;
  #isSpent = false;
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

  get isOpening(): boolean {
    return this.#isOpening;
  }

  /** Nothing new may go out on the link; it is to be replaced. */
  get isSpent(): boolean {
    return this.#isSpent;
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

  /** A late answer may come on `link`. */
  spend(link: GatewayLink): void {
    if (this.#link === link) this.#isSpent = true;
  }

  /** Ends the link; what is under way on it ends with GATEWAY_LOST. */
  replace(): void {
    const link = this.#link;
    this.#link = undefined;
    this.#isSpent = false;
    if (link === undefined) return;
    this.#replaced.add(link);
    link.close();
  }

  /** `link` has ended; tells who ended it. */
  lost(link: GatewayLink): 'replaced' | 'by-peer' {
    if (this.#link === link) {
      this.#link = undefined;
      this.#isSpent = false;
      // One that hangs up before it has said anything wants no connection now; asking at once would be a storm.
      if (!this.#hasAnswered && !this.#options.signal.aborted) this.#becameUnreachable(linkErrors.lost(this.#options.address));
      this.#options.changed();
    }
    return this.#replaced.has(link) ? 'replaced' : 'by-peer';
  }

  close(): void {
    this.#link?.close();
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
      this.#becameUnreachable(isVenfleetError(error) ? error : linkErrors.unreachable(address, describeError(error), error));
    } finally {
      this.#isOpening = false;
    }
    this.#options.changed();
  }

  #becameUnreachable(error: VenfleetError): void {
    const { clock, random, logger, unreachable } = this.#options;
    if (this.#problem === undefined) logger.warn({ reason: error.message }, 'gateway is unreachable');
    this.#problem = error;
    const pause = Math.min(RECONNECT.cap, RECONNECT.base * 2 ** Math.min(this.#failures++, 30));
    this.#retryAt = clock.monotonic() + milliseconds(pause * (0.5 + random.next() / 2));
    unreachable(error);
  }
}
