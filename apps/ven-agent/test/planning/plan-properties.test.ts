import { describe, expect, it } from '@jest/globals';
import { type Instant, instant, kilowatts, milliseconds, minutes } from '@venfleet/core';
import fc from 'fast-check';
import { setpointOf } from '../../src/planning/allocate.js';
import type { HeldEvent, PlannedResource, ResourceState } from '../../src/planning/model.js';
import { actsOnLoad } from '../../src/planning/payloads.js';
import type { Plan, Segment } from '../../src/planning/plan.js';
import { allocated, at, charger, decoded, NOW, planOf, site } from './support.js';

const TYPES = [
  ['SIMPLE', fc.integer({ min: 0, max: 3 })],
  ['DISPATCH_SETPOINT', fc.integer({ min: 0, max: 400 })],
  ['DISPATCH_SETPOINT_RELATIVE', fc.integer({ min: -200, max: 100 })],
  ['CONTROL_LEVEL_OFFSET', fc.integer({ min: -10, max: 10 })],
  ['CONTROL_LEVEL_OFFSET_PERCENT', fc.double({ min: -1, max: 1, noNaN: true })],
  ['IMPORT_CAPACITY_LIMIT', fc.integer({ min: 0, max: 400 })],
  ['IMPORT_CAPACITY_SUBSCRIPTION', fc.integer({ min: 0, max: 400 })],
  ['IMPORT_CAPACITY_RESERVATION', fc.integer({ min: 0, max: 100 })],
  ['ALERT_BLACK_START', fc.constant('')],
  ['ALERT_GRID_EMERGENCY', fc.constant('')],
  ['PRICE', fc.double({ min: 0, max: 1, noNaN: true })],
  ['SOMETHING_ELSE', fc.constant(1)],
] as const;
const payload = fc.constantFrom(...TYPES).chain(([type, value]) => value.map((one: unknown) => ({ type, values: [one] })));

const RESOURCES: readonly PlannedResource[] = [
  site(1),
  site(2, { pMin: kilowatts(10), subType: 'Hotels', pMax: kilowatts(50) }),
  site(3, { controllable: false, pMax: kilowatts(25), subType: 'Bars' }),
  charger(4),
  charger(5, { targets: [{ type: 'GROUP', values: ['g'] }] }),
];

const target = fc.constantFrom(
  { type: 'RESOURCE_NAME', values: ['r1', 'r4'] },
  { type: 'VEN_NAME', values: ['Aalborg'] },
  { type: 'VEN_NAME', values: ['Aarhus'] },
  { type: 'GROUP', values: ['g'] },
);
const length = fc.constantFrom('PT0S', 'PT5M', 'PT15M', 'PT1H', 'P9999Y');
/** Minutes from 10:00, on a coarse grid so that edges meet. */
const start = fc.integer({ min: -12, max: 24 }).map((fives) => new Date(at('10:00') + minutes(5 * fives)).toISOString());

const wireEvent = fc.record(
  {
    priority: fc.integer({ min: 0, max: 3 }),
    modificationDateTime: fc.constantFrom('2026-06-15T08:00:00Z', '2026-06-15T09:00:00Z'),
    targets: fc.array(target, { maxLength: 2 }),
    intervalPeriod: fc.record({ start: fc.oneof(start, fc.constant(NOW)), duration: length }),
    intervals: fc
      .array(
        fc.record(
          {
            intervalPeriod: fc.record({ start, duration: length }, { requiredKeys: [] }),
            payloads: fc.array(payload, { maxLength: 2 }),
          },
          { requiredKeys: ['payloads'] },
        ),
        { minLength: 1, maxLength: 4 },
      )
      .map((intervals) => intervals.map((interval, id) => ({ id, ...interval }))),
    duration: fc.constantFrom('PT0S', 'PT20M', 'PT3H', 'P9999Y'),
  },
  { requiredKeys: ['intervalPeriod', 'intervals'] },
);

const offset = fc.integer({ min: -600, max: 600 }).map((seconds) => milliseconds(1000 * seconds));
const optOut = fc.record({
  resource: fc.constantFrom('r1', 'r2', undefined),
  reason: fc.constant('no'),
  at: fc.constant(at('09:00')),
});
const heldEvents: fc.Arbitrary<HeldEvent[]> = fc
  .array(
    fc.record({
      json: wireEvent,
      seenAt: fc.constant(at('09:30')),
      shift: offset,
      intervalShifts: fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), offset), { maxLength: 1 }),
      optOuts: fc.array(optOut, { maxLength: 1 }),
    }),
    { maxLength: 6 },
  )
  .map((all) =>
    all.map(({ json, intervalShifts, ...rest }, i) => ({
      event: decoded({ id: `e${i}`, ...json }),
      intervalShifts: new Map(intervalShifts),
      ...rest,
    })),
  );
