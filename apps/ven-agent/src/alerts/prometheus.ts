import { toSeconds } from '@venfleet/core';
import { toYaml } from '@venfleet/core/node';
import { type Alert, runbookOf } from './model.js';
import { ALERTS } from './table.js';

/** What the agent cannot tell by itself: that it is gone. */
const AGENT_DOWN = {
  alert: 'AgentDown',
  expr: 'up{job="ven-agent"} == 0',
  for: '2m',
  labels: { severity: 'critical' },
  annotations: {
    summary: 'An agent does not answer',
    description: '{{ $labels.instance }} does not answer Prometheus',
    action: 'See whether its machine is up, and then `systemctl status venfleet`; controllers let go of limits by themselves.',
    runbook_url: 'docs/runbook.md#agentdown',
  },
};

const HEAD = `# Alert rules for Prometheus 2.42 and later. Made by \`ven-agent alert-rules\` of the table that the agent itself watches
# (apps/ven-agent/src/alerts/table.ts): change it there. Scrape agents as the job "ven-agent". docs/monitoring.md tells more.
`;

/** The rules of all alerts, as Prometheus reads them. */
export function prometheusRules(): string {
  const rules = [AGENT_DOWN, ...ALERTS.map(ruleOf)];
  return HEAD + toYaml({ groups: [{ name: 'venfleet', rules }] });
}

function ruleOf(alert: Alert) {
  const { name, severity, summary, action } = alert;
  return {
    alert: name,
    expr: expressionOf(alert),
    for: `${toSeconds(alert.for) / 60}m`,
    keep_firing_for: `${toSeconds(alert.keep) / 60}m`,
    labels: { severity },
    annotations: { summary, description: descriptionOf(alert), action, runbook_url: runbookOf(alert) },
  };
}

function expressionOf({ metric, only, when }: Alert): string {
  const series = only === undefined ? metric : `${metric}{${only.label}=~"${only.matches}"}`;
  if ('above' in when) return `${series} > ${when.above}`;
  return 'below' in when ? `${series} < ${when.below}` : `abs(${series}) > ${when.off}`;
}

const FORMATS = {
  count: '{{ $value }}',
  share: '{{ $value | humanizePercentage }}',
  duration: '{{ $value | humanizeDuration }}',
};

function descriptionOf({ detail, unit }: Alert): string {
  return detail.replaceAll(/\{(\w+)\}/g, (_, name: string) => (name === 'value' ? FORMATS[unit] : `{{ $labels.${name} }}`));
}
