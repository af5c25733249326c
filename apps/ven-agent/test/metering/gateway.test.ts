import { describe, expect, test } from '@jest/globals';
import { milliseconds, minutes, seconds, silentLogger } from '@venfleet/core';
import { Metering } from '../../src/metering/metering.js';
import { Gateway } from '../../src/metering/modbus/gateway.js';
import { Layouts } from '../../src/metering/modbus/layout.js';
import { catalog, FakeClock, middling, resource, SimulatedGateway } from './support.js';

const profile = catalog.modbus('carlo-gavazzi-em24');
const good = (powerW: number) => ({ values: { powerW, energyImportWh: 1000, deviceTypeId: 1650 } });

function setUp(units: number, inFlight = 4) {
  const clock = new FakeClock();
  const gateway = new SimulatedGateway(clock, profile);
  const meters = Array.from({ length: units }, (_, i) => ({ resource: resource(i + 1), unitId: i + 1, profile }));
  for (const { unitId } of meters) gateway.devices.set(unitId, good(unitId * 100));
  const queue = new Gateway({
    plan: { host: '127.0.0.1', port: 502, meters, controllers: [] },
    open: gateway.open,
    layouts: new Layouts(),
    inFlight,
    clock,
    random: middling,
    logger: silentLogger,
  });
  /** Begins a read; what became of it is told as text. */
  const read = (unitId: number) => {
    const state = { outcome: 'pending', endedAtMs: Number.NaN };
    const end = (outcome: string) => {
      state.outcome = outcome;
      state.endedAtMs = clock.monotonic();
    };
    queue.drivers[unitId - 1]?.read().then(
      (samples) => end(String(samples[0]?.values.powerW)),
      (error: { code: string }) => end(error.code),
    );
    return state;
  };
  return { clock, gateway, queue, read };
}

