import type { EventDetail, EventSummary, Performance, VenSummary } from '@venfleet/console-api';
import { payloadsAt, requestedOf, type SeriesRing, sumOf } from '@venfleet/console-api/server';
import { baselineIn, whole } from './before-events.js';
import type { SharedEvent } from './events.js';
import { STEP, STEPS } from './fleet-loads.js';

const STEP_HOURS = STEP / 3_600_000;

/** What the VENs that have an event are asked for now and give, all together; of those whose load before it is known. */
export function givenNow(
  { summary, said, vens: own }: SharedEvent,
  vens: readonly VenSummary[],
): Pick<EventSummary, 'requestedW' | 'deliveredW'> {
  if (summary.state !== 'active' || !summary.changesLoad) return { requestedW: null, deliveredW: null };
  const known = vens.filter(({ name }) => own.has(name));
  return {
    requestedW: sumOf(known.map(({ baselineW }) => (baselineW === null ? null : wishOf(said, baselineW)))),
    deliveredW: sumOf(known.map(({ deliveredW }) => deliveredW)),
  };
}

/** A VEN whose load is followed, with all the events that it has. */
export interface FollowedVen {
  readonly name: string;
  readonly ring: SeriesRing;
  readonly events: readonly SharedEvent[];
}

/** What each VEN was asked for and gave in the steps of an event that are over, as far back as loads are followed. */
export function deliveriesOf(
  shared: SharedEvent,
  vens: readonly FollowedVen[],
  now: number,
): Pick<EventDetail, 'total' | 'performance'> {
  const { event, times, summary } = shared;
  const steps = summary.changesLoad ? stepsOf(summary, now) : [];
  const said = steps.map((step) => payloadsAt(event, times, middleOf(step)));
  const performance = vens.map((ven) => ({ ven: ven.name, ...deliveryOf(ven, steps, said) }));
  performance.sort((a, b) => (b.deliveredW ?? 0) - (a.deliveredW ?? 0) || a.ven.localeCompare(b.ven));
  const total = (key: keyof Performance) => sumOf(performance.map((one) => one[key]));
  return {
    total: {
      requestedW: total('requestedW'),
      deliveredW: total('deliveredW'),
      requestedWh: total('requestedWh'),
      deliveredWh: total('deliveredWh'),
      known: total('known') ?? 0,
      expected: total('expected') ?? 0,
      missing: total('missing') ?? 0,
    },
    performance: performance.some(({ known }) => known > 0) ? performance : [],
  };
}

function deliveryOf({ ring, events }: FollowedVen, steps: readonly number[], said: readonly SharedEvent['said'][]): Performance {
  let [asked, given, known, knownAsked] = [0, 0, 0, 0];
  for (const [i, step] of steps.entries()) {
    const [load, baseline] = [ring.loadAt(step), baselineIn(ring, events, step)];
    if (Number.isNaN(load) || baseline === undefined) continue;
    const wish = wishOf(said[i], baseline);
    known++;
    given += baseline - load;
    if (wish === null) continue;
    knownAsked++;
    asked += wish;
  }
  return {
    requestedW: meanOf(asked, knownAsked),
    deliveredW: meanOf(given, known),
    requestedWh: knownAsked === 0 ? null : Math.round(asked * STEP_HOURS),
    deliveredWh: known === 0 ? null : Math.round(given * STEP_HOURS),
    known,
    expected: steps.length,
    missing: steps.length - known,
  };
}

const middleOf = (step: number): number => (step + 0.5) * STEP;

/** The steps of an event that are over; of one that began long ago the last ones that can be known. */
function stepsOf({ startAt, endAt }: EventSummary, now: number): number[] {
  if (startAt === null) return [];
  const end = Math.floor(Math.min(now, endAt ?? now) / STEP);
  const first = Math.max(Math.ceil(startAt / STEP - 0.5), Math.floor(now / STEP) - STEPS + 1);
  return Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i);
}

const wishOf = (said: SharedEvent['said'], baseline: number): number | null => whole(requestedOf(said ?? [], { baseline }));
const meanOf = (sum: number, count: number): number | null => (count === 0 ? null : Math.round(sum / count));
