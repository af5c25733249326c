import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { hours, instant, milliseconds, minutes, seconds } from '@venfleet/core';
import { FakeClock, type MemoryLogger } from '@venfleet/core/testing';
import type { ReportingEngine, ReportingOptions } from '../src/reporting/engine.js';
import { Outbox } from '../src/reporting/outbox.js';
import {
  at,
  engineOf,
  HOUR,
  hourlyEvent,
  MemoryReadings,
  MemoryVtn,
  MIDNIGHT,
  noBaseline,
  reading,
  request,
  resourceInfo,
  steadyReadings,
} from './support/reporting.js';

let folder: string;
let clock: FakeClock;
let vtn: MemoryVtn;
let outbox: Outbox;
let engine: ReportingEngine;
let logger: MemoryLogger;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'venfleet-outbox-'));
  clock = new FakeClock(instant(MIDNIGHT - hours(2)));
  vtn = new MemoryVtn();
});
afterEach(async () => {
  await engine.stop();
  outbox.close();
  rmSync(folder, { recursive: true });
});

/** @param file ':memory:' where nothing is to be found again after a restart */
function start(extra: Partial<ReportingOptions> = {}, file = ':memory:'): void {
  outbox = Outbox.open(file, clock);
  ({ engine, logger } = engineOf(outbox.forVen('http://vtn.example', 'Aalborg'), clock, vtn, extra));
  engine.start();
}

const onDisk = () => start({}, join(folder, 'outbox.db'));

async function restart(): Promise<void> {
  await engine.stop();
  outbox.close();
  onDisk();
}

const states = () =>
  outbox
    .list()
    .reverse()
    .map(({ ordinal, revision, state }) => `${ordinal}${revision > 0 ? `r${revision}` : ''} ${state}`);
const eachHour = request('USAGE', { startInterval: 0, numIntervals: 1, frequency: 1, repeat: -1 });
/** Minute by minute, as a clock that is advanced does not wait for work that is not asleep. */
async function advance(duration: number): Promise<void> {
  for (let left = duration; left > 0; left -= minutes(1)) await clock.advance(milliseconds(Math.min(left, minutes(1))));
}
const advanceTo = (time: number) => advance(time - clock.now());

