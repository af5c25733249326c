import { type Clock, isAbort, minutes, seconds, VenfleetError } from '@venfleet/core';
import type { ObjectType } from '@venfleet/openadr';
import { hintOf } from './hints.js';
import { type PushedVen, type PushPath, type PushPorts, Silence } from './path.js';
import type { Inbox, WebhookReceiver } from './webhook-receiver.js';

/** How often subscriptions are looked at, as a VTN may lose them. */
const CHECK_EVERY = minutes(5);
/** At the end they are deleted, if that takes no longer than this. */
const FAREWELL = seconds(2);

/** 3.0.1 subscribes to a program, which VENs and resources do not belong to. */
const OBJECTS: Readonly<Record<string, readonly ObjectType[]>> = {
  '3.0.1': ['PROGRAM', 'EVENT'],
  '3.1.0': ['PROGRAM', 'EVENT', 'VEN', 'RESOURCE'],
};

/** How the VTN reaches this agent. */
export interface Callbacks {
  readonly receiver: WebhookReceiver;
  /** What the addresses of this life and of earlier ones begin with. */
  readonly bases: readonly string[];
}

/**
 * Notifications by webhook: an address of its own for each VEN, subscribed at the VTN for each program (3.0.1) or for all
 * (3.1), and again where the VTN has lost that. What an earlier life of this agent left behind is removed.
 */
export function webhookPath({ receiver, bases }: Callbacks, { clock, logger }: PushPorts): PushPath {
  return async (ven, signal) => {
    const { feed } = ven;
    const silence = new Silence();
    const alarm = new Alarm();
    const inbox = receiver.open((notification) => {
      silence.heard();
      const hint = hintOf(notification);
      if (hint !== undefined) feed.hint(hint);
    });
    const unsubscribe = feed.subscribe(({ programs }) => {
      if (programs) alarm.ring();
    });
    try {
      for (;;) {
        const wanted = await subscribe(ven, inbox, bases, signal);
        logger.debug({ ven: ven.name, subscriptions: wanted }, 'subscribed to changes');
        // Without a program there is nothing to subscribe to in 3.0.1, so polling goes on alone.
        feed.setPush(wanted === 0 ? undefined : () => (silence.missed() ? alarm.fail() : alarm.ring()));
        await alarm.wait(clock, signal);
      }
    } finally {
      unsubscribe();
      inbox.close();
      await takeLeave(ven, inbox, clock);
    }
  };
}

/** Brings the VTN's subscriptions of a VEN in line with what is wanted. @returns how many there are */
async function subscribe(
  { name, access, feed }: PushedVen,
  inbox: Inbox,
  bases: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const { client } = access;
  const wanted = new Set(client.vtn.version === '3.0.1' ? feed.programIds() : [undefined]);
  const present = new Set<string | undefined>();
  for (const { id, programId, callbackUrls } of await client.listSubscriptions({ clientName: name }, { signal })) {
    if (!callbackUrls.some((url) => bases.some((base) => url.startsWith(base)))) continue;
    const isGood = callbackUrls.includes(inbox.url) && wanted.has(programId) && !present.has(programId);
    if (isGood) present.add(programId);
    else await client.deleteSubscription(id, { signal });
  }
  const { url: callbackUrl, bearerToken } = inbox;
  const objects = OBJECTS[client.vtn.version] ?? [];
  for (const programId of wanted) {
    if (present.has(programId)) continue;
    await client.createSubscription({ clientName: name, programId, objects, callbackUrl, bearerToken }, { signal });
  }
  return wanted.size;
}

/** Spares the VTN calls that nobody answers; where it does not work, the next life removes what is left. */
async function takeLeave({ name, access }: PushedVen, inbox: Inbox, clock: Clock): Promise<void> {
  const limit = new AbortController();
  const done = new AbortController();
  void clock.sleep(FAREWELL, done.signal).then(
    () => limit.abort(new DOMException('it takes too long', 'AbortError')),
    () => undefined,
  );
  const { signal } = limit;
  try {
    for (const { id, callbackUrls } of await access.client.listSubscriptions({ clientName: name }, { signal })) {
      if (callbackUrls.includes(inbox.url)) await access.client.deleteSubscription(id, { signal });
    }
  } catch {
    // The path ends for a reason of its own, which is the one to tell.
  } finally {
    done.abort();
  }
}

/** A wait that can be cut short, or made to fail. */
class Alarm {
  #rung = new AbortController();
  #failed = false;

  ring(): void {
    this.#rung.abort();
  }

  fail(): void {
    this.#failed = true;
    this.#rung.abort();
  }

  /** @throws VenfleetError PUSH_SILENT, the signal's reason */
  async wait(clock: Clock, signal: AbortSignal): Promise<void> {
    const onAbort = () => this.#rung.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await clock.sleep(CHECK_EVERY, this.#rung.signal);
    } catch (error) {
      if (!isAbort(error)) throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
    signal.throwIfAborted();
    if (this.#failed) {
      throw new VenfleetError('PUSH_SILENT', 'the VTN did not tell of changes, though they are subscribed to', {
        hint: 'check that the VTN can reach the address in events.webhook.publicUrl',
      });
    }
    this.#rung = new AbortController();
  }
}
