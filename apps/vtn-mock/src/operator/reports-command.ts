import { type Duration, type Instant, instant, minutes, systemClock } from '@venfleet/core';
import { addCommand, type Command, printResult, usageError } from '@venfleet/core/node';
import type { GridEvent, GridReport, VtnClient } from '@venfleet/openadr';
import { parseStart, parseStep } from './arguments.js';
import { type AuditedVen, type AuditTimes, auditReports, type Finding, type PayloadAudit } from './audit.js';
import { addConnectionOptions, atVtn, type ConnectionOptions } from './connection.js';
import { reportTable, table, timeText } from './output.js';

interface Options extends ConnectionOptions {
  readonly program?: string;
  readonly event?: string;
  readonly ven?: string;
  readonly check?: true;
  readonly since?: Instant | 'now';
  readonly grace?: Duration;
  readonly json?: true;
}

/** More findings than these say nothing new. */
const MOST_FINDINGS = 1000;
const SHOWN_FINDINGS = 20;

export function addReports(program: Command): void {
  addConnectionOptions(
    addCommand(program, 'reports', 'Lists the reports of a running VTN, or checks them against what events ask for'),
  )
    .option('--program <NAME>', 'only those on events of this program')
    .option('--event <ID>', 'only those on this event')
    .option('--ven <NAME>', 'only those of this VEN')
    .option('--check', 'tell which reports are missing or doubled; exit with 1 if any is')
    .option('--since <TIME>', 'check: look only for reports due from then on', parseStart(systemClock.now))
    .option('--grace <LENGTH>', 'check: how long after it is due a report may still be on its way (default: 2m)', parseStep)
    .option('--json', 'print one line of JSON')
    .action((options: Options) => (options.check ? check(options) : list(options)));
}

async function list(options: Options): Promise<void> {
  const reports = await atVtn(options, async (vtn) =>
    vtn.listReports({ programId: await programId(vtn, options.program), eventId: options.event, clientName: options.ven }),
  );
  printResult(options.json, { reports: reports.map(summary) }, () => reportTable(reports));
}

async function programId(vtn: VtnClient, name: string | undefined): Promise<string | undefined> {
  if (name === undefined) return undefined;
  const [program] = await vtn.listPrograms({ name });
  if (program === undefined) throw usageError(`the VTN has no program ${name}`);
  return program.id;
}

/** A report without its values, which may be megabytes. */
function summary({ resources, createdAt, ...report }: GridReport): object {
  const intervals = resources.reduce((count, resource) => count + resource.intervals.length, 0);
  return { ...report, createdAt: createdAt && timeText(createdAt), resources: resources.length, intervals };
}

interface CheckResult {
  readonly events: number;
  readonly vens: number;
  readonly expected: number;
  readonly missing: number;
  readonly doubled: number;
  readonly complete: boolean;
  readonly payloads: readonly (Omit<PayloadAudit, 'missing' | 'doubled'> & {
    readonly missing: number;
    readonly doubled: number;
  })[];
  readonly findings: readonly (Omit<Finding, 'start'> & { readonly what: 'missing' | 'doubled'; readonly start: string })[];
}

async function check(options: Options): Promise<void> {
  const result = await atVtn(options, (vtn) => checkAll(vtn, options));
  printResult(options.json, result, () => checkText(result));
  if (!result.complete) process.exitCode = 1;
}

async function checkAll(vtn: VtnClient, options: Options): Promise<CheckResult> {
  const times = timesOf(options, systemClock.now());
  const events = (await vtn.listEvents({ programId: await programId(vtn, options.program) })).events.filter(
    ({ id, reportRequests }) => reportRequests.length > 0 && (options.event === undefined || id === options.event),
  );
  if (options.event !== undefined && events.length === 0)
    throw usageError(`the VTN has no event ${options.event} that asks for reports`);
  const vens = await vtn.listVens(options.ven === undefined ? {} : { name: options.ven });
  const audits: PayloadAudit[] = [];
  for (const ven of vens) {
    const audited: AuditedVen = { ...ven, resources: await vtn.listResources(ven.id) };
    for (const event of events) audits.push(...(await auditOne(vtn, event, audited, times)));
  }
  return sumOf(audits, events.length, vens.length);
}

function timesOf({ since, grace = minutes(2) }: Options, now: Instant): AuditTimes {
  const from = since === undefined ? instant(0) : since === 'now' ? now : since;
  return { now, since: from, dueBy: instant(now - grace) };
}

/** One VEN's reports on one event at a time: those of a fleet over a day would fill the memory. */
async function auditOne(vtn: VtnClient, event: GridEvent, ven: AuditedVen, times: AuditTimes): Promise<PayloadAudit[]> {
  const reports = await vtn.listReports({ eventId: event.id, clientName: ven.name });
  return auditReports(event, ven, reports, times);
}

function sumOf(audits: readonly PayloadAudit[], events: number, vens: number): CheckResult {
  const findings = audits.flatMap(({ missing, doubled }) => [
    ...missing.map((finding) => ({ what: 'missing' as const, ...finding })),
    ...doubled.map((finding) => ({ what: 'doubled' as const, ...finding })),
  ]);
  const payloads = audits.map((audit) => ({ ...audit, missing: audit.missing.length, doubled: audit.doubled.length }));
  const total = (key: 'expected' | 'missing' | 'doubled') => payloads.reduce((sum, one) => sum + one[key], 0);
  return {
    events,
    vens,
    expected: total('expected'),
    missing: total('missing'),
    doubled: total('doubled'),
    complete: findings.length === 0,
    payloads,
    findings: findings.slice(0, MOST_FINDINGS).map((finding) => ({ ...finding, start: timeText(finding.start) })),
  };
}

function checkText({ events, vens, expected, missing, doubled, findings, payloads }: CheckResult): string {
  const faulty = payloads.filter((one) => one.missing > 0 || one.doubled > 0);
  const lines = [`${events} events, ${vens} VENs: ${expected} values expected, ${missing} missing, ${doubled} doubled`];
  if (faulty.length > 0) {
    const rows = faulty
      .slice(0, SHOWN_FINDINGS)
      .map((r) => [r.event, r.ven, r.payloadType, `${r.expected}`, `${r.missing}`, `${r.doubled}`]);
    lines.push('', table(['event', 'VEN', 'payload', 'expected', 'missing', 'doubled'], rows));
    const shown = findings
      .slice(0, SHOWN_FINDINGS)
      .map((f) => [f.what, f.resource, f.payloadType, `${f.interval}`, f.start, `${f.received} of ${f.expected}`]);
    lines.push('', table(['', 'resource', 'payload', 'interval', 'start', 'reports'], shown));
    if (missing + doubled > SHOWN_FINDINGS) lines.push(`… of ${missing + doubled}; --json has up to ${MOST_FINDINGS}`);
  }
  return lines.join('\n');
}
