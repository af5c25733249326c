import { describe, expect, test } from '@jest/globals';
import { instant, milliseconds, minutes, seconds, seededRandom } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import type { ControlState } from '../../src/control/model.js';
import { free, limit, StandIn, setUp } from './support.js';

describe('control', () => {
  test('writes a limit as soon as it is wanted, and confirms it by reading it back', async () => {
    const { clock, control, device, state } = await setUp();
    control.set(1, limit(20_000));
    await clock.advance(milliseconds(20));
    expect(device.held).toBe(20_000);
    expect(state()).toMatchObject({ status: 'holding', held: 20_000, obeys: true, problem: undefined });
  });

  test('touches nothing before it is told what is wanted', async () => {
    const clock = new FakeClock();
    const device = new StandIn(1, clock);
    device.found(7000, 3600);
    const { state } = await setUp({ clock, standIns: [device] });
    await clock.advance(minutes(20));
    expect(device.writes).toEqual([]);
    expect(state()).toMatchObject({ status: 'restoring', wanted: undefined, held: 7000 });
  });

  test('meets a big fleet little by little, but those that are to hold a limit at once', async () => {
    const clock = new FakeClock();
    const devices = Array.from({ length: 2500 }, (_, i) => new StandIn(i + 1, clock));
    const { control } = await setUp({ clock, standIns: devices, random: seededRandom('meet') });
    const met = () => devices.filter(({ reads }) => reads > 0).length;
    for (const { resource } of devices) control.set(resource.id, free());
    expect(met()).toBeGreaterThan(250);
    expect(met()).toBeLessThan(750);
    for (const { resource } of devices) control.set(resource.id, limit(20_000));
    await clock.advance(milliseconds(100));
    expect(devices.every(({ held }) => held === 20_000)).toBe(true);
  });

  test('sums up who does not do what it is told, once and not for each', async () => {
    const clock = new FakeClock();
    const devices = Array.from({ length: 200 }, (_, i) => new StandIn(i + 1, clock));
    const { control, logger } = await setUp({ clock, standIns: devices });
    for (const device of devices) device.mood = 'is silent';
    for (const { resource } of devices) control.set(resource.id, limit(20_000));
    await clock.advance(minutes(3));
    const warnings = logger.lines.filter(({ level }) => level === 'warn');
    expect(warnings.length).toBeGreaterThan(0);
    expect(warnings.length).toBeLessThan(5);
    expect(warnings.at(-1)?.fields).toMatchObject({ problems: { CONTROLLER_SILENT: 200 } });
    for (const device of devices) device.mood = 'obeys';
    await clock.advance(minutes(3));
    expect(logger.lines.at(-1)).toMatchObject({ level: 'warn', message: 'all controllers do what they are told again' });
  });

  test('renews a limit well before the controller lets go, and not more often than it must', async () => {
    const { clock, control, device } = await setUp();
    control.set(1, limit(20_000));
    for (let i = 0; i < 600; i++) {
      await clock.advance(seconds(1));
      expect(device.held).toBe(20_000);
    }
    const gaps = device.writes.slice(1).map(({ atMs }, i) => atMs - (device.writes[i]?.atMs ?? 0));
    // 40 % of a validity of 60 s comes before the keepalive of the profile, 50 s.
    expect(Math.max(...gaps)).toBeLessThanOrEqual(25_000);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(17_000);
  });

  test('a changed setpoint is one write', async () => {
    const { clock, control, device } = await setUp();
    control.set(1, limit(20_000));
    await clock.advance(seconds(1));
    control.set(1, limit(12_000));
    await clock.advance(seconds(1));
    control.set(1, limit(12_000, 'event-2'));
    await clock.advance(seconds(1));
    expect(device.writes.map(({ controls }) => controls.limitW)).toEqual([20_000, 12_000]);
  });

  test('of two setpoints in one breath the last one counts', async () => {
    const { clock, control, device } = await setUp();
    control.set(1, free());
    control.set(1, limit(20_000));
    control.set(1, limit(12_000));
    await clock.advance(seconds(1));
    expect(device.held).toBe(12_000);
  });

  test('releases at the end, and only once', async () => {
    const { clock, control, device, state } = await setUp();
    control.set(1, limit(20_000));
    await clock.advance(seconds(1));
    control.set(1, free());
    await clock.advance(minutes(10));
    expect(device.held).toBeUndefined();
    expect(device.writes.map(({ controls }) => controls)).toEqual([
      { limitW: 20_000, limitActive: true, limitValidForS: 60 },
      { limitActive: false },
    ]);
    expect(state()).toMatchObject({ status: 'free', held: null });
  });

  test('digest 76: stops acting when the event is cancelled', async () => {
    const { clock, control, device } = await setUp();
    control.set(1, limit(20_000));
    await clock.advance(seconds(30));
    control.set(1, free('event-1'));
    await clock.advance(seconds(1));
    expect(device.held).toBeUndefined();
    const writes = device.writes.length;
    await clock.advance(minutes(5));
    expect(device.writes).toHaveLength(writes);
  });

  test('digest 77: keeps executing what is held, for hours, while nobody says anything', async () => {
    const { clock, control, device } = await setUp();
    control.set(1, limit(20_000));
    for (let quarter = 0; quarter < 8; quarter++) {
      await clock.advance(minutes(15));
      expect(device.held).toBe(20_000);
    }
  });

  test('restores a fleet as a ramp: by chance within restoreOver, each held until its turn', async () => {
    const { clock, control, devices } = await setUp({ controllers: 60, settings: { restoreOverS: 120 } });
    for (const { resource } of devices) control.set(resource.id, limit(20_000));
    await clock.advance(seconds(2));
    for (const { resource } of devices) control.set(resource.id, free());
    const held: number[] = [];
    for (let s = 0; s < 130; s += 10) {
      await clock.advance(seconds(10));
      held.push(devices.filter((device) => device.held === 20_000).length);
    }
    expect(held[0]).toBeGreaterThan(48);
    expect(held[5]).toBeGreaterThan(20);
    expect(held[5]).toBeLessThan(40);
    expect(held.at(-1)).toBe(0);
    expect([...held].sort((a, b) => b - a)).toEqual(held);
  });

  test('a restart in the middle of restoring changes no turn', async () => {
    const turnOf = async (restart: boolean) => {
      const clock = new FakeClock();
      const device = new StandIn(1, clock);
      const first = await setUp({ clock, standIns: [device], settings: { restoreOverS: 300 } });
      first.control.set(1, limit(20_000));
      await clock.advance(seconds(5));
      const ended = clock.now();
      first.control.set(1, free('event-1', ended));
      await clock.advance(seconds(10));
      if (restart) await first.control.stop();
      else await clock.advance(seconds(6));
      if (restart) {
        const second = await setUp({ clock, standIns: [device], settings: { restoreOverS: 300 } });
        second.control.set(1, free('event-1', ended));
      }
      while (device.active) await clock.advance(seconds(1));
      return clock.now() - ended;
    };
    expect(Math.abs((await turnOf(true)) - (await turnOf(false)))).toBeLessThanOrEqual(1000);
  });

  test('a stepped wall clock neither prolongs nor skips a restoration by more than its own length', async () => {
    const { clock, control, device } = await setUp({ settings: { restoreOverS: 60 } });
    control.set(1, limit(20_000));
    await clock.advance(seconds(5));
    clock.step(-3_600_000);
    control.set(1, free('event-1', instant(clock.now() + 3_600_000)));
    await clock.advance(seconds(61));
    expect(device.held).toBeUndefined();
  });

  test('a new event during restoration takes over at once', async () => {
    const { clock, control, device } = await setUp({ settings: { restoreOverS: 600 } });
    control.set(1, limit(20_000));
    await clock.advance(seconds(5));
    control.set(1, free());
    await clock.advance(seconds(2));
    control.set(1, limit(9000, 'event-2'));
    await clock.advance(seconds(2));
    expect(device.held).toBe(9000);
  });

  test('a restart is harmless: a limit that is there as wanted is not written again until it must be renewed', async () => {
    const clock = new FakeClock();
    const device = new StandIn(1, clock);
    device.found(20_000);
    const { control } = await setUp({ clock, standIns: [device] });
    control.set(1, limit(20_000));
    await clock.advance(seconds(10));
    expect(device.writes).toEqual([]);
    await clock.advance(minutes(2));
    expect(device.held).toBe(20_000);
  });

  test.each([
    [true, undefined],
    [false, 7000],
  ])('a limit that belongs to no event is released, where the settings say so: %s', async (releaseFound, held) => {
    const clock = new FakeClock();
    const device = new StandIn(1, clock);
    device.found(7000, 3600);
    const { control } = await setUp({ clock, standIns: [device], settings: { releaseFound } });
    control.set(1, free());
    await clock.advance(seconds(10));
    expect(device.held).toBe(held);
  });

  test('a dead agent leaves nobody curtailed', async () => {
    const { clock, control, device } = await setUp();
    control.set(1, limit(20_000));
    await clock.advance(seconds(30));
    await control.stop();
    await clock.advance(seconds(20));
    expect(device.held).toBe(20_000);
    await clock.advance(seconds(45));
    expect(device.held).toBeUndefined();
  });

  test('a stopping agent releases what it holds, where the settings say so', async () => {
    const { clock, control, device } = await setUp({ settings: { onStop: 'release' } });
    control.set(1, limit(20_000));
    await clock.advance(seconds(5));
    const stopped = control.stop();
    await clock.advance(seconds(1));
    await stopped;
    expect(device.held).toBeUndefined();
  });

  test('a stopping agent does not wait long for a controller that is silent', async () => {
    const { clock, control, device } = await setUp({ settings: { onStop: 'release' } });
    control.set(1, limit(20_000));
    await clock.advance(seconds(5));
    device.mood = 'is silent';
    let isStopped = false;
    void control.stop().then(() => {
      isStopped = true;
    });
    await clock.advance(seconds(4));
    expect(isStopped).toBe(true);
  });

  test('a limit that the controller let go of is set again', async () => {
    const { clock, control, device } = await setUp();
    control.set(1, limit(20_000));
    await clock.advance(seconds(5));
    device.mood = 'is silent';
    await clock.advance(minutes(2));
    expect(device.held).toBeUndefined();
    device.mood = 'obeys';
    await clock.advance(seconds(40));
    expect(device.held).toBe(20_000);
  });
});

