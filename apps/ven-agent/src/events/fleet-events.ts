import { type Clock, hours, isAbort, isVenfleetError, type Logger, type Random, seconds } from '@venfleet/core';
import type { FleetConnection } from '../vtn.js';
import type { EventsSettings } from './config.js';
import { EventFeed } from './feed.js';
import { eventPort } from './port.js';
import { EventStore } from './store.js';

export interface FleetEventsOptions {
  readonly settings: EventsSettings;
  /** Base URL of the VTN, as configured: events are remembered by it. */
  readonly vtnUrl: string;
  /** Names of the VENs of this process. */
  readonly vens: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** So soon an operator's opt-out is noticed. */
const OPT_OUTS_EVERY = seconds(1);
const PRUNE_EVERY = hours(1);

/** The events of all VENs of this process. Constructors do no I/O. */
export class FleetEvents {
  readonly #options: FleetEventsOptions;
  readonly #logger: Logger;
  #store: EventStore | undefined;
  readonly #feeds = new Map<string, EventFeed>();
  readonly #stopping = new AbortController();
  #keeping: Promise<void> | undefined;

  constructor(options: FleetEventsOptions) {
    this.#options = options;
    this.#logger = options.logger.child({ component: 'events' });
  }

  /** Takes up the events of the last life: they are in force before the VTN is heard. @throws VenfleetError DB_IN_USE, DB_… */
  start(): void {
    const { settings, vtnUrl, vens, clock, random } = this.#options;
    const store = EventStore.open(settings.database, clock);
    this.#store = store;
    for (const name of vens) {
      const own = store.forVen(vtnUrl, name);
      this.#feeds.set(name, new EventFeed({ ...settings, store: own, clock, random, logger: this.#logger }));
    }
    this.#keeping = this.#keep(store, this.#stopping.signal);
  }

  /** Begins to read them from the VTN. A VEN without credentials is left out and logged. */
  connect(connection: FleetConnection, vens: readonly { readonly name: string; readonly venId: string }[]): void {
    for (const { name, venId } of vens) {
      try {
        const { client } = connection.forVen(name);
        this.#feeds.get(name)?.start(eventPort(client, { id: venId }));
      } catch (error) {
        if (!isVenfleetError(error, 'NO_CREDENTIALS')) throw error;
        this.#logger.error({ ven: name, reason: error.message, hint: error.hint }, 'a VEN receives no events');
      }
    }
  }

  /** The events of one VEN; undefined for a VEN that is not of this process. */
  feed(ven: string): EventFeed | undefined {
    return this.#feeds.get(ven);
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new DOMException('the events stop', 'AbortError'));
    await Promise.all([this.#keeping, ...[...this.#feeds.values()].map((feed) => feed.stop())]);
    this.#feeds.clear();
    this.#store?.close();
    this.#store = undefined;
  }

  async #keep(store: EventStore, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    let prunedAt = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      try {
        if (store.wasChangedByOthers()) for (const feed of this.#feeds.values()) feed.refreshOptOuts();
        if (clock.monotonic() - prunedAt >= PRUNE_EVERY) {
          prunedAt = clock.monotonic();
          store.prune();
        }
        await clock.sleep(OPT_OUTS_EVERY, signal);
      } catch (error) {
        if (isAbort(error)) return;
        this.#logger.error({ err: error }, 'the event database cannot be looked after');
        await clock.sleep(PRUNE_EVERY, signal).catch(() => undefined);
      }
    }
  }
}
