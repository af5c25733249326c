import { type Clock, describeError, isAbort, type Logger, type Random } from '@venfleet/core';
import type { AgentHealth } from '../health/health.js';
import { METRICS, type Metric, samplesOf } from '../ops/metric-table.js';
import type { AlertsSettings } from './config.js';
import { type AlertMessage, Messages } from './messages.js';
import type { Alert, AlertInstance } from './model.js';
import type { OpenPublisher, Publisher } from './publisher.js';
import { StateFile } from './state-file.js';
import { AlertTracker } from './tracker.js';
import { AlertWebhook, type PostMessage } from './webhook.js';

export interface AlertsOptions {
  /** Those to watch for. */
  readonly alerts: readonly Alert[];
  readonly settings: AlertsSettings;
  /** Undefined while the agent starts or stops: nothing is concluded from that. */
  readonly health: () => AgentHealth | undefined;
  /** Undefined: no webhook. */
  readonly post: PostMessage | undefined;
  /** Undefined: no broker. */
  readonly openPublisher: OpenPublisher | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const METRIC_OF: ReadonlyMap<string, Metric> = new Map(METRICS.map((metric) => [metric.name, metric]));

/** Watches for alerts and tells of them, in the log, by webhook and by MQTT. Constructors do no I/O. */
export class Alerts {
  readonly #options: AlertsOptions;
  readonly #file: StateFile;
  readonly #stopping = new AbortController();
  #tracker: AlertTracker;
  #messages: Messages;
  #webhook: AlertWebhook | undefined;
  #publisher: Publisher | undefined;
  #running: Promise<void> | undefined;

  constructor(options: AlertsOptions) {
    this.#options = { ...options, logger: options.logger.child({ component: 'alerts' }) };
    const { alerts, settings, clock } = options;
    this.#file = new StateFile(settings.state, this.#options.logger);
    this.#tracker = new AlertTracker(alerts, clock);
    this.#messages = new Messages({ ...settings, alerts, clock });
  }

  /** Goes on where the last life ended. @param externalUrl where an operator can look */
  start(externalUrl: string): void {
    const { alerts, settings, post, openPublisher, clock, random, logger } = this.#options;
    const { firing, told, queue } = this.#file.read();
    this.#tracker = new AlertTracker(alerts, clock, firing);
    this.#messages = new Messages({ ...settings, alerts, clock }, told);
    this.#messages.externalUrl = externalUrl;
    if (post !== undefined) this.#webhook = new AlertWebhook({ post, queue, clock, random, logger });
    this.#webhook?.start();
    this.#publisher = openPublisher?.(() => {
      for (const { message } of this.#messages.states()) this.#publish(message);
    });
    this.#running = this.#run(this.#stopping.signal);
  }

  /** What the webhook's receiver does not have is sent after the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort(new DOMException('alerts stop', 'AbortError'));
    await this.#running;
    await this.#webhook?.stop();
    this.#save();
    await this.#publisher?.close().catch((error: unknown) => {
      this.#options.logger.debug({ reason: describeError(error) }, 'the broker for alerts was not told of the end');
    });
  }

  /** Those that are pending or firing now. */
  instances(): AlertInstance[] {
    return this.#tracker.instances();
  }

  /** How telling goes; undefined without a webhook. */
  get webhook(): Pick<AlertWebhook, 'queue' | 'lost' | 'problem'> | undefined {
    return this.#webhook;
  }

  /** Looks once. */
  check(): void {
    const health = this.#options.health();
    if (health === undefined) return;
    this.#tracker.update((name) => {
      const metric = METRIC_OF.get(name);
      if (metric === undefined) throw new Error(`no metric is called ${name}`);
      return samplesOf(metric, health);
    });
    for (const message of this.#messages.next(this.#tracker.instances())) this.#tell(message);
    this.#save();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { settings, clock, logger } = this.#options;
    while (!signal.aborted) {
      try {
        await clock.sleep(settings.checkEvery, signal);
        this.check();
      } catch (error) {
        if (isAbort(error)) return;
        logger.error({ err: error }, 'alerts cannot be looked for');
      }
    }
  }

  #tell(message: AlertMessage): void {
    const { logger } = this.#options;
    const { groupLabels, commonLabels, status, alerts, truncatedAlerts } = message;
    const fields = {
      alert: groupLabels.alertname,
      severity: commonLabels.severity,
      instances: alerts.length + truncatedAlerts,
      first: alerts[0]?.annotations.description,
    };
    if (status === 'firing') logger.warn(fields, 'an alert fires');
    else logger.warn(fields, 'an alert is over');
    this.#webhook?.add(message);
    this.#publish(message);
  }

  #publish(message: AlertMessage): void {
    this.#publisher?.publish(`alerts/${message.groupLabels.alertname}`, JSON.stringify(message));
  }

  #save(): void {
    const firing = this.#tracker
      .instances()
      .filter(({ state }) => state === 'firing')
      .map(({ alert, labels, since }) => ({ alert: alert.name, labels, firedAt: since }));
    this.#file.write({ firing, told: this.#messages.records(), queue: this.#webhook?.queue ?? [] });
  }
}
