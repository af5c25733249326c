import type { Series } from '@venfleet/console-api';
import type { SeriesRing } from '@venfleet/console-api/server';
import type { SharedEvent } from './events.js';

/** So many values before an event say what was drawn before it. */
const STEPS_BEFORE = 6;

/** The load of a VEN in the minute before a time: what it would go on to draw, as far as the console knows. */
export function loadBefore(ring: SeriesRing, startAt: number): number | undefined {
  const first = ring.stepAt(startAt);
  const known = Array.from({ length: STEPS_BEFORE }, (_, i) => ring.loadAt(first - 1 - i)).filter((load) => !Number.isNaN(load));
  return known.length === 0 ? undefined : known.reduce((sum, load) => sum + load, 0) / known.length;
}

/** What was drawn before the events that change the load in a step; undefined where none does. */
export function baselineIn(ring: SeriesRing, events: readonly SharedEvent[], step: number): number | undefined {
  const began = beganAt(events, (step + 0.5) * ring.step);
  return began === undefined ? undefined : loadBefore(ring, began);
}

/** The load of several VENs together with, during events, what was drawn before them; without, the load stands for it. */
export function totalOf(
  vens: readonly { readonly ring: SeriesRing; readonly events: readonly SharedEvent[] }[],
  sum: SeriesRing,
  first: number,
  last: number,
): Series {
  const told = new Set<number>();
  for (const { ring, events } of vens) {
    for (let step = first; step <= last; step++) {
      const load = ring.loadAt(step);
      if (Number.isNaN(load)) continue;
      const baseline = baselineIn(ring, events, step);
      if (baseline !== undefined) told.add(step);
      sum.addLoad(step, load);
      sum.addBaseline(step, baseline ?? load);
    }
  }
  const series = sum.series();
  const start = series.startAt / series.stepMs;
  return { ...series, baselineW: series.baselineW.map((value, i) => (told.has(start + i) ? value : null)) };
}

/** When the events began that change the load at a time; undefined where none does. */
export function beganAt(events: readonly SharedEvent[], at: number): number | undefined {
  const starts = events.flatMap(({ summary: { changesLoad, startAt, endAt } }) =>
    changesLoad && startAt !== null && startAt <= at && (endAt === null || at < endAt) ? [startAt] : [],
  );
  return starts.length === 0 ? undefined : Math.min(...starts);
}

export const whole = (value: number | undefined): number | null => (value === undefined ? null : Math.round(value));
