import type { HasMonotonic, HasSleep } from './ports.js';
import { type Duration, milliseconds } from './units.js';

/** What a timer is late anyhow, and time enough to take what has come in. */
const TURN = milliseconds(10);

/**
 * Sleeps until `duration` is over in which this process was there to be answered: what time it had none for anybody,
 * because the machine was overloaded or stood still, is given on top, up to as much again. For time-outs: an answer may
 * have come in meanwhile that nobody has looked at, and a time-out that is due is told first.
 * @throws the signal's reason as soon as `signal` aborts
 */
export async function sleepAwake(clock: HasMonotonic & HasSleep, duration: Duration, signal?: AbortSignal): Promise<void> {
  let onTop: number = duration;
  for (let left: number = duration; left > 0; ) {
    // The last turn is slept by itself: it begins after whatever kept the process.
    const step = left > TURN ? left - TURN : left;
    const due = clock.monotonic() + step;
    await clock.sleep(milliseconds(step), signal);
    const overslept = clock.monotonic() - due;
    const given = overslept > TURN ? Math.min(overslept, onTop) : 0;
    onTop -= given;
    left += given - step;
  }
}
