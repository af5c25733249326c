import type { FleetPoint, Series } from '@venfleet/console-api';

/** As many steps as a server keeps; a page that is open for days must not grow. */
const MOST_STEPS = 2_880;

export const EMPTY: Series = { startAt: 0, stepMs: 60_000, loadW: [], baselineW: [] };

/**
 * A series with further values: one that is newer goes behind, with gaps where steps are missing; one of a step that is
 * there replaces it; one from before the series is left out.
 */
export function withPoints(series: Series, points: readonly FleetPoint[]): Series {
  const first = points[0];
  if (first === undefined) return series;
  const startAt = series.loadW.length === 0 ? first.startAt : series.startAt;
  const [loadW, baselineW] = [[...series.loadW], [...series.baselineW]];
  for (const point of points) {
    const step = Math.round((point.startAt - startAt) / series.stepMs);
    if (step < 0 || step - loadW.length >= MOST_STEPS) continue;
    while (loadW.length < step) {
      loadW.push(null);
      baselineW.push(null);
    }
    loadW[step] = point.loadW;
    baselineW[step] = point.baselineW;
  }
  const surplus = Math.max(0, loadW.length - MOST_STEPS);
  return {
    stepMs: series.stepMs,
    startAt: startAt + surplus * series.stepMs,
    loadW: loadW.slice(surplus),
    baselineW: baselineW.slice(surplus),
  };
}
