import { Counter, Gauge, Registry } from 'prom-client';
import type { Simulator } from '../fleet/simulator.js';
import { type SimulatorStats, simulatorStats } from '../fleet/stats.js';

type Labels = Readonly<Record<string, string>>;
type Samples = Iterable<readonly [labels: Labels, value: number]>;

/** The simulator's Prometheus metrics, measured when they are asked for. */
export class SimulatorMetrics {
  readonly #registry = new Registry();
  readonly #simulator: Simulator;
  readonly #setters: ((stats: SimulatorStats) => void)[] = [];

  constructor(simulator: Simulator) {
    this.#simulator = simulator;
    this.#addOwn(simulator);
    this.#add(Gauge, 'device_sim_devices', 'Simulated devices', ['role', 'protocol'], (stats) =>
      devices(stats, 'byProtocol', 'protocol'),
    );
    this.#add(Gauge, 'device_sim_devices_by_profile', 'Simulated devices by device profile', ['role', 'profile'], (stats) =>
      devices(stats, 'byProfile', 'profile'),
    );
    this.#add(Counter, 'device_sim_modbus_total', 'Modbus TCP requests, exceptions, dropped clients', ['what'], ({ modbus }) =>
      (['requests', 'exceptions', 'malformed', 'turnedAway'] as const).map((what) => [{ what }, modbus[what]]),
    );
    this.#add(Counter, 'device_sim_mqtt_total', 'MQTT messages published, received, failed', ['what'], ({ mqtt }) =>
      (['published', 'received', 'failed'] as const).map((what) => [{ what }, mqtt[what]]),
    );
    this.#add(Gauge, 'device_sim_clients', 'Connected clients', ['protocol'], ({ modbus, mqtt }) => [
      [{ protocol: 'MODBUSTCP' }, modbus.clients],
      ...(mqtt.clients === null ? [] : ([[{ protocol: 'MQTT' }, mqtt.clients]] as const)),
    ]);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** In Prometheus' text format. */
  async text(): Promise<string> {
    const stats = simulatorStats(this.#simulator);
    for (const set of this.#setters) set(stats);
    return this.#registry.metrics();
  }

  #addOwn(simulator: Simulator): void {
    const one = (Kind: typeof Counter | typeof Gauge, name: string, help: string, read: () => number) =>
      this.#add(Kind, name, help, [], () => [[{}, read()]]);
    one(Gauge, 'device_sim_ready', 'Whether all gateways and the broker are there', () => Number(simulator.isReady));
    one(Gauge, 'device_sim_simulated_time_seconds', 'Simulated time since 1970', () => simulator.clock.now() / 1000);
    one(Gauge, 'device_sim_faults', 'Faults in force', () => simulator.faults.list().length);
    one(Gauge, 'process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss());
    one(Counter, 'process_cpu_seconds_total', 'CPU time used', () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    });
  }

  #add(
    Kind: typeof Counter | typeof Gauge,
    name: string,
    help: string,
    labelNames: string[],
    read: (stats: SimulatorStats) => Samples,
  ): void {
    const metric = new Kind({ name, help, labelNames, registers: [this.#registry] });
    this.#setters.push((stats) => {
      // A counter that was just reset has the value that it is incremented by.
      metric.reset();
      for (const [labels, value] of read(stats)) metric.inc(labels, value);
    });
  }
}

function* devices(stats: SimulatorStats, by: 'byProtocol' | 'byProfile', label: string): Samples {
  for (const role of ['meters', 'controllers'] as const) {
    for (const [key, count] of Object.entries(stats[role][by])) yield [{ role, [label]: key }, count];
  }
}
