import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { milliseconds, seconds, seededRandom, silentLogger } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import type { CallbackAnswer, CallbackRequest } from '../src/notify/webhooks/callback-client.js';
import { SENDER_LIMITS, Sender } from '../src/notify/webhooks/sender.js';
import { Deliveries } from '../src/store/deliveries.js';
import { openStore, type Store } from '../src/store/store.js';
import { Receiver, subscription } from './support/receiver.js';
import { TestVtn } from './support/vtn.js';

const COUNT = 10_000;
const WORKING = (COUNT / 10) * 8;
const urlOf = (i: number) => `https://ven-${i}.example/hook`;
/** One in ten never answers, one in ten refuses at once. */
const mannerOf = (url: string) => {
  const i = Number(/\d+/.exec(url)?.[0]);
  return i % 10 === 0 ? 'hangs' : i % 10 === 1 ? 'refuses' : 'works';
};

/** Ten thousand endpoints on a clock that the test moves. Those that work answer at once: any delay is due to others. */
class Endpoints {
  readonly clock: FakeClock;
  accepted = 0;
  inFlight = 0;
  mostInFlight = 0;

  constructor(clock: FakeClock) {
    this.clock = clock;
  }

  async send({ url }: CallbackRequest, signal: AbortSignal): Promise<CallbackAnswer> {
    this.inFlight++;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    try {
      const manner = mannerOf(url);
      if (manner === 'refuses') throw new Error('ECONNREFUSED');
      if (manner === 'hangs') await this.clock.sleep(seconds(3_600), signal);
      this.accepted++;
      return { status: 200, body: '' };
    } finally {
      this.inFlight--;
    }
  }
}

describe('ten thousand callbacks, of which two thousand hang or are dead', () => {
  let store: Store;
  let deliveries: Deliveries;
  let clock: FakeClock;
  let endpoints: Endpoints;
  let sender: Sender;

  beforeAll(() => {
    clock = new FakeClock();
    store = openStore(':memory:', clock);
    deliveries = new Deliveries(store.db);
    endpoints = new Endpoints(clock);
    const ports = {
      store,
      deliveries,
      client: endpoints,
      clock,
      random: seededRandom('many'),
      logger: silentLogger,
      onDone() {},
    };
    sender = new Sender(ports);
  });
  afterAll(async () => {
    await sender.stop();
    store.close();
  });

  /** One change that all are to be told of. */
  async function tellAll(round: number): Promise<void> {
    await store.write(() => {
      const message = deliveries.addMessage(`event-${round}`, '{}');
      for (let i = 0; i < COUNT; i++) {
        const wish = { subscription: i, url: urlOf(i), token: null, version: '3.1.0', clientId: 'x', role: 'BL' } as const;
        deliveries.add(message, { ...wish, targets: null, targets301: null });
      }
    });
    for (let i = 0; i < COUNT; i++) sender.added(urlOf(i), 1);
  }

  /** Lets everything happen that takes no time. @returns whether all that work have been told so often */
  async function allTold(times: number): Promise<boolean> {
    for (let before = -1; before < endpoints.accepted; ) {
      before = endpoints.accepted;
      for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    }
    return endpoints.accepted === times * WORKING;
  }

  it('those that work are told within a second, and from the second change on as if there were no others', async () => {
    await tellAll(1);
    // Nothing is known yet: each of a thousand that hang holds a place for a quarter of a second, 256 at a time.
    for (let quarters = 0; quarters < 4 && !(await allTold(1)); quarters++) await clock.advance(milliseconds(250));
    expect(await allTold(1)).toBe(true);
    await clock.advance(seconds(12));
    const before = clock.monotonic();
    await tellAll(2);
    expect([await allTold(2), clock.monotonic()]).toEqual([true, before]);
  });

  it('few are called at once, however many hang', () => {
    expect(endpoints.mostInFlight).toBeLessThanOrEqual(SENDER_LIMITS.prompt + SENDER_LIMITS.tooManyLate + SENDER_LIMITS.late);
  });

  it('what waits for those that do not work is bounded, and dropped when they are broken', async () => {
    // Eight failures each, with pauses of two minutes at most.
    await clock.advance(seconds(900));
    await tellAll(3);
    expect(await allTold(3)).toBe(true);
    const { pending, broken } = sender.counts;
    expect(broken).toBe(COUNT / 5);
    // The newest of each, which it is tried with.
    expect(pending).toBeLessThanOrEqual(COUNT / 5);
    const rows = deliveries.pending().reduce((sum, { count }) => sum + count, 0);
    expect(rows).toBeLessThanOrEqual(COUNT / 5);
    // Those that work are forgotten as soon as they have had all.
    expect(sender.counts.endpoints).toBeLessThanOrEqual(COUNT / 5);
  });

  it('a callback that falls behind keeps the newest hundred', async () => {
    const url = 'https://ven-1.example/late';
    await store.write(() => {
      for (let i = 0; i < 500; i++) {
        const message = deliveries.addMessage(`late-${i}`, '{}');
        const wish = { subscription: 0, url, token: null, version: '3.1.0', clientId: 'x', role: 'BL' } as const;
        deliveries.add(message, { ...wish, targets: null, targets301: null });
      }
    });
    sender.added(url, 500);
    await clock.advance(milliseconds(1));
    const kept = deliveries.pending().find((one) => one.url === url)?.count ?? 0;
    expect(kept).toBeLessThanOrEqual(SENDER_LIMITS.queue + 1);
    expect(deliveries.head(url)?.objectId).toMatch(/^late-(0|[34]\d\d)$/);
  });
});

describe('a thousand real subscriptions', () => {
  it('an event reaches them all over HTTP while some hang', async () => {
    const many = 1_000;
    const vtn = await new TestVtn().start();
    const receiver = await new Receiver().start();
    const bl = vtn.api('3.1.0', 'bl');
    const { id: programID } = await bl.ok(bl.post('/programs', { programName: 'p' }));
    receiver.onPost = ({ path }) => (path.endsWith('0') ? undefined : 200);
    for (let i = 0; i < many; i += 50) {
      await Promise.all(
        Array.from({ length: 50 }, (_, k) =>
          bl.ok(bl.post('/subscriptions', subscription(programID, `${receiver.url}/${i + k}`))),
        ),
      );
    }
    await bl.ok(bl.post('/events', { programID }));
    // A hundred hang, which is fewer than are called at once: the others need not wait for them.
    await receiver.until(many);
    expect(new Set(receiver.posted.map(({ path }) => path)).size).toBe(many);
    await vtn.stop();
    await receiver.stop();
  });
});
