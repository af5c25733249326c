import { type Instant, instant } from '@venfleet/core';
import type { PointValue, Values } from '@venfleet/devices';
import type { DeviceFaults } from '../faults/registry.js';
import { total } from '../models/electricity.js';
import type { ControlWrite, SimResource, SiteModel } from '../models/model.js';
import type { World } from '../models/world.js';
import type { Counted } from './counter-store.js';

/** What the simulator knows of a resource. */
export interface SimulatedResource extends SimResource {
  readonly name: string;
  readonly ven: string;
  readonly meterPointId: string;
}

/** What faults of the device itself have done to what its meter shows; there for the few that have any. */
interface Damage {
  frozenBy: number;
  frozen: Values;
  resetBy: number;
  /** The true counters at the reset, by name: what is shown is what came since. */
  readonly zero: Map<string, number>;
}

/** One resource: its physics, and what its meter and its controller show of them. */
export class SimSite {
  readonly resource: SimulatedResource;
  readonly faults: DeviceFaults;
  /** Counts the writes: what is shown changes with each, within a step too. */
  writes = 0;
  readonly #model: SiteModel;
  readonly #world: World;
  readonly #before: Counted | undefined;
  #damage: Damage | undefined;

  /** @param before what the meter had counted when the simulation began; undefined for a new one */
  constructor(resource: SimulatedResource, model: SiteModel, world: World, faults: DeviceFaults, before?: Counted) {
    this.resource = resource;
    this.faults = faults;
    this.#model = model;
    this.#world = world;
    this.#before = before;
  }

  /** Since when the meter counts. */
  get countsSince(): Instant {
    return this.#before?.since ?? this.#world.start;
  }

  /** When the simulation began, and what the meter had counted then, in Wh. */
  get start(): { readonly at: Instant; readonly energyWh: number } {
    return { at: this.#world.start, energyWh: this.#before === undefined ? 0 : total(this.#before.energiesWh) };
  }

  /** What the meter has counted by `now`, or can have `aheadMs` later at the most. */
  counted(now: Instant, aheadMs: number): Counted {
    return { energiesWh: this.#model.counted(now, aheadMs), since: this.countsSince };
  }

  /**
   * When the meter last renewed what it shows: at the latest point of the grid of simulated time, as
   * real meters do, so that all registers of one reading, and two readers within a step, agree.
   */
  shownAt(now: Instant): Instant {
    return instant(Math.max(this.#world.start, Math.floor(now / this.#world.step) * this.#world.step));
  }

  /** What the meter shows, faults of the device included; a charging station shows its controller too. */
  meter(now: Instant): Values {
    const at = this.shownAt(now);
    const frozen = this.faults.current('frozen');
    if (frozen !== undefined && this.#damage?.frozenBy === frozen.id) return this.#damage.frozen;
    const values = this.#withReset(this.#trueMeter(at));
    if (frozen !== undefined) {
      const damage = this.#damageOf();
      damage.frozenBy = frozen.id;
      damage.frozen = values;
    }
    return values;
  }

  /** What the controller shows. */
  control(now: Instant): Values {
    return this.#model.readControl(this.shownAt(now));
  }

  /** @throws VenfleetError SIM_WRITE_REFUSED with all mistakes; nothing is changed then. */
  write(values: Readonly<Record<string, PointValue>>, now: Instant): void {
    // The model refuses names and types that are not its own.
    this.#model.writeControl(values as ControlWrite, now);
    this.writes++;
  }

  #trueMeter(at: Instant): Values {
    const meter = this.#model.readMeter(at);
    return this.resource.type === 'EV' ? { ...meter, ...this.#model.readControl(at) } : meter;
  }

  /** A counter that was reset counts on from there, also when the fault is over. */
  #withReset(values: Values): Values {
    const reset = this.faults.current('counter-reset');
    if (reset !== undefined && this.#damage?.resetBy !== reset.id) {
      const damage = this.#damageOf();
      damage.resetBy = reset.id;
      for (const [name, value] of Object.entries(values)) {
        if (name.startsWith('energy') && typeof value === 'number') damage.zero.set(name, value);
      }
    }
    const zero = this.#damage?.zero;
    if (zero === undefined || zero.size === 0) return values;
    return { ...values, ...Object.fromEntries([...zero].map(([name, at]) => [name, Number(values[name]) - at])) };
  }

  #damageOf(): Damage {
    this.#damage ??= { frozenBy: 0, frozen: {}, resetBy: 0, zero: new Map() };
    return this.#damage;
  }
}
