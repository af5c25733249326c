import { isVenfleetError, systemClock } from '@venfleet/core';
import {
  addCommand,
  type Command,
  createPinoLogger,
  Option,
  printResult,
  shutdownSignal,
  usageError,
  wholeNumber,
} from '@venfleet/core/node';
import { type AgentConfig, type ConfigFlags, loadAgentConfig } from '../config.js';
import { addConfigOption, addJsonOption, addVtnOptions } from '../options.js';
import { connectFleet } from '../vtn.js';
import { auditOutbox } from './audit.js';
import type { ReportableEvent } from './event.js';
import { Outbox } from './outbox.js';
import { REPORT_STATES, type ReportState } from './outbox-schema.js';
import { auditText, reportPlanText, reportsText } from './output.js';
import { eventUnknown, type ReportPlanView, viewReportPlan } from './report-plan-view.js';

function addOutboxOptions(command: Command): Command {
  return addJsonOption(addConfigOption(command).option('--outbox <path>', 'database of reports (default: .venfleet/outbox.db)'));
}

type ReportsFlags = ConfigFlags & {
  ven?: string;
  event?: string;
  in?: ReportState;
  limit: number;
  audit?: boolean;
  json?: boolean;
};

/** `reports`: what was reported, what waits, and whether it is all that was asked for. */
export function addReports(program: Command, env: NodeJS.ProcessEnv): void {
  addOutboxOptions(
    addCommand(
      program,
      'reports',
      'Shows the reports of this agent and their states; --audit counts them against what was asked for',
    ),
  )
    .option('--ven <name>', 'only of this VEN')
    .option('--event <id>', 'only those that this event asks for')
    .addOption(new Option('--in <state>', 'only those in this state').choices(REPORT_STATES))
    .option('--limit <n>', 'at most so many, the latest due first', wholeNumber(1), 50)
    .option('--audit', 'count expected against acknowledged; exit status 1 when they differ')
    .action((flags: ReportsFlags) => {
      const outbox = Outbox.openReadonly(loadAgentConfig({ ...flags, auth: false }, env).outbox, systemClock);
      try {
        if (flags.audit) {
          if (flags.in !== undefined) throw usageError('--audit counts all states, so --in makes no sense with it');
          const audit = auditOutbox(outbox, { ven: flags.ven, event: flags.event });
          printResult(flags.json, audit, () => auditText(audit));
          if (!audit.complete) process.exitCode = 1;
          return;
        }
        const reports = outbox.list({ ven: flags.ven, event: flags.event, state: flags.in, limit: flags.limit });
        printResult(flags.json, { reports }, () => reportsText(reports));
      } finally {
        outbox.close();
      }
    });
}

type PlanFlags = ConfigFlags & { ven?: string; count: number; json?: boolean };

/** `report-plan EVENT`: when its reports are due and what each will cover. */
export function addReportPlan(program: Command, env: NodeJS.ProcessEnv): void {
  const command = addOutboxOptions(
    addCommand(program, 'report-plan', 'Shows when the reports that an event asks for are due, and what each covers'),
  )
    .argument('<event>', 'id of the event')
    .option('--ven <name>', 'the VEN that asks the VTN, where this agent has not met the event yet')
    .option('--count <n>', 'so many of each request', wholeNumber(1, 10_000), 20);
  addVtnOptions(command)
    .option('--log-level <level>', 'debug, info, warn or error (default: warn)')
    .action(async (event: string, flags: PlanFlags) => {
      const config = loadAgentConfig(flags, env);
      const view = storedPlan(config, event, flags) ?? (await askedPlan(config, event, flags));
      printResult(flags.json, view, () => reportPlanText(view));
    });
}

function storedPlan(config: AgentConfig, id: string, { ven, count }: PlanFlags): ReportPlanView | undefined {
  let outbox: Outbox;
  try {
    outbox = Outbox.openReadonly(config.outbox, systemClock);
  } catch (error) {
    if (isVenfleetError(error, 'DB_MISSING')) return undefined;
    throw error;
  }
  try {
    const stored = outbox.findEvent(id).find((event) => ven === undefined || event.ven === ven);
    if (stored === undefined) return undefined;
    return viewReportPlan(JSON.parse(stored.definition) as ReportableEvent, stored.seenAt, systemClock.now(), count);
  } finally {
    outbox.close();
  }
}

async function askedPlan(config: AgentConfig, id: string, { ven, count }: PlanFlags): Promise<ReportPlanView> {
  const logger = createPinoLogger({ level: config.logLevel }).child({ component: 'report-plan' });
  const connection = await connectFleet(config.vtn, { clock: systemClock, logger });
  try {
    const client = ven === undefined ? connection.business : connection.forVen(ven).client;
    if (client === undefined) throw eventUnknown(id, ven);
    const { events } = await client.listEvents({}, { signal: shutdownSignal() });
    const event = events.find((candidate) => candidate.id === id);
    if (event === undefined) throw eventUnknown(id, ven);
    const now = systemClock.now();
    return viewReportPlan(event, now, now, count);
  } finally {
    await connection.close();
  }
}
