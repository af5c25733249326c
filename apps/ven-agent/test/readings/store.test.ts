import { statSync, truncateSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { type Instant, instant, milliseconds, seconds } from '@venfleet/core';
import fc from 'fast-check';
import { fromRow, packReadings, type ReadingRow, toColumns, unpackReadings } from '../../src/readings/encoding.js';
import type { Reading } from '../../src/readings/reading.js';
import { FOREVER, reading, START, secondsOf, storePlace, sweep } from './support.js';

const place = storePlace();

const quantity = fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }), { nil: undefined });
const anyReading = fc
  .record({
    resource: fc.integer({ min: 1, max: 2 ** 40 }),
    at: fc.integer({ min: 0, max: 4e12 }),
    power: quantity,
    importEnergy: quantity,
    exportEnergy: quantity,
    stateOfCharge: quantity,
    flags: fc.integer({ min: 0, max: 1023 }),
  })
  .map(({ stateOfCharge, ...rest }) => ({ ...rest, ...(stateOfCharge === undefined ? {} : { stateOfCharge }) }) as Reading);

describe('encoding', () => {
  test('a journal block gives back exactly what went in', () => {
    fc.assert(fc.property(fc.array(anyReading), (list) => expect(unpackReadings(packReadings(list))).toEqual(list)));
  });

  test('a row gives back what went in to a thousandth, of any size that a meter has; absent stays absent', () => {
    const names = [
      'resource',
      'at_ms',
      'power_milliwatt',
      'import_milliwatthour',
      'export_milliwatthour',
      'state_of_charge_ppm',
      'flags',
    ];
    fc.assert(
      fc.property(anyReading, (given) => {
        const columns = toColumns([given]);
        for (const column of columns) expect(column === null || Number.isSafeInteger(column)).toBe(true);
        const back = fromRow(Object.fromEntries(names.map((name, i) => [name, columns[i]])) as unknown as ReadingRow);
        for (const key of ['resource', 'at', 'flags'] as const) expect(back[key]).toBe(given[key]);
        for (const key of ['power', 'importEnergy', 'exportEnergy', 'stateOfCharge'] as const) {
          const value = given[key];
          if (value === undefined) expect(back[key]).toBeUndefined();
          else if (Math.abs(value) < 1e9) expect(Math.abs((back[key] as number) - value)).toBeLessThanOrEqual(0.000_501);
        }
      }),
    );
  });
});

test('what is added can be read at once, after a merge, and after a restart', async () => {
  let store = place.store();
  store.add([...sweep(3, 0), ...sweep(3, 10)]);
  const expectAll = () => {
    expect(store.around(2, ...FOREVER)).toEqual([reading(2, 0), reading(2, 10)]);
    expect(store.latest(2)).toEqual(reading(2, 10));
    expect(store.latest(4)).toBeUndefined();
  };
  expectAll();
  await store.merge();
  expectAll();
  await place.stop(store);
  store = place.store();
  expectAll();
});

test('around gives the readings of the span, one before and one after', async () => {
  const store = place.store();
  store.add([0, 10, 20, 30, 40].map((s) => reading(1, s)));
  const span = (from: number, to: number) => secondsOf(store.around(1, instant(START + from * 1000), instant(START + to * 1000)));
  for (let round = 0; round < 2; round++) {
    expect(span(10, 30)).toEqual([0, 10, 20, 30]);
    expect(span(11, 29)).toEqual([10, 20, 30]);
    expect(span(12, 18)).toEqual([10, 20]);
    expect(span(-20, -10)).toEqual([0]);
    expect(span(50, 60)).toEqual([40]);
    expect(span(0, 50)).toEqual([0, 10, 20, 30, 40]);
    await store.merge();
  }
});

/** What a store should say, in a few lines. */
class Model {
  readonly readings = new Map<string, Reading>();
  add(list: readonly Reading[]): void {
    for (const r of list) if (!this.readings.has(`${r.resource} ${r.at}`)) this.readings.set(`${r.resource} ${r.at}`, r);
  }
  around(resource: number, from: number, to: number): Reading[] {
    const line = [...this.readings.values()].filter((r) => r.resource === resource).sort((a, b) => a.at - b.at);
    const before = line.filter(({ at }) => at < from).slice(-1);
    return [...before, ...line.filter(({ at }) => at >= from && at < to), ...line.filter(({ at }) => at >= to).slice(0, 1)];
  }
}

