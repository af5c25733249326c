import type { Clock, Instant, Logger, Random } from '@venfleet/core';
import type { Target } from '@venfleet/openadr';
import type { Resource } from '@venfleet/resource-db';
import { type Baseline, type PowerHistory, tenInTen } from '../baseline/baseline.js';
import type { LocalCalendar } from '../baseline/calendar.js';
import { EventLoadChanges } from '../baseline/load-changes.js';
import { meterBefore, orElse } from '../baseline/meter-before.js';
import type { EventFeed } from '../events/feed.js';
import type { FeedUpdate } from '../events/held-events.js';
import type { ReadingSource } from '../readings/reading.js';
import { ReportingEngine } from './engine.js';
import type { ReportingVen } from './prepared.js';
import type { ReportPort } from './sender.js';
import type { ValueSources } from './values.js';
import type { VenOutbox } from './ven-outbox.js';

export interface VenReportingOptions {
  readonly name: string;
  readonly resources: readonly Resource[];
  readonly outbox: VenOutbox;
  readonly feed: EventFeed;
  readonly port: ReportPort;
  readonly readings: ReadingSource;
  readonly history: PowerHistory;
  readonly modeAt?: ValueSources['modeAt'];
  readonly calendar: LocalCalendar;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** The reporting of one VEN, on the events that its feed has. */
export class VenReporting {
  readonly name: string;
  readonly #options: VenReportingOptions;
  readonly #engine: ReportingEngine;
  readonly #changes: EventLoadChanges;
  #unsubscribe: () => void = () => undefined;
  /** What the VEN's resources would draw by themselves: reports tell it, and reductions are measured against it. */
  readonly baseline: Baseline;

  constructor(options: VenReportingOptions) {
    this.#options = options;
    this.name = options.name;
    const { name, outbox, readings, calendar, clock, port, random } = options;
    const logger = options.logger.child({ ven: name });
    const eventDays = { known: outbox.eventDays(), add: (date: string) => outbox.addEventDay(date) };
    this.#changes = new EventLoadChanges(clock, calendar, eventDays);
    const similarDays = tenInTen(options.history, calendar, this.#changes);
    this.baseline = orElse(similarDays, meterBefore(options.history, this.#changes));
    const sources = { readings, baseline: this.baseline, modeAt: options.modeAt };
    this.#engine = new ReportingEngine({ ven: this.#ven(), outbox, port, sources, clock, random, logger });
  }

  start(): void {
    this.#engine.start();
    this.#unsubscribe = this.#options.feed.subscribe((update) => this.#update(update));
    this.#update({ targets: false });
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    await this.#engine.stop();
  }

  /** Readings before this time are in reports already, if any wanted them. */
  reportedUntil(): Instant {
    return this.#engine.reportedUntil();
  }

  /** Deliveries that failed or were refused since the last one that was acknowledged. */
  get failed(): number {
    return this.#engine.failed;
  }

  #update({ targets }: Pick<FeedUpdate, 'targets'>): void {
    const { feed } = this.#options;
    if (targets) this.#engine.changeVen(this.#ven());
    // What was known in the last life is in the outbox already, and proves no deletion.
    if (!feed.isCurrent) return;
    const known = feed.known().map(({ event, seenAt }) => ({ ...event, seenAt }));
    this.#changes.update(known);
    this.#engine.update(known, feed.unreadable());
  }

  #ven(): ReportingVen {
    const { name, resources, feed } = this.#options;
    const own = (resource: string): readonly Target[] => feed.targets?.resources[resource] ?? [];
    return {
      name,
      targets: feed.targets?.ven ?? [],
      resources: resources
        .filter(({ enabled, reported }) => enabled && reported)
        .map(({ id, resourceId, pMin, pMax, eMax, readInterval }) => ({
          id,
          name: resourceId,
          pMin,
          pMax,
          eMax,
          readInterval,
          targets: own(resourceId),
        })),
    };
  }
}
