import type { Row } from '../row.js';
import { agentCpuRow, agentMemoryFleetHourRow, agentMemoryFleetRow, agentMemoryHourRow, agentMemoryRow } from './agent.js';
import { loopFleetRow, loopPollRow, loopRow } from './loop.js';
import { modbusServerPipelinedRow, modbusServerPyRow, modbusServerRows } from './modbus-server.js';
import { mqttRows } from './mqtt.js';
import { openleadrRows } from './openleadr.js';
import { prepareOrigRow, prepareRow } from './prepare.js';
import { registerPyRow, registerRow } from './register.js';
import { scalePrepareRow, scaleRegisterRow } from './scale.js';
import { simMemoryRow } from './sim-memory.js';
import { steadyHungRow, steadyRow } from './steady.js';
import { storeRow } from './store.js';
import { sweepRow } from './sweep.js';
import { vtn310Row, vtnRow } from './vtn.js';

/** Every row, in the order in which they are measured. */
export const ROWS: readonly Row[] = [
  prepareRow,
  prepareOrigRow,
  vtnRow,
  vtn310Row,
  registerRow,
  registerPyRow,
  ...openleadrRows,
  ...modbusServerRows,
  modbusServerPipelinedRow,
  modbusServerPyRow,
  ...mqttRows,
  simMemoryRow,
  storeRow,
  sweepRow,
  agentMemoryRow,
  agentMemoryFleetRow,
  agentMemoryHourRow,
  agentMemoryFleetHourRow,
  agentCpuRow,
  steadyRow,
  steadyHungRow,
  loopRow,
  loopPollRow,
  loopFleetRow,
  scalePrepareRow,
  scaleRegisterRow,
];
