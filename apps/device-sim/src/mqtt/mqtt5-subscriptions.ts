import type { ISubscription } from 'mqtt-packet';
import type { MessageExtras } from './message-extras.js';
import { matchesFilter } from './topic-filter.js';

interface Options {
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  /** Whether what is retained is wanted, of this subscription as it was made. */
  readonly wantsRetained: boolean;
}

/** The options of one client's subscriptions (MQTT 5 §3.8.3.1). */
export class Mqtt5Subscriptions {
  readonly #byFilter = new Map<string, Options>();
  /** The filters among them with wildcards: all others are found by the topic itself. */
  readonly #wild = new Set<string>();

  add({ topic, nl, rap, rh = 0 }: ISubscription): void {
    // Retain handling 1: only for a subscription that did not exist, 2: never.
    const wantsRetained = rh === 0 || (rh === 1 && !this.#byFilter.has(topic));
    if (/[+#]/.test(topic)) this.#wild.add(topic);
    this.#byFilter.set(topic, { noLocal: nl === true, retainAsPublished: rap === true, wantsRetained });
  }

  remove(filter: string): void {
    this.#byFilter.delete(filter);
    this.#wild.delete(filter);
  }

  /**
   * Whether a message goes to the client, and whether it is marked as retained then.
   * @param isOwn whether the client itself has published it
   */
  judge(topic: string, isOwn: boolean, extras: MessageExtras | undefined): { wanted: boolean; retain: boolean } {
    const fitting = this.#fitting(topic);
    if (extras?.fromStore === true) return { wanted: unlessNone(fitting, (o) => o.wantsRetained), retain: true };
    const wanted = !isOwn || unlessNone(fitting, (o) => !o.noLocal);
    return { wanted, retain: extras?.retain === true && fitting.some((o) => o.retainAsPublished) };
  }

  #fitting(topic: string): Options[] {
    const filters = [topic, ...[...this.#wild].filter((filter) => matchesFilter(filter, topic))];
    return filters.map((filter) => this.#byFilter.get(filter)).filter((options) => options !== undefined);
  }
}

/** A session that goes on has subscriptions of which only the broker knows: they have no options. */
function unlessNone(fitting: readonly Options[], test: (options: Options) => boolean): boolean {
  return fitting.length === 0 || fitting.some(test);
}
