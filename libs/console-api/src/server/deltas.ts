import type { Delta, EventSummary, FleetPoint, FleetTotals, VenSummary } from '../types.js';

/** How all is at one time. */
export interface Seen {
  readonly now: number;
  readonly totals: FleetTotals;
  readonly vens: readonly VenSummary[];
  readonly events: readonly EventSummary[];
  /** The newest of the fleet's series, as far back as they may still change. */
  readonly points: readonly FleetPoint[];
}

/** Tells what is not as it was told before. */
export class Deltas {
  readonly #vens = new Map<string, string>();
  readonly #events = new Map<string, string>();
  readonly #points = new Map<string, string>();
  #totals = '';

  /** @returns undefined where all is as before */
  next({ now, totals, ...seen }: Seen): Delta | undefined {
    const vens = fresh(this.#vens, seen.vens, ({ id }) => id);
    const events = fresh(this.#events, seen.events, ({ id }) => id);
    const points = fresh(this.#points, seen.points, ({ startAt }) => String(startAt));
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
