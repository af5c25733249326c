import type { Clock, Instant, Logger, Watts } from '@venfleet/core';
import type { Target } from '@venfleet/openadr';
import type { Resource } from '@venfleet/resource-db';
import type { Wanted } from '../control/model.js';
import type { EventFeed } from '../events/feed.js';
import { type Allocation, allocate, FREE, type ResourceAllocation } from '../planning/allocate.js';
import type { HeldEvent, PlannedResource, ResourceState, Setpoint } from '../planning/model.js';
import { type Plan, planVen } from '../planning/plan.js';
import type { PlanningPolicy } from '../planning/policy.js';
import { type LoadHistory, ReferenceLoads } from '../planning/references.js';
import { Shifting } from '../planning/shifting.js';
import { type BaselineSource, Baselines, BLOCK } from './baselines.js';
import { type Decision, decisionOf } from './decision.js';
import { type SeesControl, Sight, type SightOptions } from './sight.js';

/** What dispatch needs of control. */
export interface Controls extends SeesControl {
  /** As Control.set. */
  set(resource: number, wanted: Wanted): boolean;
}

/** What dispatch needs of the VEN's events. */
export type SeesEvents = Pick<EventFeed, 'held' | 'targets' | 'lostSince' | 'isCurrent' | 'noteAction'>;

export interface VenDispatchOptions extends Omit<SightOptions, 'clock' | 'control'> {
  readonly ven: string;
  readonly resources: readonly Resource[];
  readonly events: SeesEvents;
  readonly control: Controls;
  readonly policy: PlanningPolicy;
  readonly baseline: BaselineSource;
  /** Told what was decided for a resource, again and again. */
  readonly note: (resource: number, decision: Decision) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** As long as an event acts, it is looked so often at who takes part and who has dropped out. */
const LOOK_AGAIN_MS = 2000;
/** With the optimiser so often at what has changed while no event acts. */
const LOOK_AT_SHIFTS_MS = 60_000;
/** A time so short ago is the present. */
const JUST_NOW_MS = 5000;

/**
 * Turns the events of one VEN into what each of its controllers is to do. Stateless but for the loads that an event
 * found when it began: each pass plans from what is known, and hands every resource's setpoint to control, which writes
 * only what has changed.
 */
export class VenDispatch {
  readonly #options: VenDispatchOptions;
  readonly #sight: Sight;
  readonly #history: LoadHistory;
  readonly #references: ReferenceLoads;
  readonly #baselines: Baselines;
  /** There from the first plan on. */
  #shifting: Shifting | undefined;
  /** The limits that were handed out last. */
  readonly #limits = new Map<number, { readonly limit: Watts; readonly cause: string | undefined }>();
  readonly #noted = new Set<string>();
  /** What the plan was made of. */
  #source: { held: readonly HeldEvent[]; targets: SeesEvents['targets']; lostSince: Instant | undefined } | undefined;
  #plan: Plan | undefined;
  #planned: ReadonlyMap<number, PlannedResource> = new Map();
  #allocation: Allocation | undefined;
  #isDirty = true;
  #wallAt = Number.NEGATIVE_INFINITY;
  #nextAt = Number.NEGATIVE_INFINITY;

  constructor(options: VenDispatchOptions) {
    this.#options = options;
    this.#sight = new Sight(options.resources, options);
    this.#history = { powerAt: (resource, at) => this.#sight.loadAt(resource, at) };
    this.#references = new ReferenceLoads(this.#history);
    this.#baselines = new Baselines(options.baseline);
  }

  get ven(): string {
    return this.#options.ven;
  }

  /** Something became other than it was: the next pass looks at it. */
  touch(): void {
    this.#isDirty = true;
  }

