import { setImmediate } from 'node:timers/promises';
import { milliseconds } from '@venfleet/core';
import { type FakeClock, sequenceRandom } from '@venfleet/core/testing';
import type { NewSubscription, Notifiers, Subscription, TokenSource, TopicsOf, VtnClient, WireVersion } from '@venfleet/openadr';
import { VtnError } from '@venfleet/openadr';
import type { BrokerAccess, OpenNotifications } from '../../src/events/push/mqtt-link.js';
import type { PushedVen, PushPorts } from '../../src/events/push/path.js';
import type { Scene } from './support.js';

/** The VTN's side of subscriptions and notifiers, in memory: it challenges callbacks and calls them over real HTTP. */
export class MemoryNotifier {
  readonly version: WireVersion;
  readonly subscriptions = new Map<string, Subscription & NewSubscription>();
  notifiers: Notifiers | VtnError = { webhook: true };
  topics: (of: TopicsOf) => readonly string[] | VtnError = (of) => [
    'ven' in of ? `vens/${of.ven}/${of.objects ?? 'self'}` : of.program,
  ];
  fault: VtnError | undefined;
  /** Answers nothing until it is given up. */
  hangs = false;
  tokensAsked = 0;
  readonly withdrawn: string[] = [];
  #ids = 0;

  constructor(version: WireVersion) {
    this.version = version;
  }

  get client(): VtnClient {
    const client: Partial<VtnClient> = {
      vtn: { version: this.version, baseUrl: 'https://vtn.example', tokenUrl: 'https://vtn.example/auth/token' },
      listSubscriptions: (filter, options) =>
        this.#answer(options?.signal, () =>
          [...this.subscriptions.values()].filter(({ clientName }) => clientName === filter?.clientName),
        ),
      createSubscription: async (wish, options) => {
        await this.#answer(options?.signal, () => undefined);
        const echo = await fetch(`${wish.callbackUrl}?echo=challenge`);
        if ((await echo.text()) !== 'challenge') throw new VtnError('VTN_PROBLEM', 'no echo', { status: 400 });
        const made = { ...wish, id: `s${++this.#ids}`, callbackUrls: [wish.callbackUrl] };
        this.subscriptions.set(made.id, made);
        return made;
      },
      deleteSubscription: (id, options) =>
        this.#answer(options?.signal, () => {
          this.subscriptions.delete(id);
        }),
      readNotifiers: (options) => this.#answer(options?.signal, () => orThrow(this.notifiers)),
      readTopics: (of, options) => this.#answer(options?.signal, () => orThrow(this.topics(of))),
    };
    return client as VtnClient;
  }

  get tokens(): TokenSource {
    return { token: async () => `token-${++this.tokensAsked}`, invalidate: (token) => this.withdrawn.push(token) };
  }

  /** Tells all who are subscribed to a program, or to all. */
  async notify(
    objectType: 'EVENT' | 'PROGRAM' | 'VEN',
    operation: string,
    id: string,
    programId = 'program-1',
  ): Promise<number[]> {
    const statuses: number[] = [];
    for (const { callbackUrl, bearerToken, programId: own, objects } of this.subscriptions.values()) {
      if ((own !== undefined && own !== programId) || !objects.includes(objectType)) continue;
      const body = JSON.stringify({ objectType, operation, object: { id, objectType } });
      const response = await fetch(callbackUrl, { method: 'POST', body, headers: { authorization: `Bearer ${bearerToken}` } });
      statuses.push(response.status);
    }
    return statuses;
  }

  async #answer<T>(signal: AbortSignal | undefined, make: () => T): Promise<T> {
    await setImmediate();
    if (this.hangs) await new Promise((resolve) => signal?.addEventListener('abort', resolve));
    signal?.throwIfAborted();
    if (this.fault !== undefined) throw this.fault;
    return make();
  }
}

function orThrow<T>(value: T | VtnError): T {
  if (value instanceof VtnError) throw value;
  return value;
}

/** A broker that a test plays. */
export class MemoryBroker {
  readonly logins: BrokerAccess[] = [];
  topics: readonly string[] = [];
  refused: readonly string[] = [];
  fault: Error | undefined;
  connected = false;
  publish: (json: unknown) => void = () => undefined;
  drop: (reason: string) => void = () => undefined;

  readonly open: OpenNotifications = async (access, topics, receive) => {
    this.logins.push(access);
    await setImmediate();
    if (this.fault !== undefined) throw this.fault;
    this.topics = topics;
    this.connected = true;
    this.publish = (json) => receive(Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)));
    const ended = new Promise<string>((resolve) => {
      this.drop = (reason) => {
        this.connected = false;
        resolve(reason);
      };
    });
    return {
      refused: this.refused,
      ended,
      close: async () => {
        this.connected = false;
      },
    };
  };
}

export const portsOf = ({ clock, logger }: Scene): PushPorts => ({ clock, logger, random: sequenceRandom(0.5) });

export function pushedVen({ feed }: Scene, notifier: MemoryNotifier): PushedVen {
  return {
    name: feed.ven,
    id: 'v1',
    feed,
    access: { client: notifier.client, clientId: 'ven-aalborg', tokens: notifier.tokens },
  };
}

/** Lets whatever is on its way arrive, and the clock move by a little each time. */
export async function untilSoon(clock: FakeClock, condition: () => boolean): Promise<void> {
  while (!condition()) await clock.advance(milliseconds(100));
}
