import type { EventSummary, Series } from '@venfleet/console-api';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useWords } from '../app/context.js';
import { clock, clockSeconds, power } from '../text/format.js';
import { Empty } from '../ui/parts.js';
import { PlainTable } from '../ui/plain-table.js';
import { useLooks } from '../ui/use-looks.js';
import { chartData, newestKnown, shadesOf } from './chart-data.js';
import { LoadPlot } from './plot.js';

/** Load against baseline, with events shaded; as a table for who cannot see it. */
export function LoadChart({ series, events, height = 220, of }: LoadChartProps) {
  const { noCurve } = useWords();
  const [asTable, setAsTable] = useState(false);
  const newest = newestKnown(series);
  if (newest === undefined) return <Empty>{noCurve}</Empty>;
  const against = newest.baselineW === null ? '' : `, baseline ${power(newest.baselineW)}`;
  return (
    <div class="chart">
      {asTable ? (
        <SeriesTable series={series} of={of} />
      ) : (
        <Plot
          series={series}
          events={events}
          height={height}
          label={`Load of ${of}: ${power(newest.loadW)} at ${clock(newest.at)}${against}`}
        />
      )}
      <button type="button" class="link-button" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
        {asTable ? 'Show as curve' : 'Show as table'}
      </button>
    </div>
  );
}

interface LoadChartProps {
  readonly series: Series;
  readonly events: readonly EventSummary[];
  readonly height?: number;
  /** Whose load it is, for who hears it. */
  readonly of: string;
}

function Plot({
  series,
  events,
  height,
  label,
}: {
  series: Series;
  events: readonly EventSummary[];
  height: number;
  label: string;
}) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<LoadPlot | undefined>(undefined);
  const [index, setIndex] = useState<number | undefined>(undefined);
  const looks = useLooks();
  // A plot has its colours for life
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const made = new LoadPlot(element, element.clientWidth, height, setIndex);
    plot.current = made;
    const observer = new ResizeObserver(() => made.resize(element.clientWidth, height));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [height, looks]);
  const shades = useMemo(
    () => shadesOf(events, series.startAt, series.startAt + series.loadW.length * series.stepMs),
    [series, events],
  );
  // A new plot has to be filled, too
  useEffect(() => plot.current?.show(chartData(series), shades), [series, shades, looks]);
  return (
    <>
      <div class="chart-plot" ref={place} role="img" aria-label={label} />
      <Readout series={series} shades={shades.length} index={index} />
    </>
  );
}

/** Steps within a minute would all be told alike. */
const clockOf = ({ stepMs }: Series) => (stepMs < 60_000 ? clockSeconds : clock);

/** What the pointer is at, else the newest; of what does not show at all nothing is said. */
function Readout({ series, shades, index }: ReadoutProps) {
  const at = index ?? series.loadW.findLastIndex((load) => load !== null);
  const [load, baseline] = [series.loadW[at] ?? null, series.baselineW[at] ?? null];
  return (
    <p class="chart-readout" aria-hidden="true">
      <time>{clockOf(series)(series.startAt + at * series.stepMs)}</time>
      <Key of="load" name="Load" value={load} />
      {series.baselineW.some((value) => value !== null) && (
        <>
          <Key of="baseline" name="Baseline" value={baseline} />
          <Key of="given" name="Delivered" value={load === null || baseline === null ? null : baseline - load} />
        </>
      )}
      {shades > 0 && <span class="key key--event">Event</span>}
    </p>
  );
}

interface ReadoutProps {
  readonly series: Series;
  /** How many times of events show. */
  readonly shades: number;
  readonly index: number | undefined;
}

function Key({ of, name, value }: { readonly of: string; readonly name: string; readonly value: number | null }) {
  return (
    <span class={`key key--${of}`}>
      {name} <strong>{power(value)}</strong>
    </span>
  );
}

const MOST_ROWS = 60;

function SeriesTable({ series, of }: { readonly series: Series; readonly of: string }) {
  const rows = series.loadW.map((load, i) => ({
    at: series.startAt + i * series.stepMs,
    load,
    baseline: series.baselineW[i] ?? null,
  }));
  return (
    <PlainTable class="chart-table" label={`Load of ${of}, the newest first`} titles={['From', 'Load', 'Baseline']}>
      {rows
        .slice(-MOST_ROWS)
        .reverse()
        .map(({ at, load, baseline }) => (
          <tr key={at}>
            <th scope="row">{clockOf(series)(at)}</th>
            <td>{power(load)}</td>
            <td>{power(baseline)}</td>
          </tr>
        ))}
    </PlainTable>
  );
}
