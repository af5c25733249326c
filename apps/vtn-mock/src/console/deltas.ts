import type { Delta, EventSummary, FleetPoint, VenSummary } from '@venfleet/console-api';
import { type FleetView, fleetSeries } from './fleet-view.js';
import type { Known } from './live-model.js';

/** So many of the fleet's newest values may still change, as reports come in one VEN after the other. */
const OPEN_STEPS = 12;

/** Tells what is not as it was told before. */
export class Deltas {
  readonly #vens = new Map<string, string>();
  readonly #events = new Map<string, string>();
  readonly #points = new Map<string, string>();
  #totals = '';

  /** @returns undefined where all is as before */
  next(view: FleetView, known: Known, now: number): Delta | undefined {
    const totals = view.totals();
    const vens = fresh(this.#vens, view.vens, ({ id }: VenSummary) => id);
    const events = fresh(this.#events, view.recentEvents(), ({ id }: EventSummary) => id);
    const points = fresh(this.#points, newestPoints(known, now), ({ startAt }: FleetPoint) => String(startAt));
    const text = JSON.stringify(totals);
    const isSame = text === this.#totals;
    this.#totals = text;
    const changes = [vens.changed, vens.gone, events.changed, events.gone, points.changed];
    if (isSame && changes.every(({ length }) => length === 0)) return undefined;
    return {
      serverAt: now,
      totals,
      vens: vens.changed,
      goneVens: vens.gone,
      events: events.changed,
      goneEvents: events.gone,
      points: points.changed,
    };
  }
}

function newestPoints(known: Known, now: number): FleetPoint[] {
  const { startAt, stepMs, loadW, baselineW } = fleetSeries(known, now, OPEN_STEPS);
  return loadW.map((load, i) => ({ startAt: startAt + i * stepMs, loadW: load, baselineW: baselineW[i] ?? null }));
}

/** Compares with what was told before, and remembers what is told now. */
function fresh<T>(told: Map<string, string>, now: readonly T[], idOf: (one: T) => string) {
  const gone = new Set(told.keys());
  const changed: T[] = [];
  for (const one of now) {
    const [id, text] = [idOf(one), JSON.stringify(one)];
    gone.delete(id);
    if (told.get(id) === text) continue;
    told.set(id, text);
    changed.push(one);
  }
  for (const id of gone) told.delete(id);
  return { changed, gone: [...gone] };
}
