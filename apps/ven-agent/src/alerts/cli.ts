import { addCommand, type Command, printResult } from '@venfleet/core/node';
import { type AgentFlags, agentUrl, askAgent } from '../ops/ask.js';
import { addAgentOptions, addJsonOption } from '../options.js';
import { prometheusRules } from './prometheus.js';
import type { AlertView } from './view.js';

/** `alerts`: asks the running agent what is wrong. */
export function addAlerts(program: Command, env: NodeJS.ProcessEnv): void {
  const command = addCommand(program, 'alerts', 'Shows which alerts are pending or fire in the running agent, and what to do');
  addJsonOption(addAgentOptions(command)).action(async (flags: AgentFlags & { json?: true }) => {
    const answer = await askAgent<{ alerts: AlertView[] }>(agentUrl(flags, env), '/alerts');
    printResult(flags.json, answer, () => alertsText(answer.alerts));
  });
}

/** `alert-rules`: the same alerts for a Prometheus. */
export function addAlertRules(program: Command): void {
  addCommand(program, 'alert-rules', 'Prints the alert rules for Prometheus').action(() => {
    process.stdout.write(prometheusRules());
  });
}

/** One alert after the other, those that fire first. */
export function alertsText(alerts: readonly AlertView[]): string {
  if (alerts.length === 0) return 'no alert is pending or fires';
  const sorted = [...alerts].sort((a, b) => a.state.localeCompare(b.state));
  return sorted
    .map(({ alert, severity, state, since, detail, action, runbook }) =>
      [`${state} since ${since}: ${alert} (${severity})`, `  ${detail}`, `  ${action}`, `  ${runbook}`].join('\n'),
    )
    .join('\n');
}
