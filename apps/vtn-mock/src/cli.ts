import { type Command, createProgram } from '@venfleet/core/node';
import { addEvent } from './operator/event-command.js';
import { addReports } from './operator/reports-command.js';
import { addServe } from './serve-command.js';

export function vtnMockProgram(): Command {
  const program = createProgram('vtn-mock', 'A VTN for development and tests: OpenADR 3.0.1 and 3.1 side by side.');
  addServe(program);
  addEvent(program);
  addReports(program);
  return program;
}
