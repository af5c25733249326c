import { type HasNow, hours, type Instant, instant } from '@venfleet/core';
import type { GridEvent } from '@venfleet/openadr';
import { type Database, GroupedWriter, type OwnerLock, openDatabase, ownFile } from '@venfleet/sqlite';
import type { OptOut } from '../planning/model.js';
import { type Alarms, alarmOfWrites } from '../readings/alarms.js';
import { type Definition, Definitions } from './definitions.js';
import type { VenTargets } from './port.js';
import type { EventRecord, ProgramFacts } from './record.js';
import { EVENTS_SCHEMA, type EventRow, type OptOutRow, prepareEvents } from './store-schema.js';

/** Events that the VTN no longer has are remembered for so long, to be looked at and in case that they come back. */
const GONE_KEPT = hours(24 * 7);

export interface EventFilter {
  readonly ven?: string | undefined;
  readonly event?: string | undefined;
}

/** An event of some VEN at some VTN. */
export interface ListedEvent extends EventRecord {
  readonly vtn: string;
  readonly ven: string;
  readonly venId: number;
  readonly programName: string | undefined;
}

/**
 * The events of all VENs of this agent, a file of its own: the operator's commands write opt-outs into it while the agent
 * runs. Commits are on the disk before they return, and those of one moment share one.
 */
export class EventStore {
  readonly #db: Database;
  readonly #clock: HasNow;
  readonly #sql;
  readonly #lock: OwnerLock | undefined;
  readonly #writer: GroupedWriter;
  readonly #definitions = new Definitions();
  #version: unknown;

  private constructor(db: Database, clock: HasNow, lock?: OwnerLock) {
    this.#db = db;
    this.#clock = clock;
    this.#lock = lock;
    this.#sql = prepareEvents(db);
    this.#writer = new GroupedWriter(db);
    this.#version = this.#dataVersion();
  }

  /** For the agent: only one may have it. @throws VenfleetError DB_IN_USE, and the DB_ errors of openDatabase */
  static open(path: string, clock: HasNow, alarms?: Alarms): EventStore {
    const lock = path === ':memory:' ? undefined : ownFile(path, EVENTS_SCHEMA.what);
    try {
      const onWrite = alarmOfWrites(alarms, 'EVENTS_UNWRITABLE');
      const db = openDatabase(path, { schema: EVENTS_SCHEMA, mode: 'create', synchronous: 'full', onWrite });
      return new EventStore(db, clock, lock);
    } catch (error) {
      lock?.release();
      throw error;
    }
  }

  /** For the operator's commands, beside a running agent or without. @throws VenfleetError DB_MISSING and the other DB_ errors */
  static openBeside(path: string, clock: HasNow, mode: 'readonly' | 'readwrite'): EventStore {
    const missingHint = 'no event was seen with this file yet: run `npx nx run ven-agent:run`';
    return new EventStore(openDatabase(path, { schema: EVENTS_SCHEMA, mode, missingHint, synchronous: 'full' }), clock);
  }

  /** The part of one VEN at one VTN. */
  forVen(vtnUrl: string, name: string): VenEventStore {
    this.#sql.addVen.run([vtnUrl, name]);
    const { id } = this.#sql.ven.get([vtnUrl, name]) as { id: number };
    return new VenEventStore(this.#sql, this.#writer, this.#definitions, { vtnUrl, name, id });
  }

  /** Names of the VENs that have ever asked for events with this file. */
  vens(): string[] {
    return this.#sql.vens.all().map(({ name }) => name);
  }

  /** By VTN and VEN, the latest seen first. */
  list({ ven, event }: EventFilter = {}): ListedEvent[] {
    const vens = new Map<number, { optOuts: ReadonlyMap<string, readonly OptOut[]>; programs: ReadonlyMap<string, string> }>();
    return this.#sql.list.all({ ven: ven ?? null, event: event ?? null }).map((row) => {
      const known = vens.get(row.venId) ?? {
        optOuts: byEvent(this.#sql.optOuts.all([row.venId])),
        programs: new Map(this.#sql.programs.all([row.venId]).map(({ facts }) => programName(facts))),
      };
      vens.set(row.venId, known);
      const record = toRecord(row, this.#definitions, known.optOuts.get(row.event));
      const { vtn, ven: name, venId } = row;
      return { vtn, ven: name, venId, programName: known.programs.get(record.event.programId), ...record };
    });
  }

  /** Notes the operator's refusal to follow an event, for all that are given or none. @param resource as of {@link OptOut} */
  optOut(events: readonly ListedEvent[], { resource = '', reason }: Pick<OptOut, 'resource' | 'reason'>): void {
    const at = this.#clock.now();
    this.#db.transaction(() => {
      for (const { venId, event } of events) this.#sql.optOut.run({ ven: venId, event: event.id, resource, reason, at });
    });
  }

  /** Takes refusals back. @returns how many there were */
  undoOptOut(events: readonly ListedEvent[], resource = ''): number {
    return this.#db.transaction(() =>
      events.reduce((sum, { venId, event }) => sum + this.#sql.undoOptOut.run([venId, event.id, resource]).changes, 0),
    );
  }

  /** Whether another process has written since this was last asked (sqlite.org/pragma.html, data_version). */
  wasChangedByOthers(): boolean {
    const version = this.#dataVersion();
    const changed = version !== this.#version;
    this.#version = version;
    return changed;
  }