describe('in the ordinary course of things', () => {
  test('each report is stored before it is due, sent once when it is, and acknowledged', async () => {
    start();
    engine.update([hourlyEvent('e1', 3, [eachHour])]);
    await advanceTo(at('00:59'));
    expect(states()).toEqual(['0 pending']);
    expect(vtn.reports).toEqual([]);
    await advanceTo(at('01:00'));
    expect(vtn.covered).toEqual(['0-0']);
    await advanceTo(at('05:00'));
    expect(vtn.covered).toEqual(['0-0', '1-1', '2-2']);
    expect(states()).toEqual(['0 acknowledged', '1 acknowledged', '2 acknowledged']);
  });

  test('78: a report says what was used, in the unit asked for, under the event’s interval ids', async () => {
    start();
    engine.update([hourlyEvent('e1', 3, [request('USAGE', { units: 'KWH' }), request('DEMAND', { units: 'KW' })])]);
    await advanceTo(at('03:00'));
    expect(vtn.reports).toHaveLength(1);
    const report = vtn.reports[0]?.report;
    expect(report?.eventId).toBe('e1');
    expect(report?.content.descriptors).toEqual([
      { payloadType: 'USAGE', readingType: 'DIRECT_READ', units: 'KWH' },
      { payloadType: 'DEMAND', readingType: 'DIRECT_READ', units: 'KW' },
    ]);
    expect(report?.content.resources).toEqual([
      {
        name: 'resource-1',
        intervals: [0, 1, 2].map((id) => ({
          id,
          start: MIDNIGHT + id * HOUR,
          duration: HOUR,
          payloads: [
            { type: 'USAGE', values: [2] },
            { type: 'DEMAND', values: [2] },
          ],
        })),
      },
    ]);
  });

  test('it waits a short while for the readings after the end, then reports what it has', async () => {
    const readings = new MemoryReadings();
    start({ sources: { readings, baseline: noBaseline } });
    engine.update([hourlyEvent('e1', 1, [request('USAGE')])]);
    await advanceTo(at('01:00'));
    await advance(seconds(14));
    expect(vtn.reports).toEqual([]);
    await advance(seconds(2));
    expect(vtn.reports[0]?.report.content.resources[0]?.intervals[0]?.payloads).toEqual([
      { type: 'USAGE', values: [] },
      { type: 'DATA_QUALITY', values: ['MISSING'] },
    ]);
  });

  test('one of the last readings does not wait for later ones where each meter was read when it should have been', async () => {
    const readings = new MemoryReadings();
    start({ sources: { readings, baseline: noBaseline } });
    const asked = request('READING', { units: 'KW', startInterval: 0, numIntervals: 1, frequency: 1, repeat: -1 });
    engine.update([hourlyEvent('e1', 2, [asked])]);
    readings.add(reading(at('00:59:51'), 1000));
    await advanceTo(at('01:00'));
    expect(vtn.reports[0]?.report.content.resources[0]?.intervals[0]?.payloads).toEqual([{ type: 'READING', values: [1] }]);
    readings.add(reading(at('01:59:49'), 1000));
    await advanceTo(at('02:00'));
    expect(vtn.reports).toHaveLength(1);
    readings.add(reading(at('01:59:59'), 2000));
    await advance(seconds(1));
    expect(vtn.reports[1]?.report.content.resources[0]?.intervals[0]?.payloads).toEqual([{ type: 'READING', values: [2] }]);
  });

  test('one of the last readings waits three seconds for a meter that does not answer', async () => {
    start({ sources: { readings: new MemoryReadings().add(reading(at('00:59:30'), 1000)), baseline: noBaseline } });
    engine.update([hourlyEvent('e1', 1, [request('READING', { units: 'KW' })])]);
    await advanceTo(at('01:00'));
    await advance(seconds(2));
    expect(vtn.reports).toEqual([]);
    await advance(seconds(2));
    expect(vtn.reports[0]?.report.content.resources[0]?.intervals[0]?.payloads[0]).toEqual({ type: 'READING', values: [1] });
  });

  test('readings that come in time are waited for', async () => {
    const readings = new MemoryReadings();
    for (let s = -10; s < 3600; s += 10) readings.add(reading(instant(MIDNIGHT + s * 1000), 1000, s));
    start({ sources: { readings, baseline: noBaseline } });
    engine.update([hourlyEvent('e1', 1, [request('USAGE', { units: 'WH' })])]);
    await advanceTo(at('01:00'));
    readings.add(reading(at('01:00:02'), 1000, 3602));
    await advance(seconds(6));
    expect(vtn.reports[0]?.report.content.resources[0]?.intervals[0]?.payloads).toEqual([{ type: 'USAGE', values: [3600] }]);
  });

  test('seen late: reports missed are skipped but for the latest, which is sent at once', async () => {
    clock = new FakeClock(at('04:30'));
    start();
    engine.update([hourlyEvent('e1', 6, [eachHour])]);
    await advance(seconds(1));
    expect(vtn.covered).toEqual(['3-3']);
    await advanceTo(at('07:00'));
    expect(vtn.covered).toEqual(['3-3', '4-4', '5-5']);
  });

  test('an event without end is reported as long as it is there', async () => {
    start();
    engine.update([hourlyEvent('e1', 0, [request('USAGE', { repeat: -1 })], { start: MIDNIGHT })]);
    await advanceTo(MIDNIGHT + 30 * HOUR);
    expect(vtn.reports).toHaveLength(30);
    expect(vtn.covered.at(-1)).toBe('29-29');
  });

  test('an event that starts now counts from when it was first seen, also after a restart', async () => {
    clock = new FakeClock(at('10:07'));
    onDisk();
    const event = hourlyEvent('e1', 0, [request('USAGE', { repeat: -1 })], { start: 'now', length: minutes(30) });
    engine.update([event]);
    await advance(minutes(40));
    await restart();
    engine.update([event]);
    await advance(minutes(30));
    expect(outbox.list().map(({ dueAt }) => new Date(dueAt).toISOString().slice(11, 16))).toEqual(['11:37', '11:07', '10:37']);
  });

  test('81: two VENs with the same event report under different names', async () => {
    start();
    const other = engineOf(outbox.forVen('http://vtn.example', 'Aarhus'), clock, vtn);
    other.engine.start();
    const event = hourlyEvent('e1', 1, [request('USAGE')]);
    engine.update([event]);
    other.engine.update([event]);
    await advanceTo(at('01:01'));
    await other.engine.stop();
    expect(new Set(vtn.reports.map(({ name }) => name)).size).toBe(2);
  });

  test('what cannot be answered is left out and logged once; a request of nothing else has no report', async () => {
    start();
    const event = hourlyEvent('e1', 1, [request('USAGE'), request('VOLTAGE_MOOD'), request('DEMAND', { units: 'VOLTS' })]);
    engine.update([event]);
    engine.update([event]);
    engine.update([event, hourlyEvent('e2', 1, [request('SETPOINT')])]);
    await advanceTo(at('02:00'));
    expect(vtn.reports).toHaveLength(1);
    expect(vtn.reports[0]?.report.content.descriptors).toEqual([
      { payloadType: 'USAGE', readingType: 'DIRECT_READ', units: 'KWH' },
    ]);
    const reasons = logger.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields.reason);
    expect(reasons).toEqual([
      'the payload type VOLTAGE_MOOD is not known to this agent',
      'the unit VOLTS is not known to this agent',
      'the payload type SETPOINT is not known to this agent',
    ]);
  });

  test('frequency 0: a report on each notable change, at most one a minute', async () => {
    clock = new FakeClock(at('10:00'));
    let power = 2000;
    const steady = () => steadyReadings(power);
    const readings = {
      around: (...a: Parameters<MemoryReadings['around']>) => steady().around(...a),
      latest: (id: number) => steady().latest(id),
    };
    start({ sources: { readings, baseline: noBaseline } });
    engine.update([hourlyEvent('e1', 12, [request('READING', { units: 'KW', frequency: 0, repeat: -1 })])]);
    await advance(minutes(10));
    expect(vtn.reports).toHaveLength(1);
    power = 2100;
    await advance(minutes(10));
    expect(vtn.reports).toHaveLength(1);
    power = 3000;
    await advance(minutes(10));
    expect(vtn.reports).toHaveLength(2);
    expect(vtn.reports.map(({ report }) => report.content.resources[0]?.intervals[0]?.payloads[0]?.values)).toEqual([[2], [3]]);
    await advanceTo(at('13:00'));
    expect(vtn.reports).toHaveLength(2);
  });
});

