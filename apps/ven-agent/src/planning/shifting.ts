import { type Instant, minutes, type Watts } from '@venfleet/core';
import { EnergyBooks } from './energy-books.js';
import type { PlannedResource, ResourceState } from './model.js';
import type { Plan } from './plan.js';
import { type LoadForecast, planShifts, type ShiftPlan } from './shift.js';

/** Loads, buffers and vehicles are looked at anew so often. */
const PLAN_EVERY = minutes(15);
/** What happened in a longer time between two looks is not known. */
const LONGEST_ENTRY = minutes(5);

const NO_LIMITS: ReadonlyMap<number, Watts> = new Map();

/** Keeps the plan that moves one VEN's consumption to cheaper hours, and the books of what it owes. */
export class Shifting {
  readonly #forecast: LoadForecast;
  readonly #resources: readonly PlannedResource[];
  readonly #books: EnergyBooks;
  #made: { readonly plan: Plan; readonly at: Instant; readonly shifts: ShiftPlan } | undefined;
  #lookedAt: Instant | undefined;

  constructor(resources: readonly PlannedResource[], forecast: LoadForecast) {
    this.#resources = resources;
    this.#forecast = forecast;
    this.#books = new EnergyBooks(resources);
  }

  /** What allocate takes as `shifts`; nothing while the optimiser is off. */
  limits(plan: Plan, at: Instant, states: ReadonlyMap<number, ResourceState>): ReadonlyMap<number, Watts> {
    if (plan.policy.optimiser === undefined) return NO_LIMITS;
    this.#enter(at, states);
    const made = this.#made;
    const isCurrent = made !== undefined && made.plan === plan && made.at <= at && at < made.at + PLAN_EVERY;
    const shifts = isCurrent ? made.shifts : this.#plan(plan, at, states);
    return shifts.at(at);
  }

  /** The limits of the plan that was made last, for a time that it covers. */
  plannedAt(at: Instant): ReadonlyMap<number, Watts> {
    return this.#made === undefined || at < this.#made.at ? NO_LIMITS : this.#made.shifts.at(at);
  }

  #plan(plan: Plan, at: Instant, states: ReadonlyMap<number, ResourceState>): ShiftPlan {
    const owed = (resource: number) => this.#books.owed(resource);
    const shifts = planShifts({ plan, at, states, forecast: this.#forecast, owed });
    this.#made = { plan, at, shifts };
    return shifts;
  }

  /** A vehicle's needs are its own to tell; the books are about buffers. */
  #enter(at: Instant, states: ReadonlyMap<number, ResourceState>): void {
    const from = this.#lookedAt;
    this.#lookedAt = at;
    if (from === undefined || at <= from || at - from > LONGEST_ENTRY) return;
    for (const { id, type } of this.#resources) {
      const drawn = states.get(id)?.power;
      const load = drawn === undefined || type === 'EV' ? undefined : this.#forecast.loadBetween(id, from, at);
      if (drawn !== undefined && load !== undefined) this.#books.enter({ resource: id, from, to: at, load, drawn });
    }
  }
}
