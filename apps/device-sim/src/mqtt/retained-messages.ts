import { Readable } from 'node:stream';
import type { PublishPacket } from 'aedes';
import { type MessageExtras, recall, remember } from './message-extras.js';
import { matchesFilter } from './topic-filter.js';

/** A retained message; its payload as latin1, byte by byte: thousands of small Buffers would keep their big slabs. */
interface Retained {
  readonly qos: 0 | 1 | 2;
  readonly payload: string;
  readonly extras: MessageExtras | undefined;
}

/**
 * What the broker retains, found by its topic. aedes' own memory looks through all of it for each subscription,
 * which for the 16,000 subscriptions of a fleet's agent takes most of a minute.
 */
export class RetainedMessages {
  readonly #byTopic = new Map<string, Retained>();

  store({ topic, payload, qos }: PublishPacket): void {
    const bytes = Buffer.from(payload as Buffer);
    const extras = recall(payload);
    // An empty one takes back what was retained, MQTT 3.1.1 §3.3.1.3.
    if (bytes.length === 0) this.#byTopic.delete(topic);
    else this.#byTopic.set(topic, { qos, payload: bytes.toString('latin1'), extras: isPlain(extras) ? undefined : extras });
  }

  /** The packets for a subscription to `filters`, one after the other as they are read. */
  stream(filters: readonly string[]): Readable {
    return Readable.from(this.#matching(filters));
  }

  *#matching(filters: readonly string[]): Generator<object> {
    for (const filter of filters) {
      const topics = /[+#]/.test(filter) ? this.#topicsOf(filter) : this.#byTopic.has(filter) ? [filter] : [];
      for (const topic of topics) {
        const retained = this.#byTopic.get(topic);
        if (retained === undefined) continue;
        const { qos, extras = PLAIN } = retained;
        const payload = Buffer.from(retained.payload, 'latin1');
        remember(payload, { ...extras, fromStore: true });
        yield { cmd: 'publish', topic, payload, qos, retain: true, dup: false };
      }
    }
  }

  #topicsOf(filter: string): string[] {
    return [...this.#byTopic.keys()].filter((topic) => matchesFilter(filter, topic));
  }
}

/** Nothing but that it is retained. */
const PLAIN: MessageExtras = { properties: {}, expiresAt: undefined, retain: true, fromStore: true };

function isPlain(extras: MessageExtras | undefined): boolean {
  return extras === undefined || (extras.expiresAt === undefined && Object.keys(extras.properties).length === 0);
}