describe('events that change', () => {
  test('the reports of a deleted event are given up; an incomplete listing is none of the engine’s business', async () => {
    start();
    engine.update([hourlyEvent('e1', 3, [eachHour])]);
    await advanceTo(at('01:30'));
    engine.update([]);
    await advanceTo(at('04:00'));
    expect(states()).toEqual(['0 acknowledged', '1 expired']);
  });

  test('an event that comes back is reported on, with nothing sent twice', async () => {
    start();
    const event = hourlyEvent('e1', 3, [eachHour]);
    engine.update([event]);
    await advanceTo(at('01:30'));
    engine.update([]);
    engine.update([event]);
    await advanceTo(at('04:00'));
    expect(vtn.covered).toEqual(['0-0', '1-1', '2-2']);
    expect(new Set(vtn.reports.map(({ name }) => name)).size).toBe(3);
  });

  test('a shift of the event moves what is not sent yet', async () => {
    start();
    const event = hourlyEvent('e1', 2, [request('USAGE')]);
    engine.update([event]);
    await advanceTo(at('00:30'));
    const later = event.intervals.map((interval) => ({ ...interval, start: instant((interval.start as number) + hours(3)) }));
    engine.update([{ ...event, intervals: later }]);
    await advanceTo(at('04:59'));
    expect(vtn.reports).toEqual([]);
    await advanceTo(at('05:01'));
    expect(vtn.reports[0]?.report.content.resources[0]?.intervals.map(({ start: s }) => s)).toEqual([at('03:00'), at('04:00')]);
  });

  test('what was sent stands; where it would now cover something else, one more is sent', async () => {
    start();
    engine.update([hourlyEvent('e1', 2, [request('USAGE')])]);
    await advanceTo(at('02:30'));
    engine.update([hourlyEvent('e1', 4, [request('USAGE')])]);
    await advanceTo(at('05:00'));
    expect(vtn.covered).toEqual(['0-1', '0-3']);
    expect(states()).toEqual(['0 acknowledged', '0r1 acknowledged']);
  });

  test('a change of payloads or priority alone sends nothing again', async () => {
    start();
    const event = hourlyEvent('e1', 2, [eachHour]);
    engine.update([event]);
    await advanceTo(at('01:30'));
    engine.update([{ ...event, programId: 'program-2' }]);
    await advanceTo(at('05:00'));
    expect(vtn.covered).toEqual(['0-0', '1-1']);
  });

  test('a request that is withdrawn is not answered any more, a new one is', async () => {
    start();
    engine.update([hourlyEvent('e1', 4, [eachHour])]);
    await advanceTo(at('01:30'));
    engine.update([hourlyEvent('e1', 4, [request('DEMAND')])]);
    await advanceTo(at('05:00'));
    expect(vtn.covered).toEqual(['0-0', '0-3']);
  });

  test('resources that come later are in the reports that are made later', async () => {
    start({ ven: { name: 'Aalborg', targets: [], resources: [] } });
    engine.update([hourlyEvent('e1', 2, [eachHour])]);
    await advanceTo(at('01:30'));
    expect(vtn.reports).toEqual([]);
    engine.changeVen({ name: 'Aalborg', targets: [], resources: [resourceInfo(1)] });
    await advanceTo(at('02:30'));
    expect(vtn.covered).toEqual(['0-0', '1-1']);
  });
});

