import { createProgram, runCli, wholeNumber } from '@venfleet/core/node';
import { runDemo } from './demo.js';

const program = createProgram('npm start --', 'Prepares the sample fleet, starts the mock VTN and registers the fleet with it')
  .option('--port <n>', 'port of the mock VTN', wholeNumber(1, 65_535), 8000)
  .option('--version <version>', 'OpenADR version to register over: 3.0.1 or 3.1.0', '3.0.1')
  .option('--state <folder>', 'folder in which everything is kept', '.venfleet')
  .option('--once', 'stop when the fleet is registered, instead of staying up until Ctrl-C')
  .action(runDemo);

await runCli(program);
