import type { EventSummary, FleetTotals, Overview, VenSummary } from '@venfleet/console-api';

/** A VEN that reports, unless said otherwise. */
export function ven(name: string, part: Partial<VenSummary> = {}): VenSummary {
  return {
    id: `id-${name}`,
    name,
    position: null,
    resources: 1,
    maxPowerW: null,
    state: 'reporting',
    lastReportAt: null,
    loadW: null,
    baselineW: null,
    loadAt: null,
    requestedW: null,
    deliveredW: null,
    events: [],
    ...part,
  };
}

export function totals(part: Partial<FleetTotals> = {}): FleetTotals {
  return {
    vens: 0,
    resources: 0,
    byState: { silent: 0, 'in-event': 0, reporting: 0, registered: 0 },
    maxPowerW: null,
    loadW: null,
    loadVens: 0,
    baselineW: null,
    requestedW: null,
    deliveredW: null,
    activeEvents: 0,
    reports: 0,
    ...part,
  };
}

/** An event that is on and sheds load, unless said otherwise. */
export function event(id: string, part: Partial<EventSummary> = {}): EventSummary {
  return {
    id,
    name: null,
    program: 'venfleet',
    priority: null,
    state: 'active',
    changesLoad: true,
    label: 'shed 20 %',
    startAt: 0,
    endAt: null,
    periods: [],
    targets: [],
    vens: 1,
    requestedW: null,
    deliveredW: null,
    createdAt: null,
    modifiedAt: null,
    ...part,
  };
}

export function overview(part: Partial<Overview> = {}): Overview {
  return { serverAt: 0, totals: totals(), vens: [], events: [], ...part };
}

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });
