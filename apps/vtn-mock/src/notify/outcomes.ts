/** What became of the notifications on one object since this process knows it. */
export interface Outcome {
  /** Webhook notifications that were queued, and what became of them; the others are still on their way. */
  readonly queued: number;
  readonly delivered: number;
  readonly dropped: number;
  /** MQTT messages that were published. */
  readonly published: number;
}

const NOTHING: Outcome = { queued: 0, delivered: 0, dropped: 0, published: 0 };

/** Of so many objects the outcomes are remembered. */
const MOST_OBJECTS = 1000;

/** Counts notifications for each of the objects that were changed last. */
export class Outcomes {
  readonly #byObject = new Map<string, Outcome>();
  readonly #total = { ...NOTHING };

  /** Of all objects, since this process was started. */
  get total(): Outcome {
    return this.#total;
  }

  of(objectId: string): Outcome {
    return this.#byObject.get(objectId) ?? NOTHING;
  }

  queued(objectId: string, count: number): void {
    this.#add(objectId, 'queued', count);
  }

  published(objectId: string): void {
    this.#add(objectId, 'published', 1);
  }

  done(objectId: string, outcome: 'delivered' | 'dropped'): void {
    this.#add(objectId, outcome, 1);
  }

  #add(objectId: string, key: keyof Outcome, count: number): void {
    this.#total[key] += count;
    const known = this.of(objectId);
    this.#byObject.set(objectId, { ...known, [key]: known[key] + count });
    if (this.#byObject.size <= MOST_OBJECTS) return;
    const [oldest] = this.#byObject.keys();
    if (oldest !== undefined) this.#byObject.delete(oldest);
  }
}