  #dataVersion(): unknown {
    return this.#db.pragma('data_version');
  }

  /**
   * Notes where the VTN calls back in this life.
   * @returns that, and where it did in the last lives: subscriptions to these are this agent's
   */
  noteCallbackBase(url: string): string[] {
    return this.#db.transaction(() => {
      this.#sql.addCallbackBase.run([url]);
      this.#sql.dropOldCallbackBases.run();
      return this.#sql.callbackBases.all().map((row) => row.url);
    });
  }

  /** Forgets events that the VTN has not had for a week. What it still lists stays: else it would be seen as new. */
  prune(): void {
    this.#sql.prune.run([this.#clock.now() - GONE_KEPT]);
  }

  close(): void {
    this.#writer.flush();
    this.#db.close();
    this.#lock?.release();
  }
}

/** The events of one VEN. Writes resolve when they are on the disk. */
export class VenEventStore {
  readonly vtnUrl: string;
  readonly ven: string;
  readonly #sql: ReturnType<typeof prepareEvents>;
  readonly #writer: GroupedWriter;
  readonly #definitions: Definitions;
  readonly #id: number;

  constructor(
    sql: ReturnType<typeof prepareEvents>,
    writer: GroupedWriter,
    definitions: Definitions,
    { vtnUrl, name, id }: { readonly vtnUrl: string; readonly name: string; readonly id: number },
  ) {
    this.vtnUrl = vtnUrl;
    this.ven = name;
    this.#sql = sql;
    this.#writer = writer;
    this.#definitions = definitions;
    this.#id = id;
  }

  /** An event as it is kept, the same object for all VENs that have the same. */
  define(event: GridEvent): Definition {
    return this.#definitions.of(event);
  }

  /** The events that were not gone when last heard of. */
  current(): EventRecord[] {
    const optOuts = this.optOuts();
    return this.#sql.current.all([this.#id]).map((row) => toRecord(row, this.#definitions, optOuts.get(row.event)));
  }

  /** Also one that is gone. */
  find(event: string): EventRecord | undefined {
    const row = this.#sql.find.get([this.#id, event]);
    return row && toRecord(row, this.#definitions, this.optOuts().get(event));
  }

  optOuts(): ReadonlyMap<string, readonly OptOut[]> {
    return byEvent(this.#sql.optOuts.all([this.#id]));
  }

  programs(): ProgramFacts[] {
    return this.#sql.programs.all([this.#id]).map(({ facts }) => JSON.parse(facts) as ProgramFacts);
  }

  /** The targets as last heard of; undefined before the first time. */
  targets(): VenTargets | undefined {
    const stored = this.#sql.ven.get([this.vtnUrl, this.ven])?.targets;
    return stored === undefined || stored === null ? undefined : (JSON.parse(stored) as VenTargets);
  }

  /** Stores events as they are now, and notes which are gone. */
  save(records: readonly EventRecord[], gone: readonly string[], at: Instant): Promise<void> {
    return this.#writer.write(() => {
      for (const { event, definition, seenAt, changedAt, draws } of records) {
        this.#sql.put.run({
          ven: this.#id,
          event: event.id,
          definition: definition.json,
          seenAt,
          changedAt,
          draws: JSON.stringify(draws),
        });
      }
      for (const event of gone) this.#sql.gone.run({ ven: this.#id, event, at });
    });
  }

  savePrograms(programs: readonly ProgramFacts[]): Promise<void> {
    return this.#writer.write(() => {
      this.#sql.dropPrograms.run([this.#id]);
      for (const program of programs) this.#sql.addProgram.run([this.#id, program.id, JSON.stringify(program)]);
    });
  }

  saveTargets(targets: VenTargets): Promise<void> {
    return this.#writer.write(() => {
      this.#sql.setTargets.run([JSON.stringify(targets), this.#id]);
    });
  }

  saveAction(event: string, at: Instant): Promise<void> {
    return this.#writer.write(() => {
      this.#sql.noteAction.run({ ven: this.#id, event, at });
    });
  }
}

function programName(facts: string): [id: string, name: string] {
  const { id, name } = JSON.parse(facts) as ProgramFacts;
  return [id, name];
}

function toRecord(row: EventRow, definitions: Definitions, optOuts: readonly OptOut[] = []): EventRecord {
  const maybe = (time: number | null): Instant | undefined => (time === null ? undefined : instant(time));
  const definition = definitions.parse(row.definition);
  return {
    event: definition.event,
    definition,
    seenAt: instant(row.seenAt),
    changedAt: instant(row.changedAt),
    goneAt: maybe(row.goneAt),
    draws: JSON.parse(row.draws) as EventRecord['draws'],
    optOuts,
    firstActionAt: maybe(row.firstActionAt),
    lastActionAt: maybe(row.lastActionAt),
  };
}

function byEvent(rows: readonly OptOutRow[]): ReadonlyMap<string, readonly OptOut[]> {
  const found = new Map<string, OptOut[]>();
  for (const { event, resource, reason, at } of rows) {
    const optOut = { ...(resource === '' ? {} : { resource }), reason, at: instant(at) };
    found.set(event, [...(found.get(event) ?? []), optOut]);
  }
  return found;
}
