import { systemClock } from '@venfleet/core';
import {
  addCommand,
  type Command,
  createPinoLogger,
  createProgram,
  createProgress,
  printResult,
  shutdownSignal,
} from '@venfleet/core/node';
import { addAlertRules, addAlerts } from './alerts/cli.js';
import { addAgentBackup } from './backup/commands.js';
import { addCheck } from './check/command.js';
import { type ConfigFlags, loadAgentConfig } from './config.js';
import { addExplain } from './dispatch/cli.js';
import { addEvents, addOptOut } from './events/cli.js';
import {
  addConfigOption,
  addDbOption,
  addJsonOption,
  addStateOption,
  addVenOptions,
  addVtnOptions,
  type VenFlags,
} from './options.js';
import { fleetStatus } from './registration/fleet-status.js';
import { statusText, summaryText } from './registration/output.js';
import { registerFleet } from './registration/register-fleet.js';
import { addReportPlan, addReports } from './reporting/cli.js';
import { addRun } from './run/command.js';

/** The agent's command line. @param env the environment, read by main.ts alone. */
export function buildProgram(env: NodeJS.ProcessEnv): Command {
  const program = createProgram('ven-agent', 'OpenADR 3 VEN agent');
  addRegister(program, env);
  addStatus(program, env);
  addEvents(program, env);
  addOptOut(program, env);
  addReports(program, env);
  addReportPlan(program, env);
  addCheck(program, env);
  addRun(program, env);
  addExplain(program, env);
  addAlerts(program, env);
  addAlertRules(program);
  addAgentBackup(program, env);
  return program;
}

function addCommonOptions(command: Command): Command {
  return addJsonOption(addStateOption(addDbOption(addConfigOption(command))));
}

type RegisterFlags = ConfigFlags & VenFlags & { dryRun?: boolean; prune?: boolean; json?: boolean };

function addRegister(program: Command, env: NodeJS.ProcessEnv): void {
  const command = addCommand(
    program,
    'register',
    'Registers the VENs and resources of the database with a VTN; run again, it changes nothing',
  );
  addVenOptions(addVtnOptions(addCommonOptions(command)))
    .option('--dry-run', 'only show what would be done')
    .option('--prune', 'also delete from the VTN what this agent registered and the database no longer has')
    .option('--log-level <level>', 'debug, info, warn or error (default: warn)')
    .action(async (flags: RegisterFlags) => {
      const config = loadAgentConfig(flags, env);
      let progress: ReturnType<typeof createProgress> | undefined;
      const started = systemClock.monotonic();
      const summary = await registerFleet({
        ...config,
        ...(flags.limit === undefined ? {} : { limit: flags.limit }),
        ...(flags.ven === undefined ? {} : { vens: flags.ven }),
        shard: flags.shard,
        dryRun: flags.dryRun ?? false,
        prune: flags.prune ?? false,
        signal: shutdownSignal(),
        logger: createPinoLogger({ level: config.logLevel }).child({ component: 'register' }),
        onStart: ({ resources }) => {
          progress = createProgress(resources, 'registering', { quiet: flags.json ?? false });
        },
        onProgress: (done, ven) => progress?.update(done, ven),
      }).finally(() => progress?.stop());
      const durationMs = Math.round(systemClock.monotonic() - started);
      const { results, ...rest } = summary;
      printResult(
        flags.json,
        flags.dryRun ? { ...rest, durationMs, vensPlanned: results.map(({ ids, ...r }) => r) } : { ...rest, durationMs },
        () => summaryText(summary, durationMs),
      );
      if (summary.failures.length > 0) process.exitCode = 1;
    });
}

function addStatus(program: Command, env: NodeJS.ProcessEnv): void {
  addCommonOptions(addCommand(program, 'status', 'Shows what is registered with which VTN, as this agent remembers it'))
    .option('--ven <name>', 'only this VEN, with its failures')
    .action((flags: ConfigFlags & { ven?: string; json?: boolean }) => {
      const status = fleetStatus(loadAgentConfig({ ...flags, auth: false }, env), flags.ven);
      printResult(flags.json, status, () => statusText(status));
    });
}
