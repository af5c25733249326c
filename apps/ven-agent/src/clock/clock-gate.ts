import { type Clock, type Duration, type Instant, isAbort, type Logger, seconds } from '@venfleet/core';
import type { Alarms } from '../readings/alarms.js';
import type { ClockSettings } from './config.js';
import { type Doubt, doubtClock, type SystemTime } from './judge-clock.js';

export interface ClockGateOptions {
  readonly settings: ClockSettings;
  readonly clock: Clock;
  readonly system: () => SystemTime;
  /** Time of the newest stored reading. */
  readonly newest: () => Instant | undefined;
  /** How far the clock is ahead of the VTN's; absent for an agent without a VTN. */
  readonly vtnOffset?: ((signal: AbortSignal) => Promise<Duration | undefined>) | undefined;
  readonly alarms: Alarms;
  readonly logger: Logger;
}

const LOOK_EVERY = seconds(1);
const ASK_VTN_EVERY = seconds(10);

/**
 * Keeps back what must not happen at a wrong time, as long as the clock is in doubt: a Raspberry Pi without a battery
 * starts in 1970 or where it was switched off, until a time server is heard. `unsure`: waited for long enough, so things
 * go on, but what is measured meanwhile is marked.
 */
export class ClockGate {
  readonly #options: ClockGateOptions;
  readonly #stopping = new AbortController();
  readonly #listeners: (() => void)[] = [];
  #state: 'closed' | 'unsure' | 'open' = 'closed';
  #waiting: Promise<void> | undefined;
  #vtnOffset: Duration | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(options: ClockGateOptions) {
    this.#options = options;
  }

  get state(): 'closed' | 'unsure' | 'open' {
    return this.#state;
  }

  /** Has `listener` called once the clock is believed, or waited for long enough. */
  onOpen(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Looks at the clock; opens at once where there is nothing to doubt. */
  start(): void {
    const newest = this.#options.newest();
    const doubt = this.#doubt(newest);
    if (doubt === undefined) this.#open('open');
    else this.#waiting = this.#wait(newest, doubt, this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new DOMException('the agent stops', 'AbortError'));
    await this.#waiting;
  }

  async #wait(newest: Instant | undefined, first: Doubt, signal: AbortSignal): Promise<void> {
    const { clock, settings, alarms, logger } = this.#options;
    const begun = clock.monotonic();
    logger.warn({ reason: first.reason }, 'the clock is in doubt: nothing is reported or controlled before it is right');
    try {
      for (let doubt: Doubt | undefined = first; doubt !== undefined; doubt = this.#doubt(newest)) {
        alarms.raise('CLOCK_IN_DOUBT', doubt.reason);
        const isPatient = doubt.certain || settings.sync === 'require' || clock.monotonic() - begun < settings.maxWait;
        if (!isPatient && this.#state === 'closed') {
          logger.error({ reason: doubt.reason }, 'the clock is still in doubt; what is measured from now on is marked so');
          this.#open('unsure');
        }
        await this.#askVtn(signal);
        await clock.sleep(LOOK_EVERY, signal);
      }
    } catch (error) {
      if (isAbort(error)) return;
      throw error;
    }
    logger.info({ afterMs: Math.round(clock.monotonic() - begun) }, 'the clock is right');
    alarms.clear('CLOCK_IN_DOUBT');
    this.#open('open');
  }

  #doubt(newest: Instant | undefined): Doubt | undefined {
    const { clock, system, settings } = this.#options;
    return doubtClock({ now: clock.now(), system: system(), vtnOffset: this.#vtnOffset, newest }, settings.sync);
  }

  async #askVtn(signal: AbortSignal): Promise<void> {
    const { clock, vtnOffset } = this.#options;
    if (vtnOffset === undefined || clock.monotonic() - this.#askedAt < ASK_VTN_EVERY) return;
    this.#askedAt = clock.monotonic();
    this.#vtnOffset = await vtnOffset(signal);
    signal.throwIfAborted();
  }

  #open(state: 'unsure' | 'open'): void {
    this.#state = state;
    for (const listener of this.#listeners.splice(0)) listener();
  }
}