const moment = fc.integer({ min: -60 * 60, max: 4 * 60 * 60 }).map((s) => instant(at('10:00') + 1000 * s));

const essence = ({ until, claims, winners, idle, quietAt }: Segment) => ({
  until,
  idle,
  quietAt,
  claims: claims.map((claim) => [claim.held.event.id, claim.intervalIndex, claim.type, claim.from, claim.until, claim.actsSince]),
  winners: winners.map(({ claim, members }) => [claim.held.event.id, claim.type, members.map(({ id }) => id)]),
});
const stateOf = (pMaxKw: number) =>
  fc.record<ResourceState>(
    {
      power: fc.integer({ min: 0, max: pMaxKw }).map(kilowatts),
      baseline: fc.integer({ min: 0, max: pMaxKw }).map(kilowatts),
      reachable: fc.boolean(),
      overriding: fc.constantFrom(false, false, true),
      limit: fc.integer({ min: 0, max: pMaxKw }).map(kilowatts),
    },
    { requiredKeys: ['reachable'] },
  );
const states = fc.record({ 1: stateOf(100), 2: stateOf(50), 3: stateOf(25), 4: stateOf(22), 5: stateOf(22) });

const upTo = (limit: number, resource: PlannedResource): number => Math.min(limit, resource.pMax);
const setpoints = (plan: Plan, when: Instant, given: Record<number, ResourceState>) => {
  const allocation = allocated(plan, when, given);
  return { allocation, limits: RESOURCES.map(({ id }) => setpointOf(allocation, id)) };
};

describe('plans of any overlapping events', () => {
  it('are the same in any order of arrival', () => {
    fc.assert(
      fc.property(heldEvents, fc.func(fc.nat()), moment, states, (events, rank, when, given) => {
        const shuffled = events.map((event, i) => ({ event, rank: rank(i) })).sort((a, b) => a.rank - b.rank);
        const [a, b] = [
          planOf(events, RESOURCES),
          planOf(
            shuffled.map(({ event }) => event),
            RESOURCES,
          ),
        ];
        expect(essence(a.at(when))).toEqual(essence(b.at(when)));
        expect(setpoints(a, when, given).limits).toEqual(setpoints(b, when, given).limits);
      }),
    );
  });

  it('do not depend on what was asked before', () => {
    fc.assert(
      fc.property(heldEvents, fc.array(moment, { minLength: 1, maxLength: 8 }), (events, moments) => {
        const asked = planOf(events, RESOURCES);
        for (const when of moments) {
          const [known, fresh] = [asked.at(when), planOf(events, RESOURCES).at(when)];
          expect(essence(known)).toEqual(essence(fresh));
        }
      }),
    );
  });

  it('have segments that follow each other without gap or overlap, within which nothing changes', () => {
    fc.assert(
      fc.property(heldEvents, moment, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (events, from, part) => {
        const plan = planOf(events, RESOURCES);
        const to = instant(from + minutes(90));
        let reached: Instant = from;
        for (const segment of plan.segments(from, to)) {
          expect(segment.from).toBe(reached);
          const end = segment.until === 'forever' ? to : segment.until;
          expect(end).toBeGreaterThan(segment.from);
          const within = instant(segment.from + Math.floor(part * (Math.min(end, to) - segment.from)));
          const { until, ...there } = essence(planOf(events, RESOURCES).at(within));
          const { until: _, ...here } = essence(segment);
          expect(there).toEqual(here);
          expect(until).toBe(segment.until);
          reached = end;
        }
        expect(reached).toBeGreaterThanOrEqual(to);
      }),
    );
  });

  it('76: an event that is cancelled is as one that never was, from then on', () => {
    const cancelled = {
      intervalPeriod: { start: NOW, duration: 'PT0S' },
      intervals: [{ id: 0, payloads: [{ type: 'SIMPLE', values: [3] }] }],
    };
    fc.assert(
      fc.property(heldEvents, fc.nat(), moment, states, (events, which, when, given) => {
        fc.pre(events.length > 0);
        const gone = which % events.length;
        const without = events.filter((_, i) => i !== gone);
        const withCancelled = events.map((each, i) =>
          i === gone ? { ...each, event: decoded({ ...cancelled, id: each.event.id, priority: 0 }) } : each,
        );
        const [a, b] = [planOf(withCancelled, RESOURCES), planOf(without, RESOURCES)];
        expect(essence(a.at(when))).toEqual(essence(b.at(when)));
        expect(setpoints(a, when, given).limits).toEqual(setpoints(b, when, given).limits);
      }),
    );
  });
});