describe('a gateway', () => {
  test('is connected to when the first device is due, over one connection', async () => {
    const { clock, gateway, read } = setUp(8);
    expect(gateway.connects).toBe(0);
    const reads = Array.from({ length: 8 }, (_, i) => read(i + 1));
    await clock.advance(milliseconds(10));
    expect(reads.map(({ outcome }) => outcome)).toEqual(['100', '200', '300', '400', '500', '600', '700', '800']);
    expect(gateway.connects).toBe(1);
  });

  test('has no more requests in flight than it may, and one a device', async () => {
    const { clock, gateway, read } = setUp(12, 3);
    for (let unit = 1; unit <= 12; unit++) gateway.devices.set(unit, { ...good(1), afterMs: 20 });
    for (let unit = 1; unit <= 12; unit++) read(unit);
    await clock.advance(seconds(5));
    expect(gateway.mostInFlight).toBe(3);
  });

  test('is asked for contiguous registers at once: power with import, and export beyond the gap', async () => {
    const { clock, gateway, read } = setUp(1);
    read(1);
    await clock.advance(seconds(1));
    const before = gateway.asked.length;
    read(1);
    await clock.advance(seconds(1));
    expect(gateway.asked.length - before).toBe(2);
  });

  test('a dead device costs the others no more than one lane, and once a rest only', async () => {
    const { clock, gateway, read } = setUp(10);
    for (let unit = 1; unit <= 10; unit++) read(unit);
    await clock.advance(seconds(1));
    gateway.devices.set(1, 'silent');
    const dead = read(1);
    const others = Array.from({ length: 9 }, (_, i) => read(i + 2));
    await clock.advance(seconds(3));
    expect(dead.outcome).toBe('METER_TIMEOUT');
    expect(Math.max(...others.map(({ endedAtMs }) => endedAtMs))).toBeLessThan(1000 + 300);
    const again = read(1);
    await clock.advance(milliseconds(1));
    expect(again.outcome).toBe('METER_RESTING');
  });

  test('with a third of its devices dead at once, the others are read within the interval', async () => {
    const { clock, gateway, read } = setUp(247);
    for (let unit = 1; unit <= 247; unit++) read(unit);
    await clock.advance(seconds(10));
    for (let unit = 3; unit <= 247; unit += 3) gateway.devices.set(unit, 'silent');
    const began = clock.monotonic();
    const reads = Array.from({ length: 247 }, (_, i) => read(i + 1));
    await clock.advance(seconds(10));
    const healthy = reads.filter((_, i) => (i + 1) % 3 !== 0);
    expect(healthy.every(({ outcome }) => outcome.endsWith('00'))).toBe(true);
    expect(Math.max(...healthy.map(({ endedAtMs }) => endedAtMs)) - began).toBeLessThan(10_000);
  });

  test.each([
    ['devices as fast as ever', 0],
    ['a healthy one slower than 250 ms among them', 400],
    ['a healthy one nearly as slow as its time-out', 900],
  ])('healthy devices never wait behind hung ones: 30 %% hang for ten minutes, %s', async (_, slowMs) => {
    const { clock, gateway, queue } = setUp(120);
    const slow = (unitId: number) => slowMs > 0 && unitId % 12 === 0;
    for (let unit = 1; unit <= 120; unit++) {
      gateway.devices.set(unit, { ...good(unit * 100), afterMs: slow(unit) ? slowMs : 5 });
    }
    const metering = new Metering({ channels: [queue], sink: { add() {} }, clock, logger: silentLogger });
    metering.start();
    await clock.advance(seconds(60));
    const hangs = (unitId: number) => unitId % 10 < 3 && !slow(unitId);
    for (let unit = 1; unit <= 120; unit++) if (hangs(unit)) gateway.devices.set(unit, 'silent');
    const before = [...metering.statuses()];
    await clock.advance(minutes(10));
    const slots = { scheduled: 0, onTime: 0 };
    for (const [i, { scheduled, onTime }] of [...metering.statuses()].entries()) {
      if (hangs(i + 1)) continue;
      slots.scheduled += scheduled - (before[i]?.scheduled ?? 0);
      slots.onTime += onTime - (before[i]?.onTime ?? 0);
    }
    await metering.stop();
    expect(slots.scheduled).toBeGreaterThan(4500);
    expect(slots.onTime / slots.scheduled).toBeGreaterThanOrEqual(0.999);
    expect(gateway.mostInFlight).toBeLessThanOrEqual(4);
    expect(gateway.hadLinks).toBeLessThanOrEqual(2);
  });

  test('a healthy device that becomes slow while others hang is asked again before them', async () => {
    const { clock, gateway, read } = setUp(60);
    for (let unit = 1; unit <= 60; unit++) read(unit);
    await clock.advance(seconds(10));
    for (let unit = 1; unit <= 30; unit++) gateway.devices.set(unit, 'silent');
    for (let unit = 1; unit <= 30; unit++) read(unit);
    await clock.advance(seconds(60));
    // Rested by now, they all may be asked again.
    for (let unit = 1; unit <= 30; unit++) read(unit);
    gateway.devices.set(31, { ...good(3100), afterMs: 450 });
    const slow = read(31);
    await clock.advance(seconds(2));
    expect(slow.outcome).toBe('3100');
  });

  test('a single lane is asked for what may be dead only when no healthy device waits', async () => {
    const { clock, gateway, read } = setUp(20, 1);
    for (let unit = 1; unit <= 20; unit++) read(unit);
    await clock.advance(seconds(10));
    for (let unit = 1; unit <= 10; unit++) gateway.devices.set(unit, 'silent');
    for (let unit = 1; unit <= 10; unit++) read(unit);
    await clock.advance(seconds(60));
    for (let unit = 1; unit <= 10; unit++) read(unit);
    const healthy = Array.from({ length: 10 }, (_, i) => read(i + 11));
    const began = clock.monotonic();
    await clock.advance(seconds(5));
    // One that was under way already has its full time-out.
    expect(Math.max(...healthy.map(({ endedAtMs }) => endedAtMs)) - began).toBeLessThan(1100);
  });

  test('a time-out is never followed by another request on the same connection', async () => {
    const { clock, gateway, read } = setUp(6);
    for (let unit = 1; unit <= 6; unit++) read(unit);
    await clock.advance(seconds(1));
    gateway.devices.set(1, 'silent');
    read(1);
    await clock.advance(milliseconds(400));
    const links = new Set(gateway.asked.map(({ link }) => link));
    read(2);
    await clock.advance(seconds(3));
    expect(links).toEqual(new Set([1, 2]));
    const afterTimeout = gateway.asked.filter(({ atMs }) => atMs > 1250);
    expect(afterTimeout.every(({ link }) => link > 1)).toBe(true);
  });

  test('what a healthy device has under way when another times out ends in peace, beside the next connection', async () => {
    const { clock, gateway, read } = setUp(6);
    gateway.devices.set(2, { ...good(200), afterMs: 800 });
    for (let unit = 1; unit <= 6; unit++) read(unit);
    await clock.advance(seconds(10));
    gateway.devices.set(1, 'silent');
    const slow = read(2);
    read(1);
    await clock.advance(milliseconds(300));
    const other = read(3);
    await clock.advance(milliseconds(10));
    expect([slow.outcome, other.outcome]).toEqual(['pending', '300']);
    await clock.advance(seconds(2));
    expect(slow.outcome).toBe('200');
    expect(gateway.asked.filter(({ unitId }) => unitId === 2).at(-1)?.link).toBe(1);
  });

  test('that takes one connection only is not called unreachable for it', async () => {
    const { clock, gateway, queue, read } = setUp(6);
    gateway.mostLinks = 1;
    gateway.devices.set(2, { ...good(200), afterMs: 800 });
    for (let unit = 1; unit <= 6; unit++) read(unit);
    await clock.advance(seconds(10));
    gateway.devices.set(1, 'silent');
    for (let round = 0; round < 3; round++) {
      const reads = [2, 1, 3, 4, 5, 6].map(read);
      await clock.advance(milliseconds(300));
      const late = read(3);
      await clock.advance(seconds(10));
      expect(queue.reachable).toBe(true);
      expect([...reads.filter((_, i) => i !== 1), late].every(({ outcome }) => outcome.endsWith('00'))).toBe(true);
    }
    expect(gateway.connectsRefused).toBe(1);
  });

  test('a device that is slower than the others is waited for with its full time-out', async () => {
    const { clock, gateway, read } = setUp(5);
    for (let unit = 1; unit <= 5; unit++) read(unit);
    await clock.advance(seconds(1));
    gateway.devices.set(5, { ...good(500), afterMs: 900 });
    const slow = read(5);
    await clock.advance(seconds(3));
    expect(slow.outcome).toBe('500');
  });

  test('the rest of a dead device doubles up to five minutes', async () => {
    const { clock, gateway, read } = setUp(2);
    gateway.devices.set(1, 'silent');
    const attempts: number[] = [];
    for (let slot = 0; slot < 360; slot++) {
      const before = gateway.asked.filter(({ unitId }) => unitId === 1).length;
      read(1);
      read(2);
      await clock.advance(seconds(10));
      if (gateway.asked.filter(({ unitId }) => unitId === 1).length > before) attempts.push(slot * 10);
    }
    const gaps = attempts.slice(1).map((at, i) => at - (attempts[i] as number));
    expect(gaps[0]).toBeLessThanOrEqual(20);
    expect(Math.max(...gaps)).toBeGreaterThanOrEqual(200);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(300);
  });

  test('that was silent as a whole lets its devices rest no longer when it speaks again', async () => {
    const { clock, gateway, read } = setUp(20);
    for (let slot = 0; slot < 60; slot++) {
      for (let unit = 1; unit <= 20; unit++) {
        gateway.devices.set(unit, 'silent');
        read(unit);
      }
      await clock.advance(seconds(10));
    }
    for (let unit = 1; unit <= 20; unit++) gateway.devices.set(unit, good(unit * 100));
    const slot = async () => {
      const reads = Array.from({ length: 20 }, (_, i) => read(i + 1));
      await clock.advance(seconds(10));
      return reads.filter(({ outcome }) => outcome.endsWith('00')).length;
    };
    while ((await slot()) === 0);
    await slot();
    expect(await slot()).toBe(20);
  });

  test('that is unreachable fails its reads at once and is tried again after growing pauses', async () => {
    const { clock, gateway, queue, read } = setUp(10);
    gateway.isUp = false;
    for (let slot = 0; slot < 60; slot++) {
      const reads = Array.from({ length: 10 }, (_, i) => read(i + 1));
      await clock.advance(seconds(10));
      expect(reads.every(({ outcome }) => outcome === 'GATEWAY_UNREACHABLE')).toBe(true);
    }
    expect(queue.reachable).toBe(false);
    expect(gateway.connectsRefused).toBeLessThan(25);
    gateway.isUp = true;
    await clock.advance(minutes(1));
    const back = read(3);
    await clock.advance(seconds(1));
    expect(back.outcome).toBe('300');
    expect(queue.reachable).toBe(true);
  });

  test('that restarts under way has its devices asked again over a new connection', async () => {
    const { clock, gateway, read } = setUp(4);
    for (let unit = 1; unit <= 4; unit++) read(unit);
    await clock.advance(seconds(1));
    for (let unit = 1; unit <= 4; unit++) gateway.devices.set(unit, { ...good(unit * 100), afterMs: 50 });
    const reads = [1, 2, 3, 4].map(read);
    await clock.advance(milliseconds(20));
    gateway.drop(true);
    await clock.advance(seconds(1));
    expect(reads.map(({ outcome }) => outcome)).toEqual(['100', '200', '300', '400']);
    expect(gateway.connects).toBe(2);
  });

  test('that hangs up before it says anything is not connected to again at once', async () => {
    const { clock, gateway, read } = setUp(4);
    for (let unit = 1; unit <= 4; unit++) gateway.devices.set(unit, 'silent');
    for (let i = 0; i < 50; i++) {
      read(1 + (i % 4));
      await clock.advance(milliseconds(10));
      gateway.drop(true);
      await clock.advance(milliseconds(10));
    }
    expect(gateway.connects).toBeLessThanOrEqual(3);
  });

  test('says which device is not the one of its profile', async () => {
    const { clock, gateway, read } = setUp(2);
    gateway.devices.set(1, { values: { powerW: 1, energyImportWh: 1, deviceTypeId: 99 } });
    const other = read(1);
    await clock.advance(seconds(1));
    expect(other.outcome).toBe('PROFILE_MISMATCH');
  });

  test('a Modbus exception is a failure of that device alone', async () => {
    const { clock, gateway, read } = setUp(3);
    gateway.devices.set(2, { exception: 11 });
    const reads = [1, 2, 3].map(read);
    await clock.advance(seconds(1));
    expect(reads.map(({ outcome }) => outcome)).toEqual(['100', 'METER_REFUSED', '300']);
    expect(gateway.connects).toBe(1);
  });

  test('ends every read when it is stopped', async () => {
    const { clock, gateway, queue, read } = setUp(9);
    for (let unit = 1; unit <= 9; unit++) gateway.devices.set(unit, 'silent');
    const reads = Array.from({ length: 9 }, (_, i) => read(i + 1));
    await clock.advance(milliseconds(10));
    await queue.stop();
    await clock.advance(seconds(2));
    expect(reads.every(({ outcome }) => outcome === 'METER_STOPPED')).toBe(true);
  });
});
