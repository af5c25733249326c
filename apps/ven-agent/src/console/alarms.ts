import type { Alarm, Alarms } from '@venfleet/console-api';
import type { AlertView } from '../alerts/view.js';

/** The alerts that fire, the critical ones first, then the oldest. */
export function alarmsOf(alerts: readonly AlertView[]): Alarms {
  const firing = alerts.filter(({ state }) => state === 'firing').map(alarmOf);
  const rank = ({ severity }: Alarm) => (severity === 'critical' ? 0 : 1);
  return { alarms: firing.sort((a, b) => rank(a) - rank(b) || a.sinceAt - b.sinceAt) };
}

function alarmOf({ alert: name, severity, since, summary, detail, action, runbook }: AlertView): Alarm {
  return { name, severity, sinceAt: Date.parse(since), summary, detail, action, runbook };
}
