import { type HasNow, hours, type Instant, type Logger, minutes, type Random } from '@venfleet/core';
import type { DecodedEvent, EventList, EventProblem, GridEvent, Program } from '@venfleet/openadr';
import { isDiskProblem } from '@venfleet/sqlite';
import type { HeldEvent } from '../planning/model.js';
import type { VenTargets } from './port.js';
import { drawFor, type EventRecord, heldOf, type ProgramFacts, type StartShift } from './record.js';
import { lifeOf } from './state.js';
import type { VenEventStore } from './store.js';

/** What became other than it was. */
export interface FeedUpdate {
  /** Ids of events that are new, modified, gone, or opted out of (or no longer). */
  readonly events: readonly string[];
  /** Whether the targets that the VTN gave the VEN or its resources did. */
  readonly targets: boolean;
  /** Whether programs came, went, or describe their payloads otherwise. */
  readonly programs: boolean;
}

export interface HeldEventsOptions {
  readonly store: VenEventStore;
  readonly startShift: StartShift;
  readonly clock: HasNow;
  readonly random: Random;
  readonly logger: Logger;
  /** Called after each complete listing, also where nothing changed, and after each change. */
  readonly changed: (update: FeedUpdate) => void;
}

/** Planning has no use for an event so long after its end, not even with a clock that was stepped back for a while. */
const OVER_HELD = hours(2);
/** The time of the last action is on the disk with this delay at most. */
const ACTION_SAVED_EVERY = minutes(1);

/** Waits for a write. @returns whether it was done; false where the disk did not take it, which the store's alarm tells */
async function evenIfDiskIsFull(write: Promise<void>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (!isDiskProblem(error)) throw error;
    return false;
  }
}

/**
 * What is known of the events of one VEN: each first stored (or tried to), then in force. A listing that is not complete never gets
 * here, so that what is known stays until the VTN has said otherwise.
 */
export class HeldEvents {
  readonly #options: HeldEventsOptions;
  readonly #records = new Map<string, EventRecord>();
  readonly #unreadable = new Map<string, EventProblem>();
  #programs: ReadonlyMap<string, ProgramFacts>;
  #targets: VenTargets | undefined;
  #held: readonly HeldEvent[] = [];
  readonly #made = new WeakMap<EventRecord, HeldEvent>();
  readonly #actions = new Map<string, Instant>();
  /** What the disk has not taken yet: an event as it is now, or that it is gone. */
  readonly #unsaved = new Map<string, EventRecord | undefined>();

  constructor(options: HeldEventsOptions) {
    this.#options = options;
    const { store } = options;
    for (const record of store.current()) this.#records.set(record.event.id, record);
    this.#programs = byId(store.programs());
    this.#targets = store.targets();
    this.#renewHeld();
  }

  /**
   * The events to plan by: those that the VTN has and that are not over for long. The same list until something changes,
   * and in it the same object for an event that did not.
   */
  held(): readonly HeldEvent[] {
    return this.#held;
  }

