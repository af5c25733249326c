import { type HasNow, isVenfleetError } from '@venfleet/core';
import { decodeWrite, encodeImage, imageLayout, type ModbusProfile, type Values, writeImage } from '@venfleet/devices';
import type { DeviceFaults } from '../faults/registry.js';
import { type DeviceIdentification, deviceIdentification } from '../modbus/device-identification.js';
import type { ModbusUnit, UnitDevice, UnitSpec, UnitWrite, WriteRefusal } from '../modbus/unit.js';
import type { SimSite } from './sim-site.js';

/** What a device behind a unit id is of its site: the meter, or the flex-controller beside it. */
export type DeviceRole = 'meter' | 'controller';

const ILLEGAL_DATA_VALUE = 3;

/** A meter, charger or controller in a gateway's slab: its registers are brought up to date when somebody reads them. */
export class ModbusDevice implements UnitDevice {
  readonly faults: DeviceFaults;
  readonly identification: DeviceIdentification;
  readonly #profile: ModbusProfile;
  readonly #site: SimSite;
  readonly #role: DeviceRole;
  readonly #clock: HasNow;
  /** Of what is in the slab. */
  #shownAt = Number.NaN;
  #writes = 0;
  #swapped = false;

  constructor(profile: ModbusProfile, site: SimSite, role: DeviceRole, faults: DeviceFaults, clock: HasNow) {
    this.#profile = profile;
    this.#site = site;
    this.#role = role;
    this.faults = faults;
    this.#clock = clock;
    this.identification = identificationOf(profile);
  }

  beforeRead(unit: ModbusUnit): void {
    const now = this.#clock.now();
    const shownAt = this.#site.shownAt(now);
    const swapped = this.faults.current('word-order') !== undefined;
    const { writes } = this.#site;
    if (shownAt === this.#shownAt && writes === this.#writes && swapped === this.#swapped) return;
    const values = this.#values(now);
    writeImage(this.#profile, values, unit.slab, unit.offset);
    if (swapped) swapWords(this.#profile, values, unit.slab, unit.offset);
    this.#shownAt = shownAt;
    this.#writes = writes;
    this.#swapped = swapped;
  }

  onWrite(unit: ModbusUnit, { table, address, count, data }: UnitWrite): WriteRefusal | undefined {
    const outcome = decodeWrite(this.#profile, { table, address, count, data });
    if (!outcome.ok) return outcome.exception;
    try {
      this.#site.write(outcome.values, this.#clock.now());
    } catch (error) {
      if (isVenfleetError(error, 'SIM_WRITE_REFUSED')) return ILLEGAL_DATA_VALUE;
      throw error;
    }
    this.beforeRead(unit);
    return undefined;
  }

  #values(now: ReturnType<HasNow['now']>): Values {
    return this.#role === 'meter' ? this.#site.meter(now) : this.#site.control(now);
  }
}

/** A device's place on a gateway, with what never changes already in its registers. */
export function modbusUnit(id: number, profile: ModbusProfile, site: SimSite, device: ModbusDevice): UnitSpec {
  const serial = profile.points.get('serialNumber');
  const image = encodeImage(profile, {
    deviceAddress: id,
    ...(serial?.type === 'string' ? { serialNumber: serialNumber(site).slice(0, serial.registers * 2) } : {}),
  });
  return { id, layout: imageLayout(profile), image, device };
}

function serialNumber({ resource }: SimSite): string {
  return resource.resourceId.replaceAll('-', '');
}

const identifications = new WeakMap<ModbusProfile, DeviceIdentification>();

/** Devices of one profile share one. */
function identificationOf(profile: ModbusProfile): DeviceIdentification {
  let identification = identifications.get(profile);
  if (identification === undefined) {
    const { vendor, model } = profile;
    identification = deviceIdentification({ vendorName: vendor, productCode: model, revision: '1.0' });
    identifications.set(profile, identification);
  }
  return identification;
}

/** What a device with the other word order would show: the registers of each number of several, backwards. */
function swapWords(profile: ModbusProfile, written: Values, slab: Buffer, offset: number): void {
  for (const { name, table, address, registers, type } of profile.points.values()) {
    if (registers < 2 || type === 'string' || !(name in written)) continue;
    const range = imageLayout(profile).ranges.find(
      (r) => r.table === table && address >= r.address && address + registers <= r.address + r.count,
    );
    if (range === undefined) continue;
    const begin = offset + range.byteOffset + (address - range.address) * 2;
    for (let low = begin, high = begin + (registers - 1) * 2; low < high; low += 2, high -= 2) {
      const word = slab.readUInt16BE(low);
      slab.writeUInt16BE(slab.readUInt16BE(high), low);
      slab.writeUInt16BE(word, high);
    }
  }
}
