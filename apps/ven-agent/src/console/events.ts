import type { EventSummary } from '@venfleet/console-api';
import { type EventTimes, eventFacts, payloadsAt, stateAt, timesOf } from '@venfleet/console-api/server';
import type { Attribute, GridEvent } from '@venfleet/openadr';
import type { EventFeed } from '../events/feed.js';
import type { EventRecord } from '../events/record.js';

/** The events of the VENs of this process: a feed for each. */
export type Feeds = (
  ven: string,
) => Pick<EventFeed, 'known' | 'programName' | 'lostSince' | 'isCurrent' | 'unreadable'> | undefined;

/** An event with the VENs that have it. */
export interface SharedEvent {
  readonly event: GridEvent;
  readonly times: EventTimes;
  readonly summary: EventSummary;
  /** What it says now; undefined while it is not on. */
  readonly said: readonly Attribute[] | undefined;
  readonly vens: ReadonlySet<string>;
}

/** All events that any VEN has, each once, the newest first. Times are as written: each VEN may shift them at random. */
export function sharedEvents(vens: Iterable<string>, feeds: Feeds, now: number): SharedEvent[] {
  const found = new Map<string, { readonly record: EventRecord; readonly program: string; readonly vens: Set<string> }>();
  for (const ven of vens) {
    const feed = feeds(ven);
    for (const record of feed?.known() ?? []) {
      const { id, programId } = record.event;
      const entry = found.get(id) ?? { record, program: feed?.programName(programId) ?? programId, vens: new Set<string>() };
      entry.vens.add(ven);
      found.set(id, entry);
    }
  }
  return [...found.values()]
    .map(({ record, program, vens: own }) => shared(record, program, own, now))
    .sort((a, b) => (b.summary.startAt ?? 0) - (a.summary.startAt ?? 0));
}

function shared({ event, seenAt, changedAt }: EventRecord, program: string, vens: ReadonlySet<string>, now: number): SharedEvent {
  const written = { ...event, createdAt: event.createdAt ?? seenAt, modifiedAt: event.modifiedAt ?? changedAt };
  const times = timesOf(written, seenAt);
  const said = stateAt(times, now) === 'active' ? payloadsAt(event, times, now) : undefined;
  const facts = eventFacts(written, times, said, now);
  const summary = { ...facts, program, vens: vens.size, requestedW: null, deliveredW: null };
  return { event, times, summary, said, vens };
}
