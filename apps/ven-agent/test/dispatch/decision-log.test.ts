import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { hours, seconds, watts } from '@venfleet/core';
import { FakeClock, MemoryLogger } from '@venfleet/core/testing';
import type { Decision } from '../../src/dispatch/decision.js';
import { DecisionLog } from '../../src/dispatch/decision-log.js';
import { at } from '../support/reporting.js';

const folder = mkdtempSync(join(tmpdir(), 'decisions-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const newFile = () => join(folder, `${++files}.db`);

const decision = (time: string, limit: number | null): Decision => ({
  at: at(time),
  limit: limit === null ? null : watts(limit),
  event: limit === null ? null : 'e1',
  mode: limit === null ? 'normal' : 'curtailed',
  status: limit === null ? 'free' : 'holding',
  held: limit === null ? null : watts(limit),
  problem: null,
});

function open(path: string) {
  const clock = new FakeClock(at('12:00'));
  const logger = new MemoryLogger();
  return { log: new DecisionLog(path, { clock, logger }), clock, logger };
}

describe('the decision log', () => {
  test('tells what held at a time, be it written yet or not', async () => {
    const { log, clock } = open(newFile());
    log.start();
    log.note(1, decision('10:00', 500));
    log.note(1, decision('11:00', null));
    for (const written of [false, true]) {
      if (written) await clock.advance(seconds(2));
      expect(log.at(1, at('09:59'))).toBeUndefined();
      expect(log.at(1, at('10:00'))).toEqual(decision('10:00', 500));
      expect(log.at(1, at('10:59'))).toEqual(decision('10:00', 500));
      expect(log.at(1, at('11:30'))).toEqual(decision('11:00', null));
      expect(log.at(2, at('11:30'))).toBeUndefined();
    }
    await log.stop();
  });

  test('keeps only changes, over a restart, too', async () => {
    const path = newFile();
    const first = open(path).log;
    first.note(1, decision('10:00', 500));
    first.note(1, decision('10:01', 500));
    await first.stop();
    const { log } = open(path);
    log.note(1, decision('10:02', 500));
    expect(log.at(1, at('10:30'))?.at).toBe(at('10:00'));
    await log.stop();
  });

  test('tells since when a site was curtailed without a break', async () => {
    const { log } = open(newFile());
    log.note(1, decision('09:00', 700));
    log.note(1, decision('09:30', null));
    log.note(1, decision('10:00', 500));
    log.note(1, decision('10:30', 400));
    expect(log.curtailedSince(1, at('10:45'))).toBe(at('10:00'));
    expect(log.curtailedSince(1, at('09:10'))).toBe(at('09:00'));
    expect(log.curtailedSince(1, at('09:45'))).toBeUndefined();
    expect(log.curtailedSince(2, at('10:45'))).toBeUndefined();
    await log.stop();
  });

  test('forgets what is older than two weeks', async () => {
    const { log, clock } = open(newFile());
    log.start();
    log.note(1, decision('10:00', 500));
    log.note(2, decision('11:00', 500));
    // The wall clock alone goes on for two weeks; old decisions are looked for each hour.
    clock.step(hours(24 * 14 - 3));
    await clock.advance(seconds(3602));
    expect(log.at(1, at('10:30'))).toBeDefined();
    log.note(1, decision('11:59', null));
    clock.step(hours(2));
    await clock.advance(seconds(3602));
    expect(log.at(1, at('10:30'))).toBeUndefined();
    expect(log.at(1, at('12:00'))?.at).toBe(at('11:59'));
    await log.stop();
  });

  test('belongs to one agent', async () => {
    const path = newFile();
    const { log } = open(path);
    expect(() => open(path)).toThrow(expect.objectContaining({ code: 'DB_IN_USE' }));
    await log.stop();
  });
});
