import { systemClock } from '../clock.js';
import type { HasMonotonic } from '../ports.js';

/** Ctrl-C on a terminal reaches a program by itself, and again from a parent (Nx, `npm start`) that passes it on. */
const ONE_AND_THE_SAME_MS = 500;

/** Aborts on the first SIGINT or SIGTERM; a second one ends the process at once, as a shell would show it. */
export function shutdownSignal(clock: HasMonotonic = systemClock): AbortSignal {
  const controller = new AbortController();
  let abortedAt = 0;
  for (const [name, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ] as const) {
    process.on(name, () => {
      if (!controller.signal.aborted) {
        abortedAt = clock.monotonic();
        controller.abort(new DOMException(`stopped by ${name}`, 'AbortError'));
      } else if (clock.monotonic() - abortedAt > ONE_AND_THE_SAME_MS) process.exit(128 + number);
    });
  }
  return controller.signal;
}
