import { describe, expect, it } from '@jest/globals';
import { instant, minutes, type Random, seconds, seededRandom, type Watts, watts } from '@venfleet/core';
import { allocate, setpointOf } from '../../src/planning/allocate.js';
import type { HeldEvent, PlannedResource, ResourceState } from '../../src/planning/model.js';
import { ReferenceLoads } from '../../src/planning/references.js';
import { at, planOf, simply, site } from './support.js';

/** A site whose own load wanders about a mean, drifts, and keeps to its limit. */
interface Simulated {
  readonly resource: PlannedResource;
  readonly mean: number;
  readonly drift: number;
  wander: number;
  power: number;
  limit: number | undefined;
}

function fleetOf(count: number, random: Random): Simulated[] {
  return Array.from({ length: count }, (_, id) => {
    const mean = 20_000 + 60_000 * random.next();
    return { resource: site(id), mean, drift: (random.next() - 0.5) * 0.2, wander: 0, power: mean, limit: undefined };
  });
}

const STEP = seconds(30);

/**
 * Runs an event of an hour, a pass each 30 s on what the meters said 30 s ago.
 * @param drops the part of the sites that no longer obey from half-time on
 * @returns by pass: what was drawn, and what would have been
 */
function run(events: readonly HeldEvent[], { count, drops = 0, seed }: { count: number; drops?: number; seed: string }) {
  const random = seededRandom(seed);
  const sites = fleetOf(count, random);
  const plan = planOf(
    events,
    sites.map(({ resource }) => resource),
  );
  const history = new Map(sites.map(({ resource: { id }, power }) => [id, watts(power)]));
  const references = new ReferenceLoads({ powerAt: (id): Watts | undefined => history.get(id) });
  const course: { drawn: number; natural: number }[] = [];
  for (let now = at('10:00'); now < at('11:00'); now = instant(now + STEP)) {
    const part = (now - at('10:00')) / minutes(60);
    const states = new Map<number, ResourceState>(
      sites.map((one, i) => [
        one.resource.id,
        {
          power: watts(one.power),
          limit: one.limit === undefined ? undefined : watts(one.limit),
          reachable: part < 0.5 || i >= drops * count,
        },
      ]),
    );
    const allocation = allocate({ plan, at: now, states, references });
    let [drawn, natural] = [0, 0];
    for (const [i, one] of sites.entries()) {
      const setpoint = setpointOf(allocation, one.resource.id);
      one.limit = setpoint.kind === 'limit' && (part < 0.5 || i >= drops * count) ? setpoint.limit : undefined;
      one.wander = 0.98 * one.wander + 0.03 * (random.next() - 0.5);
      const own = one.mean * (1 + one.wander + one.drift * part);
      one.power = Math.min(own, one.limit ?? Number.POSITIVE_INFINITY);
      drawn += one.power;
      natural += own;
    }
    course.push({ drawn, natural });
  }
  return { course, before: sites.reduce((sum, { mean }) => sum + mean, 0) };
}
/** The first passes, and those after something happened, are left out. */
const settled = <T>(course: readonly T[]): T[] => course.filter((_, i) => i % 60 > 2);

describe('in a closed loop', () => {
  it('the reduction is within 5 % of what was asked for, while each load wanders and drifts', () => {
    for (const part of [0.1, 0.3, 0.6]) {
      const { course, before } = run([simply('CONTROL_LEVEL_OFFSET_PERCENT', part)], { count: 100, seed: `percent ${part}` });
      for (const { drawn } of settled(course))
        expect(Math.abs(before - drawn - part * before)).toBeLessThan(0.05 * part * before);
    }
  });

  it('a change keeps within 5 % of it, too, and when a fifth of the sites drop out the others make up for it', () => {
    const { course, before } = run([simply('DISPATCH_SETPOINT_RELATIVE', -1000)], { count: 100, drops: 0.2, seed: 'drop' });
    for (const { drawn } of settled(course)) expect(Math.abs(before - drawn - 1_000_000)).toBeLessThan(0.05 * 1_000_000);
  });

  it('75: a cap is never broken, however loads wander between two passes', () => {
    const { course } = run([simply('IMPORT_CAPACITY_LIMIT', 3000)], { count: 100, seed: 'cap' });
    for (const { drawn, natural } of course) {
      expect(drawn).toBeLessThanOrEqual(3_000_000);
      expect(natural).toBeGreaterThan(3_000_000);
    }
  });
});
