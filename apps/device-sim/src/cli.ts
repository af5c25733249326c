import { type Command, createProgram } from '@venfleet/core/node';
import { addBackupCommands } from '@venfleet/sqlite';
import { addFault } from './cli/fault.js';
import { addHistory } from './cli/history.js';
import { DEFAULT_STATE } from './cli/options.js';
import { addRead, addStats } from './cli/read.js';
import { addServe } from './cli/serve.js';
import { COUNTERS_SCHEMA } from './fleet/counter-store.js';

export function deviceSimProgram(): Command {
  const program = createProgram('device-sim', 'Simulated meters, chargers and controllers on real Modbus TCP and MQTT');
  addServe(program);
  addRead(program);
  addStats(program);
  addFault(program);
  addHistory(program);
  addBackup(program);
  return program;
}

function addBackup(program: Command): void {
  addBackupCommands<{ state: string }>(program, {
    what: "the meters' counters",
    user: 'the simulator',
    options: (command) => command.option('--state <FILE>', 'where they are kept', DEFAULT_STATE),
    setOf: ({ state }) => ({
      program: 'device-sim',
      anchor: state,
      members: [{ name: 'device-sim.db', path: state, schema: COUNTERS_SCHEMA }],
    }),
  });
}
