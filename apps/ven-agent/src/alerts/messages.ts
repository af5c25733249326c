import { type Duration, type HasMonotonic, type HasNow, type Instant, instant } from '@venfleet/core';
import { type Alert, type AlertInstance, detailOf, keyOf, type Labels, runbookOf } from './model.js';

/** One alert of a message. */
export interface ToldAlert {
  readonly status: 'firing' | 'resolved';
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAt: string;
  /** Year 1 while it is firing, as Alertmanager has it. */
  readonly endsAt: string;
}

/** What is told of one alert, in the form of Alertmanager's webhook, version 4: whatever takes that takes this. */
export interface AlertMessage {
  readonly version: '4';
  readonly groupKey: string;
  readonly truncatedAlerts: number;
  readonly status: 'firing' | 'resolved';
  readonly receiver: 'venfleet';
  readonly groupLabels: Labels;
  readonly commonLabels: Labels;
  readonly commonAnnotations: Labels;
  readonly externalURL: string;
  /** Those that fire, then those that are over since the last message; the first hundred. */
  readonly alerts: readonly ToldAlert[];
}

/** What was last told of one alert. */
export interface ToldRecord {
  readonly alert: string;
  readonly at: Instant;
  readonly firing: readonly { readonly labels: Labels; readonly since: Instant }[];
}

export interface MessagesOptions {
  readonly alerts: readonly Alert[];
  /** The agent's name in messages. */
  readonly agent: string;
  /** Of one alert nothing is told more often than that. */
  readonly atMostEvery: Duration;
  /** What goes on is told again after so long. */
  readonly repeatEvery: Duration;
  readonly clock: HasNow & HasMonotonic;
}

const MOST_ALERTS = 100;
const NOT_OVER = '0001-01-01T00:00:00Z';

interface Told {
  /** On the clock that does not jump. */
  readonly at: number;
  readonly wallAt: Instant;
  readonly firing: ReadonlyMap<string, { readonly labels: Labels; readonly since: Instant }>;
}

/**
 * Decides what is told, and when: all instances of an alert in one message, a change at once but never two within a
 * while, and what goes on again after a longer one. What comes and goes between two messages is not told.
 */
export class Messages {
  readonly #options: MessagesOptions;
  readonly #told = new Map<string, Told>();
  /** Where an operator can look. */
  externalUrl = '';

  constructor(options: MessagesOptions, told: readonly ToldRecord[] = []) {
    this.#options = options;
    const { clock } = options;
    for (const { alert, at, firing } of told) {
      // A clock that was set back must not keep anything from being told for longer than usual.
      const ago = Math.max(0, clock.now() - at);
      const byKey = new Map(firing.map((one) => [keyOf(one.labels), one]));
      this.#told.set(alert, { at: clock.monotonic() - ago, wallAt: at, firing: byKey });
    }
  }

  /** What is to be told now; it counts as told. */
  next(instances: readonly AlertInstance[]): AlertMessage[] {
    const { alerts, atMostEvery, repeatEvery, clock } = this.#options;
    const now = clock.monotonic();
    return alerts.flatMap((alert) => {
      const firing = firingOf(alert, instances);
      const told = this.#told.get(alert.name);
      const passed = now - (told?.at ?? Number.NEGATIVE_INFINITY);
      const due = isOther(firing, told) ? passed >= atMostEvery : firing.size > 0 && passed >= repeatEvery;
      if (!due) return [];
      const over = [...(told?.firing ?? [])].filter(([key]) => !firing.has(key)).map(([, one]) => one);
      this.#told.set(alert.name, { at: now, wallAt: clock.now(), firing });
      return [this.#message(alert, [...firing.values()], over)];
    });
  }

  /** How each alert is, as it was last told; for who knows nothing yet. */
  states(): { readonly alert: Alert; readonly message: AlertMessage }[] {
    return this.#options.alerts.map((alert) => {
      const firing = [...(this.#told.get(alert.name)?.firing.values() ?? [])];
      return { alert, message: this.#message(alert, firing, []) };
    });
  }

  /** What a next life has to know. */
  records(): ToldRecord[] {
    return [...this.#told].map(([alert, { wallAt, firing }]) => ({
      alert,
      at: wallAt,
      firing: [...firing.values()].map(({ labels, since }) => ({ labels, since })),
    }));
  }

  #message(alert: Alert, firing: readonly Firing[], over: readonly Firing[]): AlertMessage {
    const { agent, clock } = this.#options;
    const groupLabels = { alertname: alert.name };
    const commonLabels = { ...groupLabels, severity: alert.severity, agent };
    const commonAnnotations = { summary: alert.summary, action: alert.action, runbook_url: runbookOf(alert) };
    const toldOf = (status: ToldAlert['status'], { labels, since, value }: Firing): ToldAlert => ({
      status,
      labels: { ...commonLabels, ...labels },
      annotations: { ...commonAnnotations, description: detailOf(alert, labels, value) },
      startsAt: iso(since),
      endsAt: status === 'firing' ? NOT_OVER : iso(clock.now()),
    });
    const all = [...firing.map((one) => toldOf('firing', one)), ...over.map((one) => toldOf('resolved', one))];
    return {
      version: '4',
      groupKey: `{}:{alertname="${alert.name}"}`,
      truncatedAlerts: Math.max(0, all.length - MOST_ALERTS),
      status: firing.length > 0 ? 'firing' : 'resolved',
      receiver: 'venfleet',
      groupLabels,
      commonLabels,
      commonAnnotations,
      externalURL: this.externalUrl,
      alerts: all.slice(0, MOST_ALERTS),
    };
  }
}

interface Firing {
  readonly labels: Labels;
  readonly since: Instant;
  readonly value?: number | undefined;
}

function firingOf({ name }: Alert, instances: readonly AlertInstance[]): Map<string, Firing> {
  const own = instances.filter(({ alert, state }) => alert.name === name && state === 'firing');
  return new Map(own.map(({ labels, since, value }) => [keyOf(labels), { labels, since, value }]));
}

function isOther(firing: ReadonlyMap<string, unknown>, told: Told | undefined): boolean {
  if (told === undefined) return firing.size > 0;
  return firing.size !== told.firing.size || [...firing.keys()].some((key) => !told.firing.has(key));
}

const iso = (time: Instant): string => new Date(instant(time)).toISOString();
