import type { EventPeriod, EventSummary, Series } from '@venfleet/console-api';

/** Times in seconds, load and baseline in watts: the columns that the chart draws. */
export type ChartData = [times: number[], baseline: (number | null)[], load: (number | null)[]];

/** A value holds for its step, and stands in its middle. */
export function chartData({ startAt, stepMs, loadW, baselineW }: Series): ChartData {
  const times = loadW.map((_, i) => (startAt + (i + 0.5) * stepMs) / 1000);
  return [times, [...baselineW], [...loadW]];
}

export interface Shade {
  readonly startAt: number;
  readonly endAt: number;
}

/** When events that change load are on, as far as it shows; periods that overlap or touch are one. */
export function shadesOf(events: readonly EventSummary[], from: number, to: number): Shade[] {
  const shades = events
    .filter(({ changesLoad }) => changesLoad)
    .flatMap(({ periods, endAt }) => periods.map((period) => shadeOf(period, endAt)))
    .map(({ startAt, endAt }) => ({ startAt: Math.max(startAt, from), endAt: Math.min(endAt, to) }))
    .filter(({ startAt, endAt }) => endAt > startAt)
    .sort((a, b) => a.startAt - b.startAt);
  const merged: Shade[] = [];
  for (const shade of shades) {
    const last = merged.at(-1);
    if (last !== undefined && shade.startAt <= last.endAt) {
      merged[merged.length - 1] = { startAt: last.startAt, endAt: Math.max(last.endAt, shade.endAt) };
    } else merged.push(shade);
  }
  return merged;
}

/** One that was ended before its time lasted no longer than that. */
function shadeOf({ startAt, endAt }: EventPeriod, eventEnd: number | null): Shade {
  return { startAt, endAt: Math.min(endAt ?? Number.POSITIVE_INFINITY, eventEnd ?? Number.POSITIVE_INFINITY) };
}

/** The newest step of which the load is known; undefined where there is none. */
export function newestKnown(
  series: Series,
): { readonly at: number; readonly loadW: number; readonly baselineW: number | null } | undefined {
  const i = series.loadW.findLastIndex((load) => load !== null);
  const loadW = series.loadW[i];
  if (loadW === undefined || loadW === null) return undefined;
  return { at: series.startAt + (i + 1) * series.stepMs, loadW, baselineW: series.baselineW[i] ?? null };
}
