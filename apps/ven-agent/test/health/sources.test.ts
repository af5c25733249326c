import { afterEach, describe, expect, test } from '@jest/globals';
import { hours, instant, minutes, seconds } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import { VtnError } from '@venfleet/openadr';
import { Outbox } from '../../src/reporting/outbox.js';
import { pass, scene, unreachable } from '../events/support.js';
import { engineOf, hourlyEvent, MemoryVtn, MIDNIGHT, request } from '../support/reporting.js';

const stops: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

describe('an event feed', () => {
  const feeding = () => {
    const made = scene();
    stops.push(() => made.store.close());
    made.feed.start(made.vtn);
    stops.push(() => made.feed.stop());
    return made;
  };

  test('tells by what the VTN is lost, until it is heard again', async () => {
    const { clock, vtn, feed } = feeding();
    await pass(clock, seconds(1));
    expect(feed.lostBy).toBeUndefined();
    vtn.fault = unreachable;
    await pass(clock, seconds(40));
    expect(feed.lostBy).toBe('VTN_UNREACHABLE');
    vtn.fault = new VtnError('VTN_AUTH', 'revoked', { status: 401 });
    await pass(clock, minutes(5));
    expect(feed.lostBy).toBe('VTN_AUTH');
    vtn.fault = undefined;
    await pass(clock, minutes(5));
    expect(feed.lostBy).toBeUndefined();
  });

  test('misses no look while all is well, and counts those that an endless answer keeps it from', async () => {
    const { clock, vtn, feed } = feeding();
    expect(feed.pollsMissed).toBe(0);
    for (let i = 0; i < 20; i++) {
      await pass(clock, seconds(10));
      expect(feed.pollsMissed).toBe(0);
    }
    let answer = (): void => undefined;
    vtn.before = () => new Promise((resolve) => (answer = resolve));
    await pass(clock, seconds(150));
    expect(feed.pollsMissed).toBeGreaterThanOrEqual(3);
    expect(feed.lostBy).toBeUndefined();
    vtn.before = async () => undefined;
    answer();
    await pass(clock, seconds(1));
    expect(feed.pollsMissed).toBe(0);
  });

  test('misses none while the VTN is lost: that is told by itself', async () => {
    const { clock, vtn, feed } = feeding();
    await pass(clock, seconds(1));
    vtn.fault = unreachable;
    await pass(clock, minutes(20));
    expect(feed.pollsMissed).toBe(0);
  });
});

describe('deliveries', () => {
  test('that fail or are refused are counted until one succeeds, and what waits is counted by VEN', async () => {
    const clock = new FakeClock(instant(MIDNIGHT - minutes(1)));
    const outbox = Outbox.open(':memory:', clock);
    stops.push(() => outbox.close());
    const vtn = new MemoryVtn();
    const { engine } = engineOf(outbox.forVen('http://vtn', 'Aalborg'), clock, vtn);
    outbox.forVen('http://vtn', 'Vejle');
    stops.push(() => engine.stop());
    engine.start();
    vtn.fault = () => 'refused';
    engine.update([hourlyEvent('e1', 6, [request('USAGE', { startInterval: 0, numIntervals: 1, frequency: 1, repeat: -1 })])]);
    await pass(clock, hours(1.5));
    expect(engine.failed).toBe(1);
    vtn.fault = () => 'unreachable';
    await pass(clock, hours(1));
    expect(engine.failed).toBeGreaterThan(2);
    expect([...outbox.waitingByVen('http://vtn')]).toEqual([['Aalborg', 1]]);
    expect(outbox.waitingByVen('http://another').size).toBe(0);
    vtn.fault = () => undefined;
    await pass(clock, hours(1));
    expect(engine.failed).toBe(0);
    expect(outbox.waitingByVen('http://vtn').size).toBe(0);
  });
});
