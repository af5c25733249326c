import { usePage, useSession } from '../app/context.js';
import { hrefOf, type Route } from '../app/router.js';
import type { Theme } from '../app/theme.js';
import { clockSeconds } from '../text/format.js';
import { Wordmark } from './wordmark.js';

export function Header({ route }: { readonly route: Route }) {
  const { console } = usePage();
  const session = useSession();
  return (
    <header class="top">
      <a class="top-home" href={hrefOf({ page: 'fleet' })} aria-label="venfleet, to the fleet">
        <Wordmark />
      </a>
      {session.server === 'agent' && <span class="top-of">{session.name}</span>}
      <Navigation route={route} />
      <div class="top-side">
        <Live />
        <ThemeButton />
        <button
          type="button"
          class="quiet-button"
          title={`${session.user} at ${session.name}`}
          onClick={() => void console.logOut()}
        >
          Log out
        </button>
      </div>
    </header>
  );
}

function Navigation({ route }: { readonly route: Route }) {
  const { abilities } = useSession();
  const links: readonly { readonly to: Route; readonly name: string; readonly pages: readonly Route['page'][] }[] = [
    { to: { page: 'fleet' }, name: 'Fleet', pages: ['fleet', 'ven', 'resource'] },
    { to: { page: 'events' }, name: 'Events', pages: ['events'] },
    { to: { page: 'reports' }, name: 'Reports', pages: ['reports'] },
    ...(abilities.audit ? [{ to: { page: 'audit' }, name: 'Audit', pages: ['audit'] } as const] : []),
    ...(abilities.faults ? [{ to: { page: 'faults' }, name: 'Faults', pages: ['faults'] } as const] : []),
  ];
  return (
    <nav class="nav" aria-label="Pages">
      {links.map(({ to, name, pages }) => (
        <a key={name} href={hrefOf(to)} aria-current={pages.includes(route.page) ? 'page' : undefined}>
          {name}
        </a>
      ))}
    </nav>
  );
}

/** Whether what shows is live, and the server's clock. */
function Live() {
  const { fleet, now } = usePage().console;
  const { state } = fleet.connection.value;
  const text = { live: 'Live', connecting: 'Connecting', lost: 'Offline' }[state];
  return (
    <span class={`live live--${state}`}>
      <span class="live-dot" aria-hidden="true" />
      {text}
      {now.value !== undefined && <time class="live-time">{clockSeconds(now.value)}</time>}
    </span>
  );
}

const NEXT: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' };
const ICONS: Readonly<Record<Theme, string>> = {
  system: 'M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12M8 2v12M8 4.5h4M8 8h5.5M8 11.5h4',
  light: 'M8 5a3 3 0 1 0 0 6a3 3 0 1 0 0-6M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1',
  dark: 'M13.5 9.5A6 6 0 1 1 6.5 2.5A5 5 0 0 0 13.5 9.5z',
};

function ThemeButton() {
  const { theme } = usePage();
  const chosen = theme.chosen.value;
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={`Colours: ${chosen}. Change to ${NEXT[chosen]}`}
      title={`Colours: ${chosen}`}
      onClick={() => theme.choose(NEXT[chosen])}
    >
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
        <path d={ICONS[chosen]} />
      </svg>
    </button>
  );
}
