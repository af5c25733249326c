import {
  type Clock,
  type Duration,
  type Instant,
  instant,
  isAbort,
  type Logger,
  milliseconds,
  minutes,
  type Random,
  type RetryPolicy,
  retryPause,
  seconds,
  uniform,
} from '@venfleet/core';
import { type EventList, type GridEvent, retryAfterOf, VtnError, type VtnErrorCode } from '@venfleet/openadr';
import type { HeldEvent } from '../planning/model.js';
import { type FeedUpdate, HeldEvents } from './held-events.js';
import type { EventPort, VenTargets } from './port.js';
import type { EventRecord, StartShift } from './record.js';
import type { VenEventStore } from './store.js';

/** What a VTN says has happened: a reason to look, never the truth itself. */
export type Hint =
  /** Something was done to one event. */
  | { readonly kind: 'event'; readonly id: string }
  /** Anything may be other than it was: events and programs, and with `targets` those of the VEN and its resources, too. */
  | { readonly kind: 'all' | 'targets' };

export interface EventFeedOptions {
  readonly store: VenEventStore;
  /** Mean time from one listing to the next; the longer one as long as the VTN tells of changes by itself. */
  readonly intervals: { readonly alone: Duration; readonly pushed: Duration };
  readonly startShift: StartShift;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Each pause differs by up to this part, so that a fleet that was started together spreads out. */
const JITTER = 0.2;
/** Between two looks that were hinted at: a VTN that keeps on hinting is asked ten times a second and not more. */
const HINTED_GAP = milliseconds(100);
/** From so many events on, one listing is less than to ask for each. */
const MOST_BY_ID = 10;
/** A listing of so many was read in pages; an event that moved from one to the other meanwhile is on neither. */
const ONE_PAGE = 50;
/** Targets change rarely; they are asked for only while some event has any. */
const TARGETS_KEPT = minutes(10);
/** After failures: the client has repeated its requests for half a minute already. */
const PAUSES: RetryPolicy = { attempts: Number.POSITIVE_INFINITY, base: seconds(5), cap: minutes(2), longestAsked: minutes(10) };

/**
 * The events of one VEN, for all who need them: read from the VTN by polling, and at once where the VTN hints that
 * something happened. One look at a time, so that a later answer is never undone by an earlier one.
 */
export class EventFeed {
  readonly ven: string;
  readonly #options: EventFeedOptions;
  readonly #events: HeldEvents;
  readonly #listeners = new Set<(update: FeedUpdate) => void>();
  #running: Promise<void> | undefined;
  #stopping = new AbortController();
  #wake = new AbortController();
  #missed: (() => void) | undefined;
  /** What the next look is about, and whether the VTN hinted at it. */
  #wanted: { all: boolean; readonly ids: Set<string> } = { all: true, ids: new Set() };
  #hinted = false;
  #nextPollAt = Number.NEGATIVE_INFINITY;
  #pollInterval: Duration;
  #targetsAt = Number.NEGATIVE_INFINITY;
  /** Programs of events that the VTN does not show to this VEN. */
  #hiddenPrograms: ReadonlySet<string> = new Set();
  readonly #unread = new Set<string>();
  #failures = 0;
  #isCurrent = false;
  /** On the monotonic clock, as the times above. */
  #lostAt: number | undefined;
  #lostBy: VtnErrorCode | undefined;

  constructor(options: EventFeedOptions) {
    this.#options = { ...options, logger: options.logger.child({ ven: options.store.ven }) };
    this.ven = options.store.ven;
    this.#pollInterval = options.intervals.alone;
    const { store, startShift, clock, random } = options;
    const changed = (update: FeedUpdate) => this.#tell(update);
    this.#events = new HeldEvents({ store, startShift, clock, random, logger: this.#options.logger, changed });
  }

  /** The events to plan by; the same list until something changes. Those of the last life before the VTN is heard. */
  held(): readonly HeldEvent[] {
    return this.#events.held();
  }

  /** All events that the VTN has, as it wrote them. */
  known(): readonly EventRecord[] {
    return this.#events.known();
  }

  /** Ids of events that are there and cannot be understood. */
  unreadable(): readonly string[] {
    return this.#events.unreadable();
  }

  /** The targets that the VTN gave the VEN and its resources; undefined before they were heard of. */
  get targets(): VenTargets | undefined {
    return this.#events.targets;
  }

  /** Ids of the programs that the VTN shows to the VEN. */
  programIds(): ReadonlySet<string> {
    return this.#events.programIds;
  }

