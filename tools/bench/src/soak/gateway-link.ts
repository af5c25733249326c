import { VenfleetError } from '@venfleet/core';
import type { ModbusGateway, Simulator } from '@venfleet/device-sim';
import type { AgentOptions } from '@venfleet/ven-agent';

type OpenGateway = NonNullable<NonNullable<AgentOptions['links']>['openGateway']>;
type GatewayLink = Awaited<ReturnType<OpenGateway>>;

/** Modbus Application Protocol 1.1b3 §7. */
const ILLEGAL_ADDRESS = 2;
const NO_SUCH_UNIT = 11;

/** The agent's way to the simulator's gateways without a network between them: no time passes on the way. */
export function directGateways(simulator: Simulator): OpenGateway {
  const gateways = new Map(simulator.gateways.map((gateway) => [gateway.address.port, gateway]));
  return async ({ host, port }) => {
    const gateway = gateways.get(port);
    if (gateway === undefined) throw new VenfleetError('GATEWAY_UNREACHABLE', `no gateway is simulated at ${host}:${port}`);
    return directLink(gateway);
  };
}

function directLink(gateway: ModbusGateway): GatewayLink {
  let end: () => void = () => {};
  const closed = new Promise<void>((resolve) => {
    end = resolve;
  });
  return {
    closed,
    close: () => end(),
    async read(unitId, { table, address, count }) {
      if (table !== 'holding' && table !== 'input') throw new TypeError(`no simulated meter has ${table}s`);
      const unit = gateway.units.get(unitId) ?? refuse(unitId, NO_SUCH_UNIT);
      const place = unit.find(table, address, count);
      if (place < 0) return refuse(unitId, ILLEGAL_ADDRESS);
      unit.device.beforeRead?.(unit, table, address, count);
      return Buffer.from(unit.slab.subarray(place, place + count * 2));
    },
    async write(unitId, { table, address, count, data }) {
      if (table !== 'holding') throw new TypeError(`no simulated controller has ${table}s`);
      const unit = gateway.units.get(unitId) ?? refuse(unitId, NO_SUCH_UNIT);
      const place = unit.find(table, address, count);
      if (place < 0 || unit.device.onWrite === undefined) return refuse(unitId, ILLEGAL_ADDRESS);
      const refusal = unit.device.onWrite(unit, { table, address, count, data });
      if (refusal !== undefined) refuse(unitId, refusal);
      data.copy(unit.slab, place);
    },
  };
}

function refuse(unitId: number, exception: number): never {
  throw new VenfleetError('METER_REFUSED', `unit ${unitId} answers with exception ${exception}`, {
    context: { unitId, exception },
  });
}
