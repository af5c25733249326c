import { createProgram, runCli, wholeNumber } from '@venfleet/core/node';
import { runDemo } from './demo.js';

const program = createProgram(
  'npm start --',
  'Prepares the sample fleet, starts its devices and the mock VTN, registers the fleet and meters it',
)
  .option('--port <n>', 'port of the mock VTN', wholeNumber(1, 65_535), 8000)
  .option('--version <version>', 'OpenADR version to register over: 3.0.1 or 3.1.0', '3.0.1')
  .option('--state <folder>', 'folder in which everything is kept', '.venfleet')
  .option('--db <file>', 'resource database; the default one is prepared when it is missing', 'config/resources.db')
  .option('--ops-port <n>', "port of the devices' HTTP view; 0 takes a free one", wholeNumber(0, 65_535), 8010)
  .option('--agent-ops-port <n>', "port of the agent's health and metrics; 0 takes a free one", wholeNumber(0, 65_535), 9464)
  .option('--once', 'register and stop, without devices, instead of staying up until Ctrl-C')
  .action(runDemo);

await runCli(program);
