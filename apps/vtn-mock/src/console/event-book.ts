import type { EventPeriod } from '@venfleet/console-api';
import { type EventTimes, timesOf } from '@venfleet/console-api/server';
import type { HasNow } from '@venfleet/core';
import { type EventProblem, type GridEvent, targetedResources } from '@venfleet/openadr';
import type { Tables } from '../objects/tables.js';
import { eventIn } from './decode.js';
import type { KnownVen } from './ven-index.js';

/** An event as the console knows it. */
export interface BookedEvent {
  readonly event: GridEvent;
  readonly times: EventTimes;
  readonly program: string;
  /** What was to be, before it was cancelled; as its times where it was not. */
  readonly periods: readonly EventPeriod[];
}

const PAGE = 200;

/** The events of the VTN; those that changed are read again when they are asked for. */
export class EventBook {
  readonly #tables: Pick<Tables, 'events' | 'programs'>;
  readonly #clock: HasNow;
  readonly #events = new Map<string, BookedEvent>();
  readonly #problems = new Map<string, EventProblem>();
  readonly #programs = new Map<string, string>();
  readonly #stale = new Set<string>();
  /** How many resources of a VEN an event is for. */
  readonly #scopes = new Map<string, Map<string, number>>();

  constructor(tables: Pick<Tables, 'events' | 'programs'>, clock: HasNow) {
    this.#tables = tables;
    this.#clock = clock;
    for (let skip = 0; ; skip += PAGE) {
      const rows = tables.events.page([], { skip, limit: PAGE });
      for (const row of rows) this.#read(row.id);
      if (rows.length < PAGE) break;
    }
  }

  all(): BookedEvent[] {
    return [...this.#events.values()];
  }

  problems(): EventProblem[] {
    return [...this.#problems.values()];
  }

  get(id: string): BookedEvent | undefined {
    return this.#events.get(id);
  }

  touch(id: string): void {
    this.#stale.add(id);
  }

  /** A program's name may be another one now. */
  touchProgram(id: string): void {
    this.#programs.delete(id);
    for (const { event } of this.#events.values()) if (event.programId === id) this.touch(event.id);
  }

  /** @returns the ids of those that are gone */
  refresh(): string[] {
    const gone = [...this.#stale].filter((id) => !this.#read(id));
    this.#stale.clear();
    return gone;
  }

  /** VENs or their targets are others than before. */
  forgetScopes(): void {
    this.#scopes.clear();
  }

  /** How many of its resources an event is for; 0: it is not for this VEN. */
  scopeOf({ event }: BookedEvent, ven: KnownVen): number {
    const scopes = this.#scopes.get(event.id) ?? new Map<string, number>();
    this.#scopes.set(event.id, scopes);
    let scope = scopes.get(ven.id);
    if (scope === undefined) {
      scope = targetedResources(event.targets, ven, ven.resources).length;
      scopes.set(ven.id, scope);
    }
    return scope;
  }

  /** @returns whether there is such an event */
  #read(id: string): boolean {
    const row = this.#tables.events.byId(id);
    const before = this.#events.get(id);
    this.#events.delete(id);
    this.#problems.delete(id);
    this.#scopes.delete(id);
    if (row === undefined) return false;
    const decoded = eventIn(row);
    if ('problem' in decoded) this.#problems.set(id, decoded.problem);
    else {
      const { event } = decoded;
      const times = timesOf(event, this.#clock.now());
      const periods = times.isCancelled ? cutOff(before?.periods ?? [], times.endAt) : times.periods;
      this.#events.set(id, { event, times, program: this.#programOf(event.programId), periods });
    }
    return true;
  }

  #programOf(id: string): string {
    let name = this.#programs.get(id);
    if (name === undefined) {
      name = this.#tables.programs.byId(id)?.name ?? id;
      this.#programs.set(id, name);
    }
    return name;
  }
}

/** What was over before an event was cancelled has been; nobody knows it of one that was cancelled before the console looked. */
function cutOff(periods: readonly EventPeriod[], end: number | null): EventPeriod[] {
  if (end === null) return [...periods];
  return periods
    .filter(({ startAt }) => startAt < end)
    .map((period) => ({ ...period, endAt: Math.min(period.endAt ?? end, end) }));
}
