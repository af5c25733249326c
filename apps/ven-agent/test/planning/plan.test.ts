import { describe, expect, it } from '@jest/globals';
import { instant, minutes } from '@venfleet/core';
import type { HeldEvent, PlannedResource } from '../../src/planning/model.js';
import { planVen } from '../../src/planning/plan.js';
import { defaultPolicy } from '../../src/planning/policy.js';
import { at, type HeldOptions, held, NOW, planOf, simply, site, text, VEN } from './support.js';

const one = [site(1)];
/** `value from–until` of each stretch from 06:00 to 20:00 in which something is claimed. */
function course(events: readonly HeldEvent[], resources: readonly PlannedResource[] = one, from = '06:00'): string[] {
  const clock = (time: number | 'forever') => (time === 'forever' ? '∞' : new Date(time).toISOString().slice(11, 16));
  return [...planOf(events, resources).segments(at(from), at('20:00'))].flatMap(({ from, until, winners }) => {
    if (winners.length === 0) return [];
    const values = winners.map(({ claim: { demand } }) => {
      if (demand.kind === 'level') return `${demand.level}`;
      if (demand.kind === 'price') return `€${demand.value}`;
      if (demand.kind === 'total' && demand.amount.unit === 'W') return `${demand.amount.value / 1000}kW`;
      return demand.kind;
    });
    return [`${values.join('+')} ${clock(from)}–${clock(until)}`];
  });
}
const levels = (
  period: object | undefined,
  intervals: readonly (readonly [number, object?])[],
  more: object = {},
  options: HeldOptions = {},
) =>
  held(
    {
      ...(period && { intervalPeriod: period }),
      intervals: intervals.map(([level, own], id) => ({
        id,
        payloads: [{ type: 'SIMPLE', values: [level] }],
        ...(own && { intervalPeriod: own }),
      })),
      ...more,
    },
    options,
  );
const tenToEleven = { start: text('10:00'), duration: 'PT1H' };

