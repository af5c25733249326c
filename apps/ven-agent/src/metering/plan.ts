import { VenfleetError } from '@venfleet/core';
import { type DeviceProfile, inputsOf, type ModbusProfile, type MqttProfile, type ProfileCatalog } from '@venfleet/devices';
import type { Connection, Resource } from '@venfleet/resource-db';
import { READING_VALUES } from './meter.js';

export interface ModbusPlace {
  readonly resource: Resource;
  readonly unitId: number;
  readonly profile: ModbusProfile;
}

export interface MqttPlace {
  readonly resource: Resource;
  readonly topic: string;
  readonly profile: MqttProfile;
}

export interface GatewayPlan {
  readonly host: string;
  readonly port: number;
  readonly meters: ModbusPlace[];
}

/** One login at a broker. */
export interface BrokerPlan {
  readonly host: string;
  readonly port: number;
  readonly username: string | null;
  /** `env:NAME` or `file:PATH` */
  readonly secretRef: string | null;
  readonly meters: MqttPlace[];
}

export interface FilePlan {
  readonly file: string;
  readonly resources: Resource[];
}

/** A resource that cannot be metered, and why; the others are. */
export interface Unmetered {
  readonly resource: Resource;
  readonly reason: string;
}

/** Which meters are read through what. */
export interface MeteringPlan {
  readonly gateways: readonly GatewayPlan[];
  readonly brokers: readonly BrokerPlan[];
  readonly files: readonly FilePlan[];
  readonly unmetered: readonly Unmetered[];
}

/**
 * Sorts the enabled resources by what they are read through. Pure. A resource whose connection makes no sense
 * (none at all, an unknown profile, a device that another resource has already) is set aside with the reason.
 */
export function planMetering(
  resources: Iterable<Resource>,
  connections: { get(id: number): Connection | undefined },
  catalog: ProfileCatalog,
): MeteringPlan {
  const planner = new Planner(catalog);
  for (const resource of resources)
    if (resource.enabled) planner.add(resource, connections.get(resource.readerConnectionId ?? -1));
  return planner.finish();
}

class Planner {
  readonly #catalog: ProfileCatalog;
  readonly #gateways = new Map<string, GatewayPlan>();
  readonly #brokers = new Map<string, BrokerPlan>();
  readonly #files = new Map<string, FilePlan>();
  readonly #owners = new Map<string, Resource>();
  readonly #unmetered: Unmetered[] = [];

  constructor(catalog: ProfileCatalog) {
    this.#catalog = catalog;
  }

  add(resource: Resource, connection: Connection | undefined): void {
    try {
      if (connection === undefined) throw new VenfleetError('NO_METER', 'it has no connection to a meter');
      this.#place(resource, connection);
    } catch (error) {
      if (!(error instanceof VenfleetError)) throw error;
      this.#unmetered.push({ resource, reason: error.message });
    }
  }

  finish(): MeteringPlan {
    return {
      gateways: [...this.#gateways.values()],
      brokers: [...this.#brokers.values()],
      files: [...this.#files.values()],
      unmetered: this.#unmetered,
    };
  }

  #place(resource: Resource, c: Connection): void {
    if (c.type === 'MODBUSTCP') {
      const profile = measuring(this.#catalog.modbus(c.profile));
      this.#claim(`${c.host}:${c.port} unit ${c.unitId}`, resource);
      const gateway = entry(this.#gateways, `${c.host}:${c.port}`, () => ({ host: c.host, port: c.port, meters: [] }));
      gateway.meters.push({ resource, unitId: c.unitId, profile });
    } else if (c.type === 'MQTT') {
      const { host, port, topic, username, secretRef } = c;
      const profile = measuring(this.#catalog.mqtt(c.profile));
      this.#claim(`${host}:${port} topic ${topic}`, resource);
      const key = `${host}:${port} ${username ?? ''} ${secretRef ?? ''}`;
      const broker = entry(this.#brokers, key, () => ({ host, port, username, secretRef, meters: [] }));
      broker.meters.push({ resource, topic, profile });
    } else {
      entry(this.#files, c.file, () => ({ file: c.file, resources: [] })).resources.push(resource);
    }
  }

  #claim(place: string, resource: Resource): void {
    const owner = this.#owners.get(place);
    if (owner !== undefined) throw new VenfleetError('METER_SHARED', `its meter, ${place}, is that of ${owner.name} already`);
    this.#owners.set(place, resource);
  }
}

function entry<T>(map: Map<string, T>, key: string, make: () => T): T {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

/** The reading values that a profile gives, derived ones included. */
export function readingValuesOf({ points, derived }: DeviceProfile): string[] {
  const isThere = (name: string): boolean =>
    points.has(name) || derived.some((formula) => formula.name === name && inputsOf(formula).every(isThere));
  return READING_VALUES.filter(isThere);
}

function measuring<P extends DeviceProfile>(profile: P): P {
  if (readingValuesOf(profile).length > 0) return profile;
  throw new VenfleetError('NO_METER', `the profile ${profile.id} gives neither power nor energy`);
}
