import { milliseconds, seconds, systemClock } from '@venfleet/core';
import type { OperatorLink } from './connection.js';

/** Whom the notifications on an object have reached, as the mock tells it at /operator/notifications/ID. */
interface Outcome {
  readonly queued: number;
  readonly delivered: number;
  readonly dropped: number;
  readonly published: number;
}

/** Whom a change was told, as far as it is known. */
export interface Told {
  /** Callbacks that were to be told, and those of them that have accepted it. */
  readonly subscribers: number;
  readonly delivered: number;
  /** Messages that were published by MQTT. */
  readonly published: number;
  /** Whether all of them were told within the patience of this command. */
  readonly complete: boolean;
}

const PATIENCE = seconds(15);
const PAUSE = milliseconds(100);
/** MQTT messages are counted as they are published, so that only silence tells that there are no more. */
const QUIET_ROUNDS = 3;

/**
 * Does `change` and waits until its notifications have come to those who asked for them.
 * @param idOf the object that was changed
 * @returns told: undefined where the VTN does not say, as any but the mock does
 */
export async function andTold<T>(
  link: OperatorLink,
  known: string | undefined,
  change: () => Promise<T>,
  idOf: (made: T) => string,
): Promise<{ readonly made: T; readonly told: Told | undefined }> {
  const before = known === undefined ? NOTHING : await outcomeOf(link, known);
  const made = await change();
  if (before === undefined) return { made, told: undefined };
  return { made, told: await wait(link, idOf(made), before) };
}

const NOTHING: Outcome = { queued: 0, delivered: 0, dropped: 0, published: 0 };

async function wait(link: OperatorLink, id: string, before: Outcome): Promise<Told | undefined> {
  const deadline = systemClock.monotonic() + PATIENCE;
  let last = '';
  for (let quiet = 0; ; ) {
    const now = await outcomeOf(link, id);
    if (now === undefined) return undefined;
    const [subscribers, delivered] = [now.queued - before.queued, now.delivered - before.delivered];
    const settled = delivered + now.dropped - before.dropped >= subscribers;
    const text = JSON.stringify(now);
    quiet = text === last ? quiet + 1 : 0;
    last = text;
    const complete = settled && quiet >= QUIET_ROUNDS;
    if (complete || systemClock.monotonic() > deadline) {
      return { subscribers, delivered, published: now.published - before.published, complete };
    }
    await systemClock.sleep(PAUSE, link.signal);
  }
}

async function outcomeOf({ get }: OperatorLink, id: string): Promise<Outcome | undefined> {
  return (await get(`/operator/notifications/${encodeURIComponent(id)}`)) as Outcome | undefined;
}

export function toldText(told: Told | undefined): string {
  if (told === undefined) return 'this VTN does not say whom it has told';
  const { subscribers, delivered, published, complete } = told;
  if (subscribers === 0 && published === 0) return 'nobody has subscribed: VENs see it when they next look';
  const rest = complete ? '' : '; the others are still being tried';
  return `told ${delivered} of ${subscribers} subscribed callbacks, and ${published} by MQTT${rest}`;
}
