import { type Instant, toSeconds } from '@venfleet/core';
import type { End } from '@venfleet/openadr';
import { heldOf, type StartShift } from './record.js';
import { type EventState, lifeOf, stateOf } from './state.js';
import type { ListedEvent } from './store.js';

/** An event of a VEN, for people and programs. */
export interface EventView {
  readonly vtn: string;
  readonly ven: string;
  readonly event: string;
  readonly name: string | null;
  readonly program: string;
  /** Null as long as the program has not been seen. */
  readonly programName: string | null;
  /** Null is lowest. */
  readonly priority: number | null;
  readonly state: EventState;
  /** With the random shift. */
  readonly start: string;
  /** `forever` where it has no end. */
  readonly end: string;
  readonly shiftS: number;
  /** Each with the values of its first interval: `SIMPLE 2`. */
  readonly payloads: readonly string[];
  readonly seenAt: string;
  readonly changedAt: string;
  readonly goneAt: string | null;
  /** When a device was first and last told something because of it. */
  readonly firstActionAt: string | null;
  readonly lastActionAt: string | null;
  readonly optOuts: readonly { readonly resource: string | null; readonly reason: string; readonly at: string }[];
}

/** States that are of no more use to an operator. */
const PAST: ReadonlySet<EventState> = new Set(['completed', 'cancelled', 'deleted']);

export const isPast = ({ state }: EventView): boolean => PAST.has(state);

export function viewOf(listed: ListedEvent, way: StartShift, now: Instant): EventView {
  const { vtn, ven, event, programName, seenAt, changedAt, goneAt, firstActionAt, lastActionAt, optOuts } = listed;
  const held = heldOf(listed, undefined, way);
  const { start, end } = lifeOf(held);
  return {
    vtn,
    ven,
    event: event.id,
    name: event.name ?? null,
    program: event.programId,
    programName: programName ?? null,
    priority: event.priority ?? null,
    state: stateOf(held, goneAt !== undefined, now),
    start: iso(start),
    end: iso(end),
    shiftS: toSeconds(held.shift),
    payloads: (event.intervals[0]?.payloads ?? []).map(({ type, values }) => `${type} ${values.map(text).join(', ')}`.trimEnd()),
    seenAt: iso(seenAt),
    changedAt: iso(changedAt),
    goneAt: maybe(goneAt),
    firstActionAt: maybe(firstActionAt),
    lastActionAt: maybe(lastActionAt),
    optOuts: optOuts.map(({ resource, reason, at }) => ({ resource: resource ?? null, reason, at: iso(at) })),
  };
}

/** Events, a line each for all the VENs that have it, the latest to begin first, and below it who refuses it and why. */
export function eventsText(views: readonly EventView[]): string {
  if (views.length === 0) return 'no events; --all shows those that are over, too';
  const groups = new Map<string, EventView[]>();
  for (const view of views) {
    const key = `${view.vtn} ${view.event}`;
    groups.set(key, [...(groups.get(key) ?? []), view]);
  }
  const sorted = [...groups.values()].sort(byStart);
  const vtns = [...new Set(views.map(({ vtn }) => vtn))];
  if (vtns.length === 1) return sorted.flatMap(linesOf).join('\n');
  return vtns.flatMap((vtn) => [`${vtn}:`, ...sorted.filter(([first]) => first?.vtn === vtn).flatMap(linesOf)]).join('\n');
}

const byStart = ([a]: EventView[], [b]: EventView[]): number => ((a?.start ?? '') < (b?.start ?? '') ? 1 : -1);

function linesOf(group: readonly EventView[]): string[] {
  const [first] = group as [EventView];
  const vens = group.length === 1 ? first.ven : `${group.length} VENs`;
  const what = [
    first.event,
    first.name === null ? '' : `"${first.name}"`,
    `of ${first.programName ?? first.program}:`,
    first.payloads.join('; '),
  ];
  const priority = first.priority === null ? '' : `, priority ${first.priority}`;
  const acted = group.filter(({ firstActionAt }) => firstActionAt !== null).length;
  const done = acted === 0 ? '' : group.length === 1 ? `, acted on since ${first.firstActionAt}` : `, acted on by ${acted}`;
  return [
    `${statesOf(group)}  ${span(group)}  ${what.filter((part) => part !== '').join(' ')}${priority}  ${vens}${done}`,
    ...group.flatMap(({ ven, optOuts }) =>
      optOuts.map(
        ({ resource, reason, at }) =>
          `  opted out: ${resource === null ? ven : `${resource} of ${ven}`} since ${short(at)}: ${reason}`,
      ),
    ),
  ];
}

function statesOf(group: readonly EventView[]): string {
  const counts = new Map<EventState, number>();
  for (const { state } of group) counts.set(state, (counts.get(state) ?? 0) + 1);
  if (counts.size === 1) return (group[0]?.state ?? '').padEnd(9);
  return [...counts].map(([state, count]) => `${state} ${count}`).join(', ');
}

/** VENs shift the start each at random. */
function span(group: readonly EventView[]): string {
  const starts = group.map(({ start }) => start).sort();
  const ends = group.map(({ end }) => end).sort();
  const [from, to] = [short(starts[0] ?? ''), short(ends.at(-1) ?? '')];
  const sameDay = from.slice(0, 10) === to.slice(0, 10);
  return `${from} to ${sameDay ? to.slice(11) : to}`;
}

const short = (time: string): string => time.replace(/\.\d{3}Z$/, 'Z');
const iso = (time: End): string => (time === 'forever' ? 'forever' : new Date(time).toISOString());
const maybe = (time: Instant | undefined): string | null => (time === undefined ? null : iso(time));
const text = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));
