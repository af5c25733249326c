import type { VenState, VenSummary } from '@venfleet/console-api';
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

function newest(times: readonly (number | undefined)[]): number | null {
  const known = times.flatMap((time) => time ?? []);
  return known.length === 0 ? null : known.reduce((latest, time) => Math.max(latest, time));
}
