import { isVenfleetError, VenfleetError } from '@venfleet/core';
import type { ModbusProfile, MqttProfile, ProfileCatalog } from '@venfleet/devices';
import type { Connection, Resource } from '@venfleet/resource-db';
import type { DeviceRole } from './modbus-device.js';
import { type Selection, selectShard, selectVens } from './selection.js';

/** A Modbus device to be. */
export interface UnitPlan {
  readonly unitId: number;
  readonly profile: ModbusProfile;
  readonly role: DeviceRole;
  readonly resource: Resource;
}

/** A Modbus TCP port to be. */
export interface GatewayPlan {
  readonly host: string;
  readonly port: number;
  readonly units: UnitPlan[];
}

/** An MQTT device to be. */
export interface MqttPlan {
  readonly host: string;
  readonly port: number;
  readonly topic: string;
  readonly username: string | null;
  readonly secretRef: string | null;
  readonly profile: MqttProfile;
  readonly role: DeviceRole;
  readonly resource: Resource;
}

/** What stands where: all that the resource database says of the selected part of the fleet. */
export interface FleetPlan {
  /** With at least one device, in the order of the database. */
  readonly resources: readonly Resource[];
  readonly gateways: readonly GatewayPlan[];
  readonly mqtt: readonly MqttPlan[];
  /** Resources that are read from a file or not at all. */
  readonly withoutDevice: number;
}

export interface FleetSource {
  /** Biggest first. */
  readonly vens: readonly { readonly name: string }[];
  readonly resources: readonly Resource[];
  readonly connections: ReadonlyMap<number, Connection>;
  readonly catalog: ProfileCatalog;
}

/** How many of a kind of mistake are named. */
const NAMED = 20;

/**
 * Decides what to simulate. Pure.
 * @throws VenfleetError VEN_UNKNOWN, FLEET_EMPTY, or FLEET_INVALID with every connection that cannot be
 *   simulated: an unknown profile, a unit id or a topic that two resources claim. The database knows unit ids
 *   of 1…247 alone, so that no gateway gets more units than it can carry.
 */
export function planFleet(source: FleetSource, selection: Selection): FleetPlan {
  const vens = selectVens(source.vens, selection);
  const endsOf = (resource: Resource) => deviceEnds(resource, source.connections);
  const inVens = source.resources.filter((resource) => vens.has(resource.ven));
  const chosen =
    selection.shard === undefined ? inVens : selectShard(inVens, (r) => endsOf(r).flatMap(gatewayOf), selection.shard);
  const planner = new Planner(source.catalog);
  const resources = chosen.filter((resource) => {
    const ends = endsOf(resource);
    for (const end of ends) planner.add(resource, end);
    return ends.length > 0;
  });
  const { gateways, mqtt } = planner.finish();
  if (resources.length === 0) {
    throw new VenfleetError('FLEET_EMPTY', 'the selected part of the fleet has no device to simulate', {
      hint: 'select more, or give the resources Modbus or MQTT connections',
    });
  }
  return { resources, gateways, mqtt, withoutDevice: chosen.length - resources.length };
}

interface End {
  readonly connection: Connection;
  readonly role: DeviceRole;
}

/** The devices of a resource: its meter, and its controller unless that is the same device. */
function deviceEnds(resource: Resource, connections: ReadonlyMap<number, Connection>): End[] {
  const reader = connections.get(resource.readerConnectionId ?? -1);
  const writer = connections.get(resource.writerConnectionId ?? -1);
  const ends: End[] = [];
  if (reader !== undefined && reader.type !== 'FILEREADER') ends.push({ connection: reader, role: 'meter' });
  if (writer !== undefined && writer.type !== 'FILEREADER' && (reader === undefined || placeOf(writer) !== placeOf(reader))) {
    ends.push({ connection: writer, role: 'controller' });
  }
  return ends;
}

/** Two connections with the same place reach the same device. */
function placeOf(c: Connection): string {
  if (c.type === 'MODBUSTCP') return `${c.host}:${c.port} unit ${c.unitId}`;
  return c.type === 'MQTT' ? `topic ${c.topic}` : `file ${c.file}`;
}

function gatewayOf({ connection: c }: End): string[] {
  return c.type === 'MODBUSTCP' ? [`${c.host}:${c.port}`] : [];
}

class Planner {
  readonly #catalog: ProfileCatalog;
  readonly #gateways = new Map<string, GatewayPlan>();
  readonly #mqtt: MqttPlan[] = [];
  readonly #owners = new Map<string, Resource>();
  readonly #mistakes: string[] = [];

  constructor(catalog: ProfileCatalog) {
    this.#catalog = catalog;
  }

  add(resource: Resource, { connection: c, role }: End): void {
    const place = placeOf(c);
    const owner = this.#owners.get(place);
    if (owner !== undefined) {
      this.#mistakes.push(`${place}: claimed by ${owner.name}, ${owner.ven}, and by ${resource.name}, ${resource.ven}`);
      return;
    }
    this.#owners.set(place, resource);
    try {
      if (c.type === 'MODBUSTCP') {
        const profile = this.#catalog.modbus(c.profile);
        this.#gateway(c.host, c.port).units.push({ unitId: c.unitId, profile, role, resource });
      } else if (c.type === 'MQTT') {
        const { host, port, topic, username, secretRef } = c;
        this.#mqtt.push({ host, port, topic, username, secretRef, profile: this.#catalog.mqtt(c.profile), role, resource });
      }
    } catch (error) {
      if (!isVenfleetError(error, 'PROFILE_UNKNOWN')) throw error;
      this.#mistakes.push(`${place}, ${resource.name}, ${resource.ven}: ${error.message}`);
    }
  }

  finish(): { gateways: GatewayPlan[]; mqtt: MqttPlan[] } {
    const gateways = [...this.#gateways.values()];
    const found = this.#mistakes.length;
    if (found === 0) return { gateways, mqtt: this.#mqtt };
    const more = found > NAMED ? [`… and ${found - NAMED} more`] : [];
    throw new VenfleetError('FLEET_INVALID', `the fleet cannot be simulated: ${found} of its connections cannot`, {
      details: [...this.#mistakes.slice(0, NAMED), ...more],
      hint: 'npx nx run resource-db:prepare brings the sample fleet’s connections up to date; others are to be corrected by hand, or the missing device profile added',
    });
  }

  #gateway(host: string, port: number): GatewayPlan {
    const key = `${host}:${port}`;
    let gateway = this.#gateways.get(key);
    if (gateway === undefined) {
      gateway = { host, port, units: [] };
      this.#gateways.set(key, gateway);
    }
    return gateway;
  }
}
