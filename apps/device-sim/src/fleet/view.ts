import { VenfleetError } from '@venfleet/core';
import type { PointValue, Values } from '@venfleet/devices';
import type { DevicePlace, SimulatedDevice, Simulator } from './simulator.js';

/** A resource and where its devices are. */
export interface DeviceSummary {
  readonly resourceId: string;
  readonly name: string;
  readonly ven: string;
  readonly type: string;
  readonly subType: string;
  readonly meterPointId: string;
  readonly meter: DevicePlace | null;
  readonly controller: DevicePlace | null;
}

/** What the devices of a resource show at one moment, by canonical names. */
export interface DeviceReading extends DeviceSummary {
  /** Simulated time at which the meter last renewed what it shows. */
  readonly at: string;
  readonly measurement: Values;
  readonly control: Values;
}

export interface DeviceFilter {
  readonly ven?: string | undefined;
  readonly subType?: string | undefined;
  readonly protocol?: string | undefined;
}

export function listDevices(simulator: Simulator, filter: DeviceFilter, offset: number, limit: number) {
  const fitting = [...simulator.devices.values()].filter(
    ({ site: { resource }, meter }) =>
      (filter.ven === undefined || resource.ven === filter.ven) &&
      (filter.subType === undefined || resource.subType === filter.subType) &&
      (filter.protocol === undefined || meter?.protocol === filter.protocol),
  );
  return { total: fitting.length, offset, devices: fitting.slice(offset, offset + limit).map(summaryOf) };
}

/** Exactly what the meter and the controller say now. @throws VenfleetError DEVICE_UNKNOWN */
export function readDevice(simulator: Simulator, id: string): DeviceReading {
  const device = findDevice(simulator, id);
  const now = simulator.clock.now();
  return {
    ...summaryOf(device),
    at: new Date(device.site.shownAt(now)).toISOString(),
    measurement: device.site.meter(now),
    control: device.site.control(now),
  };
}

/**
 * Writes to a controller as a client of its own protocol would.
 * @returns what it shows then
 * @throws VenfleetError DEVICE_UNKNOWN, SIM_WRITE_REFUSED
 */
export function controlDevice(simulator: Simulator, id: string, values: Readonly<Record<string, PointValue>>): DeviceReading {
  const { site } = findDevice(simulator, id);
  simulator.write(site, values);
  return readDevice(simulator, site.resource.resourceId);
}

/** By resource id or by meter point id. */
function findDevice(simulator: Simulator, id: string): SimulatedDevice {
  const { devices } = simulator;
  const found = devices.get(id.toLowerCase()) ?? [...devices.values()].find(({ site }) => site.resource.meterPointId === id);
  if (found !== undefined) return found;
  throw new VenfleetError('DEVICE_UNKNOWN', `the simulator has no resource ${id}`, {
    context: { id },
    hint: 'give a resource id or a meter point id; npx nx run resource-db:query lists them',
  });
}

function summaryOf({ site: { resource }, meter, controller }: SimulatedDevice): DeviceSummary {
  const { resourceId, name, ven, type, subType, meterPointId } = resource;
  return { resourceId, name, ven, type, subType, meterPointId, meter: meter ?? null, controller: controller ?? null };
}
