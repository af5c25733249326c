import { type HasMonotonic, type HasNow, type Instant, instant } from '@venfleet/core';
import type { Sample } from '../ops/metric-table.js';
import { type Alert, type AlertInstance, isMeant, isOut, keyOf, type Labels } from './model.js';

/** A firing instance as it is kept from one life to the next. */
export interface FiringRecord {
  readonly alert: string;
  readonly labels: Labels;
  readonly firedAt: Instant;
}

interface Tracked {
  readonly labels: Labels;
  /** On the clock that does not jump: no step of the wall clock can make an alert, or end one. */
  readonly outSince: number;
  lastOutAt: number;
  /** By the wall clock, for people; undefined while it is pending. */
  firedAt: Instant | undefined;
  value: number | undefined;
}

/** Follows each alert's instances: out of bounds for long enough they fire, back for long enough they are over. */
export class AlertTracker {
  readonly #alerts: readonly Alert[];
  readonly #clock: HasNow & HasMonotonic;
  readonly #instances: ReadonlyMap<string, Map<string, Tracked>>;

  /** @param firing of the last life: they go on to fire until they are seen to be over */
  constructor(alerts: readonly Alert[], clock: HasNow & HasMonotonic, firing: readonly FiringRecord[] = []) {
    this.#alerts = alerts;
    this.#clock = clock;
    this.#instances = new Map(alerts.map(({ name }) => [name, new Map()]));
    const now = clock.monotonic();
    for (const { alert, labels, firedAt } of firing) {
      this.#instances.get(alert)?.set(keyOf(labels), { labels, outSince: now, lastOutAt: now, firedAt, value: undefined });
    }
  }

  /** Takes what the metrics are now. */
  update(samplesOf: (metric: string) => Iterable<Sample>): void {
    for (const alert of this.#alerts) {
      const instances = this.#instances.get(alert.name) as Map<string, Tracked>;
      const now = this.#clock.monotonic();
      for (const { labels, value } of samplesOf(alert.metric)) {
        if (!isMeant(alert, labels) || !isOut(alert, value)) continue;
        const key = keyOf(labels);
        const known = instances.get(key);
        if (known === undefined) instances.set(key, { labels, outSince: now, lastOutAt: now, firedAt: undefined, value });
        else Object.assign(known, { lastOutAt: now, value });
      }
      this.#settle(alert, instances, now);
    }
  }

  /** Those that are pending or firing now. */
  instances(): AlertInstance[] {
    return this.#alerts.flatMap((alert) =>
      [...(this.#instances.get(alert.name)?.values() ?? [])].map(({ labels, firedAt, outSince, value }) => ({
        alert,
        labels,
        state: firedAt === undefined ? ('pending' as const) : ('firing' as const),
        since: firedAt ?? instant(this.#clock.now() - (this.#clock.monotonic() - outSince)),
        value,
      })),
    );
  }

  #settle(alert: Alert, instances: Map<string, Tracked>, now: number): void {
    for (const [key, tracked] of instances) {
      const isOver = tracked.lastOutAt < now;
      if (tracked.firedAt === undefined) {
        if (isOver) instances.delete(key);
        else if (now - tracked.outSince >= alert.for) tracked.firedAt = this.#clock.now();
      } else if (isOver && now - tracked.lastOutAt >= alert.keep) instances.delete(key);
    }
  }
}
