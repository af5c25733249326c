import { Gauge, Registry } from 'prom-client';
import { type AgentStatus, notReady } from '../run/status.js';

/** The agent's Prometheus metrics, taken from its status when they are asked for. */
export function agentMetrics(status: () => AgentStatus | undefined): Registry {
  const registry = new Registry();
  const plain = (name: string, help: string, read: (status: AgentStatus) => number) => {
    const gauge = new Gauge({
      name,
      help,
      registers: [registry],
      collect: () => {
        const now = status();
        if (now !== undefined) gauge.set(read(now));
      },
    });
  };
  const labelled = (
    name: string,
    help: string,
    label: string,
    read: (status: AgentStatus) => Iterable<readonly [string, number]>,
  ) => {
    const gauge = new Gauge({
      name,
      help,
      labelNames: [label],
      registers: [registry],
      collect: () => {
        gauge.reset();
        const now = status();
        for (const [value, count] of now === undefined ? [] : read(now)) gauge.set({ [label]: value }, count);
      },
    });
  };
  plain('ven_agent_ready', 'Whether the agent does its work: as /readyz', (s) => Number(notReady(s).length === 0));
  plain('ven_agent_meters', 'Meters that are read', (s) => s.metering.meters);
  plain('ven_agent_meters_answering', 'Meters whose last read gave values', (s) => s.metering.answering);
  plain('ven_agent_meters_unmetered', 'Resources without a usable meter connection', (s) => s.unmetered);
  labelled('ven_agent_meter_problems', 'Meters whose last read failed, by reason', 'code', (s) =>
    Object.entries(s.metering.problems),
  );
  labelled(
    'ven_agent_slots_total',
    'Slots by what became of them: scheduled, and of these on time, late, failed, skipped',
    'outcome',
    (s) => (['scheduled', 'onTime', 'late', 'failed', 'skipped'] as const).map((outcome) => [outcome, s.metering[outcome]]),
  );
  plain('ven_agent_readings_total', 'Readings taken', (s) => s.metering.readings);
  plain(
    'ven_agent_channels_unreachable',
    'Gateways, brokers and files that cannot be reached',
    (s) => s.metering.unreachable.length,
  );
  plain('ven_agent_readings_waiting', 'Readings that are not on the disk yet', (s) => s.readings.store.waiting);
  plain('ven_agent_readings_lost_total', 'Readings given up before they were reported', (s) => s.readings.store.lost);
  plain('ven_agent_reports_acknowledged_total', 'Reports that the VTN has', (s) => s.reporting?.acknowledged ?? 0);
  plain('ven_agent_reports_waiting', 'Reports that are due and not acknowledged', (s) => s.reporting?.waiting ?? 0);
  plain('ven_agent_events_held', 'Events that VENs plan by, each counted once', (s) => s.events?.held ?? 0);
  plain('ven_agent_events_unreadable', 'Events that cannot be understood', (s) => s.events?.unreadable ?? 0);
  labelled(
    'ven_agent_events_vens',
    'VENs that are told of changes (pushed), whose events cannot be read (lost), or were not read yet (unheard)',
    'state',
    (s) => Object.entries(s.events?.vens ?? {}),
  );
  plain('ven_agent_controllers', 'Controllers that are commanded', (s) => s.control?.controllers ?? 0);
  labelled('ven_agent_controllers_by_status', 'Controllers by what they do', 'status', (s) =>
    Object.entries(s.control?.byStatus ?? {}),
  );
  labelled('ven_agent_controller_problems', 'Controllers that do not do what they are told, by reason', 'code', (s) =>
    Object.entries(s.control?.problems ?? {}),
  );
  labelled('ven_agent_commands_total', 'What controllers were told, and what came of it', 'kind', (s) => {
    const { holds = 0, renewals = 0, releases = 0, failures = 0, mismatches = 0 } = s.control ?? {};
    return Object.entries({ holds, renewals, releases, failures, mismatches });
  });
  labelled('ven_agent_alarms', 'Alarms that are raised', 'code', (s) => [...s.alarms.keys()].map((code) => [code, 1]));
  plain('process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss());
  plain('process_cpu_seconds_total', 'CPU time used', () => (process.cpuUsage().user + process.cpuUsage().system) / 1e6);
  return registry;
}
