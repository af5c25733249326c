import { type ManagedConnection, sameSettings } from '../connections.js';
import { DANISH_GSRN_COUNT, danishGsrn } from '../gsrn.js';
import type { Actor, Connection, NewConnection, NewResource, Resource } from '../model.js';
import type { ResourceDb } from '../resource-db.js';
import { sameResource } from '../resources.js';
import { type EndConfig, type FileConfig, type FleetConfig, modbusHostByVen, modbusHosts } from './fleet-config.js';
import { GatewayAllocator, type ModbusUnit } from './gateways.js';
import { type RefusedRow, type Site, toResource } from './site.js';

export interface ReconcileCounts {
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  /** Resources that no row describes any more, kept in the database. */
  readonly gone: number;
  /** The same, deleted because of `prune`. */
  readonly pruned: number;
}

/** What is in the database before an import. */
interface Present {
  readonly byId: ReadonlyMap<string, Resource>;
  /** Resources that no row speaks of any more. */
  readonly gone: readonly Resource[];
  /** Whether these are to be deleted. */
  readonly prune: boolean;
  readonly connections: ReadonlyMap<number, ManagedConnection>;
}

/**
 * Reads what is there. A resource whose row is refused is not gone: a slip in a coordinate must not
 * delete it.
 */
export function readPresent(db: ResourceDb, sites: readonly Site[], refused: readonly RefusedRow[], prune: boolean): Present {
  const resources = db.resources.list();
  const spokenOf = new Set([...sites, ...refused].map(({ resourceId }) => resourceId));
  return {
    byId: new Map(resources.map((resource) => [resource.resourceId, resource])),
    gone: resources.filter((resource) => !spokenOf.has(resource.resourceId)),
    prune,
    connections: new Map(db.connections.listManaged().map((managed) => [managed.connection.id, managed])),
  };
}

/** The resources that the import leaves as they are: none of the sites, and not deleted. */
function untouched({ byId, gone, prune }: Present, sites: readonly Site[]): Resource[] {
  const touched = new Set(sites.map(({ resourceId }) => resourceId));
  if (prune) for (const { resourceId } of gone) touched.add(resourceId);
  return [...byId.values()].filter(({ resourceId }) => !touched.has(resourceId));
}

/** Sorts out rows whose meter point belongs to a resource that the import leaves as it is. */
export function refuseTakenMeterPoints(all: readonly Site[], present: Present): { sites: Site[]; refused: RefusedRow[] } {
  const refused: RefusedRow[] = [];
  let sites = [...all];
  // A refused site's own resource is left as it is, too, which may refuse another site.
  for (let before = -1; before !== refused.length; ) {
    before = refused.length;
    const owners = new Map(untouched(present, sites).map((resource) => [resource.meterPointId, resource]));
    sites = sites.filter(({ place, resourceId, meterPointId }) => {
      const owner = meterPointId === undefined ? undefined : owners.get(meterPointId);
      if (owner === undefined) return true;
      const reason = `is that of ${owner.name} (${owner.resourceId}), which is in the database and stays as it is`;
      refused.push({ place, mistakes: [{ field: 'meter_point_id', reason }], resourceId });
      return false;
    });
  }
  return { sites, refused };
}

/**
 * The meter point of each site, by resource id: the one its row gives, else the one it has, else one
 * derived from its resource id. A given one is real, so that it drives out a derived one.
 * @param taken meter points of resources that are not among the sites.
 */
export function assignMeterPoints(
  sites: readonly Site[],
  present: ReadonlyMap<string, NewResource>,
  taken: Iterable<string>,
): Map<string, string> {
  const used = new Set(taken);
  const assigned = new Map<string, string>();
  const assign = (site: Site, meterPointId: string) => {
    used.add(meterPointId);
    assigned.set(site.resourceId, meterPointId);
  };
  for (const site of sites) if (site.meterPointId !== undefined) assign(site, site.meterPointId);
  const open = sites.filter((site) => site.meterPointId === undefined);
  for (const site of open) {
    const held = present.get(site.resourceId)?.meterPointId;
    if (held !== undefined && !used.has(held)) assign(site, held);
  }
  for (const site of open) {
    if (assigned.has(site.resourceId)) continue;
    // 48 bits of the UUID's SHA-1, which stay clear of its version digit.
    let serial = Number.parseInt(site.resourceId.replaceAll('-', '').slice(0, 12), 16) % DANISH_GSRN_COUNT;
    while (used.has(danishGsrn(serial))) serial = (serial + 1) % DANISH_GSRN_COUNT;
    assign(site, danishGsrn(serial));
  }
  return assigned;
}

