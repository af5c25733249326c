import type { Shard } from '@venfleet/core';
import { addShardOption, type Command, wholeNumber } from '@venfleet/core/node';
import { DEFAULT_CONFIG_FILE } from './config.js';

/** Options that several commands of the agent share; their values are ConfigFlags. */

export function addConfigOption(command: Command): Command {
  return command.option('--config <path>', `settings file (default: ${DEFAULT_CONFIG_FILE} where it exists)`);
}

export function addDbOption(command: Command): Command {
  return command.option('--db <path>', 'resource database (default: config/resources.db)');
}

/** @param more what else the command does with it */
export function addStateOption(command: Command, more = ''): Command {
  return command.option('--state <path>', `the agent's state database (default: .venfleet/ven-agent.db)${more}`);
}

export function addProfilesOption(command: Command): Command {
  return command.option('--profiles <dir>', 'the device profiles (default: config/device-profiles)');
}

/** Which running agent is asked: the flags of `agentUrl`. */
export function addAgentOptions(command: Command): Command {
  return addConfigOption(command).option(
    '--url <url>',
    'health and metrics endpoint of the running agent (default: where `ops` of the settings puts it, else http://127.0.0.1:9464)',
  );
}

export function addJsonOption(command: Command): Command {
  return command.option('--json', 'print one line of JSON instead of text');
}

/** Which VTN, and as whom. */
export function addVtnOptions(command: Command): Command {
  return command
    .option('--vtn-url <url>', 'base URL of the VTN (default: http://localhost:8000/openadr3/3.0.1)')
    .option('--vtn-version <version>', 'OpenADR version that the VTN speaks: auto, 3.0.1 or 3.1.0 (default: auto)')
    .option('--credentials <path>', 'credentials file (default: config/dev-credentials.json)')
    .option('--no-auth', 'use no authentication at all');
}

/** Which VENs of the database; all conditions given must hold. */
export interface VenFlags {
  readonly limit?: number;
  readonly ven?: readonly string[];
  readonly shard?: Shard;
}

export function addVenOptions(command: Command): Command {
  command
    .option('--limit <n>', 'only the n VENs with the most resources', wholeNumber(1))
    .option('--ven <name>', 'only this VEN; may be given several times', (name, names: string[] = []) => [...names, name]);
  return addShardOption(command);
}
