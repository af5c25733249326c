import { describe, expect, test } from '@jest/globals';
import { seconds, watts } from '@venfleet/core';
import type { Values } from '@venfleet/devices';
import fc from 'fast-check';
import { type DecisionSettings, decide, type Situation } from '../../src/control/decide.js';
import { flexDialect, free, limit } from './support.js';

const settings: DecisionSettings = { validFor: seconds(60), checkEvery: seconds(300), releaseFound: true };
const heard = (values: Values, at = 0) => ({ values, report: flexDialect.decode(values), at });
const holding = (limitW: number, leftS = 60): Values => ({
  limitW,
  limitActive: true,
  limitTimeLeftS: leftS,
  controllerState: 'limiting',
});
const released: Values = { limitW: 50_000, limitActive: false, limitTimeLeftS: 0, controllerState: 'released' };
const base: Situation = {
  wanted: undefined,
  releaseAt: Number.NEGATIVE_INFINITY,
  heard: undefined,
  told: undefined,
  now: 0,
  haste: 1,
};
const look = (situation: Partial<Situation>, changes: Partial<DecisionSettings> = {}) =>
  decide({ ...base, ...situation }, flexDialect, { ...settings, ...changes });
const ours = (limitW: number, at = 0): Situation['told'] => ({
  command: { kind: 'hold', limit: watts(limitW), validFor: seconds(60) },
  at,
  holdsFor: seconds(60),
});

describe('a pass of control', () => {
  test('looks first', () => {
    expect(look({ wanted: limit(5000) })).toEqual({ do: 'read' });
  });

  test.each([
    ['none is held', released, 'new'],
    ['another is held', holding(7000), 'changed'],
    ['the controller let go', { ...released, controllerState: 'expired' }, 'lapsed'],
  ])('holds the limit that is wanted when %s', (_, values, why) => {
    expect(look({ wanted: limit(5000), heard: heard(values) })).toMatchObject({
      do: 'command',
      command: { kind: 'hold', limit: 5000 },
      why,
    });
  });

  test.each([
    // 40 % of 60 s comes before the keepalive of the profile, 50 s.
    [23_999, 'wait'],
    [24_000, 'command'],
  ])('renews ours when 40 % of its validity is over: at %i ms it is time to %s', (now, what) => {
    expect(look({ wanted: limit(5000), heard: heard(holding(5000)), told: ours(5000), now }).do).toBe(what);
  });

  test('renews one that it does not remember, as after a restart, when 40 % of its validity is over', () => {
    const wanted = limit(5000);
    expect(look({ wanted, heard: heard(holding(5000, 37)), now: 0 })).toEqual({ do: 'wait', until: 1000 });
    expect(look({ wanted, heard: heard(holding(5000, 36)), now: 0 })).toMatchObject({ why: 'renewal' });
  });

  test('renews at once where nobody knows how long the limit still holds', () => {
    const values = { ...holding(5000), limitTimeLeftS: undefined };
    expect(look({ wanted: limit(5000), heard: heard(values) })).toMatchObject({ why: 'renewal' });
  });

  test('a controller with a validity of its own is renewed by that, without haste', () => {
    const told = { ...(ours(5000) as NonNullable<Situation['told']>), holdsFor: seconds(30) };
    const at = { wanted: limit(5000), heard: heard(holding(5000, 30)), told };
    expect(look({ ...at, now: 11_000 }, { validFor: seconds(600) })).toEqual({ do: 'wait', until: 12_000 });
  });

  test('takes a limit whose time is up for none', () => {
    expect(look({ wanted: limit(5000), heard: heard(holding(5000, 30)), now: 31_000 })).toMatchObject({ why: 'new' });
    expect(look({ wanted: free(), heard: heard(holding(5000, 30)), now: 31_000 }).do).toBe('wait');
  });

  test('holds what was held until its turn to be released, and renews it meanwhile', () => {
    const at = { wanted: free(), heard: heard(holding(5000)), told: ours(5000), releaseAt: 30_000 };
    expect(look({ ...at, now: 10_000 })).toEqual({ do: 'wait', until: 24_000 });
    expect(look({ ...at, now: 24_000 })).toMatchObject({ command: { kind: 'hold', limit: 5000 }, why: 'renewal' });
    expect(look({ ...at, now: 30_000 })).toMatchObject({ command: { kind: 'release' }, why: 'over' });
  });

  test('gives at most one command, never more than is wanted, and none when all is as it should be', () => {
    const time = fc.integer({ min: 0, max: 400_000 });
    const watt = fc.integer({ min: 0, max: 50_000 });
    fc.assert(
      fc.property(watt, watt, fc.boolean(), fc.integer({ min: 0, max: 60 }), time, (wanted, held, isHeld, leftS, now) => {
        const values = isHeld ? holding(held, leftS) : released;
        const decision = look({ wanted: limit(wanted), heard: heard(values), told: isHeld ? ours(held) : undefined, now });
        if (decision.do === 'command') expect(decision.command).toMatchObject({ kind: 'hold', limit: wanted });
        if (decision.do === 'wait') {
          expect(decision.until).toBeGreaterThan(now);
          expect(held).toBe(wanted);
          expect(now).toBeLessThan(leftS * 1000);
        }
      }),
    );
  });
});
