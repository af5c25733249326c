import {
  describeError,
  isVenfleetError,
  milliseconds,
  minutes,
  type RetryPolicy,
  retryPause,
  seconds,
  VenfleetError,
} from '@venfleet/core';
import { isDenied, isNotFound, type Notifiers, VtnError } from '@venfleet/openadr';
import type { PushMode } from '../config.js';
import type { PushedVen, PushPath, PushPorts } from './path.js';

export interface VenPushOptions extends PushPorts {
  readonly ven: PushedVen;
  readonly mode: Exclude<PushMode, 'off'>;
  readonly mqtt: PushPath;
  /** Absent where the VTN cannot call this agent. */
  readonly webhook: PushPath | undefined;
  /** Shared by all VENs. */
  readonly reasons: Reasons;
}

/** Between attempts; what the VTN does not offer is asked for again after the longest. */
const PAUSES: RetryPolicy = { attempts: Number.POSITIVE_INFINITY, base: seconds(2), cap: minutes(10), longestAsked: seconds(0) };
/** A path that was in order for so long may be tried again soon. */
const STEADY = minutes(1);

/** A reason that was told is not told again for so long, by whichever VEN. */
const TOLD_FOR = minutes(10);

/** Keeps a fleet from telling 158 times that the VTN's broker is away. */
export class Reasons {
  readonly #toldAt = new Map<string, number>();

  /** @param now on the monotonic clock */
  isNews(reason: string, now: number): boolean {
    for (const [old, at] of this.#toldAt) if (now - at >= TOLD_FOR) this.#toldAt.delete(old);
    if (this.#toldAt.has(reason)) return false;
    this.#toldAt.set(reason, now);
    return true;
  }
}

/** Has the VTN tell one VEN of changes, by the way that suits both; polling does without meanwhile. */
export class VenPush {
  readonly #options: VenPushOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: VenPushOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new DOMException('notifications stop', 'AbortError'));
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { ven, clock, random } = this.#options;
    for (let failures = 1; !signal.aborted; failures++) {
      const begunAt = clock.monotonic();
      try {
        const path = await this.#choose(signal);
        await path(ven, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#report(error);
      }
      ven.feed.setPush(undefined);
      if (clock.monotonic() - begunAt > STEADY) failures = 1;
      const pause = retryPause(PAUSES, failures, random);
      await clock.sleep(milliseconds(PAUSES.base / 2 + pause), signal).catch(() => undefined);
    }
  }

  /** MQTT where there is a broker, as it needs no way in; else webhooks, where both sides can. @throws VenfleetError NO_PUSH */
  async #choose(signal: AbortSignal): Promise<PushPath> {
    const { mode, mqtt, webhook } = this.#options;
    if (mode === 'webhook') return webhook ?? noPush('events.webhook is not configured');
    const notifiers = await this.#notifiers(signal);
    if (notifiers.mqtt !== undefined) return mqtt;
    if (mode === 'mqtt') return noPush('the VTN has no MQTT broker');
    if (!notifiers.webhook) return noPush('the VTN offers neither MQTT nor webhooks');
    return webhook ?? noPush('the VTN has no MQTT broker, and events.webhook is not configured');
  }

  /** A VTN that does not say how it notifies may do so by webhook: it will tell when asked for a subscription. */
  async #notifiers(signal: AbortSignal): Promise<Notifiers> {
    try {
      return await this.#options.ven.access.client.readNotifiers({ signal });
    } catch (error) {
      const unsaid = isDenied(error) || isNotFound(error) || (error instanceof VtnError && error.status === 501);
      if (unsaid) return { webhook: true };
      throw error;
    }
  }

  #report(error: unknown): void {
    const { ven, reasons, clock, logger } = this.#options;
    const reason = describeError(error);
    const expected = isVenfleetError(error, 'NO_PUSH');
    const level = !reasons.isNews(reason, clock.monotonic()) ? 'debug' : expected ? 'info' : 'warn';
    const hint = isVenfleetError(error) ? error.hint : undefined;
    logger[level]({ ven: ven.name, reason, hint }, 'the VTN does not tell of changes; events are polled');
  }
}

function noPush(reason: string): never {
  throw new VenfleetError('NO_PUSH', reason, { hint: 'docs/events.md tells what is needed' });
}
