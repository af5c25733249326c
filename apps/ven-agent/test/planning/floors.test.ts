import { describe, expect, it } from '@jest/globals';
import { kilowattHours, watts } from '@venfleet/core';
import type { ResourceState } from '../../src/planning/model.js';
import { at, charger, drawing, limits, simply, site } from './support.js';

describe('buffers', () => {
  it('give no more than lasts until the end of the interval', () => {
    const resources = [site(1)];
    const by = (buffer: number) =>
      limits([simply('SIMPLE', 3)], {
        resources,
        states: { 1: drawing(60, { buffer: kilowattHours(buffer) }) },
        policy: { levels: { default: { of: 'baseline', shares: [0, 0, 1] } } },
      });
    // Half an hour is left.
    expect([by(400), by(20), by(0)]).toEqual([[0], [20], [60]]);
  });

  it('run empty before a cap is broken', () => {
    const resources = [site(1)];
    const states = { 1: drawing(60, { buffer: kilowattHours(0) }) };
    expect(limits([simply('IMPORT_CAPACITY_LIMIT', 30)], { resources, states })).toEqual([30]);
  });

  it('share what they must give by what is in them', () => {
    const states = { 1: drawing(60, { buffer: kilowattHours(0) }), 2: drawing(60, { buffer: kilowattHours(30) }) };
    expect(limits([simply('DISPATCH_SETPOINT', 90)], { states })).toEqual([60, 30]);
  });
});

describe('charging', () => {
  const stations = [charger(1), charger(2), charger(3)];
  const states = { 1: drawing(11), 2: drawing(11), 3: drawing(0) };

  it('level 3 holds vehicles to the least current, so that one that comes can begin', () => {
    expect(limits([simply('SIMPLE', 3)], { resources: stations, states })).toEqual([4.14, 4.14, 4.14]);
  });

  it('in a grid emergency vehicles may pause, but not where that is never allowed', () => {
    const emergency = [simply('ALERT_GRID_EMERGENCY', 'x')];
    expect(limits(emergency, { resources: stations, states })).toEqual([0, 0, 0]);
    const policy = { charging: { least: watts(4140), pause: 'never' } } as const;
    expect(limits(emergency, { resources: stations, states, policy })).toEqual([4.14, 4.14, 4.14]);
  });

  it('a part of the load is one of what is drawn: what stations keep for vehicles to come is none of it', () => {
    const idle = { 1: drawing(60), 2: drawing(0) };
    const resources = [site(1), charger(2)];
    expect(limits([simply('CONTROL_LEVEL_OFFSET_PERCENT', 0.3)], { resources, states: idle })).toEqual([42, 4.14]);
  });

  it('where pausing is allowed it pauses', () => {
    const policy = { charging: { least: watts(4140), pause: 'always' } } as const;
    expect(limits([simply('SIMPLE', 3)], { resources: stations, states, policy })).toEqual([0, 0, 0]);
  });

  it('a vehicle that is due gets what it needs in time', () => {
    const vehicle = { connected: true, energyWanted: kilowattHours(20), departure: at('12:30') };
    const due = { ...states, 1: drawing(11, { vehicle }) };
    expect(limits([simply('SIMPLE', 3)], { resources: stations, states: due })).toEqual([10, 4.14, 4.14]);
  });

  it('under a cap too small for all, some charge with the least and the others pause', () => {
    const all = { 1: drawing(11), 2: drawing(11), 3: drawing(11) };
    const by = (kW: number) => limits([simply('IMPORT_CAPACITY_LIMIT', kW)], { resources: stations, states: all });
    expect(by(9).toSorted()).toEqual([0, 4.14, 4.14]);
    expect(by(4)).toEqual([0, 0, 0]);
  });

  it('under a cap a station is kept free where nothing is known of its vehicle, and nothing where there is none', () => {
    const by = (more: Partial<ResourceState>) =>
      limits([simply('IMPORT_CAPACITY_LIMIT', 12)], { resources: stations, states: { ...states, 3: drawing(0, more) } });
    // One of three pauses: whose turn it is.
    expect(by({}).filter((limit) => limit === 0)).toHaveLength(1);
    expect(by({ vehicle: { connected: false } })).toEqual([6, 6, 0]);
  });

  it('those that leave first go first; without that, each has its turn', () => {
    const leaving = (time: string) => drawing(11, { vehicle: { connected: true, departure: at(time) } });
    const known = { 1: leaving('20:00'), 2: leaving('12:00'), 3: leaving('16:00') };
    expect(limits([simply('IMPORT_CAPACITY_LIMIT', 5)], { resources: stations, states: known })).toEqual([0, 4.14, 0]);
    const all = { 1: drawing(11), 2: drawing(11), 3: drawing(11) };
    const turns = ['10:00', '10:15', '10:30'].map((when) =>
      limits([simply('IMPORT_CAPACITY_LIMIT', 5)], { resources: stations, states: all, when }),
    );
    expect(turns.map((turn) => turn.indexOf(4.14)).sort()).toEqual([0, 1, 2]);
  });

  it('what pausing vehicles leave goes to sites that can use it', () => {
    const resources = [site(1), charger(2)];
    const both = { 1: drawing(60), 2: drawing(11) };
    // Of 3 kW the vehicle could not charge.
    const [first, second] = limits([simply('IMPORT_CAPACITY_LIMIT', 3)], { resources, states: both });
    expect([first, second]).toEqual([3, 0]);
  });
});
