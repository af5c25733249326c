import { describe, expect, test } from '@jest/globals';
import { type Duration, type Instant, instant, minutes, seconds, silentLogger, watts } from '@venfleet/core';
import { FakeClock, MemoryLogger } from '@venfleet/core/testing';
import { ClockGate, type ClockGateOptions } from '../../src/clock/clock-gate.js';
import { clockSettings } from '../../src/clock/config.js';
import { HoldingSink } from '../../src/clock/holding-sink.js';
import type { SystemTime } from '../../src/clock/judge-clock.js';
import { AlarmBoard } from '../../src/readings/alarms.js';
import { type Reading, ReadingFlag } from '../../src/readings/reading.js';

const TRUE_TIME = instant(Date.parse('2026-06-01T12:00:00Z'));

/** An agent's gate and sink on a computer whose clock says `start`. */
function computer(start: string, over: Partial<ClockGateOptions> = {}, settings = clockSettings()) {
  const clock = new FakeClock(start);
  const alarms = new AlarmBoard(new MemoryLogger());
  let system: SystemTime = 'waiting';
  const gate = new ClockGate({
    settings,
    clock,
    system: () => system,
    newest: () => undefined,
    alarms,
    logger: silentLogger,
    ...over,
  });
  const kept: Reading[] = [];
  const sink = new HoldingSink({
    sink: { add: (readings) => kept.push(...readings) },
    gate,
    clock,
    logger: silentLogger,
    most: 50,
  });
  let begun = 0;
  gate.onOpen(() => begun++);
  return {
    clock,
    alarms,
    gate,
    kept,
    get begun() {
      return begun;
    },
    /** A time server is heard: the clock jumps to the true time. */
    synchronise() {
      clock.step(TRUE_TIME - clock.now());
      system = 'synchronised';
    },
    read: (at: Instant = clock.now()) =>
      sink.add([{ resource: 1, at, power: watts(1000), importEnergy: undefined, exportEnergy: undefined, flags: 0 }]),
  };
}

test('where there is nothing to doubt all begins at once, and readings pass as they are', () => {
  const pi = computer('2026-06-01T12:00:00Z', { system: () => 'silent' });
  pi.gate.start();
  expect([pi.gate.state, pi.begun]).toEqual(['open', 1]);
  pi.read();
  expect(pi.kept).toMatchObject([{ at: TRUE_TIME, flags: 0 }]);
  expect(pi.alarms.raised.size).toBe(0);
});

test('a Pi that boots in 1970 keeps nothing of that year: its readings get their true times once a time server is heard', async () => {
  const pi = computer('1970-01-01T00:00:10Z');
  pi.gate.start();
  for (let i = 0; i < 3; i++) {
    pi.read();
    await pi.clock.advance(seconds(10));
  }
  expect([pi.gate.state, pi.begun, pi.kept]).toEqual(['closed', 0, []]);
  expect(pi.alarms.raised.get('CLOCK_IN_DOUBT')).toContain('1970-01-01T00:00');
  pi.synchronise();
  await pi.clock.advance(seconds(2));
  expect([pi.gate.state, pi.begun]).toEqual(['open', 1]);
  expect(pi.kept.map(({ at, flags }) => [at - TRUE_TIME, flags])).toEqual([
    [-30_000, 0],
    [-20_000, 0],
    [-10_000, 0],
  ]);
  expect(pi.alarms.raised.size).toBe(0);
  pi.read();
  expect(pi.kept.at(-1)?.at).toBe(pi.clock.now());
});

test('in 1970 it waits for as long as it takes', async () => {
  const pi = computer('1970-01-01T00:00:10Z', {}, clockSettings({ sync: 'ignore' }));
  pi.gate.start();
  await pi.clock.advance(minutes(60 * 24));
  expect(pi.gate.state).toBe('closed');
  pi.synchronise();
  await pi.clock.advance(seconds(1));
  expect(pi.gate.state).toBe('open');
});

test('a Pi that boots where it was switched off, and hears no time server, goes on after five minutes and marks what it reads', async () => {
  const pi = computer('2026-05-30T08:00:00Z');
  pi.gate.start();
  pi.read();
  await pi.clock.advance(minutes(4.9));
  expect(pi.gate.state).toBe('closed');
  await pi.clock.advance(minutes(0.2));
  expect([pi.gate.state, pi.begun]).toEqual(['unsure', 1]);
  pi.read();
  expect(pi.kept.map(({ flags }) => flags)).toEqual([ReadingFlag.CLOCK_SUSPECT, ReadingFlag.CLOCK_SUSPECT]);
  expect(pi.alarms.raised.has('CLOCK_IN_DOUBT')).toBe(true);
  pi.synchronise();
  await pi.clock.advance(seconds(1));
  pi.read();
  expect(pi.kept.at(-1)).toMatchObject({ flags: 0, at: pi.clock.now() });
  expect([pi.begun, pi.alarms.raised.size]).toEqual([1, 0]);
});

test('where it is required it waits beyond five minutes', async () => {
  const pi = computer('2026-05-30T08:00:00Z', {}, clockSettings({ sync: 'require' }));
  pi.gate.start();
  await pi.clock.advance(minutes(60));
  expect(pi.gate.state).toBe('closed');
});

describe('the VTN', () => {
  /** Its clock is right; it is asked at times. */
  const vtn = (clock: () => FakeClock, asked: Instant[]) => async (): Promise<Duration | undefined> => {
    asked.push(clock().now());
    return asked.length < 3 ? undefined : ((clock().now() - TRUE_TIME) as Duration);
  };

  test('vouches for a clock, and is asked each ten seconds until it does', async () => {
    const asked: Instant[] = [];
    const pi: ReturnType<typeof computer> = computer('2026-06-01T12:00:00Z', { vtnOffset: vtn(() => pi.clock, asked) });
    pi.gate.start();
    await pi.clock.advance(seconds(19));
    expect([pi.gate.state, asked.length]).toEqual(['closed', 2]);
    await pi.clock.advance(seconds(3));
    expect([pi.gate.state, asked.length]).toEqual(['open', 3]);
  });

  test('is not asked where there is no doubt', () => {
    const asked: Instant[] = [];
    const pi: ReturnType<typeof computer> = computer('2026-06-01T12:00:00Z', {
      system: () => 'synchronised',
      vtnOffset: vtn(() => pi.clock, asked),
    });
    pi.gate.start();
    expect(asked).toEqual([]);
  });
});

describe('readings that wait', () => {
  test('are bounded: the oldest go', async () => {
    const pi = computer('1970-01-01T00:00:10Z');
    pi.gate.start();
    for (let i = 0; i < 200; i++) {
      pi.read();
      await pi.clock.advance(seconds(1));
    }
    pi.synchronise();
    await pi.clock.advance(seconds(1));
    expect(pi.kept.length).toBeLessThanOrEqual(55);
    expect(pi.kept.at(-1)?.at).toBe(TRUE_TIME - 1000);
  });

  test('that bring a time of their own keep it', async () => {
    const pi = computer('1970-01-01T00:00:10Z');
    pi.gate.start();
    const own = instant(Date.parse('2026-05-01T00:00:00Z'));
    pi.read(own);
    pi.synchronise();
    await pi.clock.advance(seconds(1));
    expect(pi.kept).toMatchObject([{ at: own }]);
  });

  test('are given up when the agent is stopped before it knows the time', async () => {
    const pi = computer('1970-01-01T00:00:10Z');
    pi.gate.start();
    pi.read();
    await pi.gate.stop();
    expect([pi.kept, pi.begun]).toEqual([[], 0]);
  });
});