describe('a controller that does not do what it is told', () => {
  test.each([
    ['refuses', 'CONTROLLER_REFUSES'],
    ['takes and forgets', 'CONTROLLER_REFUSES'],
    ['says exception', 'CONTROLLER_REFUSES'],
    ['is silent', 'CONTROLLER_SILENT'],
  ] as const)('%s: tried again with growing pauses, then told as %s, then forgiven', async (mood, code) => {
    const { clock, control, device, state } = await setUp();
    device.mood = mood;
    control.set(1, limit(20_000));
    await clock.advance(seconds(1));
    expect(state()).toMatchObject({ status: 'pending', problem: undefined });
    await clock.advance(minutes(2));
    expect(state()).toMatchObject({ status: 'pending', obeys: false, problem: { code } });
    expect(device.writes.length).toBeGreaterThan(3);
    expect(device.writes.length).toBeLessThan(20);
    device.mood = 'obeys';
    await clock.advance(seconds(35));
    expect(state()).toMatchObject({ status: 'holding', obeys: true, problem: undefined });
    expect(control.stats).toMatchObject({ holds: 1, problems: {} });
  });

  test('lies: what it confirms shows no effect on the meter', async () => {
    const { clock, control, meter, state } = await setUp();
    control.set(1, limit(20_000));
    for (let i = 0; i < 5; i++) {
      await clock.advance(seconds(10));
      meter(40_000);
    }
    expect(state()).toMatchObject({ status: 'holding', obeys: false, problem: { code: 'CONTROL_NO_EFFECT' } });
    expect(control.stats.problems).toEqual({ CONTROL_NO_EFFECT: 1 });
    meter(19_500);
    expect(state()?.problem).toBeUndefined();
  });

  test('lies also while its limit changes a little again and again, as those of others do', async () => {
    const { clock, control, meter, state } = await setUp();
    for (let i = 0; i < 10; i++) {
      control.set(1, limit(20_000 - 200 * i));
      await clock.advance(seconds(10));
      meter(40_000);
    }
    expect(state()).toMatchObject({ obeys: false, problem: { code: 'CONTROL_NO_EFFECT' } });
  });

  test('is no liar while the site settles, when it overrides, or when it cannot go lower', async () => {
    const settling = await setUp();
    settling.control.set(1, limit(20_000));
    for (let i = 0; i < 10; i++) {
      await settling.clock.advance(seconds(1));
      settling.meter(40_000);
    }
    expect(settling.state()?.problem).toBeUndefined();
    const overriding = await setUp();
    overriding.control.set(1, limit(20_000));
    await overriding.clock.advance(seconds(1));
    overriding.device.overridden = true;
    for (let i = 0; i < 12; i++) {
      await overriding.clock.advance(seconds(10));
      overriding.meter(40_000);
    }
    expect(overriding.state()).toMatchObject({ status: 'overridden', obeys: true, problem: undefined });
    const bound = await setUp({ changes: { pMin: 30_000 as never } });
    bound.control.set(1, limit(20_000));
    for (let i = 0; i < 12; i++) {
      await bound.clock.advance(seconds(10));
      bound.meter(30_000);
    }
    expect(bound.state()?.problem).toBeUndefined();
  });

  test('a new setpoint is tried at once, however often the old one was refused', async () => {
    const { clock, control, device } = await setUp();
    device.mood = 'refuses';
    control.set(1, limit(20_000));
    await clock.advance(minutes(5));
    device.mood = 'obeys';
    control.set(1, limit(15_000));
    await clock.advance(milliseconds(20));
    expect(device.held).toBe(15_000);
  });

  test('one that was silent is asked until it answers, though nothing is wanted of it any more', async () => {
    const { clock, control, device, state } = await setUp();
    device.mood = 'is silent';
    control.set(1, limit(20_000));
    await clock.advance(minutes(1));
    control.set(1, free());
    await clock.advance(minutes(1));
    expect(state()).toMatchObject({ obeys: false, problem: { code: 'CONTROLLER_SILENT' } });
    device.mood = 'obeys';
    await clock.advance(seconds(35));
    expect(state()).toMatchObject({ obeys: true, status: 'free' });
  });

  test('one that refused is not counted on before it has obeyed, or a quarter of an hour is over', async () => {
    const { clock, control, device, state } = await setUp();
    device.mood = 'refuses';
    control.set(1, limit(20_000));
    await clock.advance(minutes(1));
    control.set(1, free());
    await clock.advance(minutes(13));
    expect(state()?.problem?.code).toBe('CONTROLLER_REFUSES');
    await clock.advance(minutes(8));
    expect(state()).toMatchObject({ obeys: true, problem: undefined });
  });

  test('one that speaks again by itself is commanded at once', async () => {
    const { clock, control, device } = await setUp();
    device.mood = 'is silent';
    control.set(1, limit(20_000));
    await clock.advance(minutes(5));
    while (device.inFlight > 0) await clock.advance(milliseconds(100));
    device.mood = 'obeys';
    device.speak();
    await clock.advance(milliseconds(20));
    expect(device.held).toBe(20_000);
  });
});

