import type { ModbusDevice } from './device.js';
import type { Registers } from './layout.js';

/**
 * How often a device may be too slow for one job: the first time it is waited for as long as its answers have
 * taken so far, the second time, after the others, twice that (or its time-out, if it has never answered), the last
 * time with its own time-out in the lane of those that may be dead.
 */
export type Chance = 'first' | 'second' | 'last';

/** Something to be asked of a device or told to it. */
export interface Job {
  readonly device: ModbusDevice;
  readonly isWrite: boolean;
  readonly chance: Chance;
  /** May be repeated. Gives what hands the result on. */
  readonly attempt: (registers: Registers) => Promise<() => void>;
  readonly fail: (error: unknown) => void;
  /** The peer ended the connection under it once already. */
  interrupted: boolean;
}

/**
 * Who goes first at a gateway: writes, then reads, then what took longer than it ever did; and apart from these
 * devices that may be dead, who failed least often first. A device with a request under way waits until that is over.
 */
export class JobQueue {
  readonly #writes: Job[] = [];
  readonly #reads: Job[] = [];
  readonly #slow: Job[] = [];
  readonly #doubtful: Job[] = [];

  add(job: Job): void {
    this.#rankOf(job).push(job);
  }

  /** To where it was taken from. */
  putBack(job: Job): void {
    this.#rankOf(job).unshift(job);
  }

  /** The next job of a device that is not in doubt. */
  takeHealthy(): Job | undefined {
    return takeFirst(this.#writes) ?? takeFirst(this.#reads) ?? takeFirst(this.#slow);
  }

  /** The next job of a device that may be dead. */
  takeDoubtful(): Job | undefined {
    let best: Job | undefined;
    for (const job of this.#doubtful) {
      if (!job.device.isBusy && (best === undefined || doubt(job) < doubt(best))) best = job;
    }
    if (best !== undefined) this.#doubtful.splice(this.#doubtful.indexOf(best), 1);
    return best;
  }

  /** All that wait. */
  drain(): Job[] {
    return [this.#writes, this.#reads, this.#slow, this.#doubtful].flatMap((rank) => rank.splice(0));
  }

  #rankOf({ isWrite, chance }: Job): Job[] {
    if (chance === 'last') return this.#doubtful;
    if (chance === 'second') return this.#slow;
    return isWrite ? this.#writes : this.#reads;
  }
}

/** Of devices that failed equally often, those that are to be told something go first. */
function doubt({ device, isWrite }: Job): number {
  return device.failures + (isWrite ? 0 : 0.5);
}

function takeFirst(jobs: Job[]): Job | undefined {
  const index = jobs.findIndex(({ device }) => !device.isBusy);
  return index < 0 ? undefined : jobs.splice(index, 1)[0];
}
