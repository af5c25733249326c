import { describe, expect, test } from '@jest/globals';
import { type Random, seconds, seededRandom } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import fc from 'fast-check';
import { decideFrameFault } from '../../src/faults/frame-fault.js';
import { FaultRegistry } from '../../src/faults/registry.js';
import { completeFaultSpec, FAULT_KINDS, type FaultSpec } from '../../src/faults/spec.js';

const DEVICES = Array.from({ length: 2000 }, (_, i) => ({
  device: `d${i}`,
  gateway: `127.0.0.1:${15_000 + (i % 20)}`,
  city: i % 4 === 0 ? 'Aalborg' : 'Vejle',
}));

function setUp(seed: string | number = 1) {
  const clock = new FakeClock('2026-01-15T06:00:00Z');
  return { clock, registry: new FaultRegistry({ clock, seed }) };
}

const hitBy = (registry: FaultRegistry, spec: FaultSpec) => {
  const fault = registry.add(spec);
  return DEVICES.filter((subject) => registry.hits(fault, subject)).map(({ device }) => device);
};

describe('targets', () => {
  test('a fault hits the devices that fit device, gateway and city', () => {
    const { registry } = setUp();
    expect(hitBy(registry, { kind: 'timeout', device: 'd7' })).toEqual(['d7']);
    expect(hitBy(registry, { kind: 'timeout', city: 'Aalborg' })).toHaveLength(500);
    expect(hitBy(registry, { kind: 'timeout', gateway: '127.0.0.1:15003' })).toHaveLength(100);
    expect(hitBy(registry, { kind: 'timeout', gateway: '127.0.0.1:15003', city: 'Aalborg' })).toEqual([]);
    expect(hitBy(registry, { kind: 'timeout' })).toHaveLength(2000);
  });

  test('a percentage is about that share, the same for the same seed, another for another seed or kind', () => {
    const tenth = hitBy(setUp().registry, { kind: 'timeout', percent: 10 });
    expect(tenth.length).toBeGreaterThan(150);
    expect(tenth.length).toBeLessThan(250);
    expect(hitBy(setUp().registry, { kind: 'timeout', percent: 10 })).toEqual(tenth);
    expect(hitBy(setUp(2).registry, { kind: 'timeout', percent: 10 })).not.toEqual(tenth);
    expect(hitBy(setUp().registry, { kind: 'drop', percent: 10 })).not.toEqual(tenth);
    expect(hitBy(setUp().registry, { kind: 'timeout', percent: 0 })).toEqual([]);
    expect(hitBy(setUp().registry, { kind: 'timeout', percent: 100 })).toHaveLength(2000);
  });

  test('a larger percentage hits the same devices and more, also when the fault is added again', () => {
    const { registry } = setUp();
    const tenth = hitBy(registry, { kind: 'timeout', percent: 10 });
    registry.clearAll();
    expect(hitBy(registry, { kind: 'timeout', percent: 30 })).toEqual(expect.arrayContaining(tenth));
  });
});

describe('life of a fault', () => {
  test('it is in force from its adding until its time is over', async () => {
    const { registry, clock } = setUp();
    const device = registry.of({ device: 'd1' });
    expect(device.next()).toBeUndefined();
    const fault = registry.add({ kind: 'timeout', device: 'd1', durationS: 30 });
    expect(fault).toEqual({
      id: 1,
      spec: { kind: 'timeout', device: 'd1', durationS: 30 },
      since: clock.now(),
      until: clock.now() + 30_000,
    });
    expect(device.next()).toMatchObject({ outcome: 'silence' });
    expect(registry.of({ device: 'd2' }).next()).toBeUndefined();
    await clock.advance(seconds(29));
    expect(registry.list()).toEqual([fault]);
    await clock.advance(seconds(1));
    expect(registry.list()).toEqual([]);
    expect(device.next()).toBeUndefined();
    expect(() => registry.clear(1)).toThrow(expect.objectContaining({ code: 'FAULT_UNKNOWN' }));
  });

  test('cleared before its time it leaves no timer, and faults without a time stay', async () => {
    const { registry, clock } = setUp();
    const timed = registry.add({ kind: 'frozen', durationS: 30 });
    const endless = registry.add({ kind: 'frozen' });
    registry.clear(timed.id);
    await clock.advance(seconds(0));
    expect(clock.sleeping).toBe(0);
    await clock.advance(seconds(1e6));
    expect(registry.list()).toEqual([endless]);
    expect(registry.clearAll()).toBe(1);
    expect(registry.clearAll()).toBe(0);
  });

  test('a device sees the latest fault of a kind, and the ones before it again when that ends', () => {
    const { registry } = setUp();
    const device = registry.of({ device: 'd1', city: 'Aalborg' });
    registry.add({ kind: 'clock-skew', city: 'Aalborg', skewS: 10 });
    const second = registry.add({ kind: 'clock-skew', device: 'd1', skewS: -10 });
    expect(device.current('clock-skew')?.spec.skewS).toBe(-10);
    expect(device.current('frozen')).toBeUndefined();
    expect(device.next()).toBeUndefined();
    registry.clear(second.id);
    expect(device.current('clock-skew')?.spec.skewS).toBe(10);
  });

  test('listeners hear of each begin and end, until they have had enough', async () => {
    const { registry, clock } = setUp();
    const seen: number[] = [];
    const stop = registry.onChange(() => seen.push(registry.list().length));
    registry.add({ kind: 'offline', durationS: 1 });
    registry.add({ kind: 'offline' });
    await clock.advance(seconds(1));
    registry.clearAll();
    registry.clearAll();
    stop();
    registry.add({ kind: 'offline' });
    expect(seen).toEqual([1, 2, 1, 0]);
  });
});

