import {
  type Clock,
  type Duration,
  describeError,
  type Logger,
  milliseconds,
  minutes,
  type Random,
  type RetryPolicy,
  retryPause,
  seconds,
} from '@venfleet/core';
import type { Deliveries, Delivery } from '../../store/deliveries.js';
import type { Store } from '../../store/store.js';
import type { CallbackAnswer, CallbackRequest } from './callback-client.js';
import { Lane, Place } from './lanes.js';

/** Posts one notification; the part of {@link CallbackClient} that is used here. */
export interface PostsCallbacks {
  send(request: CallbackRequest, signal: AbortSignal): Promise<CallbackAnswer>;
}

export const SENDER_LIMITS = {
  /** Deliveries at once to endpoints that answer promptly. */
  prompt: 256,
  /** Deliveries at once to those that are slow or failed the last time. */
  late: 256,
  /** As many in the late lane as end it for those that come from the prompt one. */
  tooManyLate: 768,
  /** Who has not answered by then is no longer prompt. */
  promptWithin: milliseconds(250),
  /** Who has not answered by then has failed. */
  timeout: seconds(10),
  /** Failures in a row after which an endpoint counts as broken. */
  brokenAfter: 8,
  /** How often a broken one is tried, with the newest that there is for it. */
  probeEvery: minutes(1),
  /** Notifications kept for one endpoint; the oldest go first. */
  queue: 100,
};

const RETRY: RetryPolicy = { attempts: Number.POSITIVE_INFINITY, base: seconds(2), cap: minutes(2), longestAsked: minutes(5) };

/** What is known of a callback URL for which there is something to do, or that failed. */
interface Endpoint {
  readonly url: string;
  pending: number;
  /** In a row. */
  failures: number;
  slow: boolean;
  /** The delivery that is under way. */
  sending?: number | undefined;
  /** Ends the pause before the next try. */
  wake?: AbortController;
  state: 'idle' | 'queued' | 'sending' | 'pausing';
}

export interface SenderPorts {
  readonly store: Store;
  readonly deliveries: Deliveries;
  readonly client: PostsCallbacks;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Hears what became of each notification. */
  readonly onDone: (objectId: string, outcome: 'delivered' | 'dropped') => void;
}

/**
 * Posts what is queued: to each endpoint one at a time and in order, to many endpoints at once. Two lanes keep the
 * prompt ones apart from the slow and the failing: who does not answer soon gives up its place in the first lane, and
 * comes into the second from then on. A notification leaves the queue when it was accepted, so that one may come twice
 * (the VTN was stopped in between), but none is lost to a restart.
 */
export class Sender {
  readonly #ports: SenderPorts;
  readonly #logger: Logger;
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #lanes = { prompt: new Lane<Endpoint>(), late: new Lane<Endpoint>() };
  #stopped = false;
  readonly #underWay = new Set<AbortController>();
  readonly #sending = new Set<Promise<void>>();

  constructor(ports: SenderPorts) {
    this.#ports = ports;
    this.#logger = ports.logger.child({ component: 'webhooks' });
  }

  /** Goes on with what an earlier run left. */
  start(): void {
    for (const { url, count } of this.#ports.deliveries.pending()) this.added(url, count);
  }

  /** Ends what is under way; it stays queued. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const attempt of this.#underWay) attempt.abort(new Error('the VTN stops'));
    for (const { wake } of this.#endpoints.values()) wake?.abort();
    await Promise.all(this.#sending);
  }

  /** Endpoints that are remembered, and those of them that count as broken. */
  get counts(): { readonly endpoints: number; readonly pending: number; readonly broken: number } {
    const all = [...this.#endpoints.values()];
    return {
      endpoints: all.length,
      pending: all.reduce((sum, { pending }) => sum + pending, 0),
      broken: all.filter((endpoint) => this.#isBroken(endpoint)).length,
    };
  }

  /** Tells that notifications for an endpoint were queued, and are committed. */
  added(url: string, count: number): void {
    let endpoint = this.#endpoints.get(url);
    if (endpoint === undefined) {
      endpoint = { url, pending: 0, failures: 0, slow: false, state: 'idle' };
      this.#endpoints.set(url, endpoint);
    }
    endpoint.pending += count;
    const room = this.#isBroken(endpoint) ? 1 : SENDER_LIMITS.queue;
    const underWay = endpoint.sending === undefined ? 0 : 1;
    if (endpoint.pending > room + underWay) this.#keepNewest(endpoint, room);
    if (endpoint.state === 'idle') this.#enqueue(endpoint);
  }

  /** Tells that an endpoint answers again, or that nobody names it any more: what was known of it is forgotten. */
  forget(url: string): void {
    const endpoint = this.#endpoints.get(url);
    if (endpoint === undefined) return;
    endpoint.failures = 0;
    endpoint.slow = false;
    if (endpoint.state === 'idle') this.#endpoints.delete(url);
    else endpoint.wake?.abort();
  }

  #isBroken({ failures }: Endpoint): boolean {
    return failures >= SENDER_LIMITS.brokenAfter;
  }

  #enqueue(endpoint: Endpoint): void {
    endpoint.state = 'queued';
    const lane = endpoint.failures > 0 || endpoint.slow ? this.#lanes.late : this.#lanes.prompt;
    lane.waiting.push(endpoint);
    this.#fill();
  }

  /** Starts as many as there is room for. */
  #fill(): void {
    if (this.#stopped) return;
    const { prompt, late } = this.#lanes;
    for (const [lane, room] of [
      [prompt, SENDER_LIMITS.prompt],
      [late, SENDER_LIMITS.late],
    ] as const) {
      while (lane.busy < room) {
        const endpoint = lane.waiting.shift();
        if (endpoint === undefined) break;
        const sending = this.#serve(endpoint, lane).finally(() => this.#sending.delete(sending));
        this.#sending.add(sending);
      }
    }
  }

  /** Sends the next one to an endpoint, then lets others go first. */
  async #serve(endpoint: Endpoint, lane: Lane<Endpoint>): Promise<void> {
    endpoint.state = 'sending';
    const delivery = this.#ports.store.read(() => this.#ports.deliveries.head(endpoint.url));
    if (delivery === undefined) return this.#rest(endpoint);
    endpoint.sending = delivery.seq;
    const place = new Place(lane);
    try {
      const outcome = await this.#attempt(delivery, place);
      if (this.#stopped) return;
      endpoint.slow = outcome.slow;
      if (outcome.failure === undefined) await this.#accepted(endpoint, delivery);
      else this.#failed(endpoint, outcome.failure, outcome.retryAfter);
    } catch (error) {
      // It was accepted, but the store cannot note it (a full disk): it will come twice.
      this.#failed(endpoint, describeError(error), undefined);
    } finally {
      place.leave();
      this.#fill();
    }
  }

  async #accepted(endpoint: Endpoint, delivery: Delivery): Promise<void> {
    const { store, deliveries, onDone } = this.#ports;
    await store.write(() => deliveries.remove(delivery));
    endpoint.sending = undefined;
    if (this.#isBroken(endpoint)) this.#logger.info({ url: withoutQuery(endpoint.url) }, 'callback works again');
    endpoint.failures = 0;
    endpoint.pending = Math.max(0, endpoint.pending - 1);
    onDone(delivery.objectId, 'delivered');
    if (endpoint.pending > 0) this.#enqueue(endpoint);
    else this.#rest(endpoint);
  }

  #failed(endpoint: Endpoint, reason: string, retryAfter: Duration | undefined): void {
    endpoint.failures++;
    endpoint.sending = undefined;
    const fields = { url: withoutQuery(endpoint.url), reason, failures: endpoint.failures };
    this.#logger.debug(fields, 'callback failed');
    if (endpoint.failures === SENDER_LIMITS.brokenAfter) {
      this.#logger.warn(fields, 'callback is broken: its notifications are dropped until it answers');
    }
    if (this.#isBroken(endpoint)) {
      this.#keepNewest(endpoint, 0);
      this.#pause(endpoint, SENDER_LIMITS.probeEvery);
    } else this.#pause(endpoint, retryPause(RETRY, endpoint.failures + 1, this.#ports.random, retryAfter));
  }