  /** All that the VTN has, those that are over included, as it wrote them. */
  known(): readonly EventRecord[] {
    return [...this.#records.values()];
  }

  /** Ids of events that are there and cannot be understood: what was known of them before stays. */
  unreadable(): readonly string[] {
    return [...this.#unreadable.keys()];
  }

  get targets(): VenTargets | undefined {
    return this.#targets;
  }

  /** Ids of the programs that the VTN shows to the VEN. */
  get programIds(): ReadonlySet<string> {
    return new Set(this.#programs.keys());
  }

  /** Undefined for a program that was not seen. */
  programName(id: string): string | undefined {
    return this.#programs.get(id)?.name;
  }

  /** Held events that a complete listing does not have. */
  missingFrom({ events, problems }: EventList): string[] {
    const listed = new Set([...events, ...problems].map(({ id }) => id));
    return [...this.#records.keys()].filter((id) => !listed.has(id));
  }

  /** Takes the VTN's complete list: what is not on it is deleted, but for `kept`. */
  async takeList(list: EventList, kept: ReadonlySet<string>): Promise<readonly string[]> {
    const gone = this.missingFrom(list).filter((id) => !kept.has(id));
    this.#noteProblems(list.problems, true);
    return this.#apply(list.events, gone, true);
  }

  /** Takes what the VTN answered about one event; undefined: it has none of that id. */
  async takeOne(id: string, answer: DecodedEvent | undefined): Promise<void> {
    if (answer === undefined) {
      this.#unreadable.delete(id);
      await this.#apply([], this.#records.has(id) ? [id] : [], false);
    } else if ('problem' in answer) this.#noteProblems([answer.problem], false);
    else {
      this.#unreadable.delete(id);
      await this.#apply([answer.event], [], false);
    }
  }

  async takePrograms(programs: readonly Program[]): Promise<void> {
    const facts = programs.map(factsOf).sort((a, b) => (a.id < b.id ? -1 : 1));
    if (JSON.stringify(facts) === JSON.stringify([...this.#programs.values()])) return;
    await evenIfDiskIsFull(this.#options.store.savePrograms(facts));
    const before = this.#programs;
    this.#programs = byId(facts);
    const isOther = (id: string) => JSON.stringify(before.get(id)) !== JSON.stringify(this.#programs.get(id));
    const concerned = this.known().filter(({ event }) => isOther(event.programId));
    for (const record of concerned) this.#made.delete(record);
    this.#renewHeld();
    this.#options.changed({ events: concerned.map(({ event }) => event.id), targets: false, programs: true });
  }

  async takeTargets(targets: VenTargets): Promise<void> {
    if (JSON.stringify(targets) === JSON.stringify(this.#targets)) return;
    await evenIfDiskIsFull(this.#options.store.saveTargets(targets));
    this.#targets = targets;
    this.#options.changed({ events: [], targets: true, programs: false });
  }

  /** Reads the operator's opt-outs anew. */
  takeOptOuts(): void {
    const optOuts = this.#options.store.optOuts();
    const events: string[] = [];
    for (const [id, record] of this.#records) {
      const now = optOuts.get(id) ?? [];
      if (JSON.stringify(now) === JSON.stringify(record.optOuts)) continue;
      this.#records.set(id, { ...record, optOuts: now });
      events.push(id);
    }
    this.#tell(events);
  }

  /** Notes that a device was told something because of an event. */
  noteAction(id: string): void {
    const { clock, store, logger } = this.#options;
    const now = clock.now();
    const last = this.#actions.get(id);
    if (last !== undefined && Math.abs(now - last) < ACTION_SAVED_EVERY) return;
    this.#actions.set(id, now);
    store.saveAction(id, now).catch((error: unknown) => logger.warn({ event: id, err: error }, 'an action cannot be noted'));
  }

  #renewHeld(): void {
    const horizon = this.#options.clock.now() - OVER_HELD;
    const held = [...this.#records.values()]
      .map((record) => this.#heldOf(record))
      .filter((each) => {
        const { end } = lifeOf(each);
        return end === 'forever' || end > horizon;
      });
    if (held.length === this.#held.length && held.every((each, i) => each === this.#held[i])) return;
    this.#held = held;
  }

  #heldOf(record: EventRecord): HeldEvent {
    let held = this.#made.get(record);
    if (held === undefined) {
      held = heldOf(record, this.#programs.get(record.event.programId), this.#options.startShift);
      this.#made.set(record, held);
    }
    return held;
  }

  async #apply(events: readonly GridEvent[], gone: readonly string[], always: boolean): Promise<readonly string[]> {
    const { clock, logger } = this.#options;
    const at = clock.now();
    const records = events.flatMap((event) => this.#recordOf(event, at));
    for (const record of records) this.#unsaved.set(record.event.id, record);
    for (const id of gone) this.#unsaved.set(id, undefined);
    await this.#save(at);
    for (const record of records) {
      const { id, programId } = record.event;
      const known = this.#records.get(id);
      // An operator may have opted out while it was stored.
      this.#records.set(id, known === undefined ? record : { ...record, optOuts: known.optOuts });
      logger.info({ event: id, program: programId }, known === undefined ? 'new event' : 'event modified');
    }
    for (const id of gone) {
      this.#records.delete(id);
      this.#actions.delete(id);
      logger.info({ event: id }, 'event deleted');
    }
    const changed = [...records.map(({ event }) => event.id), ...gone];
    this.#tell(changed, always);
    return changed;
  }

  /** What the disk does not take is in force all the same, and saved as soon as it does. */
  async #save(at: Instant): Promise<void> {
    const unsaved = [...this.#unsaved];
    if (unsaved.length === 0) return;
    const records = unsaved.flatMap(([, record]) => (record === undefined ? [] : [record]));
    const gone = unsaved.flatMap(([id, record]) => (record === undefined ? [id] : []));
    const isSaved = await evenIfDiskIsFull(this.#options.store.save(records, gone, at));
    if (isSaved) for (const [id, record] of unsaved) if (this.#unsaved.get(id) === record) this.#unsaved.delete(id);
  }

  /** None where it is what it was. One that is back after it was gone keeps what was drawn for it. */
  #recordOf(received: GridEvent, at: Instant): EventRecord[] {
    const { store, random } = this.#options;
    const definition = store.define(received);
    const { event } = definition;
    const current = this.#records.get(event.id);
    if (current?.definition === definition) return [];
    const known = current ?? store.find(event.id);
    return [
      {
        event,
        definition,
        seenAt: known?.seenAt ?? at,
        changedAt: at,
        goneAt: undefined,
        draws: drawFor(event, random, known?.draws),
        optOuts: known?.optOuts ?? [],
        firstActionAt: known?.firstActionAt,
        lastActionAt: known?.lastActionAt,
      },
    ];
  }

  #noteProblems(problems: readonly EventProblem[], all: boolean): void {
    for (const problem of problems) {
      const known = this.#unreadable.get(problem.id);
      if (JSON.stringify(known) !== JSON.stringify(problem)) {
        this.#options.logger.warn({ event: problem.id, mistakes: problem.mistakes }, 'an event cannot be understood');
      }
      this.#unreadable.set(problem.id, problem);
    }
    const listed = new Set(problems.map(({ id }) => id));
    if (all) for (const id of this.#unreadable.keys()) if (!listed.has(id)) this.#unreadable.delete(id);
  }

  #tell(events: readonly string[], always = false): void {
    if (events.length === 0 && !always) return;
    this.#renewHeld();
    this.#options.changed({ events, targets: false, programs: false });
  }
}

const byId = (facts: readonly ProgramFacts[]): ReadonlyMap<string, ProgramFacts> => new Map(facts.map((each) => [each.id, each]));

function factsOf({ id, name, payloadDescriptors }: Program): ProgramFacts {
  return {
    id,
    name,
    payloadDescriptors: payloadDescriptors.flatMap((descriptor) =>
      descriptor.objectType === 'EVENT_PAYLOAD_DESCRIPTOR' ? [descriptor] : [],
    ),
  };
}
