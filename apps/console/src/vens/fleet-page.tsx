import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { usePage } from '../app/context.js';
import type { Route } from '../app/router.js';
import { LoadChart } from '../chart/load-chart.js';
import { EventCards } from '../events/event-cards.js';
import { NewEvent } from '../events/new-event.js';
import { FleetMap } from '../map/fleet-map.js';
import { Card } from '../ui/parts.js';
import { AlarmList } from './alarm-list.js';
import { Headline } from './headline.js';
import { ResourcePanel } from './resource-panel.js';
import { VenPanel } from './ven-panel.js';
import { VenTable } from './ven-table.js';

/** The map, and beside it the fleet, one VEN, or one of its resources. */
export function FleetPage({ route }: { readonly route: Route }) {
  const isDetail = route.page === 'ven' || route.page === 'resource';
  const page = useRef<HTMLDivElement>(null);
  useReturn(page, route);
  return (
    <div class={`fleet${isDetail ? ' fleet--detail' : ''}`} ref={page}>
      <div class="fleet-map">
        <FleetMap selected={route.page === 'ven' ? route.ven : undefined} />
        <Headline isHeading={!isDetail} />
      </div>
      <div class="fleet-side">
        {route.page === 'ven' && <VenPanel key={route.ven} id={route.ven} />}
        {route.page === 'resource' && <ResourcePanel key={route.resource} id={route.resource} />}
        {!isDetail && <FleetPanel />}
      </div>
    </div>
  );
}

/** Who comes back from a VEN is where they left: at its circle. */
function useReturn(page: RefObject<HTMLDivElement | null>, route: Route): void {
  const left = useRef<string | undefined>(undefined);
  useEffect(() => {
    if (route.page === 'ven') left.current = route.ven;
    else if (route.page === 'fleet' && left.current !== undefined) {
      page.current?.querySelector<SVGAElement>(`[data-ven="${CSS.escape(left.current)}"]`)?.focus({ preventScroll: true });
      left.current = undefined;
    }
  }, [page, route]);
}

function FleetPanel() {
  const { fleet } = usePage().console;
  return (
    <>
      <AlarmList />
      <Card title="Load against baseline">
        <LoadChart series={fleet.series.value} events={fleet.events.value} of="the fleet" />
      </Card>
      <Card title="Events" actions={<NewEvent />}>
        <EventCards />
      </Card>
      <Card title="VENs" class="card--list">
        <VenTable />
      </Card>
    </>
  );
}
