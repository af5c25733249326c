import { hours, type Instant, instant, seconds } from '@venfleet/core';
import type { AlertMessage } from '../../src/alerts/messages.js';
import type { AgentHealth } from '../../src/health/health.js';
import type { VenHealth } from '../../src/health/ven-health.js';
import type { AgentStatus } from '../../src/run/status.js';

/** An agent whose parts all do what they should. */
export const STATUS: AgentStatus = {
  metering: {
    meters: 10,
    answering: 10,
    problems: {},
    readings: 0,
    channels: 1,
    unreachable: [],
    scheduled: 0,
    onTime: 0,
    late: 0,
    failed: 0,
    skipped: 0,
  },
  unmetered: 0,
  readings: { store: { waiting: 0, added: 0, lost: 0 } as AgentStatus['readings']['store'], copy: undefined },
  reporting: { acknowledged: 0, waiting: 0, problem: undefined },
  events: undefined,
  control: undefined,
  alarms: new Map(),
};

/** A VEN of ten meters and ten controllers with which all is well. */
export const venOf = (ven: string, changes: Partial<VenHealth> = {}): VenHealth => ({
  ven,
  meters: 10,
  staleMeters: 0,
  controllers: 10,
  failingControllers: 0,
  unconfirmedControllers: 0,
  isLost: false,
  pollsMissed: 0,
  hasTokenProblem: false,
  reportsWaiting: 0,
  reportsFailed: 0,
  ...changes,
});

/** An agent of one VEN with which all is well. */
export function healthOf(changes: Partial<AgentHealth> = {}): AgentHealth {
  const at: Instant = changes.at ?? instant(Date.parse('2026-06-15T10:00:00Z'));
  return {
    ...STATUS,
    at,
    vens: [venOf('Aalborg')],
    clockOffset: seconds(0.5),
    disks: [{ folder: '/var/lib/venfleet', freeBytes: 5e9, totalBytes: 32e9 }],
    certificates: [{ certificate: 'vtn', validUntil: instant(at + hours(90 * 24)) }],
    alerting: { instances: () => [], webhook: undefined },
    ...changes,
  };
}

/** What a message is about, in short. */
export const brief = ({ groupLabels, status, alerts }: AlertMessage): string =>
  `${groupLabels.alertname} ${status}: ${alerts.map(({ labels, status: one }) => `${labels.ven ?? '-'} ${one}`).join(', ')}`;
