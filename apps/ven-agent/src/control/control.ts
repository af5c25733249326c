import { type Clock, type Logger, type Random, seconds } from '@venfleet/core';
import { hasGoodPower, type Reading } from '../readings/reading.js';
import type { ControlSettings } from './config.js';
import { type ControlCounts, ControlledResource } from './controlled-resource.js';
import type { Controller, ControlState, Wanted } from './model.js';

/** How often it is looked whose renewal is due. */
const TICK = seconds(0.5);
/** So many controllers are looked at first in each second, if nothing is wanted of them earlier: it is their first contact. */
const MET_EACH_SECOND = 250;
/** A stopping agent that releases gives that so long. */
const LONGEST_FAREWELL = seconds(3);

/** So often those that do not do what they are told are summed up: a broker that is away silences thousands at once. */
const SUMMED_UP_EVERY = seconds(30);
/** So many of them are named. */
const NAMED = 5;

export interface ControlOptions {
  readonly controllers: readonly Controller[];
  readonly settings: ControlSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** How control does now. */
export interface ControlStats extends Readonly<ControlCounts> {
  readonly controllers: number;
  readonly byStatus: Readonly<Record<ControlState['status'], number>>;
  /** Controllers that do not do what they are told, by the code of the reason. */
  readonly problems: Readonly<Record<string, number>>;
}

/**
 * Brings every controller to what planning wants of its resource, and keeps it there. Nothing is kept on the disk:
 * what is there is read from the controllers, so a restart is harmless; and when this process dies, they let go by
 * themselves.
 */
export class Control {
  readonly #options: ControlOptions;
  readonly #resources: ReadonlyMap<number, ControlledResource>;
  readonly #counts: ControlCounts = { holds: 0, renewals: 0, releases: 0, failures: 0, mismatches: 0 };
  readonly #listeners = new Set<(state: ControlState) => void>();
  readonly #stop = new AbortController();
  #summary = '{}';
  #running: Promise<void> | undefined;

  constructor(options: ControlOptions) {
    this.#options = options;
    const { controllers, settings, clock, random, logger } = options;
    const changed = (state: ControlState) => {
      for (const listener of this.#listeners) listener(state);
    };
    const shared = { settings, counts: this.#counts, changed, clock, random, logger };
    const begin = clock.monotonic();
    const firstLooks = seconds(controllers.length / MET_EACH_SECOND);
    this.#resources = new Map(
      controllers.map((controller) => [
        controller.resource.id,
        new ControlledResource(controller, shared, begin + random.next() * firstLooks),
      ]),
    );
  }

  /** The channels of the controllers must have been started. */
  start(): void {
    this.#running = this.#run();
  }

  /**
   * Ends renewals. Limits in force are left to the controllers' own validity or released, as the settings say; the
   * channels must still be up for that.
   */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    const resources = [...this.#resources.values()];
    for (const resource of resources) resource.stop();
    if (this.#options.settings.onStop === 'hold') return;
    const farewell = new AbortController();
    const released = Promise.all(resources.map((resource) => resource.release()));
    await Promise.race([released, this.#options.clock.sleep(LONGEST_FAREWELL, farewell.signal).catch(() => {})]);
    farewell.abort();
  }

  /**
   * What a resource is to do from now on; carried out at once, repeated as long as it holds. Resources that were
   * never set are left as they are.
   * @param resource Resource.id
   * @returns false for a resource without a controller
   */
  set(resource: number, wanted: Wanted): boolean {
    const controlled = this.#resources.get(resource);
    controlled?.want(wanted);
    return controlled !== undefined;
  }

  /** Readings of the meters, on which limits must show an effect. */
  observe(readings: readonly Reading[]): void {
    for (const reading of readings) {
      if (reading.power !== undefined && hasGoodPower(reading)) this.#resources.get(reading.resource)?.observe(reading.power);
    }
  }

  /** undefined for a resource without a controller. */
  state(resource: number): ControlState | undefined {
    return this.#resources.get(resource)?.state;
  }

  *states(): Generator<ControlState> {
    for (const resource of this.#resources.values()) yield resource.state;
  }

  /**
   * Whom to tell when a resource's status, limit or problem changes. Must not throw.
   * @returns ends it
   */
  onChange(listener: (state: ControlState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get stats(): ControlStats {
    const byStatus = { unknown: 0, free: 0, pending: 0, holding: 0, overridden: 0, restoring: 0 };
    const problems: Record<string, number> = {};
    for (const { status, problem } of this.states()) {
      byStatus[status]++;
      if (problem !== undefined) problems[problem.code] = (problems[problem.code] ?? 0) + 1;
    }
    return { ...this.#counts, controllers: this.#resources.size, byStatus, problems };
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stop;
    let sumUpAt = clock.monotonic() + SUMMED_UP_EVERY;
    while (!signal.aborted) {
      const now = clock.monotonic();
      for (const resource of this.#resources.values()) if (resource.due <= now) void resource.pass();
      if (now >= sumUpAt) {
        sumUpAt = now + SUMMED_UP_EVERY;
        this.#sumUp();
      }
      await clock.sleep(TICK, signal).catch(() => {});
    }
  }

  /** Says which problems there are when they are others than before; each controller's is told at the level of info. */
  #sumUp(): void {
    const { problems } = this.stats;
    const summary = JSON.stringify(problems);
    if (summary === this.#summary) return;
    this.#summary = summary;
    const { logger } = this.#options;
    if (summary === '{}') {
      logger.warn({}, 'all controllers do what they are told again');
      return;
    }
    const failing = [...this.states()].filter(({ problem }) => problem !== undefined);
    const some = failing.slice(0, NAMED).map(({ resource: { resourceId, ven }, problem }) => ({
      resource: resourceId,
      ven,
      code: problem?.code,
      reason: problem?.message,
    }));
    logger.warn({ problems, some }, 'controllers do not do what they are told');
  }
}
