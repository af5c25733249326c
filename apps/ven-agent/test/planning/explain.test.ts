import { describe, expect, it } from '@jest/globals';
import { minutes } from '@venfleet/core';
import type { AllocationInput } from '../../src/planning/allocate.js';
import { explain } from '../../src/planning/explain.js';
import type { HeldEvent, PlannedResource } from '../../src/planning/model.js';
import { renderExplanation } from '../../src/planning/render.js';
import { allocated, at, drawing, NOW, planOf, simply, site, text } from './support.js';

const two = [site(1), site(2)];
const usual = { 1: drawing(60), 2: drawing(40) };
function explained(
  events: readonly HeldEvent[],
  when = '10:30',
  resources: readonly PlannedResource[] = two,
  more: Partial<AllocationInput> = {},
) {
  const plan = planOf(events, resources);
  return explain(plan, allocated(plan, at(when), usual, more), resources[0] as PlannedResource);
}
const verdicts = (events: readonly HeldEvent[], when?: string, resources?: readonly PlannedResource[]) =>
  Object.fromEntries(
    explained(events, when, resources).events.map(({ event, decides, reason }) => [event, decides ? 'decides' : reason]),
  );
const level = (id: string, value: number, more: object = {}, options: Parameters<typeof simply>[3] = {}) =>
  simply('SIMPLE', value, { id, ...more }, options);

describe('an explanation', () => {
  it('names who won, and for each loser the reason', () => {
    const period = (start: string, duration = 'PT1H') => ({ intervalPeriod: { start: text(start), duration } });
    expect(
      verdicts([
        level('winner', 2, { priority: 1 }),
        level('lower', 3, { priority: 2 }),
        level('elsewhere', 3, { priority: 0, targets: [{ type: 'VEN_NAME', values: ['Aarhus'] }] }),
        level('other-resource', 3, { priority: 0, targets: [{ type: 'RESOURCE_NAME', values: ['r2'] }] }),
        level('refused', 3, { priority: 0 }, { optOuts: [{ resource: 'r1', reason: 'baking', at: at('09:00') }] }),
        level('past', 3, { priority: 0, ...period('08:00') }),
        level('future', 3, { priority: 0, ...period('12:00') }),
        level('cancelled', 3, { priority: 0, intervalPeriod: { start: NOW, duration: 'PT0S' } }),
        simply('MY_OWN', 1, { id: 'private' }),
        simply('PRICE', 0.3, { id: 'price' }),
        simply('IMPORT_CAPACITY_LIMIT', 500, { id: 'wide-cap' }),
      ]),
    ).toEqual({
      winner: 'decides',
      lower: 'lower priority',
      elsewhere: 'other target',
      'other-resource': 'other target',
      refused: 'opted out',
      past: 'over',
      future: 'not yet',
      cancelled: 'cancelled',
      private: 'nothing that is understood',
      price: 'asks for no other load',
      'wide-cap': 'not binding',
    });
  });

  it('tells an older event from one of lower priority', () => {
    const newer = { modificationDateTime: text('09:00') };
    expect(verdicts([level('a', 1), level('b', 2, newer)])).toEqual({ a: 'older than one of the same priority', b: 'decides' });
  });

  it('says which of several limits is the tightest', () => {
    expect(verdicts([level('level', 1), simply('IMPORT_CAPACITY_LIMIT', 50, { id: 'cap' })])).toEqual({
      cap: 'decides',
      level: 'a tighter limit holds',
    });
    const subscription = simply('IMPORT_CAPACITY_SUBSCRIPTION', 10, { id: 'subscription' });
    expect(verdicts([subscription, simply('IMPORT_CAPACITY_LIMIT', 50, { id: 'cap' })])).toEqual({
      cap: 'decides',
      subscription: 'limit goes before subscription',
    });
  });

  it('between the intervals of an event says so', () => {
    const event = level('gaps', 1, {
      intervals: ['10:00', '14:00'].map((start, id) => ({
        id,
        intervalPeriod: { start: text(start), duration: 'PT1H' },
        payloads: [{ type: 'SIMPLE', values: [1] }],
      })),
    });
    expect(verdicts([event], '12:00')).toEqual({ gaps: 'between intervals' });
  });

  it('has the limit before and after amounts were divided, the load, and how they were', () => {
    const explanation = explained([level('level', 1), simply('DISPATCH_SETPOINT', 50, { id: 'all' })]);
    expect(explanation).toMatchObject({
      setpoint: { kind: 'limit', limit: 30_000 },
      holder: 'event',
      load: 60_000,
      alone: 54_000,
      until: at('11:00'),
    });
    expect(explanation.events[0]).toMatchObject({
      event: 'all',
      limit: 30_000,
      division: { total: 50_000, others: 0, room: 50_000, level: 0.5, short: 0 },
    });
  });

  it('tells the random shift, of the interval where that has its own', () => {
    const shifted = (options: Parameters<typeof simply>[3]) => explained([simply('SIMPLE', 1, {}, options)]).events[0];
    expect(shifted({ shift: minutes(-5) })).toMatchObject({ shift: minutes(-5), from: at('09:55'), until: at('10:55') });
    expect(shifted({ shift: minutes(-5), intervalShifts: [[0, minutes(3)]] })).toMatchObject({ shift: minutes(3) });
  });

  it('says why a resource takes no part', () => {
    expect(explained([level('e', 1)], '10:30', [site(1, { controllable: false })])).toMatchObject({
      absence: 'not controllable',
      setpoint: { kind: 'free' },
    });
  });

  it('reads as text', () => {
    const refused = level('refused', 3, { priority: 0 }, { optOuts: [{ resource: 'r1', reason: 'baking', at: at('09:00') }] });
    const named = simply('DISPATCH_SETPOINT', 50, { id: 'e1', eventName: 'Evening', priority: 1 }, { shift: minutes(2) });
    expect(renderExplanation(explained([refused, named])).split('\n')).toEqual([
      'r1 at 2026-06-15T10:30:00.000Z: at most 34 kW',
      '  draws 60 kW by itself',
      '  nothing changes before 2026-06-15T11:00:00.000Z',
      '  → Evening (e1), priority 1: decides',
      '      DISPATCH_SETPOINT, interval 0: consume 50 kW together',
      '      from 2026-06-15T10:02:00.000Z to 2026-06-15T11:02:00.000Z, moved at random by +120 s',
      '      limits it to 34 kW',
      '      of 50 kW others draw 0 kW, 50 kW are divided: each gives 43.3 % of its flexibility',
      '  · refused, priority 0: opted out',
      '      SIMPLE, interval 0: curtailment level 3',
      '      from 2026-06-15T10:00:00.000Z to 2026-06-15T11:00:00.000Z',
      '      baking',
    ]);
    expect(renderExplanation(explained([])).split('\n')).toEqual([
      'r1 at 2026-06-15T10:30:00.000Z: free',
      '  nothing changes any more',
      '  there are no events',
    ]);
  });
});
