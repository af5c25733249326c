import type { Audit } from './audit.js';
import type { ReportPlanView } from './report-plan-view.js';
import type { OutboxReport } from './ven-outbox.js';

const number = (value: number) => value.toLocaleString('en');
const time = (epochMs: number) => new Date(epochMs).toISOString().replace('.000Z', 'Z');

/** Reports, a line each, the latest due first. */
export function reportsText(reports: readonly OutboxReport[]): string {
  if (reports.length === 0) return 'no reports';
  const width = Math.max(...reports.map(({ ven }) => ven.length));
  const lines = reports.map(({ state, dueAt, ven, event, ordinal, revision, attempts, vtnId, reason }) => {
    const which = `${event} #${ordinal}${revision > 0 ? ` revision ${revision}` : ''}`;
    const what = reason ?? (vtnId === null ? '' : `as ${vtnId}`);
    const tries = attempts > 1 ? `, ${attempts} tries` : '';
    return `${time(dueAt)}  ${state.padEnd(12)}  ${ven.padEnd(width)}  ${which}  ${what}${tries}`.trimEnd();
  });
  return lines.join('\n');
}

/** The audit: each request that lacks something, then the sum. */
export function auditText(audit: Audit): string {
  const lines = audit.requests
    .filter(({ late, lost }) => late + lost > 0)
    .map(
      ({ ven, event, request, acknowledged, late, lost }) =>
        `${ven}  ${event}  ${request}: ${number(acknowledged)} acknowledged, ${number(late)} late, ${number(lost)} lost`,
    );
  const { expected, acknowledged, late, lost, doubled, unwanted } = audit;
  lines.push(
    `expected ${number(expected)}, acknowledged ${number(acknowledged)}, late ${number(late)}, lost ${number(lost)}, doubled ${number(doubled)}`,
  );
  if (unwanted > 0) lines.push(`not counted: ${number(unwanted)} given up, as their event or request is gone`);
  return lines.join('\n');
}

/** What an event asks for, and when. */
export function reportPlanText({ event, program, seenAt, reports }: ReportPlanView): string {
  const lines = [`event ${event} of program ${program}, first seen ${seenAt}`];
  if (reports.length === 0) lines.push('it asks for no reports');
  for (const { request, payloads, refused, timing, due, more } of reports) {
    lines.push('', `request ${request}: ${payloads.join(', ') || 'nothing that can be answered'}`);
    for (const reason of refused) lines.push(`  left out: ${reason}`);
    if (timing === 'ad hoc') lines.push('  reported when something changes');
    else if (due.length === 0) lines.push('  no more reports');
    for (const { ordinal, dueAt, from, to, intervals } of due) {
      const ids = intervals.length > 1 ? `intervals ${intervals[0]}…${intervals.at(-1)}` : `interval ${intervals[0]}`;
      lines.push(`  #${ordinal}  due ${dueAt}  covers ${from} to ${to} (${ids})`);
    }
    if (more) lines.push('  … and so on; --count shows more');
  }
  return lines.join('\n');
}