describe('when the VTN is in trouble', () => {
  test('after two hours of outage everything arrives, once and in order', async () => {
    start();
    engine.update([hourlyEvent('e1', 0, [request('USAGE', { repeat: -1 })], { length: minutes(5) })]);
    vtn.fault = () => (clock.now() >= at('01:00') && clock.now() < at('03:00') ? 'unreachable' : undefined);
    await advanceTo(at('03:30'));
    expect(vtn.covered).toEqual(Array.from({ length: 42 }, (_, i) => `${i}-${i}`));
  });

  test('Retry-After is kept', async () => {
    start();
    engine.update([hourlyEvent('e1', 1, [request('USAGE')])]);
    vtn.fault = (creation) => (creation === 1 ? 'busy' : undefined);
    await advanceTo(at('01:01:59'));
    expect(vtn.reports).toEqual([]);
    await advanceTo(at('01:02:06'));
    expect(vtn.reports).toHaveLength(1);
  });

  test('an answer that is lost is looked up before anything is repeated', async () => {
    start();
    engine.update([hourlyEvent('e1', 2, [eachHour])]);
    vtn.fault = (creation) => (creation === 1 ? 'lost' : undefined);
    await advanceTo(at('04:00'));
    expect(vtn.covered).toEqual(['0-0', '1-1']);
    expect(states()).toEqual(['0 acknowledged', '1 acknowledged']);
  });

  test('a report that the VTN has already (409) is adopted', async () => {
    start();
    engine.update([hourlyEvent('e1', 1, [request('USAGE')])]);
    vtn.fault = () => 'conflict';
    await advanceTo(at('02:00'));
    expect(states()).toEqual(['0 acknowledged']);
    expect(vtn.reports).toHaveLength(1);
  });

  test('a refusal ends that report alone, with the reason kept', async () => {
    start();
    engine.update([hourlyEvent('e1', 3, [eachHour])]);
    vtn.fault = (creation) => (creation === 2 ? 'refused' : undefined);
    await advanceTo(at('04:00'));
    expect(states()).toEqual(['0 acknowledged', '1 failed', '2 acknowledged']);
    expect(outbox.list({ state: 'failed' })[0]?.reason).toBe('not like this');
  });

  test('an event that the VTN no longer has (404) needs no report', async () => {
    start();
    engine.update([hourlyEvent('e1', 1, [request('USAGE')])]);
    vtn.fault = () => 'gone';
    await advanceTo(at('02:00'));
    expect(states()).toEqual(['0 expired']);
  });

  test('a state file that was lost: what the VTN has is found again, not sent again', async () => {
    start();
    const event = hourlyEvent('e1', 6, [eachHour]);
    engine.update([event]);
    await advanceTo(at('03:30'));
    await engine.stop();
    outbox.close();
    rmSync(folder, { recursive: true });
    folder = mkdtempSync(join(tmpdir(), 'venfleet-outbox-'));
    start();
    engine.update([event]);
    await advanceTo(at('04:30'));
    expect(vtn.covered).toEqual(['0-0', '1-1', '2-2', '3-3']);
  });
});

describe('when the clock is stepped', () => {
  test.each([hours(1), -hours(1)])('by %i ms: nothing is lost, nothing doubled', async (step) => {
    start();
    engine.update([hourlyEvent('e1', 0, [request('USAGE', { repeat: -1 })], { length: minutes(10) })]);
    await advanceTo(at('01:05'));
    clock.step(step);
    await advance(hours(3));
    const expected = Math.floor((clock.now() - MIDNIGHT) / minutes(10));
    expect(vtn.covered).toEqual(Array.from({ length: expected }, (_, i) => `${i}-${i}`));
  });
});

test('a VEN of years: after a long absence the latest reports are made up for, the rest is counted as lost', async () => {
  onDisk();
  const event = hourlyEvent('e1', 0, [request('READING', { repeat: -1 })], { length: minutes(1) });
  engine.update([event]);
  await advanceTo(at('00:05'));
  await engine.stop();
  clock.step(hours(24));
  await restart();
  await clock.advance(seconds(1));
  while (vtn.reports.length < 1007) await setImmediate();
  expect(vtn.covered.at(5)).toBe('5-5');
  expect(vtn.covered.at(6)).toBe('444-444');
  expect(vtn.covered.at(-1)).toBe('1444-1444');
  await clock.advance(seconds(1));
  expect(outbox.audit({}, 60_000)).toMatchObject([{ acknowledged: 1007, late: 0, lost: 438 }]);
});

test('closed reports are removed after a week, and their counts stay', async () => {
  start();
  engine.update([hourlyEvent('e1', 3, [eachHour])]);
  await advanceTo(at('04:00'));
  clock.step(hours(24 * 8));
  outbox.prune();
  expect(outbox.list()).toEqual([]);
  expect(outbox.audit({}, 60_000)).toMatchObject([{ acknowledged: 3, late: 0, lost: 0, unwanted: 0 }]);
});
