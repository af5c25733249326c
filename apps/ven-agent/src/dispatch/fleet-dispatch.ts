import { type Clock, isAbort, type Logger, milliseconds } from '@venfleet/core';
import type { Resource } from '@venfleet/resource-db';
import type { ControlState } from '../control/model.js';
import type { FeedUpdate } from '../events/held-events.js';
import type { PlanningPolicy } from '../planning/policy.js';
import type { ReadingSource } from '../readings/reading.js';
import type { Decision } from './decision.js';
import { type Controls, type SeesEvents, VenDispatch, type VenDispatchOptions } from './ven-dispatch.js';

export interface FleetDispatchOptions {
  readonly vens: ReadonlyMap<string, readonly Resource[]>;
  /** The events of a VEN; undefined where it has none to hear. */
  readonly events: (ven: string) => (SeesEvents & { subscribe(listener: (update: FeedUpdate) => void): () => void }) | undefined;
  readonly control: Controls & { onChange(listener: (state: ControlState) => void): () => void };
  readonly note: (resource: number, decision: Decision) => void;
  readonly curtailedSince: VenDispatchOptions['curtailedSince'];
  readonly readings: ReadingSource;
  readonly policy: PlanningPolicy;
  readonly baseline: VenDispatchOptions['baseline'];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How often it is looked whose plan has come to a change. */
const TICK = milliseconds(500);
/** Baselines are looked up between two ticks for so long at most, and so many of them: readings of days are gone through. */
const LOOK_UP_MS = 40;
const MOST_LOOK_UPS = 100;

/** Carries out the events of all VENs of this process, each VEN's apart from the others'. */
export class FleetDispatch {
  readonly #options: FleetDispatchOptions;
  readonly #vens = new Map<string, VenDispatch>();
  readonly #stopping = new AbortController();
  #wake = new AbortController();
  /** Whose baselines are looked up first. */
  #turn = 0;
  #unsubscribe: (() => void)[] = [];
  #running: Promise<void> | undefined;

  constructor(options: FleetDispatchOptions) {
    this.#options = options;
  }

  /** The events must have been started; those of the last life are carried on at once. */
  start(): void {
    const { vens, events, control, ...rest } = this.#options;
    for (const [ven, resources] of vens) {
      const own = events(ven);
      if (own === undefined) continue;
      const dispatch = new VenDispatch({ ...rest, control, ven, resources, events: own });
      this.#vens.set(ven, dispatch);
      this.#unsubscribe.push(
        own.subscribe((update) => {
          if (update.events.length === 0 && !update.targets) return;
          dispatch.touch();
          this.#wake.abort();
        }),
      );
    }
    this.#unsubscribe.push(control.onChange(({ resource: { id, ven } }) => this.#vens.get(ven)?.noteState(id)));
    this.#running = this.#run(this.#stopping.signal);
  }

  /** Nothing more is planned; what controllers hold is control's to say. */
  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#stopping.abort(new DOMException('dispatch stops', 'AbortError'));
    this.#wake.abort();
    await this.#running;
  }

  ven(name: string): VenDispatch | undefined {
    return this.#vens.get(name);
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    while (!signal.aborted) {
      this.#wake = new AbortController();
      for (const ven of this.#vens.values()) {
        try {
          ven.pass();
        } catch (error) {
          // A bug met in one VEN's events must not stop the others'; it is met again at the next pass.
          if (!isAbort(error)) logger.error({ ven: ven.ven, err: error }, 'the events of a VEN cannot be carried out');
        }
      }
      try {
        this.#lookUpBaselines();
      } catch (error) {
        logger.error({ err: error }, 'baselines cannot be looked up; the load before an event stands for them');
      }
      await clock.sleep(TICK, this.#wake.signal).catch(() => undefined);
    }
  }

  /** VEN after VEN, going on where it was left. */
  #lookUpBaselines(): void {
    const { clock } = this.#options;
    const until = clock.monotonic() + LOOK_UP_MS;
    let left = MOST_LOOK_UPS;
    const isEnough = () => left-- <= 0 || clock.monotonic() >= until;
    const vens = [...this.#vens.values()];
    for (let i = 0; i < vens.length; i++, this.#turn++) {
      if (!vens[this.#turn % vens.length]?.lookUpBaselines(isEnough)) return;
    }
  }
}
