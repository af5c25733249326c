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
  const done = new AbortController();
  const tooLate = new AbortController();
  void clock.sleep(duration, AbortSignal.any([done.signal, signal])).then(
    () => tooLate.abort(),
    () => {},
  );
  try {
    return await work(AbortSignal.any([tooLate.signal, signal]));
  } finally {
    done.abort();
  }
}
