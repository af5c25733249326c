import { type EventList, type EventSummary, PATHS } from '@venfleet/console-api';
import { usePage } from '../app/context.js';
import { hrefOf } from '../app/router.js';
import { inOrder } from '../fleet/event-order.js';
import { type Column, VirtualTable } from '../list/virtual-table.js';
import { counted, percent, period, power } from '../text/format.js';
import { Card, Empty, ErrorNote } from '../ui/parts.js';
import { useAge } from '../ui/use-age.js';
import { useData } from '../ui/use-data.js';
import { titleOf } from './event-links.js';
import { EventPanel } from './event-panel.js';
import { EventState } from './event-state.js';
import { NewEvent } from './new-event.js';

/** All events, and beside them the one that is looked at. */
export function EventsPage({ selected }: { readonly selected: string | undefined }) {
  const { fleet, now } = usePage().console;
  const list = useData<EventList>(PATHS.events, `${useAge()} ${statesOf(fleet.events.value)}`);
  return (
    <div class={`split${selected === undefined ? '' : ' split--detail'}`}>
      <div class="split-list">
        <Card title="Events" isPage class="card--list" actions={<NewEvent />}>
          {list.error !== undefined && <ErrorNote>{list.error}</ErrorNote>}
          {list.data === undefined ? (
            <Empty>Loading …</Empty>
          ) : (
            <>
              <Problems problems={list.data.problems} />
              <VirtualTable
                label="Events"
                items={inOrder(list.data.events)}
                columns={columns(now.value)}
                keyOf={({ id }) => id}
                hrefOf={({ id }) => hrefOf({ page: 'events', event: id })}
                initialSort={{ column: -1, isDescending: false }}
                empty="There are no events yet."
              />
            </>
          )}
        </Card>
      </div>
      <div class="split-detail">
        {selected === undefined ? (
          <Empty>Choose an event to see what it asked for and what was given.</Empty>
        ) : (
          <EventPanel key={selected} id={selected} />
        )}
      </div>
    </div>
  );
}

/** Changes when events come, go, begin or end: the list is asked for again at once then. */
const statesOf = (events: readonly EventSummary[]): string =>
  events.map(({ id, state, modifiedAt }) => `${id}${state}${modifiedAt}`).join();

/** Events that the VTN holds and nobody can understand: their mistakes are told rather than hidden. */
function Problems({ problems }: Pick<EventList, 'problems'>) {
  if (problems.length === 0) return null;
  return (
    <details class="problems">
      <summary>{counted(problems.length, 'event')} cannot be understood</summary>
      <ul>
        {problems.map(({ id, mistakes }) => (
          <li key={id}>
            <code>{id}</code>: {mistakes.join('; ')}
          </li>
        ))}
      </ul>
    </details>
  );
}

function columns(now: number | undefined): Column<EventSummary>[] {
  return [
    { title: 'Event', cell: titleOf, sortBy: titleOf },
    { title: 'State', cell: ({ state }) => <EventState state={state} />, sortBy: ({ state }) => state },
    { title: 'When', cell: ({ startAt, endAt }) => period(startAt, endAt, now), sortBy: ({ startAt }) => startAt ?? 0 },
    { title: 'VENs', isNumber: true, isExtra: true, cell: ({ vens }) => String(vens), sortBy: ({ vens }) => vens },
    {
      title: 'Delivered',
      isNumber: true,
      isExtra: true,
      cell: ({ requestedW, deliveredW }) => givenOf(requestedW, deliveredW),
    },
  ];
}

/** What is given now, and which part of what is asked for that is. */
function givenOf(requestedW: number | null, deliveredW: number | null): string {
  if (requestedW === null || deliveredW === null) return power(null);
  return requestedW > 0 ? `${power(deliveredW)}, ${percent(deliveredW / requestedW)}` : power(deliveredW);
}
