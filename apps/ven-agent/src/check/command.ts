import { systemClock, systemRandom } from '@venfleet/core';
import { addCommand, type Command, createPinoLogger, printResult, shutdownSignal, wholeNumber } from '@venfleet/core/node';
import { type ConfigFlags, DEFAULT_CONFIG_FILE, loadAgentConfig } from '../config.js';
import { countOf, findingsText } from './output.js';

type CheckFlags = ConfigFlags & { ven?: string[]; limit?: number; live?: boolean; json?: boolean };

/** `check`: says whether `run` would find what it needs. */
export function addCheck(program: Command, env: NodeJS.ProcessEnv): void {
  addCommand(program, 'check', 'Says what of all that `run` needs is there, and how to mend what is not; it changes nothing')
    .option('--config <path>', `settings file (default: ${DEFAULT_CONFIG_FILE} where it exists)`)
    .option('--db <path>', 'resource database (default: config/resources.db)')
    .option('--state <path>', "the agent's state database (default: .venfleet/ven-agent.db)")
    .option('--profiles <dir>', 'the device profiles (default: config/device-profiles)')
    .option('--vtn-url <url>', 'base URL of the VTN (default: http://localhost:8000/openadr3/3.0.1)')
    .option('--vtn-version <version>', 'OpenADR version that the VTN speaks: auto, 3.0.1 or 3.1.0 (default: auto)')
    .option('--credentials <path>', 'credentials file (default: config/dev-credentials.json)')
    .option('--no-auth', 'use no authentication at all')
    .option('--limit <n>', 'only the n VENs with the most resources', wholeNumber(1))
    .option('--ven <name>', 'only this VEN; may be given several times', (name, names: string[] = []) => [...names, name])
    .option('--live', 'also read each meter and controller once')
    .option('--log-level <level>', 'debug, info, warn or error (default: error)')
    .option('--json', 'print one line of JSON instead of text')
    .action((flags: CheckFlags) => run(flags, env));
}

async function run(flags: CheckFlags, env: NodeJS.ProcessEnv): Promise<void> {
  const signal = shutdownSignal();
  // What is wrong is told by the findings; the log would tell it twice.
  const config = loadAgentConfig({ ...flags, logLevel: flags.logLevel ?? 'error' }, env);
  const logger = createPinoLogger({ level: config.logLevel }).child({ component: 'check' });
  // Its libraries are a good part of the program, and other commands do not need them.
  const { check } = await import('./check.js');
  const { findings, vtn } = await check({
    config,
    vens: flags.ven,
    limit: flags.limit,
    live: flags.live ?? false,
    env,
    ports: { clock: systemClock, random: systemRandom, logger, signal },
  });
  const [ok, warn, fail] = [countOf(findings, 'ok'), countOf(findings, 'warn'), countOf(findings, 'fail')];
  const result = { vtn: { url: config.vtn.url, version: vtn?.version ?? null }, ok, warn, fail, checks: findings };
  printResult(flags.json, result, () => findingsText(findings));
  if (fail > 0) process.exitCode = 1;
}
