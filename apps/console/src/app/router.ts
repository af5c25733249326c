import { type ReadonlySignal, type Signal, signal } from '@preact/signals';

/** Which page shows. It is in the address's fragment, so that any server can hand out the one file. */
export type Route =
  | { readonly page: 'fleet' }
  | { readonly page: 'ven'; readonly ven: string }
  | { readonly page: 'resource'; readonly resource: string }
  | { readonly page: 'events'; readonly event?: string }
  | { readonly page: 'reports' }
  | { readonly page: 'audit' }
  | { readonly page: 'faults' };

/** The page of a fragment; the fleet's for one that means nothing. */
export function routeOf(fragment: string): Route {
  const [head = '', id] = fragment.replace(/^#?\/?/, '').split('/');
  const named = id === undefined || id === '' ? undefined : decoded(id);
  if (head === 'ven' && named !== undefined) return { page: 'ven', ven: named };
  if (head === 'resource' && named !== undefined) return { page: 'resource', resource: named };
  if (head === 'events') return named === undefined ? { page: 'events' } : { page: 'events', event: named };
  if (head === 'reports' || head === 'audit' || head === 'faults') return { page: head };
  return { page: 'fleet' };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function hrefOf(route: Route): string {
  switch (route.page) {
    case 'fleet':
      return '#/';
    case 'ven':
      return `#/ven/${encodeURIComponent(route.ven)}`;
    case 'resource':
      return `#/resource/${encodeURIComponent(route.resource)}`;
    case 'events':
      return route.event === undefined ? '#/events' : `#/events/${encodeURIComponent(route.event)}`;
    default:
      return `#/${route.page}`;
  }
}

/** What the router needs of the browser's window. */
export interface Address {
  readonly location: { hash: string };
  addEventListener(type: 'hashchange', listener: () => void): void;
}

export class Router {
  readonly #address: Address;
  readonly #route: Signal<Route>;

  constructor(address: Address) {
    this.#address = address;
    this.#route = signal(routeOf(address.location.hash));
    address.addEventListener('hashchange', () => {
      this.#route.value = routeOf(address.location.hash);
    });
  }

  get route(): ReadonlySignal<Route> {
    return this.#route;
  }

  go(route: Route): void {
    this.#address.location.hash = hrefOf(route);
  }
}