describe('when what an event says applies', () => {
  it('67: now is when it was first seen, in the years 0000 and 0001', () => {
    for (const start of [NOW, '0000-01-01T00:00:00Z']) {
      expect(course([levels({ start, duration: 'PT1H' }, [[1]])])).toEqual(['1 08:00–09:00']);
    }
  });

  it('67: P9999Y never ends', () => {
    expect(course([levels({ start: text('10:00'), duration: 'P9999Y' }, [[1]])])).toEqual(['1 10:00–∞']);
    expect(planOf([levels({ start: text('10:00'), duration: 'P9999Y' }, [[1]])], one).nextChange(at('12:00'))).toBeUndefined();
  });

  it('67: PT0S with a real start is open-ended in 3.0.1 and nothing in 3.1', () => {
    const period = { start: text('10:00'), duration: 'PT0S' };
    expect(course([levels(period, [[1]], {}, { version: '3.0.1' })])).toEqual(['1 10:00–∞']);
    expect(course([levels(period, [[1]])])).toEqual([]);
  });

  it('68: periods are inherited field by field, and later intervals follow', () => {
    const event = levels(tenToEleven, [[1, { duration: 'PT30M' }], [2], [3, { start: text('13:00') }]]);
    expect(course([event])).toEqual(['1 10:00–10:30', '2 10:30–11:30', '3 13:00–14:00']);
  });

  it('68: of overlapping intervals of an event the later one holds', () => {
    const event = levels(tenToEleven, [
      [1, { duration: 'PT3H' }],
      [2, { start: text('11:00') }],
    ]);
    expect(course([event])).toEqual(['1 10:00–11:00', '2 11:00–12:00', '1 12:00–13:00']);
  });

  it('69: a running event is joined at the interval under way', () => {
    expect(course([levels(tenToEleven, [[1], [2], [3]])], one, '11:20')).toEqual(['2 11:20–12:00', '3 12:00–13:00']);
  });

  it('70: event.duration loops the intervals or cuts them off', () => {
    expect(course([levels(tenToEleven, [[1], [2]], { duration: 'PT3H30M' })])).toEqual([
      '1 10:00–11:00',
      '2 11:00–12:00',
      '1 12:00–13:00',
      '2 13:00–13:30',
    ]);
    expect(course([levels(tenToEleven, [[1], [2]], { duration: 'PT90M' })])).toEqual(['1 10:00–11:00', '2 11:00–11:30']);
  });

  it('71: the values of a price divide its interval evenly', () => {
    const prices = (values: number[], more: object = {}) =>
      held({ intervalPeriod: tenToEleven, intervals: [{ id: 0, payloads: [{ type: 'PRICE', values }] }], ...more });
    expect(course([prices([1, 2, 3, 4])])).toEqual(['€1 10:00–10:15', '€2 10:15–10:30', '€3 10:30–10:45', '€4 10:45–11:00']);
    // Cut off by event.duration, the parts keep their lengths.
    expect(course([prices([1, 2], { duration: 'PT40M' })])).toEqual(['€1 10:00–10:30', '€2 10:30–10:40']);
    const odd = [...planOf([prices([1, 2, 3, 4, 5, 6, 7])], one).segments(at('10:00'), at('11:00'))];
    expect(odd).toHaveLength(7);
  });

  it('71: more values than there are milliseconds are no obstacle', () => {
    const values = Array.from({ length: 50 }, (_, i) => i);
    const short = { start: text('10:00'), duration: 'PT0.003S' };
    const event = held({ intervalPeriod: short, intervals: [{ id: 0, payloads: [{ type: 'PRICE', values }] }] });
    const ends = [...planOf([event], one).segments(at('10:00'), at('10:01'))].map(({ until }) => until);
    expect(ends).toEqual([at('10:00') + 1, at('10:00') + 2, at('10:00') + 3, 'forever']);
  });

  it('72: all of it is moved by the offset that was drawn', () => {
    const shift = minutes(-7);
    expect(course([levels(tenToEleven, [[1], [2, { start: text('13:00') }]], {}, { shift })])).toEqual([
      '1 09:53–10:53',
      '2 12:53–13:53',
    ]);
    expect(course([levels(tenToEleven, [[1], [2]], {}, { shift, intervalShifts: [[1, minutes(5)]] })])).toEqual([
      '1 09:53–10:53',
      '2 11:05–12:05',
    ]);
  });

  it('80: an event that only asks for reports changes no load', () => {
    const period = { intervalPeriod: { start: text('10:00'), duration: 'PT1H' } };
    const reportDescriptors = [{ payloadType: 'USAGE' }];
    const without = held({ id: 'without', ...period, reportDescriptors });
    const empty = held({ id: 'empty', ...period, reportDescriptors, intervals: [{ id: 0, payloads: [] }] });
    const plan = planOf([without, empty], one);
    expect(course([without, empty])).toEqual([]);
    expect(plan.at(at('10:30')).idle).toBe(true);
    expect(plan.notes).toEqual([]);
    expect(without.event.reportRequests).toHaveLength(1);
  });

  it('76: now with PT0S cancels an event', () => {
    expect(course([levels({ start: NOW, duration: 'PT0S' }, [[3]])])).toEqual([]);
  });
});

