import { dirname } from 'node:path';
import type { Clock, Logger, Random } from '@venfleet/core';
import { openPublisher } from '../alerts/adapters/mqtt-publisher.js';
import { postJson } from '../alerts/adapters/post-json.js';
import { Alerts } from '../alerts/alerts.js';
import type { Alert } from '../alerts/model.js';
import { ALERTS } from '../alerts/table.js';
import { type AlertView, alertView } from '../alerts/view.js';
import type { AgentConfig } from '../config.js';
import type { Acting } from '../dispatch/acting.js';
import type { FleetEvents } from '../events/fleet-events.js';
import type { Metering } from '../metering/metering.js';
import type { ReportingLink } from '../run/reporting-link.js';
import type { AgentStatus } from '../run/status.js';
import type { AgentHealth } from './health.js';
import { Surroundings } from './surroundings.js';
import { venHealth } from './ven-health.js';

export interface AgentWatchOptions {
  readonly config: AgentConfig;
  /** False for an agent that has nothing to do with a VTN. */
  readonly report: boolean;
  /** What is watched for; all alerts unless given. */
  readonly alerts?: readonly Alert[] | undefined;
  /** Undefined while the agent starts or stops. */
  readonly status: () => AgentStatus | undefined;
  readonly vens: ReadonlyMap<string, unknown>;
  readonly metering: Metering;
  readonly events: FleetEvents | undefined;
  readonly reporting: ReportingLink | undefined;
  readonly acting: Acting | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Watches a running agent: how each VEN does, what the agent depends on, and which alerts that makes. */
export class AgentWatch {
  readonly #options: AgentWatchOptions;
  readonly #surroundings: Surroundings;
  readonly #alerts: Alerts;

  constructor(options: AgentWatchOptions) {
    this.#options = options;
    this.#surroundings = surroundingsOf(options);
    this.#alerts = alertsOf(options, () => this.health());
  }

  /** @param ops where an operator can look */
  start(ops: string): void {
    this.#surroundings.start();
    this.#alerts.start(ops);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#alerts.stop(), this.#surroundings.stop()]);
  }

  /** All that metrics and alerts are made of; undefined while the agent starts or stops. */
  health(): AgentHealth | undefined {
    const { status, vens, metering, events, reporting, acting, clock } = this.#options;
    const now = status();
    if (now === undefined) return undefined;
    const { disks, certificates } = this.#surroundings;
    const byVen = venHealth({
      vens: vens.keys(),
      meters: metering.statuses(),
      controllers: acting?.states() ?? [],
      feed: (ven) => events?.feed(ven),
      tokenProblem: (ven) => reporting?.tokenProblem(ven),
      deliveries: reporting?.deliveries() ?? new Map(),
    });
    const { clockOffset } = reporting ?? {};
    return { ...now, at: clock.now(), vens: byVen, clockOffset, disks, certificates, alerting: this.#alerts };
  }

  /** Those that are pending or firing. */
  alerts(): AlertView[] {
    return this.#alerts.instances().map(alertView);
  }
}

function surroundingsOf({ config, report, reporting, clock, logger }: AgentWatchOptions): Surroundings {
  const { state, outbox, events, readings, alerts, vtn } = config;
  return new Surroundings({
    folders: [...new Set([state, outbox, events.database, readings.store.path].map((path) => dirname(path)))],
    vtnUrl: () => (report ? (reporting?.url ?? vtn.url) : undefined),
    webhookCertificate: report ? events.webhook?.tls?.certFile : undefined,
    certificatesEvery: alerts.certificatesEvery,
    clock,
    logger,
  });
}

function alertsOf(options: AgentWatchOptions, health: () => AgentHealth | undefined): Alerts {
  const { config, alerts = ALERTS, clock, random, logger } = options;
  const { webhook, mqtt, off } = config.alerts;
  const ports = { clock, random, logger };
  return new Alerts({
    alerts: alerts.filter(({ name }) => !off.includes(name)),
    settings: config.alerts,
    health,
    post: webhook && postJson(webhook, clock),
    openPublisher: mqtt && ((connected) => openPublisher(mqtt, connected, ports)),
    ...ports,
  });
}
