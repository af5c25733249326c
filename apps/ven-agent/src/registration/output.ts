import type { FleetStatus } from './fleet-status.js';
import type { Counts, RegistrationSummary } from './register-fleet.js';
import type { Failure } from './registry.js';

/** So many failures are printed one by one; --json and `status` have them all. */
const FAILURES_SHOWN = 20;

const number = (value: number) => value.toLocaleString('en');
const plural = (count: number, what: string) => `${number(count)} ${what}${count === 1 ? '' : 's'}`;

/** The outcome of a run, for people: what was done, what failed and why, and the totals last. */
export function summaryText(summary: RegistrationSummary, durationMs: number): string {
  const { vtn, vens, resources, dryRun, changes } = summary;
  const lines = [
    `VTN        ${vtn.url} (OpenADR ${vtn.version})`,
    `VENs       ${countsText(vens)}`,
    `resources  ${countsText(resources)}`,
  ];
  if (resources.surplus > 0) {
    lines.push(`           ${number(resources.surplus)} more on the VTN that the database does not have; --prune deletes them`);
  }
  if (dryRun) lines.push(...plannedLines(summary));
  lines.push(...failureLines(summary.failures));
  if (dryRun) lines.push(`${plural(changes, 'change')} would be made; nothing was (dry run)`);
  else {
    const registered = `${plural(vens.total - vens.failed, 'VEN')}, ${plural(resources.total - resources.failed, 'resource')} registered`;
    const failed = vens.failed + resources.failed;
    lines.push(`${registered}, ${number(failed)} failed, ${plural(changes, 'change')}, in ${(durationMs / 1000).toFixed(1)} s`);
  }
  return lines.join('\n');
}

function countsText({ created, updated, unchanged, deleted, failed }: Counts): string {
  const parts = [
    `${number(created)} created`,
    `${number(updated)} updated`,
    `${number(unchanged)} unchanged`,
    `${number(failed)} failed`,
  ];
  if (deleted > 0) parts.push(`${number(deleted)} deleted`);
  return parts.join(', ');
}

/** The diff of a dry run: each VEN with something to do. */
function plannedLines({ results, vensDeleted }: RegistrationSummary): string[] {
  const changed = results
    .filter((r) => r.action !== 'unchanged' || r.created.length + r.updated.length + r.deleted.length > 0)
    .map((r) => {
      const mark = { created: '+', updated: '~', unchanged: ' ', failed: '!' }[r.action];
      const parts = [
        [r.created, 'to create'],
        [r.updated, 'to update'],
        [r.deleted, 'to delete'],
      ] as const;
      const what = parts.filter(([names]) => names.length > 0).map(([names, verb]) => `${number(names.length)} ${verb}`);
      return `  ${mark} ${r.name}${what.length > 0 ? `: resources ${what.join(', ')}` : ''}`;
    });
  return [...changed, ...vensDeleted.map((name) => `  - ${name}, with its resources`)];
}

/** Failures with the same reason under one VEN are told once, with how many resources it hit. */
function failureLines(failures: readonly Failure[]): string[] {
  const grouped = new Map<string, { failure: Failure; resources: string[] }>();
  for (const failure of failures) {
    const key = `${failure.ven}\n${failure.message}`;
    const group = grouped.get(key) ?? { failure, resources: [] };
    if (failure.resource !== undefined) group.resources.push(failure.resource);
    grouped.set(key, group);
  }
  const lines = [...grouped.values()].slice(0, FAILURES_SHOWN).map(({ failure, resources }) => {
    const what =
      resources.length === 1
        ? ` resource ${resources[0]}`
        : resources.length > 1
          ? `, ${number(resources.length)} resources`
          : '';
    return `failed: ${failure.ven}${what}: ${failure.message}`;
  });
  const more = grouped.size - lines.length;
  return more > 0 ? [...lines, `… and ${plural(more, 'more reason')}; --json shows every one`] : lines;
}

/** The remembered registrations, for people. */
export function statusText({ database, vtns }: FleetStatus): string {
  const lines = [`database   ${database.path}: ${plural(database.vens, 'VEN')}, ${plural(database.resources, 'resource')}`];
  if (vtns.length === 0) lines.push('nothing is registered anywhere yet');
  for (const vtn of vtns) {
    lines.push('', `${vtn.url} (OpenADR ${vtn.version}), last run ${vtn.lastRunAt}`);
    lines.push(
      `  registered: ${plural(vtn.vens, 'VEN')}, ${plural(vtn.resources, 'resource')}; missing: ${plural(vtn.missing.length, 'VEN')}`,
    );
    const width = Math.max(0, ...vtn.registered.map(({ name }) => name.length));
    for (const ven of vtn.registered)
      lines.push(`  ${ven.name.padEnd(width)}  ${number(ven.resources).padStart(6)}  ${ven.venId}`);
    lines.push(...failureLines(vtn.failures).map((line) => `  ${line}`));
  }
  return lines.join('\n');
}
