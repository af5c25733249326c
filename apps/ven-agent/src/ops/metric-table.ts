import type { AgentHealth } from '../health/health.js';
import type { VenHealth } from '../health/ven-health.js';
import { notReady } from '../run/status.js';

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One metric of the agent: what Prometheus is told, and what alerts are made of. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  readonly labels?: readonly string[];
  /** Absent while it is not known. */
  readonly read: (health: AgentHealth) => number | undefined | Iterable<Sample>;
}

/** What a metric is now. */
export function samplesOf({ read }: Metric, health: AgentHealth): Iterable<Sample> {
  const now = read(health);
  if (now === undefined) return [];
  return typeof now === 'number' ? [{ labels: {}, value: now }] : now;
}

type Row = readonly [name: string, help: string, read: (health: AgentHealth) => number | undefined];

const gauge = ([name, help, read]: Row): Metric => ({ name: `ven_agent_${name}`, help, type: 'gauge', read });
const counter = ([name, help, read]: Row): Metric => ({ name: `ven_agent_${name}_total`, help, type: 'counter', read });

/** One with a label, whose values are the keys. */
function byLabel(
  type: Metric['type'],
  name: string,
  help: string,
  label: string,
  read: (health: AgentHealth) => Iterable<readonly [string, number]>,
): Metric {
  const samples = (health: AgentHealth) => [...read(health)].map(([key, value]) => ({ labels: { [label]: key }, value }));
  return { name: `ven_agent_${name}${type === 'counter' ? '_total' : ''}`, help, type, labels: [label], read: samples };
}

/** One sample for each VEN. */
const perVen = (name: string, help: string, read: (ven: VenHealth) => number): Metric =>
  byLabel('gauge', `ven_${name}`, help, 'ven', ({ vens }) => vens.map((ven) => [ven.ven, read(ven)]));

const share = (part: number, of: number): number => (of === 0 ? 0 : part / of);

function firingAlerts({ alerting }: AgentHealth): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { alert, state } of alerting.instances()) {
    if (state === 'firing') counts.set(alert.name, (counts.get(alert.name) ?? 0) + 1);
  }
  return counts;
}

const SLOTS = ['scheduled', 'onTime', 'late', 'failed', 'skipped'] as const;

const METERING: readonly Metric[] = [
  gauge(['meters', 'Meters that are read', (h) => h.metering.meters]),
  gauge(['meters_answering', 'Meters whose last read gave values', (h) => h.metering.answering]),
  gauge(['meters_unmetered', 'Resources without a usable meter connection', (h) => h.unmetered]),
  byLabel('gauge', 'meter_problems', 'Meters whose last read failed, by reason', 'code', (h) =>
    Object.entries(h.metering.problems),
  ),
  byLabel(
    'counter',
    'slots',
    'Slots by what became of them: scheduled, and of these on time, late, failed, skipped',
    'outcome',
    (h) => SLOTS.map((outcome) => [outcome, h.metering[outcome]]),
  ),
  counter(['readings', 'Readings taken', (h) => h.metering.readings]),
  gauge(['channels_unreachable', 'Gateways, brokers and files that cannot be reached', (h) => h.metering.unreachable.length]),
  gauge(['readings_waiting', 'Readings that are not on the disk yet', (h) => h.readings.store.waiting]),
  counter(['readings_lost', 'Readings given up before they were reported', (h) => h.readings.store.lost]),
];

const VTN: readonly Metric[] = [
  counter(['reports_acknowledged', 'Reports that the VTN has', (h) => h.reporting?.acknowledged ?? 0]),
  gauge(['reports_waiting', 'Reports that are due and not acknowledged', (h) => h.reporting?.waiting ?? 0]),
  gauge(['events_held', 'Events that VENs plan by, each counted once', (h) => h.events?.held ?? 0]),
  gauge(['events_unreadable', 'Events that cannot be understood', (h) => h.events?.unreadable ?? 0]),
  byLabel(
    'gauge',
    'events_vens',
    'VENs that are told of changes (pushed), whose events cannot be read (lost), or were not read yet (unheard)',
    'state',
    (h) => Object.entries(h.events?.vens ?? {}),
  ),
  gauge([
    'clock_offset_seconds',
    'How far the clock is ahead of the VTN’s (negative: behind), to half a second',
    (h) => (h.clockOffset === undefined ? undefined : h.clockOffset / 1000),
  ]),
];

