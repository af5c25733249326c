import { systemClock, systemRandom } from '@venfleet/core';
import { addCommand, type Command, createPinoLogger, printResult, shutdownSignal } from '@venfleet/core/node';
import { type ConfigFlags, loadAgentConfig } from '../config.js';
import {
  addConfigOption,
  addDbOption,
  addJsonOption,
  addProfilesOption,
  addStateOption,
  addVenOptions,
  addVtnOptions,
  type VenFlags,
} from '../options.js';
import { countOf, findingsText } from './output.js';

type CheckFlags = ConfigFlags & VenFlags & { live?: boolean; json?: boolean };

/** `check`: says whether `run` would find what it needs. */
export function addCheck(program: Command, env: NodeJS.ProcessEnv): void {
  const command = addCommand(
    program,
    'check',
    'Says what of all that `run` needs is there, and how to mend what is not; it changes nothing',
  );
  addProfilesOption(addStateOption(addDbOption(addConfigOption(command))));
  addJsonOption(addVenOptions(addVtnOptions(command)))
    .option('--live', 'also read each meter and controller once')
    .option('--log-level <level>', 'debug, info, warn or error (default: error)')
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
    shard: flags.shard,
    live: flags.live ?? false,
    env,
    ports: { clock: systemClock, random: systemRandom, logger, signal },
  });
  const [ok, warn, fail] = [countOf(findings, 'ok'), countOf(findings, 'warn'), countOf(findings, 'fail')];
  const result = { vtn: { url: config.vtn.url, version: vtn?.version ?? null }, ok, warn, fail, checks: findings };
  printResult(flags.json, result, () => findingsText(findings));
  if (fail > 0) process.exitCode = 1;
}
