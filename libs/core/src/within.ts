import type { HasSleep } from './ports.js';
import type { Duration } from './units.js';

/**
 * Runs `work` with a signal that aborts when `signal` does, or after `duration`.
 * @throws what `work` makes of that, mostly an AbortError
 */
export async function within<T>(
  duration: Duration,
  { clock, signal }: { readonly clock: HasSleep; readonly signal: AbortSignal },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const inTime = new AbortController();
  const done = new AbortController();
  // No AbortSignal.any: Node 20 keeps a little of each for as long as the longest-lived signal is there.
  const pass = () => inTime.abort(signal.reason);
  if (signal.aborted) pass();
  signal.addEventListener('abort', pass, { once: true });
  void clock.sleep(duration, done.signal).then(
    () => inTime.abort(),
    () => {},
  );
  try {
    return await work(inTime.signal);
  } finally {
    signal.removeEventListener('abort', pass);
    done.abort();
  }
}