  /** After a pause it is tried again, if there is something to try with. */
  #pause(endpoint: Endpoint, pause: Duration): void {
    endpoint.state = 'pausing';
    const wake = new AbortController();
    endpoint.wake = wake;
    const goOn = () => {
      if (this.#stopped) return;
      if (endpoint.pending > 0) this.#enqueue(endpoint);
      else this.#rest(endpoint);
    };
    this.#ports.clock.sleep(pause, wake.signal).then(goOn, goOn);
  }

  /** An endpoint that works and has nothing to do need not be remembered. */
  #rest(endpoint: Endpoint): void {
    endpoint.state = 'idle';
    endpoint.pending = 0;
    if (endpoint.failures === 0 && !endpoint.slow) this.#endpoints.delete(endpoint.url);
  }

  /** Drops what is queued but for the newest, and what is under way. */
  #keepNewest(endpoint: Endpoint, count: number): void {
    const { store, deliveries, onDone } = this.#ports;
    store
      .write(() => deliveries.keepNewest(endpoint.url, count, endpoint.sending))
      .then(
        (dropped) => {
          endpoint.pending = Math.max(0, endpoint.pending - dropped.length);
          for (const objectId of dropped) onDone(objectId, 'dropped');
        },
        (error) => this.#logger.error({ reason: describeError(error) }, 'cannot drop notifications'),
      );
  }

  /** One POST, which gives up its place among the prompt ones when it takes too long. */
  async #attempt({ url, token, body }: Delivery, place: Place<Endpoint>): Promise<Outcome> {
    const { client, clock } = this.#ports;
    const patience = new AbortController();
    this.#underWay.add(patience);
    const answered = new AbortController();
    const { promptWithin, timeout, tooManyLate } = SENDER_LIMITS;
    const watch = async () => {
      await clock.sleep(promptWithin, answered.signal);
      place.move(this.#lanes.late);
      // Too many are late already: the rest of them come back when there is room.
      if (this.#lanes.late.busy > tooManyLate) patience.abort(new Error('too slow'));
      this.#fill();
      await clock.sleep(milliseconds(timeout - promptWithin), answered.signal);
      patience.abort(new Error('no answer in time'));
    };
    watch().catch(() => undefined);
    const slow = () => place.moved;
    try {
      const { status, retryAfterS } = await client.send({ method: 'POST', url, token, body }, patience.signal);
      if (status >= 200 && status < 300) return { slow: slow() };
      const retryAfter = retryAfterS === undefined ? undefined : seconds(Math.min(retryAfterS, RETRY.longestAsked / 1000));
      return { slow: slow(), failure: `status ${status}`, retryAfter };
    } catch (error) {
      return { slow: slow(), failure: describeError(error) };
    } finally {
      answered.abort();
      this.#underWay.delete(patience);
    }
  }
}

interface Outcome {
  readonly slow: boolean;
  readonly failure?: string;
  readonly retryAfter?: Duration | undefined;
}

/** A callback's query may hold a secret. */
export function withoutQuery(url: string): string {
  return url.split('?', 1)[0] ?? '';
}
