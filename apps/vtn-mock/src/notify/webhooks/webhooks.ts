import { randomBytes } from 'node:crypto';
import { type Clock, type Duration, describeError, type Logger, type Random, seconds } from '@venfleet/core';
import type { ObjectType } from '@venfleet/openadr';
import { type FaultyCallbacks, withWebhookFaults } from '../../faults/notification-faults.js';
import type { FaultRegistry } from '../../faults/registry.js';
import { Problem } from '../../http/problem.js';
import type { ChangeOperation } from '../../store/change.js';
import type { Deliveries } from '../../store/deliveries.js';
import type { Store } from '../../store/store.js';
import type { Subscriptions } from '../../store/subscriptions.js';
import type { Vens } from '../../store/vens.js';
import { ChangeAudience, notificationText, viewKey } from '../audience.js';
import type { Change, ChangeListener } from '../changes.js';
import type { Outcomes } from '../outcomes.js';
import { CallbackClient } from './callback-client.js';
import type { CallbackRules } from './callback-rules.js';
import { Sender } from './sender.js';
import { matchesTargets } from './target-filter.js';

/** Definition, webhooks: 10 to 30 seconds for a callback to answer. */
const CHALLENGE_TIMEOUT: Duration = seconds(10);

export interface WebhookPorts {
  readonly store: Store;
  readonly subscriptions: Subscriptions;
  readonly deliveries: Deliveries;
  readonly vens: Vens;
  readonly rules: CallbackRules;
  /** PEM of the authorities of callbacks' certificates; the system's unless given. */
  readonly ca?: string | undefined;
  readonly outcomes: Outcomes;
  readonly faults?: FaultRegistry | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Tells subscribers of changes by HTTP (OpenADR 3.1 Definition, webhooks; applied to 3.0.1, too). */
export class Webhooks implements ChangeListener {
  readonly #ports: WebhookPorts;
  readonly #client: CallbackClient;
  readonly #sender: Sender;
  readonly #faulty: FaultyCallbacks | undefined;
  #types: Set<string> | undefined;

  constructor(ports: WebhookPorts) {
    const { store, deliveries, clock, random, logger, outcomes, faults } = ports;
    this.#ports = ports;
    this.#client = new CallbackClient(ports.rules, ports.ca);
    const onDone = outcomes.done.bind(outcomes);
    this.#faulty = faults && withWebhookFaults(this.#client, faults, clock);
    const client = this.#faulty ?? this.#client;
    this.#sender = new Sender({ store, deliveries, clock, random, logger, client, onDone });
  }

  start(): void {
    this.#sender.start();
  }

  async stop(): Promise<void> {
    await this.#sender.stop();
    this.#faulty?.stop();
    this.#client.close();
  }

  wants(objectType: ObjectType): boolean {
    this.#types ??= this.#ports.subscriptions.types();
    return this.#types.has(objectType);
  }

  /** Queues a notification for each callback that is to have one, in the transaction of the change. */
  onChange(change: Change): void {
    const audience = new ChangeAudience(this.#ports.vens, change);
    const queued = new Map<string, number>();
    this.#queue(change, audience, change.operation, queued);
    // For some an update is a deletion: see ChangeAudience.
    if (change.operation === 'UPDATE') this.#queue(change, audience, 'DELETE', queued);
    if (queued.size === 0) return;
    this.#ports.store.afterCommit(() => {
      for (const [url, count] of queued) this.#sender.added(url, count);
    });
  }

  #queue({ object }: Change, audience: ChangeAudience, operation: ChangeOperation, queued: Map<string, number>): void {
    const { subscriptions, deliveries, outcomes, store } = this.#ports;
    const messages = new Map<string, number>();
    let count = 0;
    for (const wish of subscriptions.wishes(object.objectType, operation, object.programId)) {
      const told = audience.toldTo(wish);
      if (told === undefined || told.operation !== operation || !matchesTargets(wish, told)) continue;
      const key = viewKey(told, wish.version);
      let message = messages.get(key);
      if (message === undefined) {
        message = deliveries.addMessage(object.id, notificationText(told, wish.version));
        messages.set(key, message);
      }
      deliveries.add(message, wish);
      queued.set(wish.url, (queued.get(wish.url) ?? 0) + 1);
      count++;
    }
    if (count > 0) store.afterCommit(() => outcomes.queued(object.id, count));
  }

  /**
   * Tells, in its transaction, that a subscription was written: what is queued for callbacks that it no longer has goes.
   * @param callbacks those that it has now, with their bearer tokens
   */
  subscriptionsChanged(subscription: number, callbacks: ReadonlyMap<string, string | null>): void {
    const { deliveries, store } = this.#ports;
    deliveries.keepOnly(subscription, callbacks);
    this.#types = undefined;
    store.afterCommit(() => {
      // They were read before this was undone, perhaps, or before it was committed.
      this.#types = undefined;
      for (const url of callbacks.keys()) this.#sender.forget(url);
    });
  }

  /**
   * The echo challenge: who answers with what was sent has asked for the notifications (Definition, webhooks).
   * @throws Problem 400
   */
  async challengeAll(callbacks: ReadonlyMap<string, string | null>): Promise<void> {
    for (const [url, token] of callbacks) {
      const refusal = await this.#challenge(url, token);
      if (refusal !== undefined) throw new Problem(400, `callbackUrl ${url}: ${refusal}`);
    }
  }

  async #challenge(callback: string, token: string | null): Promise<string | undefined> {
    const { clock } = this.#ports;
    const echo = randomBytes(24).toString('base64url');
    if (!URL.canParse(callback)) return 'must be an absolute URL';
    const url = new URL(callback);
    url.searchParams.set('echo', echo);
    const patience = new AbortController();
    const answered = new AbortController();
    clock.sleep(CHALLENGE_TIMEOUT, answered.signal).then(
      () => patience.abort(new Error('no answer in time')),
      () => undefined,
    );
    try {
      const { status, body } = await this.#client.send({ method: 'GET', url: url.href, token }, patience.signal);
      if (status !== 200) return `it answered the echo challenge with status ${status}, not 200`;
      return body.trim() === echo ? undefined : 'it did not answer the echo challenge with the value of echo';
    } catch (error) {
      return `it cannot be called: ${describeError(error)}`;
    } finally {
      answered.abort();
    }
  }
}
