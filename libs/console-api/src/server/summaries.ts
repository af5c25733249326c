import type { Attribute, GridEvent } from '@venfleet/openadr';
import type { EventSummary, FleetTotals, VenState, VenSummary } from '../types.js';
import { type EventTimes, stateAt } from './event-times.js';
import { labelOf, targetText } from './event-words.js';

/** What of an event's summary the event itself tells, the same for everybody. */
type EventFacts = Omit<EventSummary, 'program' | 'vens' | 'requestedW' | 'deliveredW'>;

/** @param said what it says now; undefined while it is not on */
export function eventFacts(event: GridEvent, times: EventTimes, said: readonly Attribute[] | undefined, now: number): EventFacts {
  return {
    id: event.id,
    name: event.name ?? null,
    priority: event.priority ?? null,
    state: stateAt(times, now),
    changesLoad: times.changesLoad,
    label: labelOf(said ?? event.intervals[0]?.payloads ?? []),
    startAt: times.startAt,
    endAt: times.endAt,
    periods: [...times.periods],
    targets: event.targets.map(targetText),
    createdAt: event.createdAt ?? null,
    modifiedAt: event.modifiedAt ?? null,
  };
}

/** All VENs together; of powers, what is known of any. The load of VENs without a baseline stands for theirs. */
export function fleetTotals(
  vens: readonly VenSummary[],
  { activeEvents, reports }: Pick<FleetTotals, 'activeEvents' | 'reports'>,
): FleetTotals {
  const byState: Record<VenState, number> = { silent: 0, 'in-event': 0, reporting: 0, registered: 0 };
  for (const { state } of vens) byState[state]++;
  const loaded = vens.filter(({ loadW }) => loadW !== null);
  const hasBaseline = loaded.some(({ baselineW }) => baselineW !== null);
  return {
    vens: vens.length,
    resources: vens.reduce((sum, { resources }) => sum + resources, 0),
    byState,
    maxPowerW: sumOf(vens.map(({ maxPowerW }) => maxPowerW)),
    loadW: sumOf(loaded.map(({ loadW }) => loadW)),
    loadVens: loaded.length,
    baselineW: hasBaseline ? sumOf(loaded.map(({ loadW, baselineW }) => baselineW ?? loadW)) : null,
    requestedW: sumOf(vens.map(({ requestedW }) => requestedW)),
    deliveredW: sumOf(vens.map(({ deliveredW }) => deliveredW)),
    activeEvents,
    reports,
  };
}

/** Of what is known; null where nothing is. */
export function sumOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}
