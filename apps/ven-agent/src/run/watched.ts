import { type Clock, type Logger, milliseconds, minutes } from '@venfleet/core';
import type { ServiceManager } from '@venfleet/core/node';

export interface Watched {
  /** What stands still in the process; empty while it works. */
  readonly stuck: () => readonly string[];
  /** How it does, in a line. */
  readonly statusLine: () => string;
}

/** Several within the watchdog's time: one that comes late must not end the process. */
const PINGS = 3;
const STATUS_EVERY = minutes(1);

/**
 * Tells the service manager that the process works, until `signal` aborts. One that is stuck is not reported as working: the
 * service manager restarts it then.
 */
export async function stayWatched(
  manager: ServiceManager,
  { stuck, statusLine }: Watched,
  { clock, logger, signal }: { clock: Clock; logger: Logger; signal: AbortSignal },
): Promise<void> {
  const { watchdog } = manager;
  const interval = watchdog === undefined ? STATUS_EVERY : milliseconds(watchdog / PINGS);
  let wasStuck = false;
  while (!signal.aborted) {
    const reasons = stuck();
    const isStuck = reasons.length > 0;
    if (isStuck && !wasStuck) logger.error({ reasons }, 'the agent is stuck; the service manager will restart it');
    wasStuck = isStuck;
    const status = isStuck ? `stuck: ${reasons.join('; ')}` : statusLine();
    await manager.notify({ ...(watchdog !== undefined && !isStuck && { WATCHDOG: '1' }), STATUS: status });
    await clock.sleep(interval, signal).catch(() => undefined);
  }
}