const CONTROL: readonly Metric[] = [
  gauge(['controllers', 'Controllers that are commanded', (h) => h.control?.controllers ?? 0]),
  byLabel('gauge', 'controllers_by_status', 'Controllers by what they do', 'status', (h) =>
    Object.entries(h.control?.byStatus ?? {}),
  ),
  byLabel('gauge', 'controller_problems', 'Controllers that do not do what they are told, by reason', 'code', (h) =>
    Object.entries(h.control?.problems ?? {}),
  ),
  byLabel('counter', 'commands', 'What controllers were told, and what came of it', 'kind', (h) => {
    const { holds = 0, renewals = 0, releases = 0, failures = 0, mismatches = 0 } = h.control ?? {};
    return Object.entries({ holds, renewals, releases, failures, mismatches });
  }),
];

const VENS: readonly Metric[] = [
  perVen('vtn_lost', 'Whether the VTN’s events cannot be read for a VEN, or were not read yet', (v) => Number(v.isLost)),
  perVen('event_polls_missed', 'Listings of events that are overdue, though the VTN was there last time', (v) => v.pollsMissed),
  perVen('token_problem', 'Whether the VTN refuses a VEN’s client or token, or gives no new token in time', (v) =>
    Number(v.hasTokenProblem),
  ),
  perVen('meters', 'Meters that are read, by VEN', (v) => v.meters),
  perVen('meters_stale_ratio', 'Share of a VEN’s meters that give no value', (v) => share(v.staleMeters, v.meters)),
  perVen('reports_waiting', 'Reports that are due and not acknowledged, by VEN', (v) => v.reportsWaiting),
  perVen('reports_failed', 'Deliveries of reports that failed since the last one that did not', (v) => v.reportsFailed),
  perVen(
    'controllers_unconfirmed',
    'Controllers that do not confirm a limit or its end, or to no effect',
    (v) => v.unconfirmedControllers,
  ),
  perVen('controllers_failing_ratio', 'Share of a VEN’s controllers that do not do what they are told', (v) =>
    share(v.failingControllers, v.controllers),
  ),
];

const PROCESS: readonly Metric[] = [
  gauge(['ready', 'Whether the agent does its work: as /readyz', (h) => Number(notReady(h).length === 0)]),
  byLabel('gauge', 'alarms', 'Alarms that are raised: of the databases, the readings’ copy, the clock', 'code', (h) =>
    [...h.alarms.keys()].map((code) => [code, 1]),
  ),
  byLabel('gauge', 'disk_free_bytes', 'Room left on the disk of a folder with databases', 'folder', (h) =>
    h.disks.map(({ folder, freeBytes }) => [folder, freeBytes]),
  ),
  byLabel('gauge', 'disk_free_ratio', 'Share of that disk that is free', 'folder', (h) =>
    h.disks.map(({ folder, freeBytes, totalBytes }) => [folder, freeBytes / totalBytes]),
  ),
  byLabel(
    'gauge',
    'certificate_remaining_seconds',
    'How long a certificate is valid yet: the VTN’s, and the one that this agent’s webhook shows',
    'certificate',
    (h) => h.certificates.map(({ certificate, validUntil }) => [certificate, (validUntil - h.at) / 1000]),
  ),
  byLabel('gauge', 'alerts_firing', 'Instances of the agent’s own alerts that fire, by alert', 'alert', firingAlerts),
  gauge(['alert_messages_waiting', 'Messages that the webhook has not taken yet', (h) => h.alerting.webhook?.queue.length ?? 0]),
  counter(['alert_messages_lost', 'Messages that it refused, or that had no room', (h) => h.alerting.webhook?.lost ?? 0]),
  {
    name: 'process_resident_memory_bytes',
    help: 'Resident memory',
    type: 'gauge',
    read: () => process.memoryUsage.rss(),
  },
  {
    name: 'process_cpu_seconds_total',
    help: 'CPU time used',
    type: 'counter',
    read: () => (process.cpuUsage().user + process.cpuUsage().system) / 1e6,
  },
];

/** Every metric of the agent; docs/monitoring.md lists them. */
export const METRICS: readonly Metric[] = [...PROCESS, ...METERING, ...VTN, ...CONTROL, ...VENS];
