import { setImmediate } from 'node:timers/promises';
import { type Clock, describeError, type Logger, minutes, seconds } from '@venfleet/core';
import type { Change, ChangeListener, Changes } from '../notify/changes.js';
import type { Tables } from '../objects/tables.js';
import { measurementsOf } from '../operator/measurements.js';
import { cameAfter, cameBefore, type ReportRow } from '../store/reports.js';
import type { Store } from '../store/store.js';
import { reportIn } from './decode.js';
import { EventBook } from './event-book.js';
import { type KnownVen, VenIndex } from './ven-index.js';
import { STEP, STEPS, VenLoad } from './ven-load.js';

export interface LiveModelPorts extends Pick<Tables, 'vens' | 'resources' | 'events' | 'programs' | 'reports'> {
  readonly store: Store;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly logger: Logger;
}

const TICK = seconds(1);
/** Nobody has looked for so long: what is known is forgotten, and costs nothing any more. */
const LINGER = minutes(5);
/** So many reports are read at once; one of a large VEN with all its resources takes a millisecond or so. */
const SLICE = 20;
/** So far back is read when the first one looks, and so many reports at most. */
const LOOK_BACK_MS = STEP * STEPS;
const MOST_LOOKED_BACK = 40_000;
/** Before the first one is answered: enough for what every VEN told last. */
const AT_ONCE = 1000;

/** What is known while somebody looks. */
export interface Known {
  readonly vens: VenIndex;
  readonly events: EventBook;
  readonly loads: Map<string, VenLoad>;
  /** Since when an event was measured, and it was one that nobody knows the times of any more. */
  readonly measuredSince: Map<string, number>;
  reports: number;
}

/**
 * Follows the store as long as somebody looks, and does nothing at all otherwise: no write waits for it. New reports are
 * found by their order, a second after they came at the latest; of other objects the tables' change feed says which are to be
 * read again.
 */
export class LiveModel implements ChangeListener {
  readonly #ports: LiveModelPorts;
  #known: Known | undefined;
  #opening: Promise<Known> | undefined;
  #lastUsed = 0;
  #newest = 0;
  #corrected = new Set<string>();
  #stopping = new AbortController();

  constructor(ports: LiveModelPorts) {
    this.#ports = ports;
    ports.changes.add(this);
  }

  get isOpen(): boolean {
    return this.#known !== undefined;
  }

  /** Only while somebody looks. Reports are found without being told of; only those that are replaced are not. */
  wants(): boolean {
    return this.#known !== undefined;
  }

  /** Notes what is to be read again. The change may yet be undone: then the same is read again. */
  onChange({ operation, object }: Change): void {
    const known = this.#known;
    if (known === undefined) return;
    if (object.objectType === 'REPORT') {
      if (operation === 'UPDATE') this.#corrected.add(object.id);
    } else if (object.objectType === 'EVENT') known.events.touch(object.id);
    else if (object.objectType === 'PROGRAM') known.events.touchProgram(object.id);
    else if (object.objectType === 'VEN') known.vens.touch(object.id);
    else if (object.objectType === 'RESOURCE' && object.venId !== undefined) known.vens.touch(object.venId);
  }

