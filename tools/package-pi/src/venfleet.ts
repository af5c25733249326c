/** The entry of the bundle, which is what runs it; settings of V8 come before everything else. */
import { keepHeapSmall } from '@venfleet/ven-agent/heap';

// What `top` shows; Node's own name for the process is MainThread.
process.title = 'venfleet';
if (process.argv[2] === 'run') keepHeapSmall();
const { runVenfleet } = await import('./venfleet-program.js');
await runVenfleet(process.argv, process.env);