describe('the state of control', () => {
  test('is told when it changes, and once', async () => {
    const { clock, control } = await setUp();
    const told: ControlState['status'][] = [];
    const end = control.onChange(({ status }) => told.push(status));
    control.set(1, limit(20_000));
    await clock.advance(minutes(3));
    control.set(1, free());
    await clock.advance(minutes(3));
    end();
    control.set(1, limit(20_000));
    await clock.advance(seconds(1));
    expect(told).toEqual(['pending', 'holding', 'restoring', 'free']);
  });

  test('of a resource without a controller is unknown, and set says so', async () => {
    const { control } = await setUp();
    expect(control.set(99, limit(1))).toBe(false);
    expect(control.state(99)).toBeUndefined();
  });

  test('counts by status', async () => {
    const { clock, control, devices } = await setUp({ controllers: 5, random: seededRandom(1) });
    control.set(1, limit(20_000));
    control.set(2, limit(20_000));
    await clock.advance(seconds(1));
    control.set(2, free());
    await clock.advance(seconds(1));
    expect(control.stats).toMatchObject({
      controllers: devices.length,
      holds: 2,
      releases: 1,
      byStatus: { free: 4, holding: 1, pending: 0, restoring: 0, overridden: 0, unknown: 0 },
    });
  });
});
