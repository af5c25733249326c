import type { DevicePlace, Simulator } from './simulator.js';

/** Devices of one role, counted exactly. */
export interface DeviceCounts {
  readonly total: number;
  readonly byProtocol: Readonly<Record<string, number>>;
  readonly byProfile: Readonly<Record<string, number>>;
}

/** What a simulator carries and what has happened to it. */
export interface SimulatorStats {
  readonly resources: number;
  readonly vens: number;
  readonly meters: DeviceCounts;
  readonly controllers: DeviceCounts;
  /** Resources without a meter on Modbus or MQTT, which are not simulated. */
  readonly withoutDevice: number;
  readonly clock: { readonly now: string; readonly speed: number; readonly seed: string };
  readonly modbus: {
    readonly gateways: number;
    readonly units: number;
    readonly clients: number;
    readonly requests: number;
    readonly exceptions: number;
    readonly malformed: number;
    readonly turnedAway: number;
  };
  readonly mqtt: {
    readonly connected: boolean;
    /** null where an external broker does not tell. */
    readonly clients: number | null;
    readonly published: number;
    readonly received: number;
    readonly failed: number;
  };
  readonly faults: number;
  readonly memory: { readonly rssBytes: number };
}

export function simulatorStats(simulator: Simulator): SimulatorStats {
  const devices = [...simulator.devices.values()];
  const { mqtt, gateways } = simulator;
  return {
    resources: devices.length,
    vens: new Set(devices.map(({ site }) => site.resource.ven)).size,
    meters: countDevices(devices.map(({ meter }) => meter)),
    controllers: countDevices(devices.map(({ controller }) => controller)),
    withoutDevice: simulator.withoutDevice,
    clock: { now: new Date(simulator.clock.now()).toISOString(), speed: simulator.speed, seed: String(simulator.seed) },
    modbus: {
      gateways: gateways.length,
      units: sum(gateways.map(({ units }) => units.size)),
      clients: sum(gateways.map(({ clients }) => clients)),
      requests: sum(gateways.map(({ counters }) => counters.requests)),
      exceptions: sum(gateways.map(({ counters }) => counters.exceptions)),
      malformed: sum(gateways.map(({ counters }) => counters.malformed)),
      turnedAway: sum(gateways.map(({ counters }) => counters.turnedAway)),
    },
    mqtt: {
      connected: mqtt?.connected ?? false,
      clients: mqtt?.clients ?? null,
      ...(mqtt?.counters ?? { published: 0, received: 0, failed: 0 }),
    },
    faults: simulator.faults.list().length,
    memory: { rssBytes: process.memoryUsage.rss() },
  };
}

function countDevices(places: readonly (DevicePlace | undefined)[]): DeviceCounts {
  const byProtocol: Record<string, number> = {};
  const byProfile: Record<string, number> = {};
  let total = 0;
  for (const place of places) {
    if (place === undefined) continue;
    total++;
    byProtocol[place.protocol] = (byProtocol[place.protocol] ?? 0) + 1;
    byProfile[place.profile] = (byProfile[place.profile] ?? 0) + 1;
  }
  return { total, byProtocol, byProfile };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
