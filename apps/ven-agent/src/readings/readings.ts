import { type Clock, type Instant, type Random, watts } from '@venfleet/core';
import type { Resource } from '@venfleet/resource-db';
import type { Alarms } from './alarms.js';
import type { ReadingsSettings } from './config.js';
import { type CopyStatus, InfluxCopy } from './influx/copy.js';
import { JudgingSink } from './judging-sink.js';
import type { Reading, ReadingSink, ReadingSource } from './reading.js';
import type { ReportedUntil } from './retention.js';
import { ReadingStore, type StoreStatus } from './store.js';

export interface ReadingsOptions extends ReadingsSettings {
  /** Whose readings come: their capacities judge them, their names are the copy's tags. */
  readonly resources: Iterable<Resource>;
  readonly reportedUntil: ReportedUntil;
  /** Sees each reading once it is judged. */
  readonly onKept?: ((readings: readonly Reading[]) => void) | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly alarms: Alarms;
}

/** Everything that becomes of a reading: judged, stored, copied where a copy is wanted. */
export class Readings {
  readonly #store: ReadingStore;
  readonly #copy: InfluxCopy | undefined;
  readonly #onKept: ReadingsOptions['onKept'];
  /** Takes readings as metering made them. */
  readonly sink: ReadingSink;
  readonly source: ReadingSource;

  constructor({ store, influx, resources, reportedUntil, onKept, clock, random, alarms }: ReadingsOptions) {
    this.#onKept = onKept;
    const byId = new Map([...resources].map((resource) => [resource.id, resource]));
    this.#store = new ReadingStore({ ...store, clock, alarms, reportedUntil });
    const tagsOf = (id: number) => tagsOfResource(byId.get(id));
    this.#copy = influx === undefined ? undefined : new InfluxCopy({ ...influx, tagsOf, clock, random, alarms });
    this.source = this.#store;
    this.sink = new JudgingSink({
      source: this.#store,
      sink: { add: (readings) => this.#keep(readings) },
      limitsOf: (id) => ({ pMax: byId.get(id)?.pMax ?? watts(0) }),
      clock,
    });
  }

  /** @throws VenfleetError DB_IN_USE, DB_READONLY, DB_UNOPENABLE, DB_NEWER, DB_WRONG_KIND, DB_FULL, DB_IO */
  async start(): Promise<void> {
    this.#store.start();
    try {
      this.#copy?.start();
    } catch (error) {
      await this.#store.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#copy?.stop();
    await this.#store.stop();
  }

  /** The time of the newest stored reading; undefined where there is none. */
  newest(): Instant | undefined {
    return this.#store.newest();
  }

  /** Figures for gauges. */
  status(): { readonly store: StoreStatus; readonly copy: CopyStatus | undefined } {
    return { store: this.#store.status(), copy: this.#copy?.status() };
  }

  #keep(readings: readonly Reading[]): void {
    this.#store.add(readings);
    this.#copy?.add(readings);
    this.#onKept?.(readings);
  }
}

function tagsOfResource(resource: Resource | undefined): Record<string, string> {
  if (resource === undefined) return {};
  const { ven, resourceId, type, subType, meterPointId } = resource;
  return { ven, resource: resourceId, type, sub_type: subType, meter_point: meterPointId };
}
