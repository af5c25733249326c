import {
  type Clock,
  type Duration,
  type Instant,
  instant,
  isAbort,
  type Logger,
  milliseconds,
  type Random,
  seconds,
} from '@venfleet/core';
import type { End, PlannedReport } from '@venfleet/openadr';
import type { ReadingSource } from '../readings/reading.js';
import { AdHocReports } from './ad-hoc.js';
import { type ReportableEvent, reportableOf } from './event.js';
import { reportedSpans } from './pieces.js';
import { anchorOf, type PreparedEvent, type PreparedGroup, prepareEvent, type ReportingVen } from './prepared.js';
import { type ReportPort, ReportSender } from './sender.js';
import { buildContent, type ValueSources } from './values.js';
import type { OutboxReport, VenOutbox } from './ven-outbox.js';

export interface ReportingOptions {
  readonly ven: ReportingVen;
  readonly outbox: VenOutbox;
  readonly port: ReportPort;
  readonly sources: ValueSources & { readonly readings: Pick<ReadingSource, 'around' | 'latest'> };
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** A report about the past waits so long for the readings after its end, then it is made of what there is. */
  readonly grace?: Duration;
}

/** The wall clock may be stepped while the agent sleeps: it looks again after so long. */
const LONGEST_SLEEP = seconds(60);
/** How often it looks whether the last readings have come. */
const COMPLETENESS_CHECK = seconds(1);
/** After an outage of the agent itself at most so many reports of one series are made up for, the latest. */
const MOST_CAUGHT_UP = 1000;
const DEFAULT_GRACE = seconds(15);
/** Where only the last readings count, an answer that is under way is waited for, and not the next reading. */
const MOMENT_GRACE = seconds(3);

/**
 * The reporting of one VEN: plans the reports that its events ask for, makes them when they are due, and sends them.
 * Everything that must survive is in the outbox; killed at any moment, it goes on from there.
 */
export class ReportingEngine {
  readonly #options: ReportingOptions;
  readonly #grace: Duration;
  readonly #sender: ReportSender;
  readonly #adHoc: AdHocReports;
  #ven: ReportingVen;
  readonly #events = new Map<string, PreparedEvent>();
  /** Due time of the last report planned, by event and request: no need to look before. */
  readonly #horizons = new Map<PreparedGroup, End>();
  /** Start of the earliest time that a report planned and not made yet is about. */
  #neededFrom = Number.NEGATIVE_INFINITY;
  #stopping = new AbortController();
  #wake = new AbortController();
  #running: Promise<void> | undefined;
  #sending: Promise<void> | undefined;

  constructor(options: ReportingOptions) {
    this.#options = options;
    this.#ven = options.ven;
    this.#grace = options.grace ?? DEFAULT_GRACE;
    this.#sender = new ReportSender(options);
    this.#adHoc = new AdHocReports(options);
  }

  /** Takes up what the outbox holds, and goes on by itself. */
  start(): void {
    const { outbox } = this.#options;
    for (const { id, definition, seenAt } of outbox.events()) {
      this.#events.set(id, this.#prepare(JSON.parse(definition) as ReportableEvent, seenAt));
    }
    this.#stopping = new AbortController();
    this.#running = this.#run(this.#stopping.signal);
  }

