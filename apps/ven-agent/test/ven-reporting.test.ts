import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { instant, milliseconds, minutes, seconds, wattHours, watts } from '@venfleet/core';
import { FakeClock, MemoryLogger, sequenceRandom } from '@venfleet/core/testing';
import { type EventProblem, type GridEvent, VtnError } from '@venfleet/openadr';
import type { Resource } from '@venfleet/resource-db';
import type { PowerHistory } from '../src/baseline/baseline.js';
import { EventFeed } from '../src/events/feed.js';
import type { EventPort, VenTargets } from '../src/events/port.js';
import { EventStore } from '../src/events/store.js';
import { auditOutbox } from '../src/reporting/audit.js';
import { Outbox } from '../src/reporting/outbox.js';
import { auditText, reportPlanText, reportsText } from '../src/reporting/output.js';
import { viewReportPlan } from '../src/reporting/report-plan-view.js';
import { VenReporting } from '../src/reporting/ven-reporting.js';
import { at, calendar, HOUR, hourlyEvent, MemoryVtn, MIDNIGHT, request, steadyReadings } from './support/reporting.js';

let folder: string;
let clock: FakeClock;
let outbox: Outbox;
let store: EventStore;
let feed: EventFeed;
let vtn: MemoryVtn;
let reporting: VenReporting;
let logger: MemoryLogger;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'venfleet-reporting-'));
  clock = new FakeClock(instant(MIDNIGHT - minutes(1)));
  vtn = new MemoryVtn();
  logger = new MemoryLogger();
  outbox = Outbox.open(':memory:', clock);
  store = EventStore.open(':memory:', clock);
});
afterEach(async () => {
  await stop();
  outbox.close();
  store.close();
  rmSync(folder, { recursive: true });
});

const gridEvent = (id: string, count: number, extra: Partial<GridEvent> = {}, type = 'PRICE'): GridEvent => {
  const { intervals, ...rest } = hourlyEvent(id, count, [
    request('USAGE', { startInterval: 0, numIntervals: 1, frequency: 1, repeat: -1 }),
  ]);
  return {
    ...rest,
    payloadDescriptors: [],
    intervals: intervals.map((interval) => ({ ...interval, payloads: [{ type, values: [1] }] })),
    ...extra,
  };
};

const resource = (id: number, extra: Partial<Resource> = {}): Resource => ({
  id,
  resourceId: `resource-${id}`,
  name: `Site ${id}`,
  type: 'DSR',
  subType: 'Bars',
  meterPointId: '571313000000000000',
  pMin: watts(0),
  pMax: watts(25_000),
  eMin: wattHours(0),
  eMax: wattHours(100_000),
  position: { longitude: 9.9, latitude: 57 },
  address: 'Nytorv 1, 9000 Aalborg',
  ven: 'Aalborg',
  enabled: true,
  readInterval: seconds(10),
  reported: true,
  readerConnectionId: 1,
  writerConnectionId: null,
  createdAt: MIDNIGHT,
  updatedAt: MIDNIGHT,
  ...extra,
});

interface Listing {
  events: GridEvent[] | 'unreachable';
  problems: EventProblem[];
  targets: VenTargets;
  polls: number;
  targetPolls: number;
}

function start(
  resources: Resource[],
  listing: Partial<Listing>,
  history: PowerHistory = { meanPower: () => undefined },
): Listing {
  const state: Listing = { events: [], problems: [], targets: { ven: [], resources: {} }, polls: 0, targetPolls: 0, ...listing };
  const port: EventPort = {
    event: async () => undefined,
    programs: async () => [],
    events: async () => {
      state.polls++;
      if (state.events === 'unreachable') throw new VtnError('VTN_UNREACHABLE', 'no VTN');
      return { events: state.events, problems: state.problems };
    },
    targets: async () => {
      state.targetPolls++;
      return state.targets;
    },
  };
  const random = sequenceRandom(0.5);
  feed = new EventFeed({
    store: store.forVen('http://vtn.example', 'Aalborg'),
    intervals: { alone: seconds(30), pushed: seconds(120) },
    startShift: 'either',
    clock,
    random,
    logger,
  });
  reporting = new VenReporting({
    name: 'Aalborg',
    resources,
    outbox: outbox.forVen('http://vtn.example', 'Aalborg'),
    feed,
    port: vtn,
    readings: steadyReadings(2000),
    history,
    calendar,
    clock,
    random,
    logger,
  });
  reporting.start();
  feed.start(port);
  return state;
}

