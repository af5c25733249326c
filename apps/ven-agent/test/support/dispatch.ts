import { type Instant, instant, milliseconds, minutes, seconds, wattHours, watts } from '@venfleet/core';
import { FakeClock, MemoryLogger } from '@venfleet/core/testing';
import type { Resource } from '@venfleet/resource-db';
import type { ControlState, Wanted } from '../../src/control/model.js';
import type { BaselineSource } from '../../src/dispatch/baselines.js';
import type { Decision } from '../../src/dispatch/decision.js';
import { type Controls, type SeesEvents, VenDispatch } from '../../src/dispatch/ven-dispatch.js';
import type { HeldEvent } from '../../src/planning/model.js';
import { defaultPolicy, type PlanningPolicy } from '../../src/planning/policy.js';
import { at, MemoryReadings, reading } from './reporting.js';

export const resource = (id: number, extra: Partial<Resource> = {}): Resource =>
  ({
    id,
    resourceId: `r${id}`,
    type: 'DSR',
    subType: 'Industries',
    ven: 'Aalborg',
    enabled: true,
    pMin: watts(0),
    pMax: watts(100_000),
    eMin: wattHours(0),
    eMax: wattHours(400_000),
    readInterval: seconds(10),
    ...extra,
  }) as Resource;

/** Controllers that do what they are told at once. */
export class ObedientControl implements Controls {
  readonly wanted = new Map<number, Wanted>();
  readonly problems = new Map<number, string>();
  /** False: none of them has answered yet, as after a start. */
  heard = true;
  readonly #resources: ReadonlyMap<number, Resource>;

  constructor(resources: readonly Resource[]) {
    this.#resources = new Map(resources.map((each) => [each.id, each]));
  }

  set(id: number, wanted: Wanted): boolean {
    this.wanted.set(id, wanted);
    return true;
  }

  state(id: number): ControlState | undefined {
    const own = this.#resources.get(id);
    if (own === undefined) return undefined;
    const wanted = this.wanted.get(id);
    const held = wanted?.setpoint.kind === 'limit' ? wanted.setpoint.limit : null;
    const status = held === null ? 'free' : 'holding';
    const problem = this.problems.get(id);
    return {
      resource: own,
      status,
      wanted,
      held: this.heard ? held : undefined,
      heardAt: undefined,
      confirmedAt: undefined,
      problem: problem === undefined ? undefined : { code: problem, message: '', since: at('10:00') },
      obeys: problem === undefined,
    };
  }

  limits(): (number | 'free')[] {
    return [...this.wanted.values()].map(({ setpoint }) => (setpoint.kind === 'free' ? 'free' : setpoint.limit));
  }
}

/** A shed of `part` of the VEN's load. */
export function shed(part: number, start: Instant | 'now', extra: Partial<HeldEvent['event']> = {}): HeldEvent {
  return {
    event: {
      id: 'e1',
      programId: 'p1',
      targets: [],
      intervals: [{ id: 0, start, duration: minutes(30), payloads: [{ type: 'CONTROL_LEVEL_OFFSET_PERCENT', values: [part] }] }],
      payloadDescriptors: [],
      reportRequests: [],
      ...extra,
    },
    seenAt: at('10:00'),
    shift: milliseconds(0),
    intervalShifts: new Map(),
    optOuts: [],
  };
}

export interface WorldOptions {
  readonly resources?: readonly Resource[];
  readonly policy?: PlanningPolicy;
  readonly baseline?: BaselineSource;
}

export interface World {
  readonly clock: FakeClock;
  readonly control: ObedientControl;
  readonly readings: MemoryReadings;
  readonly logger: MemoryLogger;
  readonly acted: string[];
  readonly decisions: [number, Decision][];
  events: {
    held: readonly HeldEvent[];
    lostSince?: Instant;
    isCurrent: boolean;
    curtailedSince?: ReadonlyMap<number, Instant>;
  };
  readonly dispatch: VenDispatch;
}

export function world({
  resources = [resource(1), resource(2)],
  policy = defaultPolicy,
  baseline = () => undefined,
}: WorldOptions = {}): World {
  const clock = new FakeClock(at('10:00'));
  const control = new ObedientControl(resources);
  const readings = new MemoryReadings();
  for (const { id } of resources) readings.add(reading(at('10:00'), 40_000, undefined, { resource: id }));
  const logger = new MemoryLogger();
  const acted: string[] = [];
  const events: World['events'] = { held: [], isCurrent: true };
  const feed: SeesEvents = {
    held: () => events.held,
    targets: { ven: [], resources: {} },
    get lostSince() {
      return events.lostSince;
    },
    get isCurrent() {
      return events.isCurrent;
    },
    noteAction: (id) => acted.push(id),
  };
  const decisions: [number, Decision][] = [];
  const note = (id: number, decision: Decision) => void decisions.push([id, decision]);
  const ports = {
    clock,
    logger,
    policy,
    baseline,
    readings,
    control,
    note,
    curtailedSince: (id: number) => events.curtailedSince?.get(id),
  };
  const dispatch = new VenDispatch({ ven: 'Aalborg', resources, events: feed, ...ports });
  return { clock, control, readings, logger, acted, decisions, events, dispatch };
}

export const minute = (n: number): Instant => instant(at('10:00') + minutes(n));
