import {
  type Clock,
  type Duration,
  describeError,
  type Instant,
  isVenfleetError,
  type Logger,
  milliseconds,
  minutes,
  type Random,
  type RetryPolicy,
  retryPause,
  seconds,
  VenfleetError,
  type Watts,
  watts,
} from '@venfleet/core';
import type { Values } from '@venfleet/devices';
import { describeCommand, describeReport, isCarriedOut, isSameSetpoint, isSlightChange } from './compare.js';
import { type Decision, type DecisionSettings, decide, heldNow, isSame, limitOf, type Situation } from './decide.js';
import { EffectWatch } from './effect.js';
import type { Command, Controller, ControlProblem, ControlState, Wanted } from './model.js';
import { problemOf } from './problem.js';
import { restoreDelay } from './restore.js';

/** Pauses after a controller failed or did not confirm. */
const RETRY: RetryPolicy = {
  attempts: Number.POSITIVE_INFINITY,
  base: seconds(2),
  cap: seconds(30),
  longestAsked: seconds(0),
};
/** So many failures in a row make a problem: a gateway that restarts is none. */
const FAILURES_MAKE_A_PROBLEM = 3;
/** A controller that refused or had no effect is counted on again after so long, where nothing shows that earlier. */
const FORGIVEN_AFTER = minutes(15);

/** What has been done, for metrics. */
export interface ControlCounts {
  /** Limits set, changed, or set again after the controller had let go. */
  holds: number;
  renewals: number;
  releases: number;
  /** Calls that failed. */
  failures: number;
  /** Writes that were confirmed by other values than were written. */
  mismatches: number;
}

/** What all resources share. */
export interface ControlledResourceOptions {
  readonly settings: DecisionSettings & { readonly restoreOver: Duration };
  readonly counts: ControlCounts;
  readonly changed: (state: ControlState) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** One resource's controller, what is wanted of it and what it said last: looks, decides, writes, reads back. */
export class ControlledResource {
  readonly #controller: Controller;
  readonly #options: ControlledResourceOptions;
  readonly #haste: number;
  /** There as long as a limit is confirmed. */
  #effect: EffectWatch | undefined;
  #wanted: Wanted | undefined;
  #lastEvent: string | undefined;
  #releaseAt = Number.NEGATIVE_INFINITY;
  #heard: (NonNullable<Situation['heard']> & { readonly wallAt: Instant }) | undefined;
  #told: Situation['told'];
  #confirmed: { readonly limit: Watts; readonly wallAt: Instant } | undefined;
  /** Since when, on the monotonic clock, it has been held to about what it is held to now. */
  #heldSince: number | undefined;
  #failures = 0;
  #notBefore = Number.NEGATIVE_INFINITY;
  #problem: ControlProblem | undefined;
  /** By the clock that does not jump. */
  #problemAt = 0;
  /** A pass is under way … */
  #isBusy = false;
  /** … and has to look again when it is over. */
  #isWaitedFor = false;
  #isStopped = false;
  #shown = '';
  /** When the next pass is due, on the monotonic clock. */
  due: number;