async function stop(): Promise<void> {
  await feed.stop();
  await reporting.stop();
}

async function advanceTo(time: number): Promise<void> {
  while (clock.now() < time) await clock.advance(milliseconds(Math.min(time - clock.now(), minutes(1))));
}

describe('events reach reporting by polling', () => {
  test('twice a minute, and a new one is reported on', async () => {
    const state = start([resource(1)], {});
    await advanceTo(at('00:30'));
    expect(state.polls).toBeGreaterThan(60);
    state.events = [gridEvent('e1', 2)];
    await advanceTo(at('03:00'));
    expect(vtn.covered).toEqual(['0-0', '1-1']);
  });

  test('a listing that fails says nothing: reports go on', async () => {
    const state = start([resource(1)], { events: [gridEvent('e1', 2)] });
    await advanceTo(at('00:10'));
    state.events = 'unreachable';
    await advanceTo(at('03:00'));
    expect(vtn.covered).toEqual(['0-0', '1-1']);
  });

  test('one in which it cannot be understood says nothing of it', async () => {
    const state = start([resource(1)], { events: [gridEvent('e1', 2)] });
    await advanceTo(at('00:10'));
    state.events = [];
    state.problems = [{ id: 'e1', mistakes: ['intervals: must be array'] }];
    await advanceTo(at('03:00'));
    expect(vtn.covered).toEqual(['0-0', '1-1']);
    expect(logger.lines.filter(({ message }) => message === 'an event cannot be understood')).toHaveLength(1);
  });

  test('one that succeeds without it means that it is deleted', async () => {
    const state = start([resource(1)], { events: [gridEvent('e1', 2)] });
    await advanceTo(at('00:10'));
    state.events = [];
    await advanceTo(at('03:00'));
    expect(vtn.covered).toEqual([]);
    expect(auditOutbox(outbox, {})).toMatchObject({ expected: 0, unwanted: 1, complete: true });
  });
});

describe('who is reported on', () => {
  const reported = () => vtn.reports[0]?.report.content.resources.map(({ name }) => name);

  test('resources that are enabled and to be reported', async () => {
    start([resource(1), resource(2, { enabled: false }), resource(3, { reported: false })], { events: [gridEvent('e1', 1)] });
    await advanceTo(at('01:01'));
    expect(reported()).toEqual(['resource-1']);
  });

  test('the targets of the VTN are asked for only where an event has any', async () => {
    const state = start([resource(1), resource(2)], {
      events: [gridEvent('e1', 1)],
      targets: { ven: [], resources: { 'resource-2': ['north'] } },
    });
    await advanceTo(at('00:05'));
    expect(state.targetPolls).toBe(0);
    state.events = [gridEvent('e2', 1, { targets: ['north'] })];
    await advanceTo(at('01:01'));
    expect(state.targetPolls).toBeLessThanOrEqual(7);
    expect(reported()).toEqual(['resource-2']);
  });

  test('the targets are remembered, so that an agent that starts without its VTN knows them', async () => {
    start([resource(1), resource(2)], {
      events: [gridEvent('e1', 2, { targets: ['north'] })],
      targets: { ven: [], resources: { 'resource-2': ['north'] } },
    });
    await advanceTo(at('00:05'));
    await stop();
    start([resource(1), resource(2)], { events: 'unreachable' });
    await advanceTo(at('02:01'));
    expect(vtn.covered).toEqual(['0-0', '1-1']);
    expect(reported()).toEqual(['resource-2']);
  });
});

