import type { Session } from '@venfleet/console-api';
import { useEffect, useRef } from 'preact/hooks';
import { usePage, useSession } from '../app/context.js';
import type { Route } from '../app/router.js';
import { EventsPage } from '../events/events-page.js';
import { FaultsPage } from '../faults/faults-page.js';
import { AuditPage } from '../reports/audit-page.js';
import { ReportsPage } from '../reports/reports-page.js';
import { FleetPage } from '../vens/fleet-page.js';
import { ConnectionBanner } from './connection-banner.js';
import { Header } from './header.js';

/** The page for who is logged in. */
export function Shell() {
  const { router, console } = usePage();
  const session = useSession();
  const route = offered(router.route.value, session);
  const main = useRef<HTMLElement>(null);
  useTitle(route, session.name);
  const isLost = console.fleet.connection.value.state === 'lost';
  return (
    <>
      {/* biome-ignore lint/a11y/useValidAnchor: a link it is, but the fragment is the route's */}
      <a
        class="skip-link"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to content
      </a>
      <Header route={route} />
      <ConnectionBanner />
      <main id="main" ref={main} tabindex={-1} class={isLost ? 'is-stale' : ''}>
        <Content route={route} />
      </main>
    </>
  );
}

/** The address of a page that this server does not have leads to the fleet. */
function offered(route: Route, { abilities }: Session): Route {
  const isMissing = (route.page === 'audit' || route.page === 'faults') && !abilities[route.page];
  return isMissing ? { page: 'fleet' } : route;
}

function Content({ route }: { readonly route: Route }) {
  switch (route.page) {
    case 'events':
      return <EventsPage selected={route.event} />;
    case 'reports':
      return <ReportsPage />;
    case 'audit':
      return <AuditPage />;
    case 'faults':
      return <FaultsPage />;
    default:
      return <FleetPage route={route} />;
  }
}

const TITLES: Readonly<Record<Route['page'], string>> = {
  fleet: 'Fleet',
  ven: 'VEN',
  resource: 'Resource',
  events: 'Events',
  reports: 'Reports',
  audit: 'Audit',
  faults: 'Faults',
};

function useTitle({ page }: Route, name: string): void {
  useEffect(() => {
    document.title = `${TITLES[page]} · ${name} · venfleet`;
  }, [page, name]);
}
