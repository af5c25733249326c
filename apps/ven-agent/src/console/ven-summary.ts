import type { FleetTotals, VenState, VenSummary } from '@venfleet/console-api';
import { requestedOf } from '@venfleet/console-api/server';
import type { Resource } from '@venfleet/resource-db';
import { beganAt, loadBefore, whole } from './before-events.js';
import type { Feeds, SharedEvent } from './events.js';
import type { FleetLoads } from './fleet-loads.js';

export interface VenSight {
  readonly name: string;
  readonly resources: readonly Resource[];
  /** Of all VENs. */
  readonly events: readonly SharedEvent[];
  readonly loads: FleetLoads;
  readonly feed: ReturnType<Feeds>;
  readonly now: number;
}

/** A VEN as its meters and its events have it. */
export function venSummary({ name, resources, events, loads, feed, now }: VenSight): VenSummary {
  const load = loads.ofVen(name);
  const acting = events.filter(({ summary, vens }) => vens.has(name) && summary.state === 'active' && summary.changesLoad);
  const began = beganAt(acting, now);
  const baseline = began === undefined ? undefined : loadBefore(loads.ring(name), began);
  const wishes = baseline === undefined ? [] : acting.flatMap(({ said = [] }) => requestedOf(said, { baseline }) ?? []);
  const mean = (of: (resource: Resource) => number) =>
    resources.reduce((sum, resource) => sum + of(resource), 0) / Math.max(1, resources.length);
  return {
    id: name,
    name,
    position:
      resources.length === 0
        ? null
        : { longitude: mean(({ position }) => position.longitude), latitude: mean(({ position }) => position.latitude) },
    resources: resources.length,
    maxPowerW: resources.reduce((sum, { pMax }) => sum + pMax, 0),
    state: stateOf(feed, acting.length > 0, resources.length === 0 || load !== undefined),
    lastReportAt: newest(resources.map((resource) => loads.lastAt(resource))),
    loadW: whole(load?.power),
    baselineW: whole(baseline),
    loadAt: load?.at ?? null,
    requestedW: wishes.length === 0 ? null : Math.round(Math.max(...wishes)),
    deliveredW: baseline === undefined || load === undefined ? null : Math.round(baseline - load.power),
    events: acting.map(({ summary }) => summary.id),
  };
}

/** Silent: its meters do not answer, or its VTN cannot be heard. */
function stateOf(feed: ReturnType<Feeds>, inEvent: boolean, isMetered: boolean): VenState {
  if (!isMetered || feed?.lostSince !== undefined) return 'silent';
  if (inEvent) return 'in-event';
  return feed?.isCurrent === true ? 'reporting' : 'registered';
}

export function totalsOf(vens: readonly VenSummary[], events: readonly SharedEvent[]): FleetTotals {
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
    activeEvents: events.filter(({ summary }) => summary.state === 'active' && summary.changesLoad).length,
    reports: 0,
  };
}

function sumOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}

function newest(times: readonly (number | undefined)[]): number | null {
  const known = times.flatMap((time) => time ?? []);
  return known.length === 0 ? null : known.reduce((latest, time) => Math.max(latest, time));
}
