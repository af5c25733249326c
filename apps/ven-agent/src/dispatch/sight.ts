import { type HasNow, hours, type Instant, instant, minutes, type Watts } from '@venfleet/core';
import type { Resource } from '@venfleet/resource-db';
import type { ControlState } from '../control/model.js';
import type { ResourceState } from '../planning/model.js';
import { hasGoodPower, type Reading, type ReadingSource } from '../readings/reading.js';

/** What dispatch sees of controllers. */
export interface SeesControl {
  /** undefined for a resource without a controller. */
  state(resource: number): ControlState | undefined;
}

export interface SightOptions {
  readonly readings: ReadingSource;
  readonly control: SeesControl;
  /** Since when a resource was curtailed without a break until a time; undefined where it was not. */
  readonly curtailedSince: (resource: number, at: Instant) => Instant | undefined;
  readonly clock: HasNow;
}

/** A value is fresh for so many of its meter's intervals. */
const FRESH = 3;
/** So far around a moment it is looked for what was drawn then. */
const AROUND = minutes(2);
/** What was drawn so long ago still says what would be drawn. */
const STILL_TRUE = hours(4);

/** What meters and controllers say of resources, as planning takes it. */
export class Sight {
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
      // Not heard yet, as after a start: what it draws may be all that it is let draw, and says nothing of its load.
      limit: controller !== undefined && controller.held === undefined ? fresh?.power : (controller?.held ?? undefined),
      vehicle:
        resource.type === 'EV' && fresh?.stateOfCharge !== undefined
          ? { connected: true, stateOfCharge: fresh.stateOfCharge }
          : undefined,
    };
  }

  /**
   * What a resource drew by itself at a time. Where it was held to less then, as an event followed upon another: what it
   * drew before that began.
   */
  loadAt(resource: number, at: Instant): Watts | undefined {
    const since = this.#options.curtailedSince(resource, at);
    return this.powerAt(resource, since !== undefined && at - since <= STILL_TRUE ? instant(since - 1) : at);
  }

  /** What a resource drew at a time: the last good value up to it, or the first after it. */
  powerAt(resource: number, at: Instant): Watts | undefined {
    const { readings } = this.#options;
    const interval = this.#resources.get(resource)?.readInterval ?? AROUND;
    const latest = readings.latest(resource);
    // An event that begins now is the usual case, and the present load is at hand.
    if (latest !== undefined && isGood(latest) && latest.at <= at && at - latest.at <= interval) return latest.power;
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