  /** Plans and hands out setpoints, where there is a reason to; cheap where there is none. */
  pass(): void {
    const now = this.#options.clock.now();
    this.#notice();
    // Wall time decides what applies: a clock that was stepped back is a reason, too.
    if (!this.#isDirty && now < this.#nextAt && now >= this.#wallAt) return;
    // One that fails on the way is made again.
    this.#isDirty = true;
    this.#wallAt = now;
    const plan = this.#currentPlan();
    const allocation = this.#allocate(plan, now);
    this.#nextAt = this.#nextLook(plan, allocation, now);
    // With no events known, and none heard of, it is not known that there are none.
    const isKnown = !allocation.segment.idle || this.#options.events.isCurrent || plan.schedules.length > 0;
    if (isKnown) this.#handOut(allocation);
    this.#isDirty = false;
  }

  /** As Baselines.lookUp: between two passes. */
  lookUpBaselines(isEnough: () => boolean): boolean {
    return this.#baselines.lookUp(this.#options.clock.now(), isEnough);
  }

  /** What is decided now. */
  present(): { readonly plan: Plan; readonly allocation: Allocation } {
    this.pass();
    const plan = this.#currentPlan();
    return { plan, allocation: this.#allocation ?? this.#allocate(plan, this.#options.clock.now()) };
  }

  /** What is decided for a time: with the loads of that time where it is past, of now where it is still to come. */
  allocationAt(at: Instant): { readonly plan: Plan; readonly allocation: Allocation } {
    this.#notice();
    const plan = this.#currentPlan();
    const isPast = at < this.#options.clock.now() - JUST_NOW_MS;
    const seen = this.#states();
    const states = isPast ? this.#loadsAt(at, seen) : seen;
    const shifts = isPast ? undefined : this.#shifting?.plannedAt(at);
    return { plan, allocation: allocate({ plan, at, states, references: new ReferenceLoads(this.#history), shifts }) };
  }

  /** A resource's controller said something new. */
  noteState(resource: number): void {
    if (this.#allocation === undefined) return;
    const state = this.#options.control.state(resource);
    const cause = causeOf(this.#allocation.resources.get(resource));
    if (state !== undefined) this.#options.note(resource, decisionOf(this.#allocation, state, cause, this.#options.clock.now()));
  }

  /** What a resource drew at a time. */
  powerAt(resource: number, at: Instant): Watts | undefined {
    return this.#sight.powerAt(resource, at);
  }

  /** The resource as planning sees it. */
  planned(resource: number): PlannedResource | undefined {
    this.#currentPlan();
    return this.#planned.get(resource);
  }

  /** Looks whether the plan is still made of what is known. */
  #notice(): void {
    const { held, targets, lostSince } = this.#source ?? {};
    const { events } = this.#options;
    const isLost = events.lostSince !== undefined;
    if (events.held() === held && events.targets === targets && isLost === (lostSince !== undefined)) return;
    this.#source = { held: events.held(), targets: events.targets, lostSince: events.lostSince };
    this.#plan = undefined;
    this.#isDirty = true;
  }

  #currentPlan(): Plan {
    if (this.#plan !== undefined) return this.#plan;
    const { ven, policy, resources, control, logger } = this.#options;
    const { held = [], targets, lostSince } = this.#source ?? {};
    const own = (name: string): readonly Target[] => targets?.resources[name] ?? [];
    const planned = resources.filter(({ enabled }) => enabled).map((resource) => plannedOf(resource, control, own));
    this.#planned = new Map(planned.map((resource) => [resource.id, resource]));
    this.#shifting ??= new Shifting(planned, this.#baselines);
    this.#plan = planVen({
      ven: { name: ven, targets: targets?.ven ?? [] },
      resources: planned,
      events: held,
      policy,
      vtnLostSince: lostSince,
    });
    for (const { event, note } of this.#plan.notes) {
      if (this.#noted.has(`${event} ${note}`)) continue;
      this.#noted.add(`${event} ${note}`);
      logger.warn({ ven, event, note }, 'a part of an event is not acted on');
    }
    return this.#plan;
  }

  #allocate(plan: Plan, at: Instant): Allocation {
    const { idle, quietAt } = plan.at(at);
    this.#baselines.begin(quietAt);
    const states = idle && plan.policy.optimiser === undefined ? NO_STATES : this.#states(at, quietAt);
    const shifts = this.#shifting?.limits(plan, at, states);
    this.#allocation = allocate({ plan, at, states, references: this.#references, shifts });
    return this.#allocation;
  }

  #nextLook(plan: Plan, { segment }: Allocation, now: Instant): number {
    if (!segment.idle) return now + LOOK_AGAIN_MS;
    const next = plan.nextChange(now) ?? Number.POSITIVE_INFINITY;
    return plan.policy.optimiser === undefined ? next : Math.min(next, now + LOOK_AT_SHIFTS_MS);
  }

  /**
   * All resources as they are now.
   * @param quietAt when events began: the longer ago, the less does the load of then say what would be drawn now
   */
  #states(at?: Instant, quietAt?: Instant): ReadonlyMap<number, ResourceState> {
    const isLong = at !== undefined && quietAt !== undefined && at - quietAt >= BLOCK;
    return new Map(
      this.#options.resources.map((resource) => {
        const state = this.#sight.stateOf(resource);
        // A vehicle that charges says more of a station than other vehicles on other days.
        if (!isLong || resource.type === 'EV') return [resource.id, state];
        return [resource.id, { ...state, baseline: this.#baselines.loadAt(resource.id, at) }];
      }),
    );
  }

  /** Leaves a limit as it is where the new one is hardly higher; a lower one always holds. */
  #steady({ id, pMax }: PlannedResource, setpoint: Setpoint, cause: string | undefined): Setpoint {
    const last = this.#limits.get(id);
    if (setpoint.kind === 'free') {
      this.#limits.delete(id);
      return setpoint;
    }
    const isSteady =
      last !== undefined &&
      last.cause === cause &&
      setpoint.limit >= last.limit &&
      setpoint.limit - last.limit < WORTH_A_WRITE * pMax;
    if (isSteady) return { kind: 'limit', limit: last.limit };
    // Before its controller was heard a limit is a guess, which is not kept to.
    if (this.#options.control.state(id)?.held === undefined) this.#limits.delete(id);
    else this.#limits.set(id, { limit: setpoint.limit, cause });
    return setpoint;
  }

  #loadsAt(at: Instant, seen: ReadonlyMap<number, ResourceState>): ReadonlyMap<number, ResourceState> {
    return new Map([...seen].map(([id, state]) => [id, { ...state, power: this.#sight.powerAt(id, at), limit: undefined }]));
  }

  #handOut({ resources, segment }: Allocation): void {
    const { control, events } = this.#options;
    const acting = new Set<string>();
    for (const resource of this.#planned.values()) {
      if (!resource.controllable) continue;
      const own = resources.get(resource.id);
      const cause = causeOf(own);
      if (cause !== undefined) acting.add(cause);
      const last = this.#limits.get(resource.id);
      const setpoint = this.#steady(resource, own?.setpoint ?? FREE, cause);
      // A shift ends on its own, while nothing else has changed.
      const ended = last !== undefined && last.cause === undefined ? undefined : segment.from;
      control.set(resource.id, { setpoint, cause, since: setpoint.kind === 'limit' ? undefined : ended });
      this.noteState(resource.id);
    }
    for (const event of acting) events.noteAction(event);
  }
}

/** A limit is not raised by less than that part of the rating: it would cost a write, and change nothing. */
const WORTH_A_WRITE = 0.02;

const NO_STATES: ReadonlyMap<number, ResourceState> = new Map();

/** The id of the event whose limit holds. */
export function causeOf(allocation: ResourceAllocation | undefined): string | undefined {
  if (allocation?.setpoint.kind !== 'limit') return undefined;
  const holder = allocation.bounds.at(-1)?.holder;
  return holder?.kind === 'event' ? holder.claim.held.event.id : undefined;
}

function plannedOf(resource: Resource, control: SeesControl, targets: (name: string) => readonly Target[]): PlannedResource {
  const { id, resourceId, type, subType, pMin, pMax, eMin, eMax } = resource;
  const controllable = control.state(id) !== undefined;
  return { id, name: resourceId, type, subType, pMin, pMax, eMin, eMax, targets: targets(resourceId), controllable };
}
