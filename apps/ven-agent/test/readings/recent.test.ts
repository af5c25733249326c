import { describe, expect, test } from '@jest/globals';
import { type Instant, instant, wattHours, watts } from '@venfleet/core';
import fc from 'fast-check';
import type { Reading } from '../../src/readings/reading.js';
import { RecentReadings } from '../../src/readings/recent.js';

/** Few resources and times, so that keys meet and readings come out of turn. */
const keys = { resource: fc.integer({ min: 1, max: 4 }), at: fc.integer({ min: 0, max: 12 }).map(instant) };

const reading: fc.Arbitrary<Reading> = fc
  .record({
    ...keys,
    power: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }).map(watts), { nil: undefined }),
    importEnergy: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }).map(wattHours), { nil: undefined }),
    exportEnergy: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }).map(wattHours), { nil: undefined }),
    stateOfCharge: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }), { nil: undefined }),
    flags: fc.nat(511),
  })
  .map(({ stateOfCharge, ...rest }) => (stateOfCharge === undefined ? rest : { ...rest, stateOfCharge }));

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('add' as const), reading }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), reading }) },
);

/** What the readings are by definition: a sorted list, of two with one key the first. */
function addTo(model: readonly Reading[], added: Reading): readonly Reading[] {
  if (model.some((each) => isSameKey(each, added))) return model;
  return [...model, added].sort((a, b) => a.resource - b.resource || a.at - b.at);
}

function isSameKey(a: Reading, b: Reading): boolean {
  return a.resource === b.resource && a.at === b.at;
}

function aroundIn(model: readonly Reading[], resource: number, from: Instant, to: Instant): Reading[] {
  const line = model.filter((each) => each.resource === resource);
  const [before, after] = [line.findLast(({ at }) => at < from), line.find(({ at }) => at >= to)];
  return [before, ...line.filter(({ at }) => from <= at && at < to), after].filter((each) => each !== undefined);
}

describe('readings that are not in the table yet', () => {
  test('are those that were added and not deleted, in the order of the key, whatever the order they came in', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), keys.at, fc.nat(12), (steps, from, span) => {
        const recent = new RecentReadings();
        let model: readonly Reading[] = [];
        for (const { kind, reading: given } of steps) {
          if (kind === 'add') {
            expect(recent.add(given)).toBe(!model.some((each) => isSameKey(each, given)));
            model = addTo(model, given);
          } else {
            recent.delete(given);
            model = model.filter((each) => !isSameKey(each, given));
          }
        }
        expect([...recent.inKeyOrder()]).toEqual(model);
        expect(recent.size).toBe(model.length);
        const to = instant(from + span);
        for (const resource of [1, 2, 3, 4, 5]) {
          expect(recent.latest(resource)).toEqual(model.findLast((each) => each.resource === resource));
          expect(recent.around(resource, from, to)).toEqual(aroundIn(model, resource, from, to));
        }
      }),
    );
  });

  test('are as many as come, and where some go, others take their places', () => {
    const recent = new RecentReadings();
    const at = (n: number): Reading => ({
      resource: n % 700,
      at: instant(n),
      power: watts(n),
      importEnergy: undefined,
      exportEnergy: undefined,
      flags: 0,
    });
    for (let n = 0; n < 20_000; n++) recent.add(at(n));
    for (let n = 0; n < 10_000; n++) recent.delete(at(n));
    for (let n = 20_000; n < 30_000; n++) recent.add(at(n));
    expect(recent.size).toBe(20_000);
    const times = [...recent.inKeyOrder()].map(({ power }) => power);
    expect(times.sort((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 20_000 }, (_, i) => i + 10_000));
  });
});
