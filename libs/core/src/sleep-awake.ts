import { systemClock } from './clock.js';
import type { HasMonotonic, HasSleep } from './ports.js';
import { type Duration, milliseconds } from './units.js';

/** What a timer is late anyhow, and time enough to take what has come in. */
const TURN = milliseconds(10);

/** The steps of a time-out that counts only the time in which this process was there. */
class AwakeTime {
  #left: number;
  #onTop: number;

  constructor(duration: Duration) {
    this.#left = duration;
    this.#onTop = duration;
  }

  /** How long to sleep next; 0: it is over. The last turn is slept by itself: it begins after whatever kept the process. */
  get step(): Duration {
    return milliseconds(this.#left > TURN ? this.#left - TURN : Math.max(0, this.#left));
  }

  /** @param overslept how much longer than `step` was slept */
  slept(step: Duration, overslept: number): void {
    const given = overslept > TURN ? Math.min(overslept, this.#onTop) : 0;
    this.#onTop -= given;
    this.#left += given - step;
  }
}

/**
 * Sleeps until `duration` is over in which this process was there to be answered: what time it had none for anybody,
 * because the machine was overloaded or stood still, is given on top, up to as much again. For time-outs: an answer may
 * have come in meanwhile that nobody has looked at, and a time-out that is due is told first.
 * @throws the signal's reason as soon as `signal` aborts
 */
export async function sleepAwake(clock: HasMonotonic & HasSleep, duration: Duration, signal?: AbortSignal): Promise<void> {
  const time = new AwakeTime(duration);
  for (let { step } = time; step > 0; step = time.step) {
    const due = clock.monotonic() + step;
    await clock.sleep(step, signal);
    time.slept(step, clock.monotonic() - due);
  }
}

/**
 * Calls `act` where {@link sleepAwake} would end, by the system's clock: for time-outs of which there are thousands a
 * second, as it takes a tenth of what a promise with a signal does.
 * @returns what calls it off
 */
export function afterAwake(duration: Duration, act: () => void): () => void {
  const time = new AwakeTime(duration);
  let timer: NodeJS.Timeout | undefined;
  const next = (): void => {
    const { step } = time;
    if (step <= 0) {
      act();
      return;
    }
    const due = systemClock.monotonic() + step;
    timer = setTimeout(() => {
      time.slept(step, systemClock.monotonic() - due);
      next();
    }, step);
  };
  next();
  return () => clearTimeout(timer);
}
