import { type Clock, hours, type Instant, isAbort, isVenfleetError, type Logger, type Random } from '@venfleet/core';
import type { Resource } from '@venfleet/resource-db';
import type { Baseline } from '../baseline/baseline.js';
import { isDanishHoliday, localCalendar } from '../baseline/calendar.js';
import type { FleetEvents } from '../events/fleet-events.js';
import type { Alarms } from '../readings/alarms.js';
import type { ReadingSource } from '../readings/reading.js';
import type { FleetConnection } from '../vtn.js';
import { readingHistory } from './history.js';
import { Outbox } from './outbox.js';
import type { ValueSources } from './values.js';
import { VenReporting, type VenReportingOptions } from './ven-reporting.js';
import { vtnPort } from './vtn-port.js';

/** A VEN that is registered at the VTN. */
export interface RegisteredVenResources {
  readonly name: string;
  readonly resources: readonly Resource[];
}

export interface FleetReportingOptions {
  readonly connection: FleetConnection;
  readonly vens: readonly RegisteredVenResources[];
  /** Started; it has a feed for each of the VENs. */
  readonly events: Pick<FleetEvents, 'feed'>;
  readonly readings: ReadingSource;
  /** As ValueSources.modeAt. */
  readonly modeAt?: ValueSources['modeAt'];
  /** Path of the outbox's database. */
  readonly outbox: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly alarms?: Alarms | undefined;
  /** IANA name; days and times of day of baselines are local ones. By default Europe/Copenhagen. */
  readonly timeZone?: string | undefined;
}

/** How the delivery of one VEN's reports goes. */
export interface Delivery {
  /** Reports that are due and not acknowledged. */
  readonly waiting: number;
  /** Deliveries that failed or were refused since the last one that was acknowledged. */
  readonly failed: number;
}

const PRUNE_EVERY = hours(1);

/** The reporting of all VENs of this process. Constructors do no I/O; `start` opens the outbox. */
export class FleetReporting {
  readonly #options: FleetReportingOptions;
  #outbox: Outbox | undefined;
  #vens: VenReporting[] = [];
  readonly #venOf = new Map<number, VenReporting>();
  #stopping = new AbortController();
  #pruning: Promise<void> | undefined;

  constructor(options: FleetReportingOptions) {
    this.#options = options;
  }

  /** A VEN without credentials is left out and logged. @throws VenfleetError DB_IN_USE, and the DB_ errors of openDatabase */
  start(): void {
    const { vens, clock } = this.#options;
    const logger = this.#options.logger.child({ component: 'reporting' });
    const outbox = Outbox.open(this.#options.outbox, clock, this.#options.alarms);
    this.#outbox = outbox;
    const shared = {
      calendar: localCalendar(this.#options.timeZone ?? 'Europe/Copenhagen', isDanishHoliday),
      history: readingHistory(
        this.#options.readings,
        vens.flatMap(({ resources }) => resources),
      ),
      modeAt: this.#options.modeAt,
      logger,
    };
    this.#vens = vens.flatMap((ven) => this.#venReporting(ven, outbox, shared));
    for (const ven of this.#vens) ven.start();
    this.#stopping = new AbortController();
    this.#pruning = this.#prune(outbox, logger, this.#stopping.signal);
  }

  #venReporting(
    { name, resources }: RegisteredVenResources,
    outbox: Outbox,
    shared: Pick<VenReportingOptions, 'calendar' | 'history' | 'modeAt' | 'logger'>,
  ): VenReporting[] {
    const { connection, events, readings, clock, random } = this.#options;
    const feed = events.feed(name);
    if (feed === undefined) return [];
    try {
      const { client } = connection.forVen(name);
      const port = vtnPort(client, { name });
      const own = outbox.forVen(connection.url, name);
      const ven = new VenReporting({ ...shared, name, resources, feed, outbox: own, port, readings, clock, random });
      for (const { id } of resources) this.#venOf.set(id, ven);
      return [ven];
    } catch (error) {
      if (!isVenfleetError(error, 'NO_CREDENTIALS')) throw error;
      shared.logger.error({ ven: name, reason: error.message, hint: error.hint }, 'a VEN does not report');
      return [];
    }
  }

  /** What is not sent yet is sent after the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort(new DOMException('reporting stops', 'AbortError'));
    await Promise.all([this.#pruning, ...this.#vens.map((ven) => ven.stop())]);
    this.#outbox?.close();
    this.#outbox = undefined;
  }

  /** Readings of a resource before this time are in reports already, if any wanted them. */
  reportedUntil(resource: number): Instant | undefined {
    return this.#venOf.get(resource)?.reportedUntil();
  }

  /** What a resource would draw by itself; undefined for one that does not report. */
  baseline(resource: number): Baseline | undefined {
    return this.#venOf.get(resource)?.baseline;
  }

  /** Reports acknowledged since the outbox was made, and those that are due and wait for it. */
  counts(): { readonly acknowledged: number; readonly waiting: number } {
    return this.#outbox?.counts() ?? { acknowledged: 0, waiting: 0 };
  }

  /** How the delivery of each VEN's reports goes. */
  deliveries(): Map<string, Delivery> {
    const waiting = this.#outbox?.waitingByVen(this.#options.connection.url);
    return new Map(this.#vens.map(({ name, failed }) => [name, { waiting: waiting?.get(name) ?? 0, failed }]));
  }

  async #prune(outbox: Outbox, logger: Logger, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        outbox.prune();
        await this.#options.clock.sleep(PRUNE_EVERY, signal);
      } catch (error) {
        if (isAbort(error)) return;
        logger.error({ err: error }, 'the outbox cannot be pruned');
        await this.#options.clock.sleep(PRUNE_EVERY, signal).catch(() => undefined);
      }
    }
  }
}
