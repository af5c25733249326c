import { type Clock, type Logger, minutes } from '@venfleet/core';
import { decodeReplies } from '@venfleet/devices';
import type { MeterDriver, Sample } from '../meter.js';
import type { ModbusPlace } from '../plan.js';
import { type Ask, type DeviceLayout, type Layouts, type ReadRegisters, readAll } from './layout.js';

/** How often slow points are read. */
const SLOW_PERIOD = minutes(1);

/** The meter in a device: where its values are, and how to read them. */
export class ModbusMeter implements MeterDriver {
  readonly #place: ModbusPlace;
  readonly #layouts: Layouts;
  readonly #ask: Ask;
  readonly #ports: { readonly clock: Clock; readonly logger: Logger };
  #layout: DeviceLayout | undefined;
  #nextSlow = Number.NEGATIVE_INFINITY;

  constructor(place: ModbusPlace, layouts: Layouts, ask: Ask, ports: { clock: Clock; logger: Logger }) {
    this.#place = place;
    this.#layouts = layouts;
    this.#ask = ask;
    this.#ports = ports;
  }

  get resource() {
    return this.#place.resource;
  }

  get where(): string {
    return `unit ${this.#place.unitId} (${this.#place.profile.id})`;
  }

  async read(): Promise<Sample[]> {
    return [await this.#ask('read', ({ read }) => this.#sample(read))];
  }

  /** Another device may stand in its place: it is looked at anew. */
  forget(): void {
    this.#layout = undefined;
  }

  /** @throws what `read` and the decoding throw */
  async #sample(read: ReadRegisters): Promise<Sample> {
    this.#layout ??= await this.#meet(read);
    const { profile, fast, slow } = this.#layout;
    const now = this.#ports.clock.monotonic();
    const withSlow = slow.length > 0 && now >= this.#nextSlow;
    const replies = await readAll(withSlow ? [...fast, ...slow] : fast, read);
    const sample = { at: this.#ports.clock.now(), values: decodeReplies(profile, replies) };
    if (withSlow) this.#nextSlow = now + SLOW_PERIOD;
    return sample;
  }

  /** First contact: is it the right device, where are its values, who is it? */
  async #meet(read: ReadRegisters): Promise<DeviceLayout> {
    const { resource, profile, unitId } = this.#place;
    const layout = await this.#layouts.discover(profile, read);
    const replies = await readAll(layout.once, read);
    this.#ports.logger.debug(
      {
        resource: resource.resourceId,
        unitId,
        profile: profile.id,
        ...decodeReplies({ ...layout.profile, derived: [] }, replies),
      },
      'meter found',
    );
    return layout;
  }
}