/** Biggest VEN first, equal ones by name; within a VEN in the order of the source. */
function inVenOrder(sites: readonly Site[]): Site[] {
  const groups = new Map<string, Site[]>();
  for (const site of sites) {
    const group = groups.get(site.ven);
    if (group === undefined) groups.set(site.ven, [site]);
    else group.push(site);
  }
  return [...groups.entries()]
    .sort(([nameA, a], [nameB, b]) => b.length - a.length || (nameA < nameB ? -1 : 1))
    .flatMap(([, group]) => group);
}

/** Whether a site's meter and control are one device, with one unit id or topic: a charger that meters itself. */
function isOneDevice({ meter, control }: FileConfig): boolean {
  return control?.profile === meter.profile && control.via === meter.via;
}

/** Brings the database to what the sites say. Runs within the caller's transaction. */
export class Reconciler {
  readonly #db: ResourceDb;
  readonly #config: FleetConfig;
  readonly #present: Present;
  readonly #gateways: GatewayAllocator;
  readonly #modbusHost: (ven: string) => string;

  constructor(db: ResourceDb, config: FleetConfig, present: Present) {
    this.#db = db;
    this.#config = config;
    this.#present = present;
    this.#gateways = new GatewayAllocator(config.modbus);
    this.#modbusHost = modbusHostByVen(config.modbus);
  }

  apply(sites: readonly Site[]): ReconcileCounts {
    const { byId, gone, prune } = this.#present;
    if (prune) for (const resource of gone) this.#remove(resource);
    this.#reserveUnits(prune ? new Set(gone) : new Set());
    const taken = untouched(this.#present, sites).map((resource) => resource.meterPointId);
    const meterPoints = assignMeterPoints(sites, byId, taken);
    const meterPointOf = (site: Site) => meterPoints.get(site.resourceId) as string;
    for (const site of sites) {
      const existing = byId.get(site.resourceId);
      if (existing !== undefined && existing.meterPointId !== meterPointOf(site)) {
        this.#db.resources.vacateMeterPoint(site.resourceId);
      }
    }
    const counts = { created: 0, updated: 0, unchanged: 0 };
    for (const site of inVenOrder(sites)) {
      const existing = byId.get(site.resourceId);
      if (existing === undefined) {
        this.#create(site, meterPointOf(site));
        counts.created++;
      } else if (this.#update(site, meterPointOf(site), existing)) counts.updated++;
      else counts.unchanged++;
    }
    return { ...counts, gone: prune ? 0 : gone.length, pruned: prune ? gone.length : 0 };
  }

  /** Tells the allocator which units are in use, and by which VEN. */
  #reserveUnits(removed: ReadonlySet<Resource>): void {
    const venOf = new Map<number, string>();
    for (const resource of this.#present.byId.values()) {
      if (removed.has(resource)) continue;
      for (const id of [resource.readerConnectionId, resource.writerConnectionId]) if (id !== null) venOf.set(id, resource.ven);
    }
    const ours = modbusHosts(this.#config.modbus);
    for (const { connection, managed } of this.#present.connections.values()) {
      if (connection.type !== 'MODBUSTCP') continue;
      const ven = venOf.get(connection.id);
      if (managed && ven !== undefined) this.#gateways.reserve(connection, ven);
      // A port that someone else uses on a host of ours is not ours to give out.
      else if (ours.has(connection.host) && !managed) this.#gateways.reserve(connection);
    }
  }

  #create(site: Site, meterPointId: string): void {
    const { meter, control } = site.config;
    const shared = isOneDevice(site.config);
    const devices = [meter, ...(control === undefined || shared ? [] : [control])].filter((end) => end.via === 'MODBUSTCP');
    const units = devices.length === 0 ? [] : this.#gateways.allocate(site.ven, devices.length);
    const insert = (actor: Actor, end: EndConfig, unit: ModbusUnit | undefined) =>
      this.#db.connections.insert(this.#connection(site, actor, end, unit), true);
    const readerConnectionId = insert('READER', meter, units[0]);
    const writerConnectionId = control === undefined ? null : insert('WRITER', control, shared ? units[0] : units.at(-1));
    const resource = toResource(site, meterPointId, undefined);
    this.#db.resources.insert({ ...resource, readerConnectionId, writerConnectionId });
  }

  /** @returns whether the resource or one of its connections changed. */
  #update(site: Site, meterPointId: string, existing: Resource): boolean {
    const { meter, control } = site.config;
    const reader = this.#managed(existing.readerConnectionId);
    const writer = this.#managed(existing.writerConnectionId);
    const readerUnit = reader && this.#unitFor(site, meter, reader);
    const readerChanged = reader !== undefined && this.#refresh(site, meter, reader, readerUnit);
    let resource = toResource(site, meterPointId, existing);
    let writerChanged = false;
    if (writer !== undefined && control !== undefined) {
      const shared = isOneDevice(site.config);
      const writerUnit =
        shared && readerUnit ? readerUnit : this.#unitFor(site, control, writer, shared ? undefined : readerUnit);
      writerChanged = this.#refresh(site, control, writer, writerUnit);
    } else if (writer !== undefined) resource = { ...resource, writerConnectionId: null };
    const changed = !sameResource(existing, resource) && this.#db.resources.update(site.resourceId, resource);
    if (writer !== undefined && resource.writerConnectionId === null) this.#db.connections.deleteUnused(writer.id);
    return changed || readerChanged || writerChanged;
  }

