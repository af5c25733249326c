import type { HasSleep, Random } from './ports.js';
import { type Duration, type Instant, milliseconds, seconds } from './units.js';

export interface RetryPolicy {
  /** Calls in all, the first included. */
  readonly attempts: number;
  /** Upper bound of the first pause; it doubles with each further one. */
  readonly base: Duration;
  /** Upper bound of any pause, unless the peer asked for a longer one. */
  readonly cap: Duration;
  /** The longest pause that a peer may ask for (Retry-After); a longer wish ends the retries. */
  readonly longestAsked: Duration;
}

export const defaultRetryPolicy: RetryPolicy = {
  attempts: 5,
  base: milliseconds(200),
  cap: seconds(10),
  longestAsked: seconds(120),
};

/** What to do about a failure: give up, or try again, not before `after` where the peer asked for it. */
export type RetryDecision = { readonly retry: false } | { readonly retry: true; readonly after?: Duration | undefined };

export interface RetryContext {
  readonly clock: HasSleep;
  readonly random: Random;
  readonly signal?: AbortSignal | undefined;
  readonly onRetry?: (attempt: number, pause: Duration, error: unknown) => void;
}

/**
 * The pause before retry number `retry` (1, 2, …): uniform in [0, min(cap, base·2^(retry−1))], "full
 * jitter", so that a fleet that failed together does not come back together. A pause that the peer
 * asked for is kept in full, with up to `base` of jitter on top.
 */
export function retryPause(policy: RetryPolicy, retry: number, random: Random, asked?: Duration): Duration {
  // Bounded, because 0·Infinity is no number; every cap is reached long before.
  const doublings = Math.min(retry - 1, 62);
  const ceiling = Math.min(policy.cap, policy.base * 2 ** doublings);
  const jittered = random.next() * ceiling;
  return milliseconds(asked === undefined ? jittered : asked + random.next() * policy.base);
}

/**
 * Calls `work` until it succeeds, `decide` says no, the attempts are used up or the signal aborts.
 * @param decide tells by the type of the error, never by its text, whether a repetition is safe and useful.
 * @throws the last error of `work`; the signal's reason when it aborts before a call or in a pause.
 */
export async function retry<T>(
  work: (attempt: number) => Promise<T>,
  decide: (error: unknown) => RetryDecision,
  policy: RetryPolicy,
  { clock, random, signal, onRetry }: RetryContext,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      return await work(attempt);
    } catch (error) {
      if (attempt >= policy.attempts || signal?.aborted) throw error;
      const decision = decide(error);
      if (!decision.retry || (decision.after ?? 0) > policy.longestAsked) throw error;
      const pause = retryPause(policy, attempt, random, decision.after);
      onRetry?.(attempt, pause, error);
      await clock.sleep(pause, signal);
    }
  }
}

/** What the header Retry-After (RFC 9110 section 10.2.3: seconds, or a date) asks for; undefined where absent or nonsense. */
export function retryAfterIn(value: unknown, now: Instant): Duration | undefined {
  if (typeof value !== 'string') return undefined;
  if (/^\s*\d{1,9}\s*$/.test(value)) return seconds(Number(value));
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : milliseconds(Math.max(0, date - now));
}