describe('outcomes', () => {
  test('they repeat for the same seed, whatever other faults come and go between', () => {
    const run = (disturb: boolean) => {
      const { registry } = setUp(7);
      const device = registry.of({ device: 'd1' });
      registry.add({ kind: 'junk', device: 'd1', junkBytes: 4, chance: 0.5 });
      return Array.from({ length: 40 }, (_, i) => {
        if (disturb && i % 5 === 0) registry.add({ kind: 'delay', device: i % 2 === 0 ? 'd1' : 'd2', durationS: 5 });
        return device.next()?.junk?.toString('hex');
      });
    };
    expect(run(true)).toEqual(run(false));
    expect(new Set(run(false)).size).toBeGreaterThan(10);
  });

  test('the most harmful outcome of several wins in either order, delays add up, the most pieces count', () => {
    const specs = [
      { kind: 'delay', delayMs: 100 },
      { kind: 'exception', exception: 5 },
      { kind: 'offline', lastWill: true },
      { kind: 'split', pieces: 4, gapMs: 5 },
      { kind: 'delay', delayMs: 50 },
      { kind: 'wrong-transaction', transactionOffset: 3 },
    ] as const;
    const random: Random = seededRandom(1);
    const decide = (list: readonly FaultSpec[]) => decideFrameFault(list.map((spec) => ({ spec, random })));
    const expected = { outcome: 'exception', delayMs: 150, pieces: 4, gapMs: 5, transactionOffset: 3, junk: undefined };
    expect(decide(specs)).toEqual({ ...expected, exception: 5 });
    expect(decide(specs.toReversed())).toEqual({ ...expected, exception: 11 });
    for (const list of [
      [...specs, { kind: 'timeout' }],
      [{ kind: 'timeout' }, ...specs],
    ] as FaultSpec[][]) {
      expect(decide(list)?.outcome).toBe('silence');
      expect(decide([{ kind: 'drop' }, ...list])?.outcome).toBe('drop');
    }
    expect(decide([{ kind: 'frozen' }, { kind: 'word-order' }])).toBeUndefined();
  });
});

describe('the specification of a fault', () => {
  test('each kind is complete without parameters, and complete is complete', () => {
    for (const kind of FAULT_KINDS) {
      const complete = completeFaultSpec({ kind });
      expect(complete.kind).toBe(kind);
      expect(completeFaultSpec(complete)).toEqual(complete);
    }
    expect(completeFaultSpec({ kind: 'split', pieces: 9 })).toEqual({ kind: 'split', pieces: 9, gapMs: 20 });
  });

  test('all mistakes are told at once and nothing is added', () => {
    const { registry } = setUp();
    const details = (spec: unknown) => {
      try {
        registry.add(spec as FaultSpec);
      } catch (error) {
        expect(error).toMatchObject({ code: 'FAULT_INVALID' });
        return (error as { details: string[] }).details.toSorted();
      }
      return [];
    };
    expect(details({ kind: 'slow', percent: 101, device: '', colour: 'red' })).toEqual([
      'colour: unknown key',
      expect.stringMatching(/^device: /),
      expect.stringMatching(/^kind: /),
      expect.stringMatching(/^percent: /),
    ]);
    expect(details({ kind: 'timeout', delayMs: 5, pieces: 2 })).toEqual([
      'delayMs: a fault of kind timeout has no such parameter',
      'pieces: a fault of kind timeout has no such parameter',
    ]);
    expect(details({ kind: 'frozen', chance: 0.5 })).toEqual(['chance: a fault of kind frozen has no such parameter']);
    expect(details({ kind: 'exception', exception: 0, durationS: 0 })).toHaveLength(2);
    expect(details(null)).toHaveLength(1);
    expect(registry.list()).toEqual([]);
  });

  test('whatever is given is refused with reasons or complete', () => {
    const anything = fc.record(
      {
        kind: fc.oneof(fc.constantFrom(...FAULT_KINDS), fc.string()),
        percent: fc.anything(),
        delayMs: fc.anything(),
        chance: fc.double(),
        junkBytes: fc.nat(10_000),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(anything, fc.anything()), (spec) => {
        try {
          completeFaultSpec(spec);
        } catch (error) {
          expect(error).toMatchObject({ code: 'FAULT_INVALID', details: expect.arrayContaining([expect.any(String)]) });
        }
      }),
    );
  });
});
