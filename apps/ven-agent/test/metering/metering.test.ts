import { describe, expect, test } from '@jest/globals';
import { type Instant, instant, milliseconds, seconds, VenfleetError } from '@venfleet/core';
import { MemoryLogger } from '@venfleet/core/testing';
import type { MeterChannel, MeterDriver, Sample } from '../../src/metering/meter.js';
import { Metering } from '../../src/metering/metering.js';
import { readingOf } from '../../src/metering/reading-of.js';
import { type Reading, ReadingFlag } from '../../src/readings/reading.js';
import { FakeClock, resource } from './support.js';

function setUp(reads: readonly ((clock: FakeClock) => Promise<readonly Sample[]>)[]) {
  const clock = new FakeClock();
  const logger = new MemoryLogger();
  const readings: Reading[] = [];
  const drivers: MeterDriver[] = reads.map((read, i) => ({
    resource: resource(i + 1),
    where: `unit ${i + 1}`,
    read: () => read(clock),
  }));
  const channel: MeterChannel = { name: 'test', drivers, controllers: [], reachable: true, start() {}, stop: async () => {} };
  const metering = new Metering({ channels: [channel], sink: { add: (more) => void readings.push(...more) }, clock, logger });
  metering.start();
  return { clock, logger, metering, readings };
}

const answer = async (clock: FakeClock) => [{ at: clock.now(), values: { powerW: 5, energyImportWh: 7 } }];
const fail = async () => {
  throw new VenfleetError('METER_TIMEOUT', 'no answer');
};

describe('metering', () => {
  test('reads each meter on its schedule and hands the readings on', async () => {
    const { clock, metering, readings } = setUp([answer, answer]);
    await clock.advance(seconds(59));
    expect(readings.length).toBe(12);
    expect(metering.stats).toMatchObject({
      scheduled: 12,
      onTime: 12,
      late: 0,
      failed: 0,
      skipped: 0,
      answering: 2,
      readings: 12,
    });
    await metering.stop();
  });

  test('counts what is not there before the next slot as late, and skips the slots that it took', async () => {
    const slow = async (clock: FakeClock) => {
      await clock.sleep(seconds(25));
      return answer(clock);
    };
    const { clock, metering } = setUp([slow]);
    await clock.advance(seconds(59));
    expect(metering.stats).toMatchObject({ scheduled: 6, onTime: 0, late: 2, skipped: 4 });
    const stopped = metering.stop();
    await clock.advance(seconds(30));
    await stopped;
  });

  test('tells of a failing meter once, and once more when it answers again', async () => {
    let fails = true;
    const { clock, logger, metering } = setUp([(c) => (fails ? fail() : answer(c))]);
    await clock.advance(seconds(29));
    expect(metering.stats).toMatchObject({ failed: 3, problems: { METER_TIMEOUT: 1 }, answering: 0 });
    fails = false;
    await clock.advance(seconds(30));
    expect(logger.lines.map(({ message }) => message)).toEqual(['meter gives no value', 'meter answers again']);
    await metering.stop();
  });

  test('a bug in reading one meter neither stops the others nor goes unseen', async () => {
    const bug = async () => {
      throw new TypeError('oops');
    };
    const { clock, logger, metering, readings } = setUp([bug, answer]);
    await clock.advance(seconds(19));
    expect(readings).toHaveLength(2);
    expect(logger.lines.some(({ level }) => level === 'error')).toBe(true);
    await metering.stop();
  });

  test('has what was under way with the sink when it has stopped', async () => {
    const slow = async (clock: FakeClock) => {
      await clock.sleep(milliseconds(500));
      return answer(clock);
    };
    const { clock, metering, readings } = setUp([slow]);
    await clock.advance(milliseconds(100));
    const stopped = metering.stop();
    await clock.advance(seconds(1));
    await stopped;
    expect(readings).toHaveLength(1);
  });
});

describe('a reading', () => {
  const at = instant(1000) as Instant;

  test('takes over what was told, and leaves out what was not', () => {
    expect(readingOf(3, { at, values: { powerW: 0, energyImportWh: 12 } })).toEqual({
      resource: 3,
      at,
      power: 0,
      importEnergy: 12,
      exportEnergy: undefined,
      flags: 0,
    });
  });

  test('never has a value that is no number, and is flagged for it', () => {
    const reading = readingOf(3, { at, values: { powerW: Number.NaN, energyImportWh: 12 } });
    expect(reading).toMatchObject({ power: undefined, importEnergy: 12, flags: ReadingFlag.INVALID });
  });
});
