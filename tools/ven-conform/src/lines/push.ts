import { randomBytes } from 'node:crypto';
import { type Instant, instant, seconds } from '@venfleet/core';
import { type JsonObject, Nonconformity, NotCheckable } from '@venfleet/openadr/conform';
import { BOTH, type Line, ONLY_310 } from '../line.js';
import type { Seat } from '../seats.js';
import { cap, isListing, isPost, type Trial } from '../trial.js';
import { type Exchange, objectOf, type Rule } from '../vtn/gateway.js';
import { MqttGate } from '../vtn/mqtt-gate.js';

/** A VEN that is told of changes looks by itself so seldom, in s, that what it asks is because it was told. */
const SELDOM_S = 600;
/** Nothing asked for so long, in s: it has read what there was to read. */
const QUIET_S = 1.5;

/** Both vocabularies: 3.1's words, and those of HTTP that 3.0.1 has. */
const OPERATIONS = ['CREATE', 'UPDATE', 'DELETE', 'POST', 'PUT'] as const;

/** A callback that the VEN gave the VTN. */
interface Callback {
  readonly url: string;
  readonly token: string | undefined;
}

export const PUSH: readonly Line[] = [
  {
    number: 82,
    title: 'Answers the echo challenge; checks the bearer token on callbacks',
    versions: BOTH,
    async check(trial) {
      const { url, token } = await callbackOf(trial, await told(trial));
      const challenge = randomBytes(12).toString('hex');
      const echo = await call(trial, `${url}${url.includes('?') ? '&' : '?'}echo=${challenge}`, {});
      if (echo.status !== 200 || echo.text.trim() !== challenge) {
        throw new Nonconformity({ expected: '200 and the value of ?echo= as the body', seen: `${echo.status} ${echo.text}` });
      }
      if (token === undefined) throw new Nonconformity({ expected: 'a bearerToken in its subscription', seen: 'none' });
      const event = await trial.event(cap(15, trial.day(15), 'PT1H'));
      const object = (await trial.bl.get(`/events/${event}`)).expect(200, 'the event').object();
      const post = (authorization?: string) => notify(trial, { url, token }, 'UPDATE', object, authorization);
      for (const [what, authorization] of [
        ['without a token', undefined],
        ['with another token', 'Bearer of-somebody-else'],
      ] as const) {
        const { status, text } = await post(authorization);
        if (status >= 400 && status < 500) continue;
        throw new Nonconformity({ expected: `a notification ${what} refused (4xx)`, seen: `${status} ${text}` });
      }
      const { status, text } = await post(`Bearer ${token}`);
      if (status >= 300) throw new Nonconformity({ expected: 'one with the token accepted (2xx)', seen: `${status} ${text}` });
    },
  },
  {
    number: 83,
    title: 'Maps both notification vocabularies',
    versions: BOTH,
    async check(trial) {
      const seat = await told(trial);
      const callback = await callbackOf(trial, seat);
      const event = await trial.event(cap(16, trial.day(16), 'PT1H'));
      const object = (await trial.bl.get(`/events/${event}`)).expect(200, 'the event').object();
      for (const operation of OPERATIONS) {
        await quiet(trial, seat);
        const since = trial.now();
        const { status, text } = await notify(trial, callback, operation, object, `Bearer ${callback.token}`);
        if (status >= 300) throw new Nonconformity({ expected: `${operation} EVENT accepted`, seen: `${status} ${text}` });
        await trial.asked(seat, since, asksForEvents, `the event or all events read, after the notification ${operation} EVENT`);
      }
    },
  },
  {
    number: 84,
    title: 'Re-reads over REST after an MQTT reconnect',
    versions: ONLY_310,
    async check(trial) {
      const notifiers = (await trial.bl.get('/notifiers')).expect(200, 'the notifiers').object();
      const { URIS = [] } = (notifiers.MQTT ?? {}) as { readonly URIS?: readonly string[] };
      const gate = new MqttGate(URIS[0] ?? '', trial.clock);
      const uri = await gate.start();
      try {
        await reconnects(trial, gate, uri);
      } finally {
        await gate.stop();
      }
    },
  },
];

