import type { Command } from '@venfleet/core/node';
import { addExportConnections, addImportConnections, type FileDefaults } from './connections.js';
import { addFileCommands } from './files.js';
import { addPrepare } from './prepare.js';
import { addQuery } from './query.js';
import { addStats } from './stats.js';

export { addImportConnections, type FileDefaults } from './connections.js';

export const DEFAULT_FILES: FileDefaults = { db: 'config/resources.db', profiles: 'config/device-profiles' };

/** Adds all commands that look after a resource database. */
export function addResourceDbCommands(program: Command, defaults: FileDefaults = DEFAULT_FILES): void {
  addPrepare(program);
  addStats(program, defaults);
  addQuery(program, defaults);
  addFileCommands(program, defaults);
  addExportConnections(program, defaults);
  addImportConnections(program, defaults);
}
