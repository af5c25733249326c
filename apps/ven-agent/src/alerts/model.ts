import type { Duration, Instant } from '@venfleet/core';

export type Labels = Readonly<Record<string, string>>;

/** A condition on one of the agent's metrics that somebody has to hear of. */
export interface Alert {
  readonly name: string;
  /** critical: at once, day and night. warning: on the next working day. */
  readonly severity: 'critical' | 'warning';
  /** By name, of the agent's metrics; each of its samples that is out of bounds is one instance. */
  readonly metric: string;
  /** Only samples whose whole label matches that expression, which is one to JavaScript and to Prometheus alike. */
  readonly only?: { readonly label: string; readonly matches: string } | undefined;
  /** Out of bounds; `off` means further from 0 than that, either way. */
  readonly when: { readonly above: number } | { readonly below: number } | { readonly off: number };
  /** It must have been so for so long without a break. */
  readonly for: Duration;
  /** It is over when it has not been so for so long: what comes and goes is one alert, not many. */
  readonly keep: Duration;
  readonly summary: string;
  /** About one instance; `{value}` and `{LABEL}` are filled in. */
  readonly detail: string;
  readonly unit: 'count' | 'share' | 'duration';
  /** The first thing to do; the runbook has the rest. */
  readonly action: string;
}

/** One thing that an alert is about, such as one VEN. */
export interface AlertInstance {
  readonly alert: Alert;
  readonly labels: Labels;
  readonly state: 'pending' | 'firing';
  /** When it began to fire; to be so, while it is pending. */
  readonly since: Instant;
  /** The metric, when it was last out of bounds; undefined where that was in an earlier life. */
  readonly value: number | undefined;
}

/** Which one of an alert's instances. */
export function keyOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Whether an alert is about a metric's sample with these labels. */
export function isMeant({ only }: Pick<Alert, 'only'>, labels: Labels): boolean {
  return only === undefined || new RegExp(`^(?:${only.matches})$`).test(labels[only.label] ?? '');
}

export function isOut({ when }: Pick<Alert, 'when'>, value: number): boolean {
  if ('above' in when) return value > when.above;
  return 'below' in when ? value < when.below : Math.abs(value) > when.off;
}

/** Where the runbook tells of an alert. */
export const runbookOf = ({ name }: Pick<Alert, 'name'>): string => `docs/runbook.md#${name.toLowerCase()}`;

/** An instance in words. */
export function detailOf({ detail, unit }: Alert, labels: Labels, value: number | undefined): string {
  const texts: Labels = { ...labels, value: value === undefined ? 'some' : format(value, unit) };
  return detail.replaceAll(/\{(\w+)\}/g, (whole, name: string) => texts[name] ?? whole);
}

function format(value: number, unit: Alert['unit']): string {
  if (unit === 'count') return `${Math.round(value)}`;
  if (unit === 'share') return `${(100 * value).toPrecision(2)} %`;
  const [s, sign] = [Math.abs(value), value < 0 ? '-' : ''];
  if (s < 120) return `${sign}${s.toPrecision(2)} s`;
  const [per, name] = s < 7200 ? [60, 'min'] : s < 172_800 ? [3600, 'h'] : [86_400, 'd'];
  return `${sign}${Math.round(s / per)} ${name}`;
}
