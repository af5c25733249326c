import {
  describeError,
  isAbort,
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
}

/** Between attempts; what the VTN does not offer is asked for again after the longest. */
const PAUSES: RetryPolicy = { attempts: Number.POSITIVE_INFINITY, base: seconds(2), cap: minutes(10), longestAsked: seconds(0) };
/** A path that was in order for so long may be tried again soon. */
const STEADY = minutes(1);

/** Has the VTN tell one VEN of changes, by the way that suits both; polling does without meanwhile. */
export class VenPush {
  readonly #options: VenPushOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #problem: string | undefined;

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
        if (isAbort(error)) break;
        this.#report(error);
      }
      ven.feed.setPush(undefined);
      if (clock.monotonic() - begunAt > STEADY) failures = 1;
      const pause = retryPause(PAUSES, failures, random);
      await clock.sleep(milliseconds(PAUSES.base / 2 + pause), signal).catch(() => undefined);
    }
    ven.feed.setPush(undefined);
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
    const { ven, logger } = this.#options;
    const reason = describeError(error);
    if (reason === this.#problem) return;
    this.#problem = reason;
    const fields = { ven: ven.name, reason, hint: isVenfleetError(error) ? error.hint : undefined };
    if (isVenfleetError(error, 'NO_PUSH')) logger.info(fields, 'the VTN does not tell of changes; events are polled');
    else logger.warn(fields, 'the VTN does not tell of changes at the moment; events are polled');
  }
}

function noPush(reason: string): never {
  throw new VenfleetError('NO_PUSH', reason, { hint: 'docs/events.md tells what is needed' });
}
