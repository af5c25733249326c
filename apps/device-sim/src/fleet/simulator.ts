import type { Clock, Instant, Logger } from '@venfleet/core';
import { instant, VenfleetError } from '@venfleet/core';
import type { PointValue } from '@venfleet/devices';
import { loadProfiles } from '@venfleet/devices/node';
import { openResourceDb, type Resource } from '@venfleet/resource-db';
import { type DeviceFaults, FaultRegistry } from '../faults/registry.js';
import { ModbusGateway, startGateways } from '../modbus/gateway.js';
import { createSite } from '../models/create-site.js';
import { createWorld, type World } from '../models/world.js';
import type { MqttLink } from '../mqtt/link.js';
import { MqttFleet, type MqttPlace } from '../mqtt/mqtt-fleet.js';
import { CounterKeeper } from './counter-keeper.js';
import { type Counted, CounterStore } from './counter-store.js';
import { ModbusDevice, modbusUnit } from './modbus-device.js';
import { MqttSite } from './mqtt-site.js';
import { type FleetPlan, type GatewayPlan, type MqttPlan, planFleet } from './plan.js';
import type { Selection } from './selection.js';
import { SimClock } from './sim-clock.js';
import { SimSite } from './sim-site.js';

export interface SimulatorOptions {
  /** Path of the resource database. */
  readonly db: string;
  /** Directory of the device profiles. */
  readonly profiles: string;
  readonly selection?: Selection | undefined;
  /** The same seed, start and steps give the same values. */
  readonly seed: string | number;
  /** When simulated time begins; now unless given. */
  readonly start?: Instant | undefined;
  /** Simulated seconds in a real one; 1 unless given. */
  readonly speed?: number | undefined;
  /** The address to listen on in place of that in the database. */
  readonly host?: string | undefined;
  /** The way to the broker, given where the database's connections say that it is and who may log in. */
  readonly link: (plans: readonly MqttPlan[]) => Promise<MqttLink>;
  /** File in which the meters keep their counters from one run to the next; each begins at 0 unless given. */
  readonly state?: string | undefined;
  /** Real time. */
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A simulated resource with its devices, as the view shows it. */
export interface SimulatedDevice {
  readonly site: SimSite;
  readonly meter: DevicePlace | undefined;
  readonly controller: DevicePlace | undefined;
}

/** How a device is reached. */
export type DevicePlace =
  | {
      readonly protocol: 'MODBUSTCP';
      readonly profile: string;
      readonly host: string;
      readonly port: number;
      readonly unitId: number;
    }
  | { readonly protocol: 'MQTT'; readonly profile: string; readonly host: string; readonly port: number; readonly topic: string };

/** A running part of the fleet: all of its devices on their own protocols. */
export class Simulator {
  readonly clock: Clock;
  readonly faults: FaultRegistry;
  readonly #options: SimulatorOptions;
  readonly #world: World;
  readonly #names = new Map<string, string>();
  #running: Running | undefined;

  constructor(options: SimulatorOptions) {
    this.#options = options;
    const start = options.start ?? options.clock.now();
    const speed = options.speed ?? 1;
    this.clock = options.start === undefined && speed === 1 ? options.clock : new SimClock(options.clock, { start, speed });
    this.faults = new FaultRegistry({ clock: this.clock, seed: options.seed });
    this.#world = createWorld({ seed: options.seed, start: instant(start) });
  }

  /**
   * Reads the database and the profiles, then opens the counters' file, the gateways and the way to the broker: all or
   * nothing.
   * @throws VenfleetError as loadProfiles, openResourceDb, planFleet, openDatabase, startGateways and the link's start do.
   */
  async start(): Promise<void> {
    if (this.#running !== undefined) throw new VenfleetError('ALREADY_STARTED', 'this simulator is running already');
    const plan = this.#plan();
    const { state } = this.#options;
    const store = state === undefined ? undefined : new CounterStore(state);
    try {
      this.#running = await this.#startAll(await this.#build(plan, store?.load()), store);
    } catch (error) {
      store?.close();
      throw error;
    }
  }

  async #startAll(parts: Parts, store: CounterStore | undefined): Promise<Running> {
    const { clock: realClock, logger } = this.#options;
    await startGateways(parts.gateways);
    try {
      await parts.mqtt?.start();
      const sites = [...parts.devices.values()].map(({ site }) => site);
      const options = { sites, clock: this.clock, realClock, speed: this.speed, logger };
      const counters = store === undefined ? undefined : new CounterKeeper({ ...options, store });
      counters?.start();
      return { ...parts, counters };
    } catch (error) {
      await parts.mqtt?.stop();
      await Promise.all(parts.gateways.map((gateway) => gateway.stop()));
      throw error;
    }
  }

  /** In the reverse order. Harmless when not started. */
  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    this.faults.clearAll();
    await running?.mqtt?.stop();
    await Promise.all(running?.gateways.map((gateway) => gateway.stop()) ?? []);
    // Nobody reads a meter any more.
    await running?.counters?.stop();
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Whether everything that it listens on or connects to is there. */
  get isReady(): boolean {
    return this.#running !== undefined && this.#running.mqtt?.connected !== false;
  }

  get seed(): string | number {
    return this.#options.seed;
  }

  get speed(): number {
    return this.#options.speed ?? 1;
  }

