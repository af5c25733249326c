import { type Command, createProgram } from '@venfleet/core/node';
import { addEvent } from './operator/event-command.js';
import { addFault } from './operator/fault-command.js';
import { addPerformance } from './operator/performance-command.js';
import { addReports } from './operator/reports-command.js';
import { addWatch } from './operator/watch-command.js';
import { addServe } from './serve-command.js';

export function vtnMockProgram(): Command {
  const program = createProgram('vtn-mock', 'A VTN for development and tests: OpenADR 3.0.1 and 3.1 side by side.');
  addServe(program);
  addEvent(program);
  addReports(program);
  addWatch(program);
  addPerformance(program);
  addFault(program);
  return program;
}