describe('which of several events applies', () => {
  const both = (a: HeldEvent, b: HeldEvent) => {
    const [first, second] = [course([a, b]), course([b, a])];
    expect(first).toEqual(second);
    return first;
  };
  const event = (id: string, level: number, from: string, length: string, more: object = {}) =>
    levels({ start: text(from), duration: length }, [[level]], { id, ...more });

  it('73: the lower priority number wins, and the longer event resumes after the shorter', () => {
    const long = event('long', 1, '10:00', 'PT4H', { priority: 2 });
    const short = event('short', 3, '11:00', 'PT1H', { priority: 1 });
    expect(both(long, short)).toEqual(['1 10:00–11:00', '3 11:00–12:00', '1 12:00–14:00']);
  });

  it('73: 0 is the highest priority, and none is the lowest', () => {
    expect(both(event('a', 1, '10:00', 'PT1H', { priority: 0 }), event('b', 2, '10:00', 'PT1H', { priority: 1 }))).toEqual([
      '1 10:00–11:00',
    ]);
    expect(both(event('a', 1, '10:00', 'PT1H', { priority: 900 }), event('b', 2, '10:00', 'PT1H', { priority: null }))).toEqual([
      '1 10:00–11:00',
    ]);
  });

  it('73: of equal priorities the newest modification wins, then the id', () => {
    const at9 = { modificationDateTime: text('09:00') };
    const at10 = { modificationDateTime: text('10:00') };
    expect(both(event('a', 1, '10:00', 'PT1H', at9), event('b', 2, '10:00', 'PT1H', at10))).toEqual(['2 10:00–11:00']);
    expect(both(event('a', 1, '10:00', 'PT1H', at9), event('b', 2, '10:00', 'PT1H', at9))).toEqual(['1 10:00–11:00']);
  });

  it('73: priority matters only among payloads of the same quantity', () => {
    const price = simply('PRICE', 0.3, { id: 'price', priority: 0 });
    const alert = simply('ALERT_FLEX_ALERT', 'hot', { id: 'alert', priority: 9 });
    expect(both(event('a', 2, '10:00', 'PT1H', { priority: 5 }), price)).toEqual(['€0.3+2 10:00–11:00']);
    expect(both(event('a', 2, '10:00', 'PT1H', { priority: 5 }), alert)).toEqual(['2+1 10:00–11:00']);
  });

  it('73: levels contradict offsets, and setpoints changes', () => {
    expect(both(event('a', 2, '10:00', 'PT1H', { priority: 5 }), simply('CONTROL_LEVEL_OFFSET', 5, { priority: 1 }))).toEqual([
      'offset 10:00–11:00',
    ]);
    const setpoint = simply('DISPATCH_SETPOINT', 50, { id: 's', priority: 1 });
    expect(both(setpoint, simply('DISPATCH_SETPOINT_RELATIVE', -5, { priority: 2 }))).toEqual(['50kW 10:00–11:00']);
  });

  it('a level of 0 wins over others, too: it says normal operation', () => {
    const normal = event('a', 0, '10:00', 'PT1H', { priority: 0 });
    expect(both(normal, event('b', 3, '10:00', 'PT2H'))).toEqual(['0 10:00–11:00', '3 11:00–12:00']);
    expect(planOf([normal, event('b', 3, '10:00', 'PT2H')], one).at(at('10:30')).idle).toBe(true);
  });

  it('an operator’s refusal leaves a resource to the next event', () => {
    const optOuts = [{ resource: 'r1', reason: 'baking', at: at('09:00') }];
    const refused = levels(tenToEleven, [[3]], { id: 'refused', priority: 0 }, { optOuts });
    const winners = planOf([refused, event('b', 1, '10:00', 'PT1H')], [site(1), site(2)]).at(at('10:30')).winners;
    expect(winners.map(({ claim, members }) => [claim.held.event.id, members.map(({ name }) => name)])).toEqual([
      ['refused', ['r2']],
      ['b', ['r1']],
    ]);
    const all = levels(tenToEleven, [[3]], {}, { optOuts: [{ reason: 'closed', at: at('09:00') }] });
    expect(course([all])).toEqual([]);
  });
});

describe('whom an event is for', () => {
  const resources = [site(1, { targets: ['granted-r1'] }), site(2), site(3, { targets: [{ type: 'GROUP', values: ['north'] }] })];
  const whom = (targets: unknown, ven = VEN) => {
    const plan = planVen({ ven, resources, events: [simply('SIMPLE', 1, { targets })], policy: defaultPolicy });
    return plan.at(at('10:30')).winners.flatMap(({ members }) => members.map(({ name }) => name));
  };
  const typed = (type: string, ...values: string[]) => ({ type, values });

  it('74: without targets it is for all', () => {
    expect(whom(null)).toEqual(['r1', 'r2', 'r3']);
    expect(whom([])).toEqual(['r1', 'r2', 'r3']);
  });

  it('74: a 3.0.1 event for another VEN, group or resource is ignored', () => {
    expect(whom([typed('VEN_NAME', 'Aarhus')])).toEqual([]);
    expect(whom([typed('RESOURCE_NAME', 'elsewhere')])).toEqual([]);
    expect(whom([typed('GROUP', 'south')])).toEqual([]);
    expect(whom([typed('VEN_NAME', 'Aarhus', 'Aalborg')])).toEqual(['r1', 'r2', 'r3']);
  });

  it('74: RESOURCE_NAME narrows it to these', () => {
    expect(whom([typed('VEN_NAME', 'Aalborg'), typed('RESOURCE_NAME', 'r2')])).toEqual(['r2']);
    expect(whom([typed('GROUP', 'north')])).toEqual(['r3']);
  });

  it('74: a 3.1 target that was granted through a resource concerns that resource only', () => {
    expect(whom(['granted-r1'])).toEqual(['r1']);
    expect(whom(['granted-ven'], { ...VEN, targets: ['granted-ven'] })).toEqual(['r1', 'r2', 'r3']);
  });
});

