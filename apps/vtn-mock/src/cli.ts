import { type Command, createProgram } from '@venfleet/core/node';
import { addBackupCommands } from '@venfleet/sqlite';
import { addEvent } from './operator/event-command.js';
import { addFault } from './operator/fault-command.js';
import { addPerformance } from './operator/performance-command.js';
import { addReports } from './operator/reports-command.js';
import { addWatch } from './operator/watch-command.js';
import { addServe } from './serve-command.js';
import { STORE_SCHEMA } from './store/schema.js';

export function vtnMockProgram(): Command {
  const program = createProgram('vtn-mock', 'A VTN for development and tests: OpenADR 3.0.1 and 3.1 side by side.');
  addServe(program);
  addEvent(program);
  addReports(program);
  addWatch(program);
  addPerformance(program);
  addFault(program);
  addBackup(program);
  return program;
}

function addBackup(program: Command): void {
  addBackupCommands<{ data: string }>(program, {
    what: 'the data file of a VTN',
    user: 'the VTN',
    options: (command) => command.requiredOption('--data <FILE>', 'the file that the VTN was started with'),
    setOf: ({ data }) => ({
      program: 'vtn-mock',
      anchor: data,
      members: [{ name: 'vtn-mock.db', path: data, schema: STORE_SCHEMA }],
    }),
  });
}
