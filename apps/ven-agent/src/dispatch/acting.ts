import type { Clock, Instant, Logger, Random } from '@venfleet/core';
import type { Resource } from '@venfleet/resource-db';
import type { ControlSettings } from '../control/config.js';
import { Control, type ControlStats } from '../control/control.js';
import type { Controller, ControlState } from '../control/model.js';
import type { PlanningPolicy } from '../planning/policy.js';
import type { Alarms } from '../readings/alarms.js';
import type { Reading, ReadingSource } from '../readings/reading.js';
import type { Decision } from './decision.js';
import { DecisionLog } from './decision-log.js';
import { explainResource, type ResourceExplanation } from './explain.js';
import { FleetDispatch, type FleetDispatchOptions } from './fleet-dispatch.js';

export interface ActingOptions {
  readonly vens: ReadonlyMap<string, readonly Resource[]>;
  readonly events: FleetDispatchOptions['events'];
  /** The channels that they are reached through are started and stopped by others: before, and after. */
  readonly controllers: readonly Controller[];
  readonly readings: ReadingSource;
  readonly control: ControlSettings;
  readonly policy: PlanningPolicy;
  readonly baseline: FleetDispatchOptions['baseline'];
  /** Path of the decision log. */
  readonly decisions: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly alarms?: Alarms | undefined;
}

/** From events to setpoints: plans, commands, and remembers why. Constructors do no I/O. */
export class Acting {
  readonly #options: ActingOptions;
  readonly #control: Control;
  readonly #dispatch: FleetDispatch;
  #log: DecisionLog | undefined;

  constructor(options: ActingOptions) {
    this.#options = options;
    const { controllers, control: settings, clock, random } = options;
    const logger = options.logger.child({ component: 'control' });
    this.#control = new Control({ controllers, settings, clock, random, logger });
    const note = (resource: number, decision: Decision) => this.#log?.note(resource, decision);
    const curtailedSince = (resource: number, at: Instant) => this.#log?.curtailedSince(resource, at);
    this.#dispatch = new FleetDispatch({ ...options, control: this.#control, note, curtailedSince, logger });
  }

  /** Opens the log. @throws VenfleetError DB_IN_USE, and the DB_ errors of openDatabase */
  open(): void {
    this.#log = new DecisionLog(this.#options.decisions, this.#options);
  }

  start(): void {
    this.#log?.start();
    this.#control.start();
    this.#dispatch.start();
  }

  /** What controllers hold stays or goes as the settings say; the channels must still be up. */
  async stop(): Promise<void> {
    await this.#dispatch.stop();
    await this.#control.stop();
  }

  async close(): Promise<void> {
    await this.#log?.stop();
    this.#log = undefined;
  }

  /** Readings of the meters, on which limits must show. */
  observe(readings: readonly Reading[]): void {
    this.#control.observe(readings);
  }

  get stats(): ControlStats {
    return this.#control.stats;
  }

  /** How each controlled resource does. */
  states(): Iterable<ControlState> {
    return this.#control.states();
  }

  /** What was decided for a resource, and what came of it, as it was at a time; undefined where that is not known. */
  decisionAt(resource: number, at: Instant): Decision | undefined {
    return this.#log?.at(resource, at);
  }

  /** As explainResource. */
  explain(resource: string, at?: Instant): ResourceExplanation {
    const { vens, clock } = this.#options;
    const log = { at: (id: number, time: Instant) => this.decisionAt(id, time) };
    return explainResource({ vens, dispatch: this.#dispatch, control: this.#control, log, clock }, resource, at);
  }
}
