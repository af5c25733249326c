import { type Clock, type Duration, hours, type Instant, minutes, seconds } from '@venfleet/core';
import type { Alarms } from './alarms.js';
import type { ReadingsFile } from './readings-file.js';
import type { ResilientFile } from './resilient-file.js';

/**
 * The time before which a resource's readings are no longer needed for reports: they are acknowledged, or no
 * report will ask for them. Undefined: all are needed.
 */
export type ReportedUntil = (resource: number) => Instant | undefined;

/** So many resources are looked at in one transaction, between which the event loop turns. */
const RESOURCES_AT_ONCE = 100;
/** In so many steps of time the data is given up until there is room. */
const SLICES = 16;

/**
 * Deletes each resource's readings before `cutOff`, but none that `keepFrom` names.
 * @param keepFrom the time from which a resource's readings must stay
 * @returns in steps, between which other work may go on, how many were deleted
 */
export function* expire(file: ReadingsFile, cutOff: number, keepFrom: (resource: number) => number): Generator<number> {
  let cursor: number | undefined = Number.MIN_SAFE_INTEGER;
  while (cursor !== undefined) {
    let deleted = 0;
    cursor = file.deleting(() => {
      let resource: number = cursor as number;
      for (let i = 0; i < RESOURCES_AT_ONCE; i++) {
        const next = file.nextResource(resource);
        if (next === undefined) return undefined;
        resource = next.resource;
        const until = Math.min(cutOff, keepFrom(resource));
        if (next.oldest < until) deleted += file.deleteBefore(resource, until);
      }
      return resource;
    });
    yield deleted;
  }
}

/** As {@link expire}: deletes the oldest readings, slice by slice of time, until no more than `targetBytes` are used. */
export function* shrink(file: ReadingsFile, targetBytes: number, keepFrom: (resource: number) => number): Generator<number> {
  // The span of what may go; nothing is tried where that is nothing.
  let [oldest, newest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let next = file.nextResource(Number.MIN_SAFE_INTEGER); next !== undefined; next = file.nextResource(next.resource)) {
    const { resource } = next;
    yield 0;
    if (next.oldest >= keepFrom(resource)) continue;
    oldest = Math.min(oldest, next.oldest);
    newest = Math.max(newest, Math.min(file.latest(resource)?.at ?? newest, keepFrom(resource)));
  }
  for (let slice = 1; slice <= SLICES && oldest <= newest && file.usage().usedBytes > targetBytes; slice++) {
    yield* expire(file, Math.ceil(oldest + ((newest + 1 - oldest) * slice) / SLICES), keepFrom);
  }
}

export interface RetentionOptions {
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly alarms: Alarms;
  readonly reportedUntil: ReportedUntil;
  readonly maxAge: Duration;
  /** Lets other work go on between two steps. */
  breathe(): Promise<void>;
}

/** Above the first of these shares of the size limit room is made, down to the second. What is above is for one merge. */
const [HIGH_WATER, LOW_WATER] = [0.9, 0.8];
/** So long nothing is tried again where a full disk had nothing that may go. */
const ROOM_INTERVAL = seconds(30);

/** Keeps the file within its limits of age and size. Its methods throw the DB_ errors of a disk that fails. */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #file: ResilientFile<ReadingsFile>;
  readonly #clockTrust: ClockTrust;
  #lost = 0;
  #noRoomAt: number | undefined;

  constructor(file: ResilientFile<ReadingsFile>, options: RetentionOptions) {
    this.#file = file;
    this.#options = options;
    this.#clockTrust = new ClockTrust(options.clock);
  }

  /** How many readings were given up unreported. */
  get lost(): number {
    return this.#lost;
  }

  /** Deletes what is old and reported. */
  async expireOld(): Promise<void> {
    if (!this.#clockTrust.isSteady()) return;
    const cutOff = this.#options.clock.now() - this.#options.maxAge;
    await this.#inSteps((file) => expire(file, cutOff, this.#reported));
  }

  /** Where the file is nearly full, deletes the oldest: reported readings first, others only if these do not suffice. */
  async keepToSize(): Promise<void> {
    // Asked here because this is called often.
    this.#clockTrust.isSteady();
    const { usedBytes, limitBytes } = this.#file.use((file) => file.usage());
    if (usedBytes <= HIGH_WATER * limitBytes) return;
    const target = LOW_WATER * limitBytes;
    await this.#inSteps((file) => shrink(file, target, this.#reported));
    await this.#inSteps(
      (file) => shrink(file, target, () => Number.POSITIVE_INFINITY),
      (deleted) => this.#lose(deleted),
    );
  }

  /** Deletes a good part of the oldest reported readings, for a disk that is full. @returns how many */
  async makeRoom(): Promise<number> {
    const now = this.#options.clock.monotonic();
    if (this.#noRoomAt !== undefined && now - this.#noRoomAt < ROOM_INTERVAL) return 0;
    const { usedBytes } = this.#file.use((file) => file.usage());
    let total = 0;
    await this.#inSteps(
      (file) => shrink(file, LOW_WATER * usedBytes, this.#reported),
      (deleted) => {
        total += deleted;
      },
    );
    this.#noRoomAt = total === 0 ? now : undefined;
    return total;
  }

  readonly #reported = (resource: number): number => this.#options.reportedUntil(resource) ?? Number.NEGATIVE_INFINITY;

  #lose(count: number): void {
    if (count === 0) return;
    this.#lost += count;
    this.#options.alarms.raise('READINGS_LOST', `${this.#lost} unreported readings were deleted: the store has its full size`);
  }

  async #inSteps(begin: (file: ReadingsFile) => Generator<number>, onDeleted?: (count: number) => void): Promise<void> {
    const steps = this.#file.use(begin);
    for (let i = 1; ; i++) {
      const step = this.#file.use(() => steps.next());
      if (step.done) return;
      onDeleted?.(step.value);
      if (step.value > 0 || i % RESOURCES_AT_ONCE === 0) await this.#options.breathe();
    }
  }
}

const STEADY_AFTER = hours(1);
const STEP = minutes(1);

/**
 * Whether the wall clock may decide what is old: a clock that was set wrong would have everything deleted. It may
 * once it has kept pace with the monotonic clock for an hour; a Pi without a battery starts with any time at all.
 */
export class ClockTrust {
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  #offset: number;
  #since: number;

  constructor(clock: Pick<Clock, 'now' | 'monotonic'>) {
    this.#clock = clock;
    this.#since = clock.monotonic();
    this.#offset = clock.now() - this.#since;
  }

  /** Ask often: a step is only noticed here. */
  isSteady(): boolean {
    const monotonic = this.#clock.monotonic();
    const offset = this.#clock.now() - monotonic;
    if (Math.abs(offset - this.#offset) > STEP) this.#since = monotonic;
    this.#offset = offset;
    return monotonic - this.#since >= STEADY_AFTER;
  }
}