describe('limits of any overlapping events', () => {
  it('lie between what a resource can be held to and what it can draw', () => {
    fc.assert(
      fc.property(heldEvents, moment, states, (events, when, given) => {
        const { limits } = setpoints(planOf(events, RESOURCES), when, given);
        for (const [i, { pMin, pMax, controllable }] of RESOURCES.entries()) {
          const setpoint = limits[i];
          if (setpoint?.kind !== 'limit') continue;
          expect(controllable).toBe(true);
          expect(setpoint.limit).toBeGreaterThanOrEqual(pMin);
          expect(setpoint.limit).toBeLessThan(pMax);
        }
      }),
    );
  });

  it('of charging are none at which no vehicle charges, but a pause', () => {
    fc.assert(
      fc.property(heldEvents, moment, states, (events, when, given) => {
        const { limits } = setpoints(planOf(events, RESOURCES), when, given);
        for (const setpoint of [limits[3], limits[4]]) {
          if (setpoint?.kind === 'limit') expect(setpoint.limit === 0 || setpoint.limit >= 4140).toBe(true);
        }
      }),
    );
  });

  it('75: keep the sum below each cap, unless what cannot be held is above it', () => {
    fc.assert(
      fc.property(heldEvents, moment, states, (events, when, given) => {
        const plan = planOf(events, RESOURCES);
        const { allocation, limits } = setpoints(plan, when, given);
        for (const { claim, total, others, short } of allocation.divisions) {
          if (claim.demand.kind !== 'cap' || short > 0) continue;
          const taking = allocation.segment.winners.find((winner) => winner.claim === claim)?.members ?? [];
          const sum = taking
            .filter(({ id }) => allocation.resources.get(id)?.absence === undefined)
            .reduce((so, resource) => {
              const setpoint = limits[RESOURCES.indexOf(resource)];
              return so + upTo(setpoint?.kind === 'limit' ? setpoint.limit : Number.POSITIVE_INFINITY, resource);
            }, 0);
          expect(sum + others).toBeLessThanOrEqual(total + 1e-6);
        }
      }),
    );
  });

  it('75: a cap never allows more than there would be without it', () => {
    const cap = fc.record({
      type: fc.constantFrom('IMPORT_CAPACITY_LIMIT', 'IMPORT_CAPACITY_SUBSCRIPTION'),
      kw: fc.integer({ min: 0, max: 300 }),
    });
    const noCaps = heldEvents.map((events) =>
      events.filter(({ event }) =>
        event.intervals.every(({ payloads }) => payloads.every(({ type }) => !type.startsWith('IMPORT_'))),
      ),
    );
    fc.assert(
      fc.property(noCaps, cap, moment, states, (events, { type, kw }, when, given) => {
        const whole = { intervalPeriod: { start: '2026-06-15T00:00:00Z', duration: 'P1D' } };
        const event = decoded({ id: 'cap', ...whole, intervals: [{ id: 0, payloads: [{ type, values: [kw] }] }] });
        const capped: HeldEvent = { event, seenAt: at('08:00'), shift: milliseconds(0), intervalShifts: new Map(), optOuts: [] };
        // With baselines for all, so that the cap's own start is no reference.
        const known = Object.fromEntries(RESOURCES.map(({ id, pMax }) => [id, { baseline: pMax, ...given[id as 1] }])) as Record<
          number,
          ResourceState
        >;
        const without = setpoints(planOf(events, RESOURCES), when, known);
        const withCap = setpoints(planOf([...events, capped], RESOURCES), when, known);
        for (const [i, resource] of RESOURCES.entries()) {
          const of = (setpoint: (typeof without.limits)[0] | undefined) =>
            setpoint?.kind === 'limit' ? setpoint.limit : resource.pMax;
          expect(of(withCap.limits[i])).toBeLessThanOrEqual(of(without.limits[i]));
        }
      }),
    );
  });

  it('an idle time has none', () => {
    fc.assert(
      fc.property(heldEvents, moment, states, (events, when, given) => {
        const plan = planOf(events, RESOURCES);
        const { claims } = plan.at(when);
        fc.pre(claims.every(({ demand }) => !actsOnLoad(demand)));
        expect(setpoints(plan, when, given).limits.every(({ kind }) => kind === 'free')).toBe(true);
      }),
    );
  });
});