  /** What is known, up to date; the first one to look waits until the newest is read. */
  async look(): Promise<Known> {
    this.#lastUsed = this.#ports.clock.monotonic();
    this.#opening ??= this.#open().catch((error) => {
      this.#opening = undefined;
      throw error;
    });
    const known = await this.#opening;
    this.#refresh(known);
    return known;
  }

  /** What is known now; undefined while nobody looks. */
  peek(): Known | undefined {
    this.#lastUsed = this.#ports.clock.monotonic();
    return this.#known;
  }

  /** Forgets everything. */
  close(): void {
    this.#stopping.abort(new DOMException('the console stops', 'AbortError'));
    this.#stopping = new AbortController();
    this.#known = undefined;
    this.#opening = undefined;
  }

  async #open(): Promise<Known> {
    const { store, vens, resources, reports, clock } = this.#ports;
    const { signal } = this.#stopping;
    const known = store.read((): Known => {
      this.#newest = reports.page([], { skip: 0, limit: 1 })[0]?.seq ?? 0;
      return {
        vens: new VenIndex(vens, resources),
        events: new EventBook(this.#ports, clock),
        loads: new Map(),
        measuredSince: new Map(),
        reports: 0,
      };
    });
    // From now on changes are heard of.
    this.#known = known;
    const older = this.#olderReports(known, signal);
    for (let read = 0; read < AT_ONCE; read += SLICE) if ((await older.next()).done === true) break;
    void this.#run(known, older, signal);
    return known;
  }

  /** The newest first, so that what is now is known at once. */
  async *#olderReports(known: Known, signal: AbortSignal): AsyncGenerator<void> {
    const { store, reports, clock } = this.#ports;
    const since = cameAfter(store.read(() => reports.firstSince(clock.now() - LOOK_BACK_MS)) - 1);
    let before = this.#newest + 1;
    for (let read = 0; read < MOST_LOOKED_BACK && !signal.aborted; read += SLICE) {
      const rows = store.read(() => reports.page([cameBefore(before), since], { skip: 0, limit: SLICE }));
      for (const row of rows) this.#take(known, row);
      const last = rows.at(-1);
      if (last === undefined) return;
      before = last.seq;
      await setImmediate();
      yield;
    }
  }

  async #run(known: Known, older: AsyncGenerator<void>, signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#ports;
    try {
      while ((await older.next()).done !== true) if (signal.aborted) return;
      while (!signal.aborted) {
        await clock.sleep(TICK, signal);
        await this.#readNew(known, signal);
        if (clock.monotonic() - this.#lastUsed > LINGER) this.close();
      }
    } catch (error) {
      if (signal.aborted) return;
      logger.error({ error: describeError(error) }, 'the console cannot follow what the VTN receives');
      this.close();
    }
  }

  /** What came since it was looked before, in slices between which others have their turn. */
  async #readNew(known: Known, signal: AbortSignal): Promise<void> {
    const { store, reports } = this.#ports;
    for (;;) {
      const rows = store.read(() => reports.inOrder([cameAfter(this.#newest)], { skip: 0, limit: SLICE }));
      for (const row of rows) this.#take(known, row);
      this.#newest = rows.at(-1)?.seq ?? this.#newest;
      if (rows.length < SLICE || signal.aborted) break;
      await setImmediate();
    }
    const corrected = [...this.#corrected];
    this.#corrected.clear();
    for (const id of corrected) {
      const row = store.read(() => reports.byId(id));
      if (row !== undefined && row.seq <= this.#newest) this.#take(known, row);
    }
  }

  #take(known: Known, row: ReportRow): void {
    known.reports++;
    const ven = known.vens.ofReport(row);
    if (ven === undefined) return;
    const measurements = measurementsOf(reportIn(row));
    const booked = known.events.get(row.eventId);
    const scope = booked === undefined ? 0 : known.events.scopeOf(booked, ven);
    loadOf(known, ven).add(measurements, ven.resources.length, scope, row.created);
    if (booked?.times.isCancelled !== true || booked.periods.length > 0) return;
    const start = Math.min(
      ...measurements.map((one) => one.start),
      known.measuredSince.get(row.eventId) ?? Number.POSITIVE_INFINITY,
    );
    if (Number.isFinite(start)) known.measuredSince.set(row.eventId, start);
  }

  #refresh(known: Known): void {
    const { store } = this.#ports;
    store.read(() => {
      const { version } = known.vens;
      for (const id of known.vens.refresh()) known.loads.delete(id);
      if (known.vens.version !== version) known.events.forgetScopes();
      known.events.refresh();
    });
  }
}

export function loadOf({ loads }: Known, { id }: KnownVen): VenLoad {
  let load = loads.get(id);
  if (load === undefined) {
    load = new VenLoad();
    loads.set(id, load);
  }
  return load;
}
