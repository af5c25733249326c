import { VenfleetError } from '@venfleet/core';
import { FIRST_EPHEMERAL_PORT, type FleetConfig } from './fleet-config.js';

interface Gateway {
  /** The VEN whose devices it serves; undefined when someone else uses the port. */
  ven: string | undefined;
  readonly port: number;
  readonly units: Set<number>;
}

/** A place for one Modbus device. */
export interface ModbusUnit {
  readonly port: number;
  readonly unitId: number;
}

/**
 * Gives Modbus devices their gateway (a port) and unit id. A gateway serves one VEN and at most so
 * many units; what has been given out before is never moved.
 */
export class GatewayAllocator {
  readonly #settings: FleetConfig['modbus'];
  readonly #byPort = new Map<number, Gateway>();
  readonly #byVen = new Map<string, Gateway[]>();
  #nextPort: number;

  constructor(settings: FleetConfig['modbus']) {
    this.#settings = settings;
    this.#nextPort = settings.basePort;
  }

  /** Marks a unit as in use; with a VEN, its gateway takes further devices of that VEN. */
  reserve({ port, unitId }: ModbusUnit, ven?: string): void {
    const gateway = this.#byPort.get(port) ?? this.#add(port);
    gateway.units.add(unitId);
    if (ven !== undefined && gateway.ven === undefined) this.#assign(gateway, ven);
  }

  /**
   * Places for the `count` devices of one site, all on the same gateway: the VEN's first with room, or
   * a new one.
   * @throws VenfleetError PORTS_EXHAUSTED
   */
  allocate(ven: string, count: number): ModbusUnit[] {
    const { maxUnitsPerGateway } = this.#settings;
    const found = this.#byVen.get(ven)?.find(({ units }) => maxUnitsPerGateway - units.size >= count);
    const gateway = found ?? this.#assign(this.#add(this.#freePort()), ven);
    const places: ModbusUnit[] = [];
    // Units are given out in order, so the search mostly ends at its first step.
    for (let unitId = gateway.units.size + 1; places.length < count; unitId = (unitId % maxUnitsPerGateway) + 1) {
      if (gateway.units.has(unitId)) continue;
      gateway.units.add(unitId);
      places.push({ port: gateway.port, unitId });
    }
    return places;
  }

  #add(port: number): Gateway {
    const gateway: Gateway = { ven: undefined, port, units: new Set() };
    this.#byPort.set(port, gateway);
    return gateway;
  }

  #assign(gateway: Gateway, ven: string): Gateway {
    gateway.ven = ven;
    const gateways = this.#byVen.get(ven);
    if (gateways === undefined) this.#byVen.set(ven, [gateway]);
    else gateways.push(gateway);
    return gateway;
  }

  #freePort(): number {
    while (this.#byPort.has(this.#nextPort)) this.#nextPort++;
    if (this.#nextPort < FIRST_EPHEMERAL_PORT) return this.#nextPort;
    throw new VenfleetError('PORTS_EXHAUSTED', `the Modbus gateways need ports beyond ${FIRST_EPHEMERAL_PORT - 1}`, {
      context: { basePort: this.#settings.basePort },
      hint: 'set a lower modbus.basePort or a higher modbus.maxUnitsPerGateway in the fleet configuration',
    });
  }
}
