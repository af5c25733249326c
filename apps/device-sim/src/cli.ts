import { type Command, createProgram } from '@venfleet/core/node';
import { addFault } from './cli/fault.js';
import { addHistory } from './cli/history.js';
import { addRead, addStats } from './cli/read.js';
import { addServe } from './cli/serve.js';

export function deviceSimProgram(): Command {
  const program = createProgram('device-sim', 'Simulated meters, chargers and controllers on real Modbus TCP and MQTT');
  addServe(program);
  addRead(program);
  addStats(program);
  addFault(program);
  addHistory(program);
  return program;
}
