import { createProgram, runCli, wholeNumber } from '@venfleet/core/node';
import { DEFAULT_AGENT_OPS_PORT, DEFAULT_PORT, runDemo } from './demo.js';

const program = createProgram(
  'npm start --',
  'Prepares the sample fleet, starts its devices and the mock VTN, registers and meters the fleet, and has it shed load once',
)
  .option('--port <n>', 'port of the mock VTN', wholeNumber(1, 65_535), DEFAULT_PORT)
  .option('--version <version>', 'OpenADR version to register over: 3.0.1 or 3.1.0', '3.0.1')
  .option('--state <folder>', 'folder in which everything is kept', '.venfleet')
  .option('--db <file>', 'resource database; the default one is prepared when it is missing', 'config/resources.db')
  .option('--ops-port <n>', "port of the devices' HTTP view; 0 takes a free one", wholeNumber(0, 65_535), 8010)
  .option(
    '--agent-ops-port <n>',
    "port of the agent's health and metrics; 0 takes a free one",
    wholeNumber(0, 65_535),
    DEFAULT_AGENT_OPS_PORT,
  )
  .option('--once', 'stop after the demonstration instead of staying up until Ctrl-C; status 0 only if all of it happened')
  .option('--no-demonstration', 'meter and report only')
  .option('--register-only', 'register and stop, without devices')
  .action(runDemo);

await runCli(program);