  /** A connection that the import made; undefined for one of someone else, which stays as it is. */
  #managed(id: number | null): Connection | undefined {
    const present = id === null ? undefined : this.#present.connections.get(id);
    return present?.managed ? present.connection : undefined;
  }

  /**
   * The unit of a device that is there: the one it has, unless another device has it now; a new one
   * when it was not reached over Modbus before. Undefined for MQTT.
   */
  #unitFor(site: Site, { via }: EndConfig, connection: Connection, other?: ModbusUnit): ModbusUnit | undefined {
    if (via !== 'MODBUSTCP') return undefined;
    const keeps = connection.type === 'MODBUSTCP' && !(connection.port === other?.port && connection.unitId === other.unitId);
    return keeps ? connection : this.#gateways.allocate(site.ven, 1)[0];
  }

  /** Brings a connection of ours up to date. @returns whether it changed. */
  #refresh(site: Site, end: EndConfig, connection: Connection, unit: ModbusUnit | undefined): boolean {
    const wanted = this.#connection(site, connection.actor, end, unit);
    return !sameSettings(connection, wanted) && this.#db.connections.update(connection.id, wanted, true);
  }

  #connection(site: Site, actor: Actor, { via, profile }: EndConfig, unit: ModbusUnit | undefined): NewConnection {
    const { mqtt } = this.#config;
    if (via === 'MODBUSTCP') {
      const { port, unitId } = unit as ModbusUnit;
      return { type: via, actor, profile, host: this.#modbusHost(site.ven), port, unitId };
    }
    const device = actor === 'READER' || isOneDevice(site.config) ? 'meter' : 'controller';
    return {
      type: via,
      actor,
      profile,
      host: mqtt.host,
      port: mqtt.port,
      topic: `${mqtt.baseTopic}/${site.resourceId}/${device}`,
      username: mqtt.username ?? null,
      secretRef: mqtt.secretRef ?? null,
    };
  }

  #remove(resource: Resource): void {
    this.#db.resources.delete(resource.resourceId);
    for (const id of [resource.readerConnectionId, resource.writerConnectionId]) {
      if (id !== null) this.#db.connections.deleteUnused(id);
    }
  }
}
