import { type Duration, hours, type Instant, instant, milliseconds, minutes, seconds } from '@venfleet/core';
import { FakeClock, MemoryLogger, sequenceRandom } from '@venfleet/core/testing';
import { type DecodedEvent, type EventProblem, type GridEvent, type Program, VtnError } from '@venfleet/openadr';
import { EventFeed, type EventFeedOptions } from '../../src/events/feed.js';
import type { FeedUpdate } from '../../src/events/held-events.js';
import type { EventPort, VenTargets } from '../../src/events/port.js';
import { EventStore } from '../../src/events/store.js';

export const VTN = 'http://vtn.example/openadr3/3.0.1';
export const START = instant(Date.parse('2026-06-15T10:00:00Z'));

/** An event of one interval that begins at `START` and lasts an hour. */
export function gridEvent(id: string, extra: Partial<GridEvent> = {}): GridEvent {
  return {
    id,
    programId: 'program-1',
    targets: [],
    start: START,
    length: hours(1),
    intervals: [{ id: 0, start: START, duration: hours(1), payloads: [{ type: 'SIMPLE', values: [1] }] }],
    payloadDescriptors: [],
    reportRequests: [],
    modifiedAt: START,
    ...extra,
  };
}

export const program = (id: string, extra: Partial<Program> = {}): Program => ({
  id,
  name: id,
  attributes: [],
  targets: [],
  descriptionUrls: [],
  payloadDescriptors: [],
  ...extra,
});

/** What a VTN shows to one VEN, in memory. */
export class MemoryEvents implements EventPort {
  readonly all = new Map<string, GridEvent>();
  problems: EventProblem[] = [];
  knownPrograms: Program[] = [program('program-1')];
  venTargets: VenTargets = { ven: [], resources: {} };
  /** Thrown by every call, while set. */
  fault: VtnError | undefined;
  /** Left out of listings, as an event is that moved to a page that was read already. */
  readonly overlooked = new Set<string>();
  /** What was asked: `list`, `get e1`, `programs`, `targets`. */
  readonly calls: string[] = [];
  /** Holds each answer back until it resolves; taken before the answer is made or after. */
  before: () => Promise<void> = async () => undefined;
  after: () => Promise<void> = async () => undefined;

  put(...events: GridEvent[]): this {
    for (const event of events) this.all.set(event.id, event);
    return this;
  }

  events() {
    return this.#answer('list', () => ({
      events: [...this.all.values()].filter(({ id }) => !this.overlooked.has(id)),
      problems: this.problems,
    }));
  }

  event(id: string): Promise<DecodedEvent | undefined> {
    return this.#answer(`get ${id}`, () => {
      const event = this.all.get(id);
      const problem = this.problems.find((each) => each.id === id);
      return problem === undefined ? event && { id, event } : { id, problem };
    });
  }

  programs() {
    return this.#answer('programs', () => this.knownPrograms);
  }

  targets() {
    return this.#answer('targets', () => this.venTargets);
  }

  count(call: string): number {
    return this.calls.filter((each) => each === call).length;
  }

  async #answer<T>(call: string, make: () => T): Promise<T> {
    this.calls.push(call);
    await this.before();
    if (this.fault !== undefined) throw this.fault;
    const answer = make();
    await this.after();
    return answer;
  }
}

export interface Scene {
  readonly clock: FakeClock;
  readonly logger: MemoryLogger;
  readonly store: EventStore;
  readonly vtn: MemoryEvents;
  readonly feed: EventFeed;
  readonly updates: FeedUpdate[];
  ids(): string[];
}

/** A feed that was not started, half an hour before `START`. */
export function scene(extra: Partial<EventFeedOptions> & { path?: string; from?: Instant; ven?: string } = {}): Scene {
  const { path = ':memory:', from = instant(START - minutes(30)), ven = 'Aalborg', ...options } = extra;
  const clock = (options.clock as FakeClock | undefined) ?? new FakeClock(from);
  const logger = new MemoryLogger();
  const store = EventStore.open(path, clock);
  const feed = new EventFeed({
    store: store.forVen(VTN, ven),
    intervals: { alone: seconds(30), pushed: minutes(5) },
    startShift: 'either',
    clock,
    random: sequenceRandom(0.5),
    logger,
    ...options,
  });
  const updates: FeedUpdate[] = [];
  feed.subscribe((update) => updates.push(update));
  return { clock, logger, store, vtn: new MemoryEvents(), feed, updates, ids: () => feed.held().map(({ event }) => event.id) };
}

/** Lets time pass in steps of a second, with a moment for what each brings. */
export async function pass(clock: FakeClock, duration: Duration): Promise<void> {
  const end = clock.monotonic() + duration;
  while (clock.monotonic() < end) await clock.advance(milliseconds(Math.min(1000, end - clock.monotonic())));
}

export const unreachable = new VtnError('VTN_UNREACHABLE', 'no VTN');
