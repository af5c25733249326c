import { VenfleetError } from '@venfleet/core';
import { type DeviceProfile, inputsOf, type ModbusProfile, type MqttProfile, type ProfileCatalog } from '@venfleet/devices';
import type { Connection, ModbusSettings, MqttSettings, Resource } from '@venfleet/resource-db';
import { dialectOf } from '../control/dialect.js';
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
  /** Of a charger, the same device as its meter. */
  readonly controllers: ModbusPlace[];
}

/** One login at a broker. */
export interface BrokerPlan {
  readonly host: string;
  readonly port: number;
  readonly username: string | null;
  /** `env:NAME` or `file:PATH` */
  readonly secretRef: string | null;
  readonly meters: MqttPlace[];
  readonly controllers: MqttPlace[];
}

export interface FilePlan {
  readonly file: string;
  readonly resources: Resource[];
}

/** A resource that cannot be metered, or not controlled, and why; the others are. */
export interface SetAside {
  readonly resource: Resource;
  readonly reason: string;
  /** What can be done. */
  readonly hint: string | undefined;
}

/** Which meters are read, and which controllers told, through what. */
export interface MeteringPlan {
  readonly gateways: readonly GatewayPlan[];
  readonly brokers: readonly BrokerPlan[];
  readonly files: readonly FilePlan[];
  readonly unmetered: readonly SetAside[];
  /** With a connection for control that is of no use; a resource without one is only metered. */
  readonly uncontrolled: readonly SetAside[];
}

/**
 * Sorts the enabled resources by what they are read and controlled through; a gateway or broker is there once for
 * both. Pure. A resource whose connection makes no sense (none to a meter, an unknown profile, a device that another
 * resource has already, a file to control) is set aside with the reason.
 */
export function planMetering(
  resources: Iterable<Resource>,
  connections: { get(id: number): Connection | undefined },
  catalog: ProfileCatalog,
): MeteringPlan {
  const planner = new Planner(catalog);
  for (const resource of resources) {
    if (!resource.enabled) continue;
    planner.addMeter(resource, connections.get(resource.readerConnectionId ?? -1));
    const writer = resource.writerConnectionId === null ? undefined : connections.get(resource.writerConnectionId);
    if (writer !== undefined) planner.addController(resource, writer);
  }
  return planner.finish();
}

class Planner {
  readonly #catalog: ProfileCatalog;
  readonly #gateways = new Map<string, GatewayPlan>();
  readonly #brokers = new Map<string, BrokerPlan>();
  readonly #files = new Map<string, FilePlan>();
  readonly #owners = new Map<string, Resource>();
  readonly #unmetered: SetAside[] = [];
  readonly #uncontrolled: SetAside[] = [];

  constructor(catalog: ProfileCatalog) {
    this.#catalog = catalog;
  }

  addMeter(resource: Resource, connection: Connection | undefined): void {
    setAside(this.#unmetered, resource, () => {
      if (connection === undefined) throw new VenfleetError('NO_METER', 'it has no connection to a meter');
      this.#placeMeter(resource, connection);
    });
  }

  addController(resource: Resource, connection: Connection): void {
    setAside(this.#uncontrolled, resource, () => this.#placeController(resource, connection));
  }

  finish(): MeteringPlan {
    return {
      gateways: [...this.#gateways.values()],
      brokers: [...this.#brokers.values()],
      files: [...this.#files.values()],
      unmetered: this.#unmetered,
      uncontrolled: this.#uncontrolled,
    };
  }

  #placeMeter(resource: Resource, c: Connection): void {
    if (c.type === 'MODBUSTCP') {
      const profile = measuring(this.#catalog.modbus(c.profile));
      this.#claim(resource, c);
      this.#gateway(c).meters.push({ resource, unitId: c.unitId, profile });
    } else if (c.type === 'MQTT') {
      const profile = measuring(this.#catalog.mqtt(c.profile));
      this.#claim(resource, c);
      this.#broker(c).meters.push({ resource, topic: c.topic, profile });
    } else {
      entry(this.#files, c.file, () => ({ file: c.file, resources: [] })).resources.push(resource);
    }
  }

  #placeController(resource: Resource, c: Connection): void {
    if (c.type === 'MODBUSTCP') {
      const profile = controlling(this.#catalog.modbus(c.profile));
      this.#claim(resource, c);
      this.#gateway(c).controllers.push({ resource, unitId: c.unitId, profile });
    } else if (c.type === 'MQTT') {
      const profile = controlling(this.#catalog.mqtt(c.profile));
      this.#claim(resource, c);
      this.#broker(c).controllers.push({ resource, topic: c.topic, profile });
    } else throw new VenfleetError('NO_CONTROLLER', `a file, ${c.file}, controls nothing`);
  }

  #gateway({ host, port }: ModbusSettings): GatewayPlan {
    return entry(this.#gateways, `${host}:${port}`, () => ({ host, port, meters: [], controllers: [] }));
  }

  #broker({ host, port, username, secretRef }: MqttSettings): BrokerPlan {
    const key = `${host}:${port} ${username ?? ''} ${secretRef ?? ''}`;
    return entry(this.#brokers, key, () => ({ host, port, username, secretRef, meters: [], controllers: [] }));
  }

  /** A resource may be metered and controlled by one device, two resources may not. */
  #claim(resource: Resource, c: ModbusSettings | MqttSettings): void {
    const place = `${c.host}:${c.port} ${c.type === 'MQTT' ? `topic ${c.topic}` : `unit ${c.unitId}`}`;
    const owner = this.#owners.get(place) ?? resource;
    if (owner.id !== resource.id) {
      throw new VenfleetError('DEVICE_SHARED', `its device, ${place}, is that of ${owner.name} already`);
    }
    this.#owners.set(place, resource);
  }
}

function setAside(list: SetAside[], resource: Resource, place: () => void): void {
  try {
    place();
  } catch (error) {
    if (!(error instanceof VenfleetError)) throw error;
    list.push({ resource, reason: error.message, hint: error.hint });
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

function controlling<P extends DeviceProfile>(profile: P): P {
  if (dialectOf(profile) !== undefined) return profile;
  throw new VenfleetError('NO_CONTROLLER', `the profile ${profile.id} takes no limit`);
}