/** Cuts the connection to the broker, and sees what comes when there is another. */
async function reconnects(trial: Trial, gate: MqttGate, uri: string): Promise<void> {
  const lead: Rule = async (ask, next) => {
    const reply = await next(ask);
    if (!ask.path.endsWith('/notifiers') || reply.status !== 200) return reply;
    const { MQTT, ...others } = objectOf(reply) as { readonly MQTT?: JsonObject };
    return { ...reply, body: JSON.stringify({ ...others, MQTT: { ...MQTT, URIS: [uri] } }) };
  };
  const seat = await trial.seats.start('listening', { rules: [lead], push: 'mqtt', pollS: SELDOM_S });
  await trial.seats.reading(seat);
  if ((await subscription(trial, gate, 1)) === undefined)
    throw new NotCheckable('the VEN does not subscribe to anything over MQTT');
  await quiet(trial, seat);
  gate.cut();
  const since = await subscription(trial, gate, 2);
  if (since === undefined) {
    throw new Nonconformity({ expected: 'another connection to the broker, with subscriptions', seen: 'none' });
  }
  await trial.asked(seat, since, isListing, 'all events read when it is subscribed again');
}

/** Waits for the first, second, … connection that is subscribed. @returns when that was */
async function subscription(trial: Trial, gate: MqttGate, number: number): Promise<Instant | undefined> {
  const end = trial.clock.monotonic() + 2 * trial.waiting.patience;
  while (gate.subscribedAt.length < number && trial.clock.monotonic() < end) await trial.pause(0.05);
  return gate.subscribedAt[number - 1];
}

const asksForEvents = ({ ask }: Exchange): boolean => ask.method === 'GET' && /\/events(\/[^/]+)?$/.test(ask.path);

/** A VEN that is told of changes by webhook. */
async function told(trial: Trial): Promise<Seat> {
  // In 3.0.1 a subscription is to a program, which must be there before it looks.
  if (trial.in301) await trial.event(cap(17, trial.day(17), 'PT1H'));
  return await trial.seats.reading(await trial.seats.start('pushed', { push: 'webhook', pollS: SELDOM_S }));
}

/** Where its events are told to. @throws NotCheckable for a VEN that wants nothing told */
async function callbackOf(trial: Trial, seat: Seat): Promise<Callback> {
  const isSubscription = ({ ask, reply }: Exchange) => isPost(ask, 'subscriptions') && reply.status === 201;
  const found = await seat.gateway.wait(instant(0), isSubscription, trial.waiting);
  const all = found.flatMap(({ ask }) => objectOf(ask).objectOperations as readonly SubscribedTo[]);
  const own = all.find(({ objects }) => objects.includes('EVENT'));
  if (own === undefined) throw new NotCheckable('the VEN does not subscribe to events');
  return { url: own.callbackUrl, token: own.bearerToken ?? undefined };
}

interface SubscribedTo {
  readonly objects: readonly string[];
  readonly callbackUrl: string;
  readonly bearerToken?: string | null;
}

/** Waits until the VEN asks nothing any more. */
async function quiet(trial: Trial, { gateway }: Seat): Promise<void> {
  const end = trial.clock.monotonic() + trial.waiting.patience;
  for (let before = -1; before !== gateway.exchanges.length && trial.clock.monotonic() < end; ) {
    before = gateway.exchanges.length;
    await trial.pause(QUIET_S);
  }
}

function notify(trial: Trial, { url }: Callback, operation: string, object: JsonObject, authorization?: string) {
  const headers = { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) };
  return call(trial, url, { method: 'POST', headers, body: JSON.stringify({ objectType: 'EVENT', operation, object }) });
}

async function call(
  trial: Trial,
  url: string,
  request: RequestInit,
): Promise<{ readonly status: number; readonly text: string }> {
  const signal = AbortSignal.any([trial.signal, AbortSignal.timeout(seconds(10))]);
  try {
    const response = await fetch(url, { ...request, signal });
    return { status: response.status, text: (await response.text()).slice(0, 200) };
  } catch (error) {
    trial.signal.throwIfAborted();
    throw new Nonconformity({ expected: 'an answer of its callback', seen: String((error as Error).cause ?? error) });
  }
}
