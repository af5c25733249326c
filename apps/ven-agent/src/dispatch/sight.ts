import { type HasNow, type Instant, instant, minutes, type Watts } from '@venfleet/core';
import type { Resource } from '@venfleet/resource-db';
import type { ControlState } from '../control/model.js';
import type { ResourceState } from '../planning/model.js';
import type { LoadHistory } from '../planning/references.js';
import { hasGoodPower, type Reading, type ReadingSource } from '../readings/reading.js';

/** What dispatch sees of controllers. */
export interface SeesControl {
  /** undefined for a resource without a controller. */
  state(resource: number): ControlState | undefined;
}

export interface SightOptions {
  readonly readings: ReadingSource;
  readonly control: SeesControl;
  readonly clock: HasNow;
}

/** A value is fresh for so many of its meter's intervals. */
const FRESH = 3;
/** So far around a moment it is looked for what was drawn then. */
const AROUND = minutes(2);

/** What meters and controllers say of resources, as planning takes it. */
export class Sight implements LoadHistory {
  readonly #options: SightOptions;
  readonly #resources: ReadonlyMap<number, Resource>;

  constructor(resources: readonly Resource[], options: SightOptions) {
    this.#options = options;
    this.#resources = new Map(resources.map((resource) => [resource.id, resource]));
  }

  /** A resource now. */
  stateOf(resource: Resource): ResourceState {
    const { readings, control, clock } = this.#options;
    const fresh = lastPower(readings, resource, clock.now());
    const controller = control.state(resource.id);
    return {
      power: fresh?.power,
      reachable: controller?.obeys === true,
      overriding: controller?.status === 'overridden',
      limit: controller?.held ?? undefined,
      vehicle:
        resource.type === 'EV' && fresh?.stateOfCharge !== undefined
          ? { connected: true, stateOfCharge: fresh.stateOfCharge }
          : undefined,
    };
  }

  /** What a resource drew at a time: the last good value up to it, or the first after it. */
  powerAt(resource: number, at: Instant): Watts | undefined {
    const { readings, control } = this.#options;
    const interval = this.#resources.get(resource)?.readInterval ?? AROUND;
    const latest = readings.latest(resource);
    // An event that begins now is the usual case, and the present load of a site that nobody holds is at hand.
    const isFree = (control.state(resource)?.held ?? null) === null;
    if (latest !== undefined && isFree && isGood(latest) && Math.abs(at - latest.at) <= interval) return latest.power;
    const around = readings.around(resource, instant(at - AROUND), instant(at + AROUND)).filter(isGood);
    const before = around.findLast((reading) => reading.at <= at && at - reading.at <= AROUND);
    return (before ?? around.find((reading) => reading.at > at && reading.at - at <= AROUND))?.power;
  }
}

const isGood = (reading: Reading): boolean => reading.power !== undefined && hasGoodPower(reading);

/** The last good reading with a power, where it is fresh: some meters tell their counters apart. */
function lastPower(readings: ReadingSource, { id, readInterval }: Resource, now: Instant): Reading | undefined {
  const latest = readings.latest(id);
  const age = FRESH * readInterval;
  if (latest === undefined || Math.abs(now - latest.at) > age) return undefined;
  return isGood(latest) ? latest : readings.around(id, instant(now - age), now).findLast(isGood);
}
