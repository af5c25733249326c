import { PATHS, type ResourceDetail } from '@venfleet/console-api';
import { usePage, useWords } from '../app/context.js';
import { hrefOf } from '../app/router.js';
import { LoadChart } from '../chart/load-chart.js';
import { titleOf } from '../events/event-links.js';
import { readable } from '../text/explanation.js';
import { power, powerParts, relative } from '../text/format.js';
import { Card, Empty, ErrorNote, Figure } from '../ui/parts.js';
import { useAge } from '../ui/use-age.js';
import { useData } from '../ui/use-data.js';
import { useHeadingFocus } from '../ui/use-heading-focus.js';

/** One resource: what it is, what it draws, and, where the agent knows it, why. */
export function ResourcePanel({ id }: { readonly id: string }) {
  const { data, error } = useData<ResourceDetail>(PATHS.resource(id), useAge());
  if (error !== undefined && data === undefined) return <ErrorNote>{error}</ErrorNote>;
  if (data === undefined) return <Empty>Loading …</Empty>;
  return <Panel resource={data} />;
}

function Panel({ resource }: { readonly resource: ResourceDetail }) {
  const { fleet, now } = usePage().console;
  const heading = useHeadingFocus();
  const { lastHeard, facts, resourceStates } = useWords();
  const title = resource.description ?? resource.name;
  const state = resource.state === null ? null : resourceStates[resource.state];
  const events = fleet.events.value.filter(({ id }) => fleet.ven(resource.venId)?.value.events.includes(id));
  const titles = new Map([[resource.id, title], ...fleet.events.value.map((event) => [event.id, titleOf(event)] as const)]);
  const most = resource.maxPowerW === null ? {} : { note: `of ${power(resource.maxPowerW)} at most` };
  return (
    <article class="panel">
      <header class="panel-head">
        <a class="back" href={hrefOf({ page: 'ven', ven: resource.venId })}>
          {resource.ven}
        </a>
        <h1 ref={heading} tabindex={-1}>
          {title}
        </h1>
        <p class="panel-state">{[resource.subType ?? resource.type, state].filter((one) => one !== null).join(', ')}</p>
      </header>
      <dl class="figures">
        <Figure label="Power" parts={powerParts(resource.powerW)} {...most} />
        <Figure label={lastHeard} parts={{ value: relative(resource.lastReportAt, now.value), unit: '' }} />
      </dl>
      {resource.problems.map((problem) => (
        <ErrorNote key={problem}>{problem}</ErrorNote>
      ))}
      {resource.explanation.length > 0 && (
        <Card title="Why it does what it does">
          <ul class="explanation">
            {resource.explanation.map((line) => (
              <li key={line}>{readable(line, titles, now.value)}</li>
            ))}
          </ul>
        </Card>
      )}
      <Card title="Load">
        <LoadChart series={resource.series} events={events} of={title} height={180} />
      </Card>
      <Card title={facts}>
        <Facts resource={resource} />
      </Card>
    </article>
  );
}

function Facts({ resource }: { readonly resource: ResourceDetail }) {
  const { name, address, meterPointId, position, attributes } = resource;
  const facts: readonly (readonly [string, string | null])[] = [
    ['Name', name],
    ['Address', address],
    ['Meter point', meterPointId],
    ['Position', position === null ? null : `${position.latitude.toFixed(4)}° N, ${position.longitude.toFixed(4)}° E`],
    ...attributes.map(({ type, text }) => [type, text] as const),
  ];
  return (
    <dl class="facts">
      {facts.map(([term, text]) =>
        text === null ? null : (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{text}</dd>
          </div>
        ),
      )}
    </dl>
  );
}
