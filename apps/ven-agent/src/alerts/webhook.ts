import {
  type Clock,
  type Duration,
  isAbort,
  type Logger,
  milliseconds,
  minutes,
  type Random,
  type RetryPolicy,
  retryPause,
  seconds,
} from '@venfleet/core';
import type { AlertMessage } from './messages.js';

/** `refused` is the message's fault; `unavailable` the server's, the network's or the token's. */
export type Delivered =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly reason: string; readonly after?: Duration };

/** @param id the same for each try of a message. @throws the signal's reason when it aborts */
export type PostMessage = (body: string, id: string, signal: AbortSignal) => Promise<Delivered>;

export interface WebhookOptions {
  readonly post: PostMessage;
  /** Of the last life. */
  readonly queue: readonly AlertMessage[];
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const MOST_QUEUED = 100;
const PAUSES: RetryPolicy = {
  attempts: Number.POSITIVE_INFINITY,
  base: seconds(2),
  cap: minutes(5),
  longestAsked: minutes(15),
};

/** Sends messages one after the other, each until it is taken or refused. When the queue is full, the oldest goes. */
export class AlertWebhook {
  readonly #options: WebhookOptions;
  readonly #queue: AlertMessage[];
  readonly #stopping = new AbortController();
  #wake = new AbortController();
  #running: Promise<void> | undefined;
  #lost = 0;
  #problem: string | undefined;

  constructor(options: WebhookOptions) {
    this.#options = options;
    this.#queue = [...options.queue];
  }

  start(): void {
    this.#running = this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new DOMException('alerts stop', 'AbortError'));
    this.#wake.abort();
    await this.#running;
  }

  add(message: AlertMessage): void {
    this.#queue.push(message);
    if (this.#queue.length > MOST_QUEUED) {
      this.#queue.shift();
      this.#lost++;
      this.#options.logger.error({ lost: this.#lost }, 'a message of an alert was given up: too many wait');
    }
    this.#wake.abort();
  }

  /** What is not taken yet. */
  get queue(): readonly AlertMessage[] {
    return this.#queue;
  }

  /** Messages that were refused, or given up for want of room. */
  get lost(): number {
    return this.#lost;
  }

  /** Why messages wait; undefined while they do not. */
  get problem(): string | undefined {
    return this.#problem;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, random, logger } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      const [message] = this.#queue;
      if (message === undefined) {
        await this.#untilAdded();
        continue;
      }
      try {
        const asked = await this.#send(message, signal);
        failures = asked === undefined ? 0 : failures + 1;
        if (asked !== undefined) await clock.sleep(retryPause(PAUSES, failures, random, asked.after), signal);
      } catch (error) {
        if (isAbort(error)) return;
        logger.error({ err: error }, 'an alert cannot be sent');
        await clock.sleep(PAUSES.cap, signal).catch(() => undefined);
      }
    }
  }

  /** @returns undefined when the message is done with; else what the receiver asks for before the next try */
  async #send(message: AlertMessage, signal: AbortSignal): Promise<{ readonly after: Duration | undefined } | undefined> {
    const { post, logger } = this.#options;
    const { alertname } = message.groupLabels;
    const outcome = await post(JSON.stringify(message), idOf(message), signal);
    if (outcome.kind === 'unavailable') {
      if (this.#problem === undefined) logger.warn({ alertname, reason: outcome.reason }, 'alerts wait for the webhook');
      this.#problem = outcome.reason;
      const after = outcome.after && milliseconds(Math.min(outcome.after, PAUSES.longestAsked));
      return { after };
    }
    if (outcome.kind === 'refused') {
      this.#lost++;
      logger.error({ alertname, reason: outcome.reason }, 'the webhook refuses an alert');
    }
    this.#problem = undefined;
    // While it was under way, the oldest may have been given up.
    if (this.#queue[0] === message) this.#queue.shift();
    return undefined;
  }

  async #untilAdded(): Promise<void> {
    this.#wake = new AbortController();
    const { signal } = this.#wake;
    if (this.#stopping.signal.aborted) return;
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }
}

/** One that comes twice, since its answer was lost, can be told by this. */
function idOf({ groupKey, status, alerts }: AlertMessage): string {
  const times = alerts.map(({ startsAt, endsAt }) => `${startsAt}${endsAt}`);
  return `${groupKey} ${status} ${times.sort().at(-1) ?? ''}`.replaceAll(/[^\x21-\x7e]/g, '_');
}
