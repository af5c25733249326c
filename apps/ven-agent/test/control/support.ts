import { type Instant, milliseconds, type Random, seconds, type Watts, watts } from '@venfleet/core';
import { FakeClock, MemoryLogger, sequenceRandom } from '@venfleet/core/testing';
import type { PointValue, Values } from '@venfleet/devices';
import type { Resource } from '@venfleet/resource-db';
import { controlSettings } from '../../src/control/config.js';
import { Control } from '../../src/control/control.js';
import { dialectOf } from '../../src/control/dialect.js';
import type { Controller, Dialect, Wanted } from '../../src/control/model.js';
import { linkErrors } from '../../src/metering/modbus/link.js';
import { catalog, resource } from '../metering/support.js';

export const flexProfile = catalog.modbus('flex-controller');
export const flexDialect = dialectOf(flexProfile) as Dialect;

export type Mood = 'obeys' | 'refuses' | 'takes and forgets' | 'says exception' | 'is silent';

/** A flex-controller without a wire: it holds a limit for as long as it was told, then lets go. */
export class StandIn implements Controller {
  readonly dialect = flexDialect;
  readonly resource: Resource;
  readonly writes: { readonly atMs: number; readonly controls: Readonly<Record<string, PointValue>> }[] = [];
  mood: Mood = 'obeys';
  overridden = false;
  reads = 0;
  inFlight = 0;
  mostInFlight = 0;
  readonly #clock: FakeClock;
  #limitW = 50_000;
  #validForS = 60;
  #until = Number.NEGATIVE_INFINITY;
  #expired = false;
  #heard: (values: Values) => void = () => {};

  constructor(id: number, clock: FakeClock, changes: Partial<Resource> = {}) {
    this.#clock = clock;
    this.resource = resource(id, { ...changes, writerConnectionId: id });
  }

  get active(): boolean {
    if (this.#until !== Number.NEGATIVE_INFINITY && this.#clock.monotonic() > this.#until) {
      this.#until = Number.NEGATIVE_INFINITY;
      this.#expired = true;
    }
    return this.#until !== Number.NEGATIVE_INFINITY;
  }

  /** The limit in force. */
  get held(): number | undefined {
    return this.active ? this.#limitW : undefined;
  }

  get values(): Values {
    const leftS = this.active ? Math.ceil((this.#until - this.#clock.monotonic()) / 1000) : 0;
    const inForce = this.overridden ? 'overridden' : 'limiting';
    return {
      limitW: this.#limitW,
      limitActive: this.active,
      limitValidForS: this.#validForS,
      limitTimeLeftS: leftS,
      controllerState: this.active ? inForce : this.#expired ? 'expired' : 'released',
    };
  }

  async read(): Promise<Values> {
    this.reads++;
    await this.#answer();
    return this.values;
  }

  async write(controls: Readonly<Record<string, PointValue>>): Promise<Values> {
    this.writes.push({ atMs: this.#clock.monotonic(), controls });
    await this.#answer();
    if (this.mood === 'says exception') throw linkErrors.refused(1, 4, { table: 'holding', address: 10, count: 4 }, 'write');
    if (this.mood === 'obeys') this.#take(controls);
    return this.values;
  }

  listen(heard: (values: Values) => void): void {
    this.#heard = heard;
  }

  /** Says its state by itself. */
  speak(): void {
    this.#heard(this.values);
  }

  /** Somebody sets a limit: another agent, or this one before it died. */
  found(limitW: number, validForS = 60): void {
    this.#take({ limitW, limitActive: true, limitValidForS: validForS });
  }

  async #answer(): Promise<void> {
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
    try {
      await this.#clock.sleep(milliseconds(this.mood === 'is silent' ? 1000 : 5));
      if (this.mood === 'is silent') throw linkErrors.timeout(1, milliseconds(1000));
    } finally {
      this.inFlight--;
    }
  }

  #take({ limitW, limitActive, limitValidForS }: Readonly<Record<string, PointValue>>): void {
    if (typeof limitW === 'number') this.#limitW = limitW;
    if (typeof limitValidForS === 'number') this.#validForS = limitValidForS;
    const active = typeof limitActive === 'boolean' ? limitActive : this.active;
    this.#until = active ? this.#clock.monotonic() + this.#validForS * 1000 : Number.NEGATIVE_INFINITY;
    this.#expired = false;
  }
}

export const limit = (limitW: number, cause = 'event-1'): Wanted => ({
  setpoint: { kind: 'limit', limit: watts(limitW) },
  cause,
});
export const free = (cause?: string, since?: Instant): Wanted => ({ setpoint: { kind: 'free' }, cause, since });

interface SetUp {
  readonly controllers?: number;
  readonly settings?: Parameters<typeof controlSettings>[0];
  readonly random?: Random;
  readonly clock?: FakeClock;
  readonly standIns?: StandIn[];
  readonly changes?: Partial<Resource>;
}

/** A running control over stand-ins, which have been looked at once. */
export async function setUp({ controllers = 1, settings, random, clock = new FakeClock(), standIns, changes }: SetUp = {}) {
  const devices = standIns ?? Array.from({ length: controllers }, (_, i) => new StandIn(i + 1, clock, changes));
  const logger = new MemoryLogger();
  const control = new Control({
    controllers: devices,
    settings: controlSettings({ restoreOverS: 0, validForS: 60, ...settings }),
    clock,
    random: random ?? sequenceRandom(0.5, 0.1, 0.9),
    logger,
  });
  control.start();
  await clock.advance(seconds(2));
  const meter = (power: number, id = 1) =>
    control.observe([
      { resource: id, at: clock.now(), power: watts(power) as Watts, importEnergy: undefined, exportEnergy: undefined, flags: 0 },
    ]);
  return { clock, control, logger, devices, device: devices[0] as StandIn, meter, state: () => control.state(1) };
}
