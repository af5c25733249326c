import { Gauge, Registry } from 'prom-client';
import type { Simulator } from '../fleet/simulator.js';
import { simulatorStats } from '../fleet/stats.js';

/** The simulator's Prometheus metrics, measured when they are asked for. */
export function simulatorMetrics(simulator: Simulator): Registry {
  const registry = new Registry();
  const gauge = <L extends string>(name: string, help: string, labelNames: L[] = []) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const devices = gauge('device_sim_devices', 'Simulated devices', ['role', 'protocol']);
  const profiles = gauge('device_sim_devices_by_profile', 'Simulated devices by device profile', ['role', 'profile']);
  const numbers = {
    device_sim_ready: [() => Number(simulator.isReady), 'Whether all gateways and the broker are there'],
    device_sim_simulated_time_seconds: [() => simulator.clock.now() / 1000, 'Simulated time since 1970'],
    device_sim_faults: [() => simulator.faults.list().length, 'Faults in force'],
    process_resident_memory_bytes: [() => process.memoryUsage.rss(), 'Resident memory'],
    process_cpu_seconds_total: [() => (process.cpuUsage().user + process.cpuUsage().system) / 1e6, 'CPU time used'],
  } as const;
  const modbus = gauge('device_sim_modbus_total', 'Modbus TCP requests, exceptions, dropped clients', ['what']);
  const mqtt = gauge('device_sim_mqtt_total', 'MQTT messages published, received, failed', ['what']);
  const clients = gauge('device_sim_clients', 'Connected clients', ['protocol']);
  for (const [name, [read, help]] of Object.entries(numbers)) {
    const one = gauge(name, help);
    const collect = () => one.set(read());
    Object.assign(one, { collect });
  }
  Object.assign(devices, {
    collect() {
      const stats = simulatorStats(simulator);
      for (const role of ['meters', 'controllers'] as const) {
        for (const [protocol, count] of Object.entries(stats[role].byProtocol)) devices.set({ role, protocol }, count);
        for (const [profile, count] of Object.entries(stats[role].byProfile)) profiles.set({ role, profile }, count);
      }
      for (const what of ['requests', 'exceptions', 'malformed', 'turnedAway'] as const) modbus.set({ what }, stats.modbus[what]);
      for (const what of ['published', 'received', 'failed'] as const) mqtt.set({ what }, stats.mqtt[what]);
      clients.set({ protocol: 'MODBUSTCP' }, stats.modbus.clients);
      if (stats.mqtt.clients !== null) clients.set({ protocol: 'MQTT' }, stats.mqtt.clients);
    },
  });
  return registry;
}