  /** Ends after the step that is under way; what is not sent is sent after the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort(new DOMException('reporting stops', 'AbortError'));
    this.#wake.abort();
    await this.#running;
    await this.#sending;
  }

  /**
   * Takes the VTN's events as they are now. Those that are not among them are deleted: their reports are given up.
   * @param events the complete list of a listing that succeeded (OpenADR 3.1 User Guide, event deletion)
   * @param unreadable ids of events that are there and cannot be understood: what is known of them stays
   */
  update(events: readonly ReportableEvent[], unreadable: readonly string[] = []): void {
    const { outbox, logger } = this.#options;
    const current = events.filter(({ reportRequests }) => reportRequests.length > 0);
    const ids = new Set([...current.map(({ id }) => id), ...unreadable]);
    for (const { id } of outbox.events()) if (!ids.has(id)) this.#forget(id);
    for (const event of current) {
      const { seenAt, changed } = outbox.rememberEvent(event.id, JSON.stringify(reportableOf(event)), event.seenAt);
      if (!changed && this.#events.has(event.id)) continue;
      this.#replace(this.#prepare(event, seenAt));
      logger.debug({ event: event.id }, 'event taken up');
    }
    this.#wake.abort();
  }

  /** The VEN's targets or resources have changed: who is asked for what may have, too. */
  changeVen(ven: ReportingVen): void {
    this.#ven = ven;
    for (const { id, definition, seenAt } of this.#options.outbox.events()) {
      if (this.#events.has(id)) this.#replace(this.#prepare(JSON.parse(definition) as ReportableEvent, seenAt));
    }
    this.#wake.abort();
  }

  /** Readings before this time are in reports that are made already, if any wanted them. */
  reportedUntil(): Instant {
    return instant(Math.min(this.#options.clock.now(), this.#neededFrom));
  }

  /** Deliveries that failed or were refused since the last one that was acknowledged. */
  get failed(): number {
    return this.#sender.failed;
  }

  #prepare(event: ReportableEvent, seenAt: Instant): PreparedEvent {
    return prepareEvent(event, this.#ven, seenAt, this.#options.logger);
  }

  #replace(event: PreparedEvent): void {
    this.#dropHorizons(event.id);
    this.#events.set(event.id, event);
    const revisions = event.groups.map(({ group, plan, adHoc }) =>
      adHoc ? { key: group.key } : { key: group.key, at: (ordinal: number) => plan.at(ordinal) },
    );
    this.#options.outbox.revise(event.id, revisions);
  }

  #forget(id: string): void {
    this.#dropHorizons(id);
    this.#events.delete(id);
    this.#options.outbox.expireEvent(id);
    this.#options.logger.info({ event: id }, 'event gone: its open reports are given up');
  }

  #dropHorizons(id: string): void {
    for (const group of this.#events.get(id)?.groups ?? []) this.#horizons.delete(group);
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    while (!signal.aborted) {
      this.#wake = new AbortController();
      let wakeAt = instant(clock.now() + LONGEST_SLEEP);
      try {
        wakeAt = await this.#step(signal);
      } catch (error) {
        if (!isAbort(error)) logger.error({ err: error }, 'reporting failed; it is tried again');
      }
      const pause = milliseconds(Math.min(LONGEST_SLEEP, Math.max(0, wakeAt - clock.now())));
      if (!signal.aborted) await clock.sleep(pause, this.#wake.signal).catch(() => undefined);
    }
  }

  /** Plans, builds, and sets the sender to work. @returns when to look again */
  async #step(signal: AbortSignal): Promise<Instant> {
    const { clock } = this.#options;
    let wakeAt = instant(clock.now() + LONGEST_SLEEP);
    const earliest = (time: End) => {
      if (time !== 'forever' && time < wakeAt) wakeAt = time;
    };
    for (const event of this.#events.values()) {
      for (const group of event.groups) {
        earliest(group.adHoc ? await this.#adHoc.look(event, group) : this.#plan(event, group));
      }
    }
    const unbuilt = this.#options.outbox.unbuilt();
    this.#neededFrom = Math.min(...unbuilt.map(({ covers }) => covers[0]?.start ?? Number.POSITIVE_INFINITY));
    for (const report of unbuilt) {
      signal.throwIfAborted();
      if (report.dueAt > clock.now()) {
        earliest(report.dueAt);
        break;
      }
      const notBefore = await this.#build(report);
      if (notBefore !== undefined) earliest(notBefore);
      else this.#send(signal);
    }
    this.#send(signal);
    if (this.#sender.pause > 0) earliest(instant(clock.now() + this.#sender.pause));
    return wakeAt;
  }

  /** Stores each report that is due, and the next one. @returns when that one is due */
  #plan(event: PreparedEvent, prepared: PreparedGroup): End {
    const { outbox, clock, logger } = this.#options;
    const now = clock.now();
    const { group, plan } = prepared;
    const cached = this.#horizons.get(prepared);
    if (cached !== undefined && (cached === 'forever' || cached > now)) return cached;
    const known = outbox.next(event.id, group.key);
    const planned = known === undefined ? undefined : plan.at(known - 1)?.dueAt;
    if (planned !== undefined && planned > now) {
      this.#horizons.set(prepared, planned);
      return planned;
    }
    let next = known ?? plan.firstFor(now);
    const lost = known === undefined ? 0 : Math.max(0, plan.firstFor(now) - MOST_CAUGHT_UP - next);
    if (lost > 0) logger.warn({ event: event.id, reports: lost }, 'reports missed for too long are left out');
    next += lost;
    const reports: PlannedReport[] = [];
    let horizon: End = 'forever';
    for (let report = plan.at(next); report !== undefined; report = plan.at(next)) {
      reports.push(report);
      next++;
      horizon = report.dueAt;
      if (report.dueAt > now) break;
      horizon = 'forever';
    }
    if (reports.length > 0 || known === undefined) outbox.plan(event.id, group.key, reports, next, { lost });
    this.#horizons.set(prepared, horizon);
    return horizon;
  }

  /** Makes a report that is due. @returns when to try again, where it waits for readings */
  async #build(report: OutboxReport): Promise<Instant | undefined> {
    const { outbox, clock, sources } = this.#options;
    const event = this.#events.get(report.event);
    const prepared = event?.groups.find(({ group }) => group.key === report.request);
    if (event === undefined || prepared === undefined) {
      outbox.close(report.id, 'expired', 'no resource of this VEN is concerned any more');
      return undefined;
    }
    const isOfMoment = prepared.answers.every(({ answer }) => answer.isOfMoment);
    const latest = instant(report.dueAt + (isOfMoment ? Math.min(MOMENT_GRACE, this.#grace) : this.#grace));
    if (prepared.group.timing.historical && clock.now() < latest && !this.#isComplete(prepared, report)) {
      return instant(Math.min(latest, clock.now() + COMPLETENESS_CHECK));
    }
    const spans = reportedSpans(report.covers, prepared.group.reportIntervals);
    const how = { anchor: anchorOf(event, prepared, clock.now()), alwaysQuality: prepared.alwaysQuality };
    const content = await buildContent(prepared.answers, spans, sources, how);
    outbox.keepContent(report, { programId: event.programId, ...content });
    return undefined;
  }

  /** Whether each meter was read after the end of what the report covers, or as shortly before as is enough. */
  #isComplete({ answers }: PreparedGroup, { covers }: OutboxReport): boolean {
    const end = covers.at(-1)?.end;
    if (end === undefined || end === 'forever') return false;
    const { readings } = this.#options.sources;
    return answers.every(({ answer: { isOfMoment }, resources }) =>
      resources.every(({ id, readInterval }) => {
        const at = readings.latest(id)?.at;
        return at !== undefined && (isOfMoment ? at > end - readInterval : at >= end);
      }),
    );
  }

  #send(signal: AbortSignal): void {
    if (this.#sending !== undefined || this.#sender.pause > 0) return;
    this.#sending = this.#sender
      .sendAll(signal)
      .catch((error: unknown) => {
        if (!isAbort(error)) this.#options.logger.error({ err: error }, 'sending reports failed; it is tried again');
      })
      .finally(() => {
        this.#sending = undefined;
        if (this.#sender.pause > 0) this.#wake.abort();
      });
  }
}
