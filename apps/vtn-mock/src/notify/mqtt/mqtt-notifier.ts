import { describeError, type Logger } from '@venfleet/core';
import type { Store } from '../../store/store.js';
import type { Vens } from '../../store/vens.js';
import { ChangeAudience, notificationText, type Recipient, type Told, viewKey } from '../audience.js';
import type { Change, ChangeListener } from '../changes.js';
import type { Outcomes } from '../outcomes.js';
import type { MqttLink, MqttMessage } from './link.js';
import { topicOf } from './topics.js';

/** MQTT is of 3.1 alone. */
const VERSION = '3.1.0';
const EVERYTHING: Recipient = { version: VERSION, role: 'BL', clientId: '' };

/** More changes than these wait for a broker only when it does not take them. */
const MOST_WAITING = 10_000;

export interface MqttNotifierPorts {
  readonly store: Store;
  readonly vens: Vens;
  readonly link: MqttLink;
  readonly outcomes: Outcomes;
  readonly logger: Logger;
}

/**
 * Tells of changes by MQTT (OpenADR 3.1 Definition, notifiers): business logic by collections, each ven by topics of
 * its own that have only what it may see. What nobody hears is not published; nothing is kept for who is away.
 */
export class MqttNotifier implements ChangeListener {
  readonly #ports: MqttNotifierPorts;
  #published: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(ports: MqttNotifierPorts) {
    this.#ports = ports;
  }

  wants(): boolean {
    return this.#ports.link.heard;
  }

  onChange(change: Change): void {
    const { store, link } = this.#ports;
    const { object, before } = change;
    if (object.version !== undefined && object.version !== VERSION) return;
    const messages = [...this.#forBusinessLogic(change), ...this.#forVens(change)];
    if (messages.length > 0) store.afterCommit(() => this.#publish(object.id, messages));
    if (object.objectType !== 'VEN' || before?.clientId === undefined || before.clientId === object.clientId) return;
    // Its topics are another's now.
    const former = before.clientId;
    store.afterCommit(() => link.disconnect(former));
  }

  *#forBusinessLogic(change: Change): Iterable<MqttMessage> {
    const told = new ChangeAudience(this.#ports.vens, change).toldTo(EVERYTHING) as Told;
    let payload: string | undefined;
    for (const path of pathsOf(change)) {
      const topic = topicOf(path, change.operation);
      if (!this.#ports.link.hears(topic)) continue;
      payload ??= notificationText(told, VERSION);
      yield { topic, payload };
    }
  }

  /** Programs and events are everybody's: each ven that sees one is told on its own topic. */
  *#forVens(change: Change): Iterable<MqttMessage> {
    const { vens, link } = this.#ports;
    const kind =
      change.object.objectType === 'EVENT' ? 'events' : change.object.objectType === 'PROGRAM' ? 'programs' : undefined;
    if (kind === undefined) return;
    const audience = new ChangeAudience(vens, change);
    const payloads = new Map<string, string>();
    for (const { id, clientId } of vens.owners()) {
      const topic = topicOf(`vens/${id}/${kind}`, change.operation);
      if (!link.hears(topic) && !link.hears(topicOf(`vens/${id}/${kind}`, 'DELETE'))) continue;
      const told = audience.toldTo({ version: VERSION, role: 'VEN', clientId });
      if (told === undefined) continue;
      const key = viewKey(told, VERSION);
      const payload = payloads.get(key) ?? notificationText(told, VERSION);
      payloads.set(key, payload);
      yield { topic: topicOf(`vens/${id}/${kind}`, told.operation), payload };
    }
  }

  /** One change after the other, so that nobody hears of two in the wrong order. */
  #publish(objectId: string, messages: readonly MqttMessage[]): void {
    const { link, outcomes, logger } = this.#ports;
    if (this.#waiting >= MOST_WAITING) {
      logger.warn({ objectId }, 'the MQTT broker is too slow: a change is not told');
      return;
    }
    this.#waiting++;
    this.#published = this.#published.then(async () => {
      const published = await Promise.allSettled(messages.map((message) => link.publish(message)));
      this.#waiting--;
      for (const one of published) {
        if (one.status === 'fulfilled') outcomes.published(objectId);
        else logger.warn({ objectId, reason: describeError(one.reason) }, 'cannot publish a notification');
      }
    });
  }
}

/** Where business logic hears of a change, and a ven of what is its own. */
function pathsOf({ operation, object: { objectType, id, programId, venId } }: Change): string[] {
  const collection = `${objectType.toLowerCase()}s`;
  // A single object's topics have no creations: it is not there before.
  const single = operation === 'CREATE' ? [] : [`${collection}/${id}`];
  switch (objectType) {
    case 'PROGRAM':
    case 'VEN':
      return [collection, ...single];
    case 'EVENT':
      return [collection, `programs/${programId}/events`];
    case 'RESOURCE':
      return [collection, `vens/${venId}/resources`];
    default:
      return [collection];
  }
}