  /** By resource id, in the order of the database. */
  get devices(): ReadonlyMap<string, SimulatedDevice> {
    return this.#running?.devices ?? new Map();
  }

  get gateways(): readonly ModbusGateway[] {
    return this.#running?.gateways ?? [];
  }

  get mqtt(): MqttFleet | undefined {
    return this.#running?.mqtt;
  }

  get withoutDevice(): number {
    return this.#running?.withoutDevice ?? 0;
  }

  /**
   * Writes to a site's controller, whatever its protocol.
   * @throws VenfleetError SIM_WRITE_REFUSED
   */
  write(site: SimSite, values: Readonly<Record<string, PointValue>>): void {
    site.write(values, this.clock.now());
    this.#running?.mqtt?.stateChanged(site.resource.resourceId);
  }

  #plan(): FleetPlan {
    const { db: path, profiles, selection = {} } = this.#options;
    const catalog = loadProfiles(profiles);
    const db = openResourceDb(path, 'readonly');
    try {
      const connections = new Map(db.connections.list().map((c) => [c.id, c]));
      return planFleet({ vens: db.resources.vens(), resources: db.resources.list(), connections, catalog }, selection);
    } finally {
      db.close();
    }
  }

  async #build(plan: FleetPlan, counted: ReadonlyMap<string, Counted> = new Map()): Promise<Parts> {
    const meterGateways = new Map<Resource, string>();
    for (const { host, port, units } of plan.gateways) {
      for (const { role, resource } of units) if (role === 'meter') meterGateways.set(resource, `${host}:${port}`);
    }
    const sites = new Map(
      plan.resources.map((resource) => [resource.resourceId, this.#site(resource, meterGateways.get(resource), counted)]),
    );
    const gateways = plan.gateways.map((gateway) => this.#gateway(gateway, sites));
    return {
      devices: devicesOf(plan, sites),
      gateways,
      mqtt: plan.mqtt.length === 0 ? undefined : await this.#mqttFleet(plan.mqtt, sites),
      withoutDevice: plan.withoutDevice,
    };
  }

  #site(from: Resource, gateway: string | undefined, counted: ReadonlyMap<string, Counted>): SimSite {
    // What the database knows beyond that, for every resource, would only take up memory.
    const { resourceId, name, meterPointId, type, pMin, pMax, eMin, eMax } = from;
    const [ven, subType] = [this.#shared(from.ven), this.#shared(from.subType)];
    const resource = { resourceId, name, ven, meterPointId, type, subType, pMin, pMax, eMin, eMax };
    const before = counted.get(resourceId);
    const model = createSite(resource, this.#world, before?.energiesWh);
    return new SimSite(resource, model, this.#world, this.#faultsOf(resource, gateway), before);
  }

  /** One string for all resources that have it: the database gives each its own. */
  #shared(text: string): string {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    this.#names.set(text, text);
    return text;
  }

  #faultsOf({ resourceId, ven }: { resourceId: string; ven: string }, gateway: string | undefined): DeviceFaults {
    return this.faults.of({ device: resourceId, city: ven, gateway });
  }

  #gateway({ host, port, units }: GatewayPlan, sites: ReadonlyMap<string, SimSite>): ModbusGateway {
    const gateway = `${host}:${port}`;
    const specs = units.map(({ unitId, profile, role, resource }) => {
      const site = sites.get(resource.resourceId) as SimSite;
      const faults = role === 'meter' ? site.faults : this.#faultsOf(resource, gateway);
      const device = new ModbusDevice(profile, site, role, faults, this.clock);
      return modbusUnit(unitId, profile, site, device);
    });
    const { clock, logger, host: bind } = this.#options;
    return new ModbusGateway({ host: bind ?? host, port, units: specs, clock, logger });
  }

  async #mqttFleet(plans: readonly MqttPlan[], sites: ReadonlyMap<string, SimSite>): Promise<MqttFleet> {
    const places = plans.map(({ profile, topic, role, resource }): MqttPlace => {
      const site = sites.get(resource.resourceId) as SimSite;
      return { profile, topic, faults: site.faults, subject: new MqttSite(site, role) };
    });
    const { clock: realClock, link, seed, logger } = this.#options;
    return new MqttFleet({ places, link: await link(plans), registry: this.faults, clock: this.clock, realClock, seed, logger });
  }
}

interface Parts {
  readonly devices: ReadonlyMap<string, SimulatedDevice>;
  readonly gateways: readonly ModbusGateway[];
  readonly mqtt: MqttFleet | undefined;
  readonly withoutDevice: number;
}

interface Running extends Parts {
  readonly counters: CounterKeeper | undefined;
}

function devicesOf(plan: FleetPlan, sites: ReadonlyMap<string, SimSite>): Map<string, SimulatedDevice> {
  const places = { meter: new Map<string, DevicePlace>(), controller: new Map<string, DevicePlace>() };
  for (const { host, port, units } of plan.gateways) {
    for (const { resource, role, profile, unitId } of units) {
      places[role].set(resource.resourceId, { protocol: 'MODBUSTCP', profile: profile.id, host, port, unitId });
    }
  }
  for (const { resource, role, profile, host, port, topic } of plan.mqtt) {
    places[role].set(resource.resourceId, { protocol: 'MQTT', profile: profile.id, host, port, topic });
  }
  return new Map(
    [...sites].map(([id, site]) => [id, { site, meter: places.meter.get(id), controller: places.controller.get(id) }]),
  );
}