describe('days with events', () => {
  test('are remembered and left out of baselines', async () => {
    const asked: string[] = [];
    const history: PowerHistory = {
      meanPower: (_resource, from) => {
        asked.push(calendar.dateOf(from));
        return watts(1000);
      },
    };
    const baseline = request('BASELINE', { startInterval: 0, numIntervals: 1, frequency: 1, repeat: -1 });
    start([resource(1)], { events: [gridEvent('e1', 2, {}, 'DISPATCH_SETPOINT')] }, history);
    await advanceTo(at('03:00'));
    expect([...outbox.forVen('http://vtn.example', 'Aalborg').eventDays()]).toEqual(['2026-06-15']);
    await stop();
    const tuesday = instant(MIDNIGHT + 36 * HOUR);
    clock.step(32 * HOUR);
    const event = gridEvent('e2', 1, { reportRequests: [baseline] });
    const intervals = event.intervals.map((interval) => ({ ...interval, start: tuesday }));
    start([resource(1)], { events: [{ ...event, intervals }] }, history);
    await advanceTo(tuesday + HOUR + minutes(2));
    expect(asked).toContain('2026-06-12');
    expect(asked).not.toContain('2026-06-15');
  });
});

test('readings are needed from the start of the report that is due next', async () => {
  start([resource(1)], { events: [gridEvent('e1', 3)] });
  await advanceTo(at('01:30'));
  expect(reporting.reportedUntil()).toBe(at('01:00'));
  await advanceTo(at('04:00'));
  expect(reporting.reportedUntil()).toBe(clock.now());
});

describe('what people see', () => {
  test('reports, a line each, with their states; the audit counts them', async () => {
    start([resource(1)], { events: [gridEvent('e1', 3)] });
    vtn.fault = (creation) => (creation === 2 ? 'refused' : undefined);
    await advanceTo(at('02:30'));
    expect(reportsText(outbox.list()).split('\n')).toEqual([
      '2026-06-15T03:00:00Z  pending       Aalborg  e1 #2',
      '2026-06-15T02:00:00Z  failed        Aalborg  e1 #1  not like this',
      '2026-06-15T01:00:00Z  acknowledged  Aalborg  e1 #0  as report-1',
    ]);
    const audit = auditOutbox(outbox, {});
    expect(audit).toMatchObject({ expected: 2, acknowledged: 1, late: 0, lost: 1, doubled: 0, complete: false });
    expect(auditText(audit)).toContain('expected 2, acknowledged 1, late 0, lost 1, doubled 0');
    expect(auditText(audit)).toMatch(/^Aalborg {2}e1 {2}[0-9a-f]{12}: 1 acknowledged, 0 late, 1 lost$/m);
    expect(outbox.counts()).toEqual({ acknowledged: 1, waiting: 0 });
  });

  test('the audit is about one VEN or event where that is asked for', async () => {
    start([resource(1)], { events: [gridEvent('e1', 2), gridEvent('e2', 1)] });
    await advanceTo(at('03:00'));
    expect(auditOutbox(outbox, { event: 'e2' })).toMatchObject({ expected: 1, acknowledged: 1, complete: true });
    expect(auditOutbox(outbox, { ven: 'Aarhus' })).toMatchObject({ expected: 0, complete: true });
  });

  test('a report that is due and does not get through is late', async () => {
    start([resource(1)], { events: [gridEvent('e1', 2)] });
    vtn.fault = () => 'unreachable';
    await advanceTo(at('01:30'));
    expect(auditOutbox(outbox, {})).toMatchObject({ expected: 1, acknowledged: 0, late: 1, complete: false });
  });

  test('the plan of an event: what is due when and covers what, and what is left out', () => {
    start([], {});
    const event = hourlyEvent('e1', 3, [
      request('USAGE', { startInterval: 0, numIntervals: 1, frequency: 1, repeat: -1 }),
      request('MOON_PHASE'),
      request('READING', { frequency: 0 }),
    ]);
    const text = reportPlanText(viewReportPlan(event, MIDNIGHT, MIDNIGHT, 2));
    expect(text).toContain(
      '#0  due 2026-06-15T01:00:00.000Z  covers 2026-06-15T00:00:00.000Z to 2026-06-15T01:00:00.000Z (interval 0)',
    );
    expect(text).toContain('… and so on; --count shows more');
    expect(text).toContain('left out: the payload type MOON_PHASE is not known to this agent');
    expect(text).toContain('reported when something changes');
  });

  test('the plan of an event that has run for long begins with what is due next', () => {
    start([], {});
    const event = hourlyEvent('e1', 0, [request('USAGE', { repeat: -1 })], { length: HOUR });
    const view = viewReportPlan(event, MIDNIGHT, instant(MIDNIGHT + 1000.5 * HOUR), 1);
    expect(view.reports[0]?.due[0]?.ordinal).toBe(1000);
  });
});
