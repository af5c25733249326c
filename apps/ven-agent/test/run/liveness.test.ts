import { describe, expect, test } from '@jest/globals';
import { minutes, seconds } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import type { Resource } from '@venfleet/resource-db';
import { Liveness } from '../../src/run/liveness.js';

const meter = (intervalS: number, counts: { onTime?: number; late?: number; failed?: number }) => ({
  resource: { readInterval: seconds(intervalS) } as Resource,
  onTime: 0,
  late: 0,
  failed: 0,
  ...counts,
});

describe('an agent is stuck', () => {
  test('when no read of the meters with one interval ends, for three intervals and a minute', async () => {
    const clock = new FakeClock();
    const liveness = new Liveness(clock);
    const meters = [meter(10, { onTime: 5 }), meter(10, { failed: 2 })];
    expect(liveness.stuck(meters)).toEqual([]);
    await clock.advance(seconds(90));
    expect(liveness.stuck(meters)).toEqual([]);
    await clock.advance(seconds(1));
    expect(liveness.stuck(meters)).toEqual(['no read of the meters that are read each 10 s has ended for 91 s']);
  });

  test('also when meters with another interval are read', async () => {
    const clock = new FakeClock();
    const liveness = new Liveness(clock);
    for (let minute = 0; minute < 2; minute++) {
      expect(liveness.stuck([meter(10, { onTime: minute }), meter(5, { onTime: 7 })])).toEqual([]);
      await clock.advance(minutes(1));
    }
    expect(liveness.stuck([meter(10, { onTime: 9 }), meter(5, { onTime: 7 })])).toEqual([
      'no read of the meters that are read each 5 s has ended for 120 s',
    ]);
  });

  test('but not while reads end, if only because the meters are dead, nor without any meter', async () => {
    const clock = new FakeClock();
    const liveness = new Liveness(clock);
    for (let failed = 0; failed < 10; failed++) {
      expect(liveness.stuck([meter(10, { failed })])).toEqual([]);
      expect(liveness.stuck([])).toEqual([]);
      await clock.advance(minutes(1));
    }
  });

  test('and no more when they end again', async () => {
    const clock = new FakeClock();
    const liveness = new Liveness(clock);
    liveness.stuck([meter(10, { late: 1 })]);
    await clock.advance(minutes(5));
    expect(liveness.stuck([meter(10, { late: 1 })])).toHaveLength(1);
    expect(liveness.stuck([meter(10, { late: 2 })])).toEqual([]);
  });
});
