import { type Clock, hours, isAbort, isVenfleetError, type Logger, type Random, seconds } from '@venfleet/core';
import type { Alarms } from '../readings/alarms.js';
import type { FleetConnection } from '../vtn.js';
import type { EventsSettings, WebhookSettings } from './config.js';
import { EventFeed } from './feed.js';
import { eventPort } from './port.js';
import type { OpenNotifications } from './push/mqtt-link.js';
import { mqttPath } from './push/mqtt-path.js';
import type { PushedVen } from './push/path.js';
import { Reasons, VenPush } from './push/ven-push.js';
import { type Callbacks, webhookPath } from './push/webhook-path.js';
import { WebhookReceiver } from './push/webhook-receiver.js';
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
  readonly alarms?: Alarms | undefined;
}

export interface EventStats {
  /** Events to plan by, each counted once however many VENs have it; and those that cannot be understood. */
  readonly held: number;
  readonly unreadable: number;
  /** VENs that are told of changes, whose events cannot be read at the moment, or were not read yet. */
  readonly vens: { readonly pushed: number; readonly lost: number; readonly unheard: number };
}

/** So soon an operator's opt-out is noticed. */
const OPT_OUTS_EVERY = seconds(1);
const TIDIED_EVERY = hours(1);

/** The events of all VENs of this process. Constructors do no I/O. */
export class FleetEvents {
  readonly #options: FleetEventsOptions;
  readonly #logger: Logger;
  #store: EventStore | undefined;
  readonly #feeds = new Map<string, EventFeed>();
  readonly #pushes: VenPush[] = [];
  #callbacks: Callbacks | undefined;
  readonly #stopping = new AbortController();
  #keeping: Promise<void> | undefined;

  constructor(options: FleetEventsOptions) {
    this.#options = options;
    this.#logger = options.logger.child({ component: 'events' });
  }

  /**
   * Takes up the events of the last life: they are in force before the VTN is heard.
   * @throws VenfleetError DB_IN_USE, DB_…; PORT_TAKEN, LISTEN_FAILED, FILE_UNREADABLE, TLS_INVALID of the webhook
   */
  async start(): Promise<void> {
    const { settings, vtnUrl, vens, clock, random } = this.#options;
    const store = EventStore.open(settings.database, clock, this.#options.alarms);
    try {
      if (settings.webhook !== undefined) this.#callbacks = await this.#listen(settings.webhook, store);
    } catch (error) {
      store.close();
      throw error;
    }
    this.#store = store;
    for (const name of vens) {
      const own = store.forVen(vtnUrl, name);
      this.#feeds.set(name, new EventFeed({ ...settings, store: own, clock, random, logger: this.#logger }));
    }
    this.#keeping = this.#keep(store, this.#stopping.signal);
  }

  async #listen(settings: WebhookSettings, store: EventStore): Promise<Callbacks> {
    const receiver = new WebhookReceiver(settings, this.#logger);
    await receiver.start();
    return { receiver, bases: store.noteCallbackBase(receiver.url) };
  }

  /** Begins to read them from the VTN, and to be told of changes. A VEN without credentials is left out and logged. */
  connect(connection: FleetConnection, vens: readonly { readonly name: string; readonly venId: string }[]): void {
    if (connection.version === '3.0.1') this.#shareProgramsFound();
    const push = this.#pushFor(connection);
    for (const { name, venId: id } of vens) {
      const feed = this.#feeds.get(name);
      if (feed === undefined) continue;
      try {
        const access = connection.forVen(name);
        feed.start(eventPort(access.client, { id }));
        if (push !== undefined) this.#pushes.push(push({ name, id, access, feed }));
      } catch (error) {
        if (!isVenfleetError(error, 'NO_CREDENTIALS')) throw error;
        this.#logger.error({ ven: name, reason: error.message, hint: error.hint }, 'a VEN receives no events');
      }
    }
  }

  /** How VENs are told of changes; undefined: they are not. */
  #pushFor(connection: FleetConnection): ((ven: PushedVen) => VenPush) | undefined {
    const { settings, clock, random } = this.#options;
    const { push: mode } = settings;
    if (mode === 'off') return undefined;
    const ports = { clock, random, logger: this.#logger };
    const mqtt = mqttPath(openMqtt, connection.tls, ports);
    const webhook = this.#callbacks && webhookPath(this.#callbacks, ports);
    const reasons = new Reasons();
    return (ven) => {
      const push = new VenPush({ ...ports, ven, mode, mqtt, webhook, reasons });
      push.start();
      return push;
    };
  }

  /** The events of one VEN; undefined for a VEN that is not of this process. */
  feed(ven: string): EventFeed | undefined {
    return this.#feeds.get(ven);
  }

  get stats(): EventStats {
    const feeds = [...this.#feeds.values()];
    const count = (is: (feed: EventFeed) => boolean) => feeds.filter(is).length;
    return {
      held: new Set(feeds.flatMap((feed) => feed.held().map(({ event }) => event.id))).size,
      unreadable: new Set(feeds.flatMap((feed) => feed.unreadable())).size,
      vens: {
        pushed: count(({ isPushed }) => isPushed),
        lost: count(({ lostSince }) => lostSince !== undefined),
        unheard: count(({ isCurrent, lostSince }) => !isCurrent && lostSince === undefined),
      },
    };
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new DOMException('the events stop', 'AbortError'));
    await Promise.all(this.#pushes.map((push) => push.stop()));
    await this.#callbacks?.receiver.stop();
    await Promise.all([this.#keeping, ...[...this.#feeds.values()].map((feed) => feed.stop())]);
    this.#feeds.clear();
    this.#store?.close();
    this.#store = undefined;
  }

  /**
   * Has all VENs look when one has found a program that nobody knew. No VTN of 3.0.1 tells of a new program, as
   * subscriptions are to programs: so of many VENs one finds it soon by polling, and the others at once.
   */
  #shareProgramsFound(): void {
    const feeds = [...this.#feeds.values()];
    const known = new Set(feeds.flatMap((feed) => [...feed.programIds()]));
    for (const finder of feeds) {
      finder.subscribe(({ programs }) => {
        const before = known.size;
        if (programs) for (const id of finder.programIds()) known.add(id);
        if (known.size === before) return;
        for (const feed of feeds) if (feed !== finder && feed.isCurrent) feed.hint({ kind: 'all' });
      });
    }
  }

  async #keep(store: EventStore, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    let tidiedAt = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      try {
        if (store.wasChangedByOthers()) for (const feed of this.#feeds.values()) feed.refreshOptOuts();
        if (clock.monotonic() - tidiedAt >= TIDIED_EVERY) {
          tidiedAt = clock.monotonic();
          store.prune();
          this.#callbacks?.receiver.renewCertificate();
        }
        await clock.sleep(OPT_OUTS_EVERY, signal);
      } catch (error) {
        if (isAbort(error)) return;
        this.#logger.error({ err: error }, 'the event database cannot be looked after');
        await clock.sleep(TIDIED_EVERY, signal).catch(() => undefined);
      }
    }
  }
}

/** The library is loaded only where a VTN has a broker. */
const openMqtt: OpenNotifications = async (...call) => {
  const { openMqttNotifications } = await import('./adapters/mqtt-notifications.js');
  return openMqttNotifications(...call);
};
