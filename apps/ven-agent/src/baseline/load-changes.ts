import { type HasNow, hours, type Instant, instant, minutes } from '@venfleet/core';
import { type GridEvent, spansBetween, timelineOf } from '@venfleet/openadr';
import { type LoadChanges, TEN_IN_TEN } from './baseline.js';
import type { LocalCalendar } from './calendar.js';

/** Event payload types that ask for another load than usual (OpenADR 3.1 Definition, event enumerations). */
const LOAD_CHANGING: ReadonlySet<string> = new Set([
  'SIMPLE',
  'DISPATCH_SETPOINT',
  'DISPATCH_SETPOINT_RELATIVE',
  'CONTROL_SETPOINT',
  'CHARGE_STATE_SETPOINT',
  'CONTROL_LEVEL_OFFSET',
  'CONTROL_LEVEL_OFFSET_PERCENT',
  'IMPORT_CAPACITY_LIMIT',
  'EXPORT_CAPACITY_LIMIT',
  'ALERT_BLACK_START',
  'ALERT_FLEX_ALERT',
  'ALERT_GRID_EMERGENCY',
]);

/** An event, and when it was first seen: before that, nobody acted on it. */
export type SeenEvent = GridEvent & { readonly seenAt: Instant };

interface Change {
  readonly from: Instant;
  readonly to: Instant;
}

/** So long after an event the load may still be on its way back. */
const RETURN = minutes(5);
/** Of an event that was under way before this agent was started, so much of its past is looked through. */
const MISSED = hours(24);
const KEPT = hours(24 * TEN_IN_TEN.lookBackDays);
const HALF_DAY = hours(12);

export interface EventDays {
  /** Local dates that are known already. */
  readonly known: Iterable<string>;
  /** Called with each further one. */
  readonly add: (date: string) => void;
}

/**
 * When events changed the load of a VEN. What an event asked for while it was in force stays, whatever becomes of it
 * afterwards. Days are for good, times of day are found anew from the events after a restart.
 */
export class EventLoadChanges implements LoadChanges {
  readonly #clock: HasNow;
  readonly #calendar: LocalCalendar;
  readonly #days: Set<string>;
  readonly #addDay: (date: string) => void;
  #events: ReadonlyMap<string, SeenEvent> = new Map();
  #notedUntil = instant(0);
  /** In time order, each more than RETURN after the one before. */
  #changes: readonly Change[] = [];

  constructor(clock: HasNow, calendar: LocalCalendar, days: EventDays) {
    this.#clock = clock;
    this.#calendar = calendar;
    this.#days = new Set(days.known);
    this.#addDay = days.add;
  }

  /** Takes all events as they are from now on. */
  update(events: readonly SeenEvent[]): void {
    const before = this.#events;
    this.#noteUntilNow();
    this.#events = new Map(events.map((event) => [event.id, event]));
    const now = this.#notedUntil;
    for (const event of events) {
      if (!before.has(event.id)) this.#note(event, instant(Math.max(event.seenAt, now - MISSED)), now);
    }
  }

  isEventDay(date: string): boolean {
    this.#noteUntilNow();
    return this.#days.has(date);
  }

  isChanged(from: Instant, to: Instant): boolean {
    this.#noteUntilNow();
    return this.#changes.some((change) => change.from < to && from < change.to + RETURN);
  }

  usualBefore(at: Instant): { readonly from: Instant; readonly to: Instant } {
    this.#noteUntilNow();
    const last = this.#changes.findLast(({ from }) => from < at);
    if (last === undefined) return { from: instant(0), to: at };
    if (last.to + RETURN < at) return { from: instant(last.to + RETURN), to: at };
    const earlier = this.#changes.findLast(({ from }) => from < last.from);
    return { from: instant(earlier === undefined ? 0 : earlier.to + RETURN), to: last.from };
  }

  #noteUntilNow(): void {
    const [from, now] = [this.#notedUntil, this.#clock.now()];
    this.#notedUntil = now;
    // A clock that was stepped back goes through times again that are noted.
    if (from < now) for (const event of this.#events.values()) this.#note(event, from, now);
  }

  #note(event: SeenEvent, from: Instant, to: Instant): void {
    if (!event.intervals.some(({ payloads }) => asksForChange(payloads))) return;
    for (const { index, span } of spansBetween(timelineOf(event, event.seenAt), from, to)) {
      // What lasts without end is part of the usual load.
      if (span.end === 'forever' || !asksForChange(event.intervals[index]?.payloads ?? [])) continue;
      const change = { from: instant(Math.max(span.start, from)), to: instant(Math.min(span.end, to)) };
      if (change.from < change.to) this.#add(change);
    }
  }

  #add(change: Change): void {
    const touches = (other: Change): boolean => other.from <= change.to + RETURN && change.from <= other.to + RETURN;
    const touched = [change, ...this.#changes.filter(touches)];
    const merged = {
      from: instant(Math.min(...touched.map(({ from }) => from))),
      to: instant(Math.max(...touched.map(({ to }) => to))),
    };
    const apart = this.#changes.filter((other) => !touches(other) && other.to > this.#notedUntil - KEPT);
    this.#changes = [...apart, merged].sort((a, b) => a.from - b.from);
    this.#addDays(change);
  }

  #addDays({ from, to }: Change): void {
    for (let at = from; at < to; at = instant(at + HALF_DAY)) this.#noteDay(at);
    this.#noteDay(instant(to - 1));
  }

  #noteDay(at: Instant): void {
    const date = this.#calendar.dateOf(at);
    if (this.#days.has(date)) return;
    this.#days.add(date);
    this.#addDay(date);
  }
}

type Payloads = GridEvent['intervals'][number]['payloads'];

/** Level 0 of SIMPLE asks for nothing. */
function asksForChange(payloads: Payloads): boolean {
  return payloads.some(
    ({ type, values }) => LOAD_CHANGING.has(type) && !(type === 'SIMPLE' && values.every((value) => value === 0)),
  );
}