  /** Undefined for a program that was not seen. */
  programName(id: string): string | undefined {
    return this.#events.programName(id);
  }

  /** Whether the VTN tells of changes by itself. */
  get isPushed(): boolean {
    return this.#missed !== undefined;
  }

  /** Since when the VTN's events cannot be read; undefined while they can. */
  get lostSince(): Instant | undefined {
    const { clock } = this.#options;
    return this.#lostAt === undefined ? undefined : instant(clock.now() - (clock.monotonic() - this.#lostAt));
  }

  /** Why they cannot be read; undefined while they can. */
  get lostBy(): VtnErrorCode | undefined {
    return this.#lostBy;
  }

  /**
   * How many listings are overdue, though the VTN was there the last time: none or one while all is well, more where an
   * answer takes very long, or what came cannot be kept.
   */
  get pollsMissed(): number {
    if (!this.#isCurrent || this.#lostAt !== undefined) return 0;
    return Math.max(0, Math.floor((this.#options.clock.monotonic() - this.#nextPollAt) / this.#pollInterval));
  }

  /** Whether the VTN's complete list was read since the start. */
  get isCurrent(): boolean {
    return this.#isCurrent;
  }

  /** Calls `listener` after each complete listing, after each change, and when the VTN is lost. @returns what ends that */
  subscribe(listener: (update: FeedUpdate) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Notes that a device was told something because of an event. */
  noteAction(event: string): void {
    this.#events.noteAction(event);
  }

  /** Reads the operator's opt-outs anew. */
  refreshOptOuts(): void {
    this.#events.takeOptOuts();
  }

  /** Begins to read. */
  start(port: EventPort): void {
    this.#stopping = new AbortController();
    this.#running = this.#run(port, this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new DOMException('the event feed stops', 'AbortError'));
    this.#wake.abort();
    await this.#running;
  }

  /** Looks soon at what the VTN has hinted at. */
  hint(hint: Hint): void {
    if (hint.kind === 'event') this.#wanted.ids.add(hint.id);
    else this.#wanted.all = true;
    if (hint.kind === 'targets') this.#targetsAt = Number.NEGATIVE_INFINITY;
    this.#hinted = true;
    this.#wake.abort();
  }

  /**
   * Says whether the VTN tells of changes by itself from now on. Either way something may have been missed.
   * @param missed called when a poll finds a change that the VTN did not tell of; undefined: it tells of none
   */
  setPush(missed: (() => void) | undefined): void {
    const isOther = (missed === undefined) !== (this.#missed === undefined);
    this.#missed = missed;
    if (isOther) this.hint({ kind: 'targets' });
  }

  async #run(port: EventPort, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const pause = await this.#look(port, signal);
      await this.#sleep(HINTED_GAP, signal);
      if (!signal.aborted) await this.#untilHint(pause);
    }
  }

  async #untilHint(pause: Duration): Promise<void> {
    if (this.#hinted) return;
    this.#wake = new AbortController();
    await this.#sleep(pause, this.#wake.signal);
    if (!this.#hinted) this.#wanted.all = true;
  }

  /** @returns how long to wait for a hint before the next look */
  async #look(port: EventPort, signal: AbortSignal): Promise<Duration> {
    const { clock, random, logger } = this.#options;
    const { all, ids } = this.#wanted;
    const polled = !this.#hinted;
    const begunAt = clock.monotonic();
    this.#wanted = { all: false, ids: new Set() };
    this.#hinted = false;
    try {
      if (!all && ids.size <= MOST_BY_ID) await this.#lookAt(port, [...ids], signal);
      else await this.#lookAtAll(port, polled, signal);
      return milliseconds(Math.max(0, this.#nextPollAt - clock.monotonic()));
    } catch (error) {
      if (signal.aborted) return milliseconds(0);
      this.#wanted.all = true;
      const asked = retryAfterOf(error);
      const wish = asked && milliseconds(Math.min(asked, PAUSES.longestAsked));
      const pause = milliseconds(Math.round(retryPause(PAUSES, ++this.#failures, random, wish)));
      if (error instanceof VtnError) {
        const level = this.#lostAt === undefined ? 'warn' : 'debug';
        logger[level]({ err: error, pauseMs: pause }, 'the VTN’s events cannot be read; what is known stays');
        this.#lostBy = error.code;
        if (this.#lostAt === undefined) {
          this.#lostAt = begunAt;
          this.#tell({ events: [], targets: false, programs: false });
        }
      } else logger.error({ err: error, pauseMs: pause }, 'the VTN’s events cannot be kept; what is known stays');
      return pause;
    }
  }

  async #lookAtAll(port: EventPort, polled: boolean, signal: AbortSignal): Promise<void> {
    const { clock, intervals, random } = this.#options;
    const list = await port.events(signal);
    const met = await this.#meetPrograms(port, list.events, signal);
    const kept = await this.#notGone(port, list, signal);
    this.#pollInterval = this.#missed === undefined ? intervals.alone : intervals.pushed;
    this.#nextPollAt = clock.monotonic() + Math.round(this.#pollInterval * uniform(random, 1 - JITTER, 1 + JITTER));
    this.#failures = 0;
    if (this.#lostAt !== undefined) this.#options.logger.info({}, 'the VTN’s events are read again');
    this.#lostAt = undefined;
    this.#lostBy = undefined;
    this.#isCurrent = true;
    const changed = await this.#events.takeList(list, kept);
    if (polled && changed.length > 0) this.#missed?.();
    if (!met) await this.#readPrograms(port, list.events, signal);
    await this.#refreshTargets(port, list.events, signal);
  }

  async #lookAt(port: EventPort, ids: readonly string[], signal: AbortSignal): Promise<void> {
    const answers = await Promise.all(ids.map(async (id) => [id, await port.event(id, signal)] as const));
    const events = answers.flatMap(([, answer]) => (answer !== undefined && 'event' in answer ? [answer.event] : []));
    await this.#meetPrograms(port, events, signal);
    for (const [id, answer] of answers) await this.#events.takeOne(id, answer);
    await this.#refreshTargets(port, events, signal);
  }

  /**
   * Which of the events that a list lacks the VTN has all the same. On a list of several pages an event can be missing
   * that moved from one page to the other while they were read, as another one was deleted.
   */
  async #notGone(port: EventPort, list: EventList, signal: AbortSignal): Promise<ReadonlySet<string>> {
    if (list.events.length + list.problems.length < ONE_PAGE) return new Set();
    const missing = this.#events.missingFrom(list);
    const answers = await Promise.all(missing.map((id) => port.event(id, signal)));
    return new Set(missing.filter((_, i) => answers[i] !== undefined));
  }

  /** What an event means may depend on its program: one that is new is met before its events are acted on. */
  async #meetPrograms(port: EventPort, events: readonly GridEvent[], signal: AbortSignal): Promise<boolean> {
    const known = this.#events.programIds;
    if (events.every(({ programId }) => known.has(programId) || this.#hiddenPrograms.has(programId))) return false;
    await this.#readPrograms(port, events, signal);
    return true;
  }

  async #readPrograms(port: EventPort, events: readonly GridEvent[], signal: AbortSignal): Promise<void> {
    await this.#orElse('programs', async () => this.#events.takePrograms(await port.programs(signal)));
    const known = this.#events.programIds;
    this.#hiddenPrograms = new Set(events.map(({ programId }) => programId).filter((id) => !known.has(id)));
  }

  /** Renews the targets where they are old and any event has some. Until then events are acted on by what is known of them. */
  async #refreshTargets(port: EventPort, events: readonly GridEvent[], signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    if (clock.monotonic() - this.#targetsAt < TARGETS_KEPT || !events.some(namesTargets)) return;
    await this.#orElse('targets', async () => {
      await this.#events.takeTargets(await port.targets(signal));
      this.#targetsAt = clock.monotonic();
    });
  }

  /** A VTN that does not let a VEN read these is no reason not to act on its events; it is asked again at the next poll. */
  async #orElse(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#unread.delete(what);
    } catch (error) {
      if (isAbort(error)) throw error;
      if (this.#unread.has(what)) return;
      this.#unread.add(what);
      this.#options.logger.warn({ err: error, what }, 'what events depend on cannot be read; what is known of it stays');
    }
  }

  async #sleep(pause: Duration, signal: AbortSignal): Promise<void> {
    await this.#options.clock.sleep(pause, signal).catch(() => undefined);
  }

  #tell(update: FeedUpdate): void {
    for (const listener of this.#listeners) {
      try {
        listener(update);
      } catch (error) {
        this.#options.logger.error({ err: error }, 'an event cannot be passed on');
      }
    }
  }
}

const namesTargets = ({ targets, reportRequests }: GridEvent): boolean =>
  targets.length > 0 || reportRequests.some((request) => request.targets.length > 0);