describe('what cannot be used', () => {
  const notesOf = (payload: object, more: object = {}) =>
    planOf([held({ intervalPeriod: tenToEleven, intervals: [{ id: 0, payloads: [payload] }], ...more })], one).notes;

  it('unknown payload types are noted once an event, and change nothing', () => {
    const unknown = { type: 'MY_OWN', values: [1] };
    const event = held({
      intervalPeriod: tenToEleven,
      intervals: [0, 1].map((id) => ({ id, payloads: [unknown, { type: 'SIMPLE', values: [1] }] })),
    });
    expect(planOf([event], one).notes).toEqual([{ event: 'e', note: 'payload type MY_OWN is not known' }]);
    expect(course([event])).toEqual(['1 10:00–11:00', '1 11:00–12:00']);
  });

  it('values and units that a type cannot have are noted', () => {
    const note = (type: string, value: unknown, units?: string) =>
      notesOf(
        { type, values: value === undefined ? [] : [value] },
        { payloadDescriptors: [{ payloadType: type, ...(units && { units }) }] },
      )[0]?.note;
    expect(note('SIMPLE', 4)).toBe('payload SIMPLE: level 4 is none of 0, 1, 2, 3');
    expect(note('SIMPLE', undefined)).toBe('payload SIMPLE: its value is no number');
    expect(note('DISPATCH_SETPOINT', -1)).toBe('payload DISPATCH_SETPOINT: its value is negative');
    expect(note('DISPATCH_SETPOINT', 1, 'CELSIUS')).toBe('payload DISPATCH_SETPOINT: its unit CELSIUS is none of power');
    expect(note('CONTROL_LEVEL_OFFSET', 11)).toBe('payload CONTROL_LEVEL_OFFSET: its value 11 is outside −10…10');
    expect(note('CONTROL_SETPOINT', 1)).toBe('payload CONTROL_SETPOINT: what it means is not configured');
    expect(note('constructor', 1)).toBe('payload type constructor is not known');
  });

  it('the descriptor of a payload type says its unit; without one, power is in kW', () => {
    const demand = (units: string | undefined) => {
      const descriptors = units === undefined ? [] : [{ payloadType: 'DISPATCH_SETPOINT', units }];
      const event = simply('DISPATCH_SETPOINT', 50, { payloadDescriptors: descriptors });
      return planOf([event], one).at(at('10:30')).claims[0]?.demand;
    };
    expect(demand(undefined)).toEqual({ kind: 'total', amount: { unit: 'W', value: 50_000 } });
    expect(demand('w')).toEqual({ kind: 'total', amount: { unit: 'W', value: 50 } });
    expect(demand('PERCENT')).toEqual({ kind: 'total', amount: { unit: 'part', value: 0.5 } });
  });
});

describe('when changes are relative to', () => {
  it('the beginning of the unbroken run of an event’s intervals', () => {
    const event = levels(tenToEleven, [[1], [2], [3, { start: text('14:00') }]]);
    const since = (time: string) => planOf([event], one).at(at(time)).claims[0]?.actsSince;
    expect(since('11:30')).toBe(at('10:00'));
    expect(since('14:30')).toBe(at('14:00'));
  });

  it('in a loop without gaps, its start, however long ago', () => {
    const event = levels({ start: '2020-01-01T00:00:00Z', duration: 'PT1M' }, [[1], [2]], { duration: 'P9999Y' });
    expect(planOf([event], one).at(at('11:30')).claims[0]?.actsSince).toBe(Date.parse('2020-01-01T00:00:00Z'));
  });

  it('the load was as usual before the first of events that overlap', () => {
    const [a, b] = [
      levels({ start: text('10:00'), duration: 'PT2H' }, [[1]], { id: 'a' }),
      levels({ start: text('11:00'), duration: 'PT3H' }, [[2]], { id: 'b' }),
    ];
    expect(planOf([a, b], one).at(at('13:00')).quietAt).toBe(at('10:00'));
    expect(planOf([a, b], one).at(instant(at('10:00') - 1)).quietAt).toBeUndefined();
  });
});
