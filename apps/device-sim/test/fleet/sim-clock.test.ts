import { expect, test } from '@jest/globals';
import { instant, minutes, seconds } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import { SimClock } from '../../src/fleet/sim-clock.js';

test('simulated time begins where it is told and runs at its speed, however the wall clock jumps', async () => {
  const base = new FakeClock();
  const start = instant(Date.parse('2026-01-15T05:00:00Z'));
  const clock = new SimClock(base, { start, speed: 60 });
  expect(clock.now()).toBe(start);
  await base.advance(seconds(1));
  base.step(-3_600_000);
  expect(clock.now() - start).toBe(60_000);
  let woken = false;
  void clock.sleep(minutes(1)).then(() => {
    woken = true;
  });
  await base.advance(seconds(0.9));
  expect(woken).toBe(false);
  await base.advance(seconds(0.1));
  expect(woken).toBe(true);
});
