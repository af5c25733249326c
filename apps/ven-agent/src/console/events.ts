import type { EventSummary } from '@venfleet/console-api';
import { labelOf, payloadsAt, stateAt, targetText, timesOf } from '@venfleet/console-api/server';
import type { EventFeed } from '../events/feed.js';
import type { EventRecord } from '../events/record.js';

/** The events of the VENs of this process: a feed for each. */
export type Feeds = (ven: string) => Pick<EventFeed, 'known' | 'held' | 'lostSince' | 'isCurrent' | 'unreadable'> | undefined;

/** An event with the VENs that have it. */
export interface SharedEvent {
  readonly summary: EventSummary;
  readonly vens: ReadonlySet<string>;
}

/** All events that any VEN has, each once, the newest first. Times are as written: each VEN may shift them at random. */
export function sharedEvents(vens: Iterable<string>, feeds: Feeds, now: number): SharedEvent[] {
  const found = new Map<string, { readonly record: EventRecord; readonly vens: Set<string> }>();
  for (const ven of vens) {
    for (const record of feeds(ven)?.known() ?? []) {
      const entry = found.get(record.event.id) ?? { record, vens: new Set<string>() };
      entry.vens.add(ven);
      found.set(record.event.id, entry);
    }
  }
  return [...found.values()]
    .map(({ record, vens: own }) => ({ summary: summaryOf(record, own.size, now), vens: own }))
    .sort((a, b) => (b.summary.startAt ?? 0) - (a.summary.startAt ?? 0));
}

function summaryOf({ event, seenAt, changedAt }: EventRecord, vens: number, now: number): EventSummary {
  const written = { ...event, createdAt: event.createdAt ?? seenAt, modifiedAt: event.modifiedAt ?? changedAt };
  const times = timesOf(written, seenAt);
  const state = stateAt(times, now);
  const said = state === 'active' ? payloadsAt(event, times, now) : undefined;
  return {
    id: event.id,
    name: event.name ?? null,
    program: event.programId,
    priority: event.priority ?? null,
    state,
    changesLoad: times.changesLoad,
    label: labelOf(said ?? event.intervals[0]?.payloads ?? []),
    startAt: times.startAt,
    endAt: times.endAt,
    periods: [...times.periods],
    targets: event.targets.map(targetText),
    vens,
    requestedW: null,
    deliveredW: null,
    createdAt: written.createdAt,
    modifiedAt: written.modifiedAt,
  };
}