test('whatever the order, doubles, clock steps, merges and restarts: the store says what a list would', async () => {
  const few = fc.record({ resource: fc.integer({ min: 1, max: 3 }), second: fc.integer({ min: 0, max: 30 }), flags: fc.nat(3) });
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.array(few, { maxLength: 10 }) },
    fc.constantFrom('flush', 'merge', 'restart', 'crash'),
  );
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const model = new Model();
      let path = place.path(`${++run}.db`);
      let store = place.store({ path });
      for (const what of steps) {
        if (Array.isArray(what)) {
          const list = what.map(({ resource, second, flags }) => reading(resource, second, { flags }));
          store.add(list);
          model.add(list);
        } else if (what === 'flush') await store.flush();
        else if (what === 'merge') await store.merge();
        else {
          await store.flush();
          if (what === 'crash') path = place.crash(`${++run}.db`, path);
          await place.stop(store);
          store = place.store({ path });
        }
        for (const resource of [1, 2, 3]) {
          for (const [from, to] of [
            [0, 31],
            [5, 12],
          ] as const) {
            const bounds = [START + from * 1000, START + to * 1000] as [Instant, Instant];
            expect(store.around(resource, ...bounds)).toEqual(model.around(resource, ...bounds));
          }
          expect(store.latest(resource)).toEqual(model.around(resource, 0, 9e15).at(-1));
        }
      }
      await place.stop(store);
    }),
    { numRuns: 60 },
  );
});

describe('a crash loses no more than one flush interval', () => {
  test('after one second what was added is on the disk; before, it is not', async () => {
    const store = place.store();
    store.add(sweep(2, 0));
    await place.clock.advance(milliseconds(999));
    const early = place.store({ path: place.crash('early.db') });
    expect(early.latest(1)).toBeUndefined();
    await place.clock.advance(milliseconds(1));
    const late = place.store({ path: place.crash('late.db') });
    expect(late.latest(1)).toEqual(reading(1, 0));
    expect(store.status().waiting).toBe(0);
  });

  test('the interval can be chosen', async () => {
    const store = place.store({ flushInterval: seconds(5) });
    store.add(sweep(2, 0));
    await place.clock.advance(seconds(4));
    expect(store.status().waiting).toBe(2);
    await place.clock.advance(seconds(1));
    expect(store.status().waiting).toBe(0);
  });

  test('a crash in the middle of a merge loses and doubles nothing', async () => {
    const store = place.store();
    // Two chunks of 4000 rows and a part of one.
    for (let s = 0; s < 10; s++) store.add(sweep(900, s * 10));
    const merging = store.merge();
    let copies = 0;
    const images: string[] = [];
    while (copies < 6) {
      await new Promise((done) => setImmediate(done));
      images.push(place.crash(`${++copies}.db`));
    }
    await merging;
    // Each image from the last one of the flush on has everything.
    const counts = images.map((path) => {
      const image = place.store({ path });
      return [1, 450, 900].map((resource) => image.around(resource, ...FOREVER).length).join();
    });
    expect(counts.at(-1)).toBe('10,10,10');
    expect(counts.slice(counts.indexOf('10,10,10')).every((count) => count === '10,10,10')).toBe(true);
  });

  test('a power cut that tears the WAL anywhere leaves a beginning of what was flushed, never a hole', async () => {
    const store = place.store();
    for (let s = 0; s < 20; s++) {
      store.add([reading(1, s)]);
      await store.flush();
      if (s === 12) await store.merge();
    }
    const whole = statSync(`${place.path()}-wal`).size;
    let image = 0;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole }), async (length) => {
        const path = place.crash(`torn-${++image}.db`);
        truncateSync(`${path}-wal`, length);
        const torn = place.store({ path });
        const left = secondsOf(torn.around(1, ...FOREVER));
        expect(left).toEqual(left.map((_, i) => i));
        if (length === whole) expect(left).toHaveLength(20);
        await place.stop(torn);
      }),
      { numRuns: 40, examples: [[whole]] },
    );
  });
});

test('flushing and merging go on by themselves', async () => {
  const store = place.store();
  for (let s = 0; s < 200; s += 10) {
    store.add(sweep(3, s));
    await place.clock.advance(seconds(10));
  }
  expect(store.status()).toMatchObject({ waiting: 0, added: 60, lost: 0 });
  expect(secondsOf(store.around(3, ...FOREVER))).toHaveLength(20);
});

test("a reading without a time or resource is the caller's bug and is told at once", () => {
  const store = place.store();
  expect(() => store.add([reading(1.5, 0)])).toThrow(RangeError);
  expect(() => store.add([reading(1, Number.NaN)])).toThrow(RangeError);
});

test('values that no meter has are kept, cut to what fits', async () => {
  const store = place.store();
  store.add([reading(1, 0, { importEnergy: 1e300 as never, flags: 4 })]);
  await store.merge();
  expect(store.latest(1)?.importEnergy).toBeGreaterThan(9e12);
});
