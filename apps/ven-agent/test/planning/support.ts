import {
  type Duration,
  hours,
  type Instant,
  instant,
  kilowattHours,
  kilowatts,
  milliseconds,
  minutes,
  type Watts,
} from '@venfleet/core';
import { decodeEvent, type GridEvent, type WireVersion } from '@venfleet/openadr';
import { type Allocation, type AllocationInput, allocate, setpointOf } from '../../src/planning/allocate.js';
import type { HeldEvent, OptOut, PlannedResource, PlannedVen, ResourceState } from '../../src/planning/model.js';
import { type Plan, planVen } from '../../src/planning/plan.js';
import { defaultPolicy, type PlanningPolicy } from '../../src/planning/policy.js';
import { ReferenceLoads } from '../../src/planning/references.js';

/** Today at `hh:mm`, UTC. */
export const at = (time: string): Instant => instant(Date.parse(`2026-06-15T${time}:00Z`));
export const text = (time: string): string => `2026-06-15T${time}:00Z`;
export const NOW = '0001-01-01T00:00:00Z';

/** An event as a VTN sends it, decoded. */
export function decoded(json: object, version: WireVersion = '3.1.0'): GridEvent {
  const result = decodeEvent({ id: 'e', programID: 'p', ...json }, version);
  if ('problem' in result) throw new Error(result.problem.mistakes.join('; '));
  return result.event;
}

export interface HeldOptions {
  readonly seenAt?: Instant;
  readonly shift?: Duration;
  readonly intervalShifts?: readonly (readonly [number, Duration])[];
  readonly optOuts?: readonly OptOut[];
  readonly version?: WireVersion;
}

export function held(json: object, options: HeldOptions = {}): HeldEvent {
  const { seenAt = at('08:00'), shift = milliseconds(0), intervalShifts = [], optOuts = [], version } = options;
  return { event: decoded(json, version), seenAt, shift, intervalShifts: new Map(intervalShifts), optOuts };
}

/** An event of one payload from 10:00 for an hour, unless said otherwise. */
export const simply = (type: string, value: unknown, more: object = {}, options: HeldOptions = {}): HeldEvent =>
  held(
    {
      intervalPeriod: { start: text('10:00'), duration: 'PT1H' },
      intervals: [{ id: 0, payloads: [{ type, values: [value] }] }],
      ...more,
    },
    options,
  );

export const VEN: PlannedVen = { name: 'Aalborg', targets: [] };

/** A site of 100 kW with a buffer of 400 kWh. */
export const site = (id: number, more: Partial<PlannedResource> = {}): PlannedResource => ({
  id,
  name: `r${id}`,
  type: 'DSR',
  subType: 'Industries',
  pMin: kilowatts(0),
  pMax: kilowatts(100),
  eMin: kilowattHours(0),
  eMax: kilowattHours(400),
  targets: [],
  controllable: true,
  ...more,
});

/** A charging station of 22 kW. */
export const charger = (id: number, more: Partial<PlannedResource> = {}): PlannedResource =>
  site(id, { type: 'EV', subType: 'Charging Stations', pMax: kilowatts(22), eMax: kilowattHours(100), ...more });

export const planOf = (
  events: readonly HeldEvent[],
  resources: readonly PlannedResource[],
  policy: Partial<PlanningPolicy> = {},
): Plan => planVen({ ven: VEN, resources, events, policy: { ...defaultPolicy, ...policy } });

/** Draws and would draw the same, and obeys. */
export const drawing = (powerKw: number, more: Partial<ResourceState> = {}): ResourceState => ({
  power: kilowatts(powerKw),
  baseline: kilowatts(powerKw),
  reachable: true,
  ...more,
});

export const noHistory = (): ReferenceLoads => new ReferenceLoads({ powerAt: () => undefined });

/** Allocates with what is told of each resource, by id. */
export function allocated(
  plan: Plan,
  when: Instant,
  states: Readonly<Record<number, ResourceState>>,
  more: Partial<AllocationInput> = {},
): Allocation {
  const byId = new Map(Object.entries(states).map(([id, state]) => [Number(id), state]));
  return allocate({ plan, at: when, states: byId, references: noHistory(), ...more });
}

/** Each resource's limit in kW; undefined where it is free. */
export function limitsKw(allocation: Allocation, resources: readonly PlannedResource[]): (number | undefined)[] {
  return resources.map(({ id }) => {
    const setpoint = setpointOf(allocation, id);
    return setpoint.kind === 'free' ? undefined : setpoint.limit / 1000;
  });
}

export const kw = (power: Watts): number => power / 1000;
export { hours, minutes };

/** Two sites, and what they draw. */
export const two = [site(1), site(2)];
export const usual = { 1: drawing(60), 2: drawing(40) };

/** Who is there, and when; by default two sites that draw 60 and 40 kW. */
export interface Scene {
  readonly resources?: readonly PlannedResource[];
  readonly states?: Readonly<Record<number, ResourceState>>;
  readonly policy?: Partial<PlanningPolicy>;
  readonly when?: string;
  readonly more?: Partial<AllocationInput>;
}
export const given = (
  events: readonly HeldEvent[],
  { resources = two, states = usual, policy, when = '10:30', more }: Scene = {},
) => allocated(planOf(events, resources, policy), at(when), states, more);
/** Each resource's limit in kW; undefined where it is free. */
export const limits = (events: readonly HeldEvent[], scene: Scene = {}) => limitsKw(given(events, scene), scene.resources ?? two);
