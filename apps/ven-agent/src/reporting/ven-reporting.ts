import { type Clock, type Duration, type Instant, type Logger, minutes, type Random } from '@venfleet/core';
import type { EventList, GridEvent, Target } from '@venfleet/openadr';
import type { Resource } from '@venfleet/resource-db';
import { type PowerHistory, tenInTen } from '../baseline/baseline.js';
import type { LocalCalendar } from '../baseline/calendar.js';
import { changesLoad } from '../baseline/event-days.js';
import type { ReadingSource } from '../readings/reading.js';
import { ReportingEngine } from './engine.js';
import { Poller } from './poller.js';
import type { ReportingVen } from './prepared.js';
import type { ReportPort } from './sender.js';
import type { VenOutbox, VenTargets } from './ven-outbox.js';

/** What reporting needs of the VTN for one VEN. */
export interface VenPort extends ReportPort {
  /** All events that this VEN can see. @throws VtnError when the list is not complete */
  events(signal: AbortSignal): Promise<Pick<EventList, 'events' | 'problems'>>;
  /** The targets that the VTN gave this VEN and its resources. @throws VtnError */
  targets(signal: AbortSignal): Promise<VenTargets>;
}

export interface VenReportingOptions {
  readonly name: string;
  readonly resources: readonly Resource[];
  readonly outbox: VenOutbox;
  readonly port: VenPort;
  readonly readings: ReadingSource;
  readonly history: PowerHistory;
  readonly calendar: LocalCalendar;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly pollInterval?: Duration | undefined;
}

/** Targets change rarely; they are asked for only while some event has any. */
const TARGETS_KEPT = minutes(10);

/** The reporting of one VEN with the polling that feeds it. */
export class VenReporting {
  readonly #options: VenReportingOptions;
  readonly #engine: ReportingEngine;
  readonly #poller: Poller;
  #targets: VenTargets | undefined;
  #targetsAt = Number.NEGATIVE_INFINITY;
  readonly #eventDays: Set<string>;
  readonly #warned = new Set<string>();

  constructor(options: VenReportingOptions) {
    this.#options = options;
    const { name, outbox, readings, calendar, clock, port, random } = options;
    const logger = options.logger.child({ ven: name });
    this.#eventDays = outbox.eventDays();
    this.#targets = outbox.targets;
    const baseline = tenInTen(options.history, calendar, (_resource, date) => this.#eventDays.has(date));
    const sources = { readings, baseline };
    this.#engine = new ReportingEngine({ ven: this.#ven(), outbox, port, sources, clock, random, logger });
    const poll = (signal: AbortSignal) => this.#poll(signal);
    this.#poller = new Poller({ poll, clock, random, logger, ...(options.pollInterval && { interval: options.pollInterval }) });
  }

  start(): void {
    this.#engine.start();
    this.#poller.start();
  }

  async stop(): Promise<void> {
    await this.#poller.stop();
    await this.#engine.stop();
  }

  /** Readings before this time are in reports already, if any wanted them. */
  reportedUntil(): Instant {
    return this.#engine.reportedUntil();
  }

  async #poll(signal: AbortSignal): Promise<void> {
    const { events, problems } = await this.#options.port.events(signal);
    if (events.some(namesTargets)) await this.#refreshTargets(signal);
    this.#noteEventDay(events);
    for (const { id, mistakes } of problems) this.#warnOnce(id, mistakes);
    this.#engine.update(
      events,
      problems.map(({ id }) => id),
    );
  }

  #warnOnce(event: string, mistakes: readonly string[]): void {
    if (this.#warned.has(event)) return;
    this.#warned.add(event);
    this.#options.logger.warn({ ven: this.#options.name, event, mistakes }, 'an event cannot be understood');
  }

  async #refreshTargets(signal: AbortSignal): Promise<void> {
    const { port, outbox, clock } = this.#options;
    if (this.#targets !== undefined && clock.monotonic() - this.#targetsAt < TARGETS_KEPT) return;
    const targets = await port.targets(signal);
    this.#targetsAt = clock.monotonic();
    if (JSON.stringify(targets) === JSON.stringify(this.#targets)) return;
    this.#targets = targets;
    outbox.targets = targets;
    this.#engine.changeVen(this.#ven());
  }

  #noteEventDay(events: readonly GridEvent[]): void {
    const { outbox, clock, calendar } = this.#options;
    const now = clock.now();
    const today = calendar.dateOf(now);
    if (this.#eventDays.has(today) || !events.some((event) => changesLoad(event, now, now))) return;
    this.#eventDays.add(today);
    outbox.addEventDay(today);
  }

  #ven(): ReportingVen {
    const { name, resources } = this.#options;
    const own = (resource: string): readonly Target[] => this.#targets?.resources[resource] ?? [];
    return {
      name,
      targets: this.#targets?.ven ?? [],
      resources: resources
        .filter(({ enabled, reported }) => enabled && reported)
        .map(({ id, resourceId, pMin, eMax, readInterval }) => ({
          id,
          name: resourceId,
          pMin,
          eMax,
          readInterval,
          targets: own(resourceId),
        })),
    };
  }
}

const namesTargets = ({ targets, reportRequests }: GridEvent): boolean =>
  targets.length > 0 || reportRequests.some((request) => request.targets.length > 0);
