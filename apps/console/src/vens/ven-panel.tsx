import { PATHS, type Series, type VenDetail, type VenSummary } from '@venfleet/console-api';
import { usePage, useWords } from '../app/context.js';
import { hrefOf } from '../app/router.js';
import { LoadChart } from '../chart/load-chart.js';
import { EventLinks } from '../events/event-links.js';
import { NewEvent } from '../events/new-event.js';
import { EMPTY } from '../fleet/series.js';
import { count, power, powerParts, relative } from '../text/format.js';
import { Card, Empty, ErrorNote, Figure } from '../ui/parts.js';
import { StateMark } from '../ui/state-mark.js';
import { useData } from '../ui/use-data.js';
import { useHeadingFocus } from '../ui/use-heading-focus.js';
import { ResourceTable } from './resource-table.js';

/** One VEN: its figures, its load, its events, its resources. */
export function VenPanel({ id }: { readonly id: string }) {
  const { fleet } = usePage().console;
  const { noSuchVen } = useWords();
  const ven = fleet.ven(id)?.value;
  if (ven === undefined) {
    const isKnown = fleet.venIds.value.length > 0;
    return <Empty>{isKnown ? noSuchVen : 'Waiting for the fleet …'}</Empty>;
  }
  return <Panel ven={ven} />;
}

function Panel({ ven }: { readonly ven: VenSummary }) {
  const { fleet } = usePage().console;
  const state = useWords().states[ven.state];
  const heading = useHeadingFocus();
  const series = useData<Series>(PATHS.venSeries(ven.id), ven.loadAt);
  const detail = useData<VenDetail>(PATHS.ven(ven.id), ven.lastReportAt);
  const own = fleet.events.value.filter(({ id }) => ven.events.includes(id));
  return (
    <article class="panel">
      <header class="panel-head">
        <a class="back" href={hrefOf({ page: 'fleet' })}>
          Fleet
        </a>
        <h1 ref={heading} tabindex={-1}>
          {ven.name}
        </h1>
        <p class="panel-state" title={state.meaning}>
          <StateMark state={ven.state} /> {state.name}
        </p>
        <NewEvent ven={ven.name} />
      </header>
      <VenFigures ven={ven} />
      {own.length > 0 && <EventLinks events={own} />}
      <Card title="Load against baseline">
        {series.error !== undefined && <ErrorNote>{series.error}</ErrorNote>}
        <LoadChart series={series.data ?? EMPTY} events={own} of={ven.name} />
      </Card>
      <Card title="Resources" class="card--list">
        {detail.error !== undefined && <ErrorNote>{detail.error}</ErrorNote>}
        {detail.data === undefined ? <Empty>Loading …</Empty> : <ResourceTable resources={detail.data.resourceList} />}
      </Card>
    </article>
  );
}

function VenFigures({ ven }: { readonly ven: VenSummary }) {
  const { now } = usePage().console;
  const { lastHeard } = useWords();
  const most = ven.maxPowerW === null ? {} : { note: `of ${power(ven.maxPowerW)} at most` };
  return (
    <dl class="figures">
      <Figure label="Load" parts={powerParts(ven.loadW)} {...most} />
      <Figure label="Baseline" parts={powerParts(ven.baselineW)} />
      {ven.requestedW !== null && ven.requestedW > 0 && (
        <Figure
          label="Delivered"
          tone="event"
          parts={powerParts(ven.deliveredW)}
          note={`of ${power(ven.requestedW)} asked for`}
        />
      )}
      <Figure label="Resources" parts={{ value: count(ven.resources), unit: '' }} />
      <Figure label={lastHeard} parts={{ value: relative(ven.lastReportAt, now.value), unit: '' }} />
    </dl>
  );
}
