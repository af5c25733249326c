import type { ResourceDetail, ResourceSummary, Series, VenDetail, VenSummary } from '@venfleet/console-api';
import { SeriesRing, valueText } from '@venfleet/console-api/server';
import type { Attribute } from '@venfleet/openadr';
import type { Tables } from '../objects/tables.js';
import { measurementsOf } from '../operator/measurements.js';
import { cameAfter, cameBefore, ofClientName } from '../store/reports.js';
import type { ResourceRow } from '../store/resources.js';
import type { Store } from '../store/store.js';
import { attributesIn, maxPowerIn, positionIn, reportIn, targetsIn, textIn } from './decode.js';
import type { Known } from './live-model.js';
import { heldFor, STEP, STEPS, type VenLoad } from './ven-load.js';

type Ports = Pick<Tables, 'vens' | 'resources' | 'reports'> & { readonly store: Store };

export function venDetail(
  { store, vens, resources }: Ports,
  known: Known,
  summary: VenSummary,
  now: number,
): VenDetail | undefined {
  const load = known.loads.get(summary.id);
  return store.read(() => {
    const row = vens.byId(summary.id);
    if (row === undefined) return undefined;
    const resourceList = resources
      .ofVen(row)
      .map((resource) => resourceSummary(resource, attributesIn(resource), load, now))
      .sort((a, b) => (a.description ?? a.name).localeCompare(b.description ?? b.name));
    return { ...summary, targets: [...targetsIn(row)], resourceList };
  });
}

/** One that was told by itself before and is not any more is silent; of one that never was, nothing is known. */
function resourceSummary(
  { id, name }: ResourceRow,
  attributes: readonly Attribute[],
  load: VenLoad | undefined,
  now: number,
): ResourceSummary {
  const told = load?.powers.get(name);
  const isFresh = told !== undefined && now <= told.endAt + heldFor(told.lengthMs);
  return {
    id,
    name,
    description: textIn(attributes, 'DESCRIPTION'),
    type: textIn(attributes, 'RESOURCE_TYPE'),
    subType: textIn(attributes, 'RESOURCE_SUB_TYPE'),
    state: told === undefined ? null : isFresh ? 'reporting' : 'silent',
    powerW: isFresh ? Math.round(told.powerW) : null,
    lastReportAt: told?.endAt ?? null,
  };
}

export function resourceDetail(
  { store, vens, resources, reports }: Ports,
  known: Known,
  id: string,
  now: number,
): ResourceDetail | undefined {
  return store.read(() => {
    const row = resources.byId(id);
    const ven = row === undefined ? undefined : vens.byId(row.venId);
    if (row === undefined || ven === undefined) return undefined;
    const attributes = attributesIn(row);
    return {
      ...resourceSummary(row, attributes, known.loads.get(ven.id), now),
      venId: ven.id,
      ven: ven.name,
      position: positionIn(attributes),
      maxPowerW: maxPowerIn(attributes),
      address: textIn(attributes, 'ADDRESS'),
      meterPointId: textIn(attributes, 'METER_POINT_ID'),
      attributes: attributes.map(({ type, values }) => ({ type, text: values.map(valueText).join(', ') })),
      series: resourceSeries(reports, ven.name, row.name, now),
      explanation: [],
      problems: [],
    };
  });
}

const PAGE = 100;
/** The reports of a VEN are gone through for one resource of it: the newest so many. */
const MOST_REPORTS = 1000;

function resourceSeries(reports: Tables['reports'], ven: string, resource: string, now: number): Series {
  const ring = new SeriesRing(STEP, STEPS);
  const conditions = [ofClientName(ven), cameAfter(reports.firstSince(now - STEP * STEPS) - 1)];
  const quoted = JSON.stringify(resource);
  let before = Number.MAX_SAFE_INTEGER;
  for (let read = 0; read < MOST_REPORTS; read += PAGE) {
    const rows = reports.page([...conditions, cameBefore(before)], { skip: 0, limit: PAGE });
    for (const row of rows) {
      // Most reports of a VEN are sums, which need not be taken apart.
      if (!row.content.includes(quoted)) continue;
      for (const one of measurementsOf(reportIn(row))) {
        if (one.resource !== resource || one.power === undefined) continue;
        draw(ring, one.kind, one.start, Math.min(one.end, now), one.power);
      }
    }
    before = rows.at(-1)?.seq ?? 0;
    if (rows.length < PAGE) break;
  }
  return ring.series();
}

/** What was told later stays. */
function draw(ring: SeriesRing, kind: 'load' | 'baseline', start: number, end: number, power: number): void {
  const oldest = ring.stepAt(end) - STEPS;
  for (let step = Math.max(oldest, ring.stepAt(start + STEP / 2)); step * STEP + STEP / 2 < end; step++) {
    if (kind === 'load' && Number.isNaN(ring.loadAt(step))) ring.setLoad(step, power);
    if (kind === 'baseline' && Number.isNaN(ring.baselineAt(step))) ring.setBaseline(step, power);
  }
}