  constructor(controller: Controller, options: ControlledResourceOptions, firstLookAt: number) {
    this.#controller = controller;
    this.#options = options;
    this.#haste = 0.75 + options.random.next() / 4;
    this.due = firstLookAt;
    controller.listen((values) => this.#listen(values));
  }

  /** What the resource is to do from now on; carried out at once, but for its turn to be released. */
  want(wanted: Wanted): void {
    const { clock, settings } = this.#options;
    const isSameAsBefore = this.#wanted !== undefined && isSameSetpoint(this.#wanted, wanted);
    if (wanted.setpoint.kind === 'limit') {
      this.#lastEvent = wanted.cause;
      this.#releaseAt = Number.NEGATIVE_INFINITY;
    } else if (!isSameAsBefore) {
      const now = clock.now();
      const delay = restoreDelay(this.#controller.resource.resourceId, wanted.cause ?? this.#lastEvent, settings.restoreOver);
      // By the time that has passed since; a clock that was stepped can neither prolong nor shorten it by more than that.
      const passed = Math.min(Math.max(0, now - (wanted.since ?? now)), delay);
      this.#releaseAt = clock.monotonic() + delay - passed;
    }
    const isSlight = this.#wanted !== undefined && isSlightChange(this.#wanted, wanted);
    this.#wanted = wanted;
    if (isSameAsBefore) return;
    this.#notBefore = Number.NEGATIVE_INFINITY;
    this.#confirmed = undefined;
    // Limits that follow others' loads change all the time: that must not hide one that has no effect.
    if (!isSlight) {
      this.#effect = undefined;
      this.#heldSince = undefined;
    }
    this.#show();
    // Where nothing is to be held, the first look has time until its turn.
    if (wanted.setpoint.kind === 'limit' || this.#heard !== undefined) void this.pass();
  }

  /** A reading of the resource's meter. */
  observe(power: Watts): void {
    const { clock } = this.#options;
    const now = clock.monotonic();
    if (this.#confirmed === undefined || this.#heard?.report.state !== 'holding') return;
    const bound = watts(Math.max(this.#confirmed.limit, this.#controller.resource.pMin));
    this.#effect ??= new EffectWatch();
    const works = this.#effect.judge(power, bound, milliseconds(now - (this.#heldSince ?? now)));
    if (works === true && this.#problem?.code === 'CONTROL_NO_EFFECT') this.#setProblem(undefined);
    if (works === false && this.#problem === undefined) {
      const message = `its meter shows ${Math.round(power)} W, though its controller confirms a limit of ${Math.round(bound)} W`;
      this.#setProblem({ code: 'CONTROL_NO_EFFECT', message, since: clock.now() });
    }
  }

  /** Looks and decides, until there is nothing to do or something fails; while one is under way, it goes on after that. */
  async pass(): Promise<void> {
    this.#isWaitedFor = true;
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      while (this.#isWaitedFor && !this.#isStopped) {
        this.#isWaitedFor = false;
        if (await this.#step()) this.#isWaitedFor = true;
      }
    } finally {
      this.#isBusy = false;
      this.#show();
    }
  }

  /** Nothing more is begun. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Releases what is held by us, whoever's turn it is. */
  async release(): Promise<void> {
    if (this.#told?.command.kind !== 'hold') return;
    await this.#command({ kind: 'release' }).catch((error) => this.#failed(error));
  }

  get state(): ControlState {
    const { resource } = this.#controller;
    const problem = this.#problem;
    return {
      resource,
      status: this.#status(),
      wanted: this.#wanted,
      held: this.#heard === undefined ? undefined : heldNow(this.#situation()),
      heardAt: this.#heard?.wallAt,
      confirmedAt: this.#confirmed?.wallAt,
      problem,
      obeys: problem === undefined,
    };
  }

  /** @returns whether to look again at once */
  async #step(): Promise<boolean> {
    const { clock, counts, settings } = this.#options;
    const now = clock.monotonic();
    if (now < this.#notBefore) {
      this.due = this.#notBefore;
      return false;
    }
    const decision = decide(this.#situation(), this.#controller.dialect, settings);
    // One that failed is asked until it answers, even if there is nothing to tell it any more.
    const isSettled = decision.do === 'wait' && this.#failures === 0;
    if (isSettled) {
      this.due = decision.until;
      this.#noteConfirmation();
      return false;
    }
    try {
      if (decision.do === 'command') {
        await this.#command(decision.command);
        if (decision.command.kind === 'release') counts.releases++;
        else if (decision.why === 'renewal') counts.renewals++;
        else counts.holds++;
      } else this.#hear(await this.#controller.read());
      this.#succeeded(decision.do);
      return true;
    } catch (error) {
      this.#failed(error);
      return false;
    }
  }

  async #command(command: Command): Promise<void> {
    const { clock } = this.#options;
    const { dialect } = this.#controller;
    const confirms = (values: Values) => isCarriedOut(command, dialect.decode(values));
    const values = await this.#controller.write(dialect.encode(command, this.#heard?.values ?? {}), confirms);
    this.#hear(values);
    const report = dialect.decode(values);
    if (!isCarriedOut(command, report)) {
      this.#options.counts.mismatches++;
      throw new VenfleetError(
        'CONTROLLER_REFUSES',
        `it was told to ${describeCommand(command)}, but says ${describeReport(report)}`,
      );
    }
    this.#told = { command, at: clock.monotonic(), holdsFor: report.timeLeft };
  }

  /** Of what a controller says by itself. */
  #listen(values: Values): void {
    this.#hear(values);
    if (this.#isBusy || this.#isStopped) return;
    // It is there: no reason to wait any longer.
    if (this.#problem?.code === 'CONTROLLER_SILENT') this.#succeeded('read');
    void this.pass();
  }

  #hear(values: Values): void {
    const { clock } = this.#options;
    const report = this.#controller.dialect.decode(values);
    this.#heard = { values, report, at: clock.monotonic(), wallAt: clock.now() };
    if (report.state !== 'holding') this.#effect = undefined;
    if (report.held === null) this.#heldSince = undefined;
    if (report.state === 'fault' && this.#problem === undefined) {
      this.#setProblem({ code: 'CONTROLLER_FAULT', message: 'its controller says that it has a fault', since: clock.now() });
    } else if (report.state !== 'fault' && this.#problem?.code === 'CONTROLLER_FAULT') this.#setProblem(undefined);
  }

  /** The limit that is wanted is the one in force. */
  #noteConfirmation(): void {
    const { clock } = this.#options;
    if (this.#wanted === undefined || this.#heard === undefined) return;
    const limit = limitOf(this.#wanted, this.#controller.dialect, this.#heard.values);
    if (limit === null || this.#confirmed !== undefined) return;
    this.#confirmed = { limit, wallAt: clock.now() };
    this.#heldSince ??= clock.monotonic();
  }

  #succeeded(what: Decision['do']): void {
    this.#failures = 0;
    this.#notBefore = Number.NEGATIVE_INFINITY;
    if (this.#problem === undefined) return;
    const { code } = this.#problem;
    const needsProof = code === 'CONTROL_NO_EFFECT' || (code === 'CONTROLLER_REFUSES' && what !== 'command');
    const isForgiven = this.#options.clock.monotonic() - this.#problemAt > FORGIVEN_AFTER;
    if (code !== 'CONTROLLER_FAULT' && (!needsProof || isForgiven)) this.#setProblem(undefined);
  }

  #failed(error: unknown): void {
    const { clock, random, counts, logger } = this.#options;
    if (this.#isStopped || isVenfleetError(error, 'METER_STOPPED')) return;
    if (!isVenfleetError(error)) {
      // A bug must neither stop the others nor go unseen.
      logger.error({ resource: this.#controller.resource.resourceId, stack: (error as Partial<Error>)?.stack }, 'control failed');
    }
    counts.failures++;
    this.#failures++;
    this.#notBefore = clock.monotonic() + RETRY.base / 2 + retryPause(RETRY, this.#failures, random);
    this.due = this.#notBefore;
    const known = isVenfleetError(error) ? error : new VenfleetError('INTERNAL', describeError(error));
    const problem = problemOf(known, clock.now());
    if (this.#failures >= FAILURES_MAKE_A_PROBLEM && this.#problem?.code !== problem.code) this.#setProblem(problem);
  }

  #setProblem(problem: ControlProblem | undefined): void {
    const { logger, clock } = this.#options;
    const { resourceId, ven, name } = this.#controller.resource;
    const who = { resource: resourceId, ven, name };
    if (problem === undefined) logger.info({ ...who, code: this.#problem?.code }, 'controller does what it is told again');
    else logger.info({ ...who, code: problem.code, reason: problem.message }, 'controller does not do what it is told');
    this.#problem = problem;
    this.#problemAt = clock.monotonic();
    this.#show();
  }

  #situation(): Situation {
    const now = this.#options.clock.monotonic();
    return { wanted: this.#wanted, releaseAt: this.#releaseAt, heard: this.#heard, told: this.#told, now, haste: this.#haste };
  }

  #status(): ControlState['status'] {
    if (this.#heard === undefined) return this.#wanted?.setpoint.kind === 'limit' ? 'pending' : 'unknown';
    const situation = this.#situation();
    const held = heldNow(situation);
    const limit = this.#wanted && limitOf(this.#wanted, this.#controller.dialect, this.#heard.values);
    if (limit === null || limit === undefined) return held === null ? 'free' : 'restoring';
    if (held === null || !isSame(held, limit)) return 'pending';
    return this.#heard.report.state === 'overridden' ? 'overridden' : 'holding';
  }

  /** Tells what has changed, once. */
  #show(): void {
    const { state } = this;
    const shown = `${state.status} ${state.held} ${state.problem?.code}`;
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#options.changed(state);
  }
}
