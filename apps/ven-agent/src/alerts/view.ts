import { type AlertInstance, detailOf, runbookOf } from './model.js';

/** One alert that is pending or firing, as the ops endpoint tells it. */
export interface AlertView {
  readonly alert: string;
  readonly severity: 'critical' | 'warning';
  readonly state: 'pending' | 'firing';
  readonly labels: Readonly<Record<string, string>>;
  readonly since: string;
  readonly value: number | null;
  readonly summary: string;
  readonly detail: string;
  readonly action: string;
  readonly runbook: string;
}

export function alertView({ alert, labels, state, since, value }: AlertInstance): AlertView {
  return {
    alert: alert.name,
    severity: alert.severity,
    state,
    labels,
    since: new Date(since).toISOString(),
    value: value ?? null,
    summary: alert.summary,
    detail: detailOf(alert, labels, value),
    action: alert.action,
    runbook: runbookOf(alert),
  };
}
