import { systemClock } from '@venfleet/core';
import type { Command } from '@venfleet/core/node';
import { addBackupCommands } from '@venfleet/sqlite';
import { type ConfigFlags, loadDatabasePaths } from '../config.js';
import { addConfigOption, addDbOption, addStateOption } from '../options.js';
import { agentDatabases } from './databases.js';

/** `backup` and `restore`. */
export function addAgentBackup(program: Command, env: NodeJS.ProcessEnv): void {
  addBackupCommands<ConfigFlags>(program, {
    what: 'all databases of the agent',
    user: 'the agent',
    options: (command) => addStateOption(addDbOption(addConfigOption(command)), '; the others lie beside it'),
    setOf: (flags) => agentDatabases(loadDatabasePaths(flags, env), systemClock),
  });
}
