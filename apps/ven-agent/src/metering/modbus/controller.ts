import { decodeReplies, encodeControls, type PointValue, type Values } from '@venfleet/devices';
import { dialectOf } from '../../control/dialect.js';
import type { Controller, Dialect } from '../../control/model.js';
import type { ModbusPlace } from '../plan.js';
import { type Ask, type DeviceLayout, type Layouts, type ReadRegisters, readAll } from './layout.js';

/** The controller in a device: told by its control registers, known by what it shows. */
export class ModbusController implements Controller {
  readonly dialect: Dialect;
  readonly #place: ModbusPlace;
  readonly #layouts: Layouts;
  readonly #ask: Ask;
  #layout: DeviceLayout | undefined;

  constructor(place: ModbusPlace, layouts: Layouts, ask: Ask) {
    this.#place = place;
    this.#layouts = layouts;
    this.#ask = ask;
    // The plan has no places for devices that cannot be controlled.
    this.dialect = dialectOf(place.profile) as Dialect;
  }

  get resource() {
    return this.#place.resource;
  }

  read(): Promise<Values> {
    return this.#ask('read', ({ read }) => this.#values(read));
  }

  write(controls: Readonly<Record<string, PointValue>>): Promise<Values> {
    const { profile } = this.#place;
    // Encoded first: what makes no sense is no failure of the device.
    const requests = encodeControls(profile, controls);
    return this.#ask('write', async ({ read, write }) => {
      // A device that is not the one of the profile is not written to.
      this.#layout ??= await this.#layouts.discover(this.#place.profile, read);
      for (const request of requests) await write(request);
      return this.#values(read);
    });
  }

  /** It says nothing by itself. */
  listen(): void {}

  /** Another device may stand in its place: it is looked at anew. */
  forget(): void {
    this.#layout = undefined;
  }

  async #values(read: ReadRegisters): Promise<Values> {
    this.#layout ??= await this.#layouts.discover(this.#place.profile, read);
    const { profile, control } = this.#layout;
    return decodeReplies({ ...profile, derived: [] }, await readAll(control, read));
  }
}
