import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { minutes, seconds } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import { CounterStore } from '../../src/fleet/counter-store.js';
import type { Simulator } from '../../src/fleet/simulator.js';
import { readDevice } from '../../src/fleet/view.js';
import type { MqttLink, Publication } from '../../src/mqtt/link.js';
import { freePort, idOf, modbusAt, mqttAt, simulatorOf, temporaryFolder, writeDatabase } from '../support/fleet.js';

const folder = temporaryFolder();
/** A workday's noon, when all draw power. */
const START = '2026-01-15T11:00:00Z';
const SITES = [1, 2, 3];
const P_MAX_KW = 100;
let db: string;
let port: number;
let files = 0;

beforeAll(async () => {
  port = await freePort();
  db = writeDatabase(join(folder, 'counters.db'), [
    { subType: 'Industries', pMaxKw: P_MAX_KW, meter: modbusAt(port, 1, 'eastron-sdm630') },
    { subType: 'Charging Stations', type: 'EV', pMaxKw: 22, meter: modbusAt(port, 2, 'alfen-eve') },
    { subType: 'Bakeries', meter: mqttAt(1883, 'm/3', 'tasmota-energy') },
  ]);
});

const running: Simulator[] = [];
afterEach(async () => {
  for (const simulator of running.splice(0)) await simulator.stop();
});

const newState = () => join(folder, `state-${++files}.db`);

/** A broker that only takes note. */
function linkTo(published: Publication[]): MqttLink {
  return {
    connected: true,
    clients: 0,
    start: async () => {},
    stop: async () => {},
    publish: async (publication) => void published.push(publication),
  };
}

async function started(state: string | undefined, clock: FakeClock) {
  const published: Publication[] = [];
  const simulator = simulatorOf(db, { clock, state, link: async () => linkTo(published) });
  await simulator.start();
  running.push(simulator);
  return { simulator, published };
}

const PHASES = ['energyImportL1Wh', 'energyImportL2Wh', 'energyImportL3Wh'] as const;
function shown(simulator: Simulator): number[] {
  return SITES.flatMap((n) => {
    const { measurement } = readDevice(simulator, idOf(n));
    return PHASES.map((name) => Number(measurement[name]));
  });
}

test('counters go on after a stop from where they were', async () => {
  const [state, clock] = [newState(), new FakeClock(START)];
  const { simulator } = await started(state, clock);
  await clock.advance(minutes(30));
  const before = shown(simulator);
  expect(before[0]).toBeGreaterThan(1000);
  await simulator.stop();
  await clock.advance(minutes(5));
  const { simulator: next } = await started(state, clock);
  for (const [i, wh] of shown(next).entries()) expect(wh).toBeCloseTo(before[i] as number, 6);
  const reading = readDevice(next, idOf(1)).measurement;
  expect(reading.energyImportWh).toBeCloseTo(
    PHASES.reduce((sum, name) => sum + Number(reading[name]), 0),
    6,
  );
});

test('what is in the file is never less than what was shown, whenever the process is killed, nor much more', async () => {
  const [state, clock] = [newState(), new FakeClock(START)];
  const { simulator } = await started(state, clock);
  const store = new CounterStore(state);
  const most = (P_MAX_KW * 1000 * 2) / 60;
  for (let s = 0; s < 300; s += 7) {
    const saved = SITES.flatMap((n) => [...(store.load().get(idOf(n))?.energiesWh ?? [])]);
    for (const [i, wh] of shown(simulator).entries()) {
      expect(saved[i]).toBeGreaterThanOrEqual(wh);
      expect(saved[i]).toBeLessThanOrEqual(wh + most);
    }
    await clock.advance(seconds(7));
  }
  store.close();
});

test('the same seed, start, steps and file give the same values; without a file counters begin at 0', async () => {
  const run = async (state: string | undefined) => {
    const clock = new FakeClock(START);
    const values: number[] = [];
    for (let i = 0; i < 2; i++) {
      const { simulator } = await started(state, clock);
      values.push(...shown(simulator));
      await clock.advance(minutes(10));
      values.push(...shown(simulator));
      await simulator.stop();
    }
    return values;
  };
  expect(await run(newState())).toEqual(await run(newState()));
  const forgetful = await run(undefined);
  expect(forgetful.slice(0, 9)).toEqual(new Array(9).fill(0));
  expect(forgetful.slice(18, 27)).toEqual(new Array(9).fill(0));
});

test('a Tasmota tells since when its total counts, and the energy of its day from its start on', async () => {
  const [state, clock] = [newState(), new FakeClock(START)];
  const first = await started(state, clock);
  await clock.advance(minutes(60));
  await first.simulator.stop();
  const { published } = await started(state, clock);
  await clock.advance(minutes(6));
  const sensor = published.find(({ topic }) => topic.endsWith('/SENSOR'));
  const { ENERGY } = JSON.parse(String(sensor?.payload)) as { ENERGY: { TotalStartTime: string; Total: number; Today: number } };
  expect(ENERGY.TotalStartTime).toBe('2026-01-15T12:00:00');
  expect(ENERGY.Total).toBeGreaterThan(5);
  expect(ENERGY.Today).toBeLessThan(2);
});

test('a file that is none of its own is refused, and nothing is half-started', async () => {
  const state = newState();
  writeFileSync(state, 'no database');
  const simulator = simulatorOf(db, { state });
  await expect(simulator.start()).rejects.toMatchObject({ code: expect.stringMatching(/^DB_/) });
  expect(simulator.isRunning).toBe(false);
  const free = simulatorOf(db, { link: async () => linkTo([]) });
  await free.start();
  running.push(free);
});
