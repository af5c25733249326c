import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Delta, EventSummary, FleetTotals, Overview, Series, StreamEvent, VenSummary } from '@venfleet/console-api';
import type { HasMonotonic } from '@venfleet/core';
import { EMPTY, withPoints } from './series.js';

export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  | { readonly state: 'lost'; readonly reason: string };

/**
 * What the page knows of the fleet. Each VEN is a signal of its own, so that a message about a few of them draws these
 * anew and nothing else.
 */
export class FleetStore {
  readonly connection: Signal<Connection> = signal({ state: 'connecting' });
  readonly totals: Signal<FleetTotals | undefined> = signal(undefined);
  readonly events: Signal<readonly EventSummary[]> = signal([]);
  readonly series: Signal<Series> = signal(EMPTY);
  /** Ids of all VENs, by name. */
  readonly venIds: Signal<readonly string[]> = signal([]);
  /** All VENs, by name: for lists. */
  readonly vens: ReadonlySignal<readonly VenSummary[]>;
  /** When the server was last heard, by its own clock. */
  heardAt: number | undefined;
  readonly #byId = new Map<string, Signal<VenSummary>>();
  readonly #clock: HasMonotonic;
  #ahead: number | undefined;

  constructor(clock: HasMonotonic) {
    this.#clock = clock;
    this.vens = computed(() => this.venIds.value.flatMap((id) => this.#byId.get(id)?.value ?? []));
  }

  ven(id: string): ReadonlySignal<VenSummary> | undefined {
    return this.#byId.get(id);
  }

  /** The server's clock, which all times are of; undefined before it has told it. */
  now(): number | undefined {
    return this.#ahead === undefined ? undefined : this.#clock.monotonic() + this.#ahead;
  }

  /** Applies what came since the last frame, as one change. */
  apply(messages: readonly StreamEvent[]): void {
    batch(() => {
      for (const { event, data } of messages) {
        this.heardAt = data.serverAt;
        this.#ahead = data.serverAt - this.#clock.monotonic();
        if (event === 'snapshot') this.#replace(data);
        else if (event === 'delta') this.#change(data);
      }
      if (this.connection.peek().state !== 'live') this.connection.value = { state: 'live' };
    });
  }

  #replace({ totals, vens, events }: Overview): void {
    const ids = new Set(vens.map(({ id }) => id));
    const gone = [...this.#byId.keys()].filter((id) => !ids.has(id));
    this.totals.value = totals;
    this.events.value = events;
    this.#put(vens, gone);
  }

  #change({ totals, vens, goneVens, events, goneEvents, points }: Delta): void {
    this.totals.value = totals;
    this.#put(vens, goneVens);
    if (events.length > 0 || goneEvents.length > 0) {
      const gone = new Set([...goneEvents, ...events.map(({ id }) => id)]);
      this.events.value = [...this.events.peek().filter(({ id }) => !gone.has(id)), ...events];
    }
    if (points.length > 0) this.series.value = withPoints(this.series.peek(), points);
  }

  #put(vens: readonly VenSummary[], gone: readonly string[]): void {
    let others = gone.length > 0;
    for (const ven of vens) {
      const known = this.#byId.get(ven.id);
      if (known === undefined) this.#byId.set(ven.id, signal(ven));
      else known.value = ven;
      others ||= known === undefined;
    }
    for (const id of gone) this.#byId.delete(id);
    if (!others) return;
    const all = [...this.#byId.values()].map((ven) => ven.peek());
    this.venIds.value = all.sort((a, b) => a.name.localeCompare(b.name, 'da')).map(({ id }) => id);
  }
}
