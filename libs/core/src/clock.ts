import type { Clock } from './ports.js';
import { type Duration, instant } from './units.js';

/** setTimeout's limit: longer delays would fire at once. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** Real time. */
export const systemClock: Clock = {
  now: () => instant(Date.now()),
  monotonic: () => performance.now(),
  sleep: (duration, signal) => sleep(duration, signal),
};

async function sleep(duration: Duration, signal?: AbortSignal): Promise<void> {
  let left: number = duration;
  do {
    const step = Math.min(left, LONGEST_TIMER_MS);
    await new Promise<void>((resolve, reject) => {
      signal?.throwIfAborted();
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, step);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
    left -= step;
  } while (left > 0);
}
