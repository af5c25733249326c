import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import * as schemas from '@venfleet/console-api/schemas';
import { instant, minutes, seconds, silentLogger, VenfleetError, watts } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import type { Resource } from '@venfleet/resource-db';
import type { AlertView } from '../../src/alerts/view.js';
import type { Feeds } from '../../src/console/events.js';
import { type OpenConsolePorts, openConsole } from '../../src/console/open-console.js';
import type { ControlState } from '../../src/control/model.js';
import type { MeterStatus } from '../../src/metering/metering.js';
import { resource, shed } from '../support/dispatch.js';
import { MemoryReadings, reading } from '../support/reporting.js';

const NOW = instant(Date.parse('2026-06-15T10:00:00Z'));
const TOKEN = 'a-token-of-24-characters';
const folder = mkdtempSync(join(tmpdir(), 'venfleet-agent-console-'));
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  rmSync(folder, { recursive: true, force: true });
});

const site = (id: number, more: Partial<Resource> = {}): Resource =>
  resource(id, {
    name: `Site ${id}`,
    meterPointId: `57131300000000000${id}`,
    position: { longitude: 10 + id, latitude: 56 },
    address: 'Street 1',
    ...more,
  } as Partial<Resource>);

function feedOf(records: readonly unknown[], more: Partial<ReturnType<Feeds>> = {}): ReturnType<Feeds> {
  return {
    known: () => records,
    held: () => [],
    unreadable: () => [],
    programName: (id: string) => (id === 'p1' ? 'savings' : undefined),
    lostSince: undefined,
    isCurrent: true,
    ...more,
  } as unknown as ReturnType<Feeds>;
}

/** An event as the agent keeps it, that sheds a fifth. */
const record = { ...shed(0.2, NOW), seenAt: NOW, changedAt: NOW };

async function serve(ports: Partial<OpenConsolePorts> = {}) {
  const clock = new FakeClock(NOW);
  const readings = new MemoryReadings();
  const open = openConsole(
    { token: 'env:TOKEN' },
    {
      vens: new Map([['Aalborg', [site(1), site(2)]]]),
      readings,
      feeds: () => feedOf([]),
      controllers: () => [],
      meters: () => [],
      alerts: () => [],
      outbox: join(folder, 'outbox.db'),
      env: { TOKEN },
      clock,
      logger: silentLogger,
      ...ports,
    },
  );
  if (open === undefined) throw new Error('no console');
  const server = createServer((request, response) => void open.server.handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(async () => {
    open.server.stop();
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  });
  const { port } = server.address() as AddressInfo;
  const ask = (path: string, token = TOKEN) =>
    fetch(`http://127.0.0.1:${port}/console/api/${path}`, { headers: { authorization: `Bearer ${token}` } });
  return {
    clock,
    ask,
    open,
    readings,
    // biome-ignore lint/suspicious/noExplicitAny: answers are examined member by member.
    see: async (path: string): Promise<any> => await (await ask(path)).json(),
    /** Readings as metering keeps them, of each resource. */
    read(...powers: (number | undefined)[]) {
      const made = powers.map((power, i) => reading(clock.now(), power, undefined, { resource: i + 1 }));
      readings.add(...made);
      open.observe(made);
    },
  };
}

describe("the agent's console", () => {
  test('is not there unless a token is configured', () => {
    expect(openConsole(undefined, {} as OpenConsolePorts)).toBeUndefined();
  });

  test('tells nothing without the token, and says how to log in', async () => {
    const { ask, see } = await serve();
    for (const path of [
      'session',
      'overview',
      'stream',
      'series',
      'vens/Aalborg',
      'resources/r1',
      'events',
      'reports',
      'audit',
    ]) {
      expect((await ask(path, 'wrong-token-wrong-token')).status).toBe(401);
    }
    expect(await see('login')).toEqual({ server: 'agent', ways: ['operator-token'], tokenUrl: null });
  });

  test('shows its VENs by what their meters say', async () => {
    const { see, read } = await serve();
    read(4000, 2500);
    const overview = schemas.Overview.parse(await see('overview'));
    expect(overview.vens).toEqual([
      {
        id: 'Aalborg',
        name: 'Aalborg',
        position: { longitude: 11.5, latitude: 56 },
        resources: 2,
        maxPowerW: 200_000,
        state: 'reporting',
        lastReportAt: NOW,
        loadW: 6500,
        baselineW: null,
        loadAt: NOW,
        requestedW: null,
        deliveredW: null,
        events: [],
      },
    ]);
    expect(overview.totals).toMatchObject({ loadW: 6500, loadVens: 1, byState: { reporting: 1 } });
    expect(await see('session')).toMatchObject({
      server: 'agent',
      name: 'Aalborg',
      abilities: { writeEvents: false, faults: false },
    });
  });

  test('a VEN whose meters have fallen silent is silent, and its load is not known', async () => {
    const { see, read, clock } = await serve();
    read(4000, 2500);
    await see('overview');
    await clock.advance(seconds(31));
    expect((await see('overview')).vens[0]).toMatchObject({ state: 'silent', loadW: null, lastReportAt: NOW });
  });

  test('a part of a VEN is not taken for the whole', async () => {
    const { see, read } = await serve();
    read(4000);
    expect((await see('overview')).vens[0]).toMatchObject({ state: 'silent', loadW: null });
    expect((await see('vens/Aalborg')).resourceList.map(({ state }: { state: string }) => state)).toEqual([
      'reporting',
      'silent',
    ]);
  });

  test('a VEN whose VTN cannot be heard is silent', async () => {
    const { see, read } = await serve({ feeds: () => feedOf([], { lostSince: NOW }) });
    read(1, 1);
    expect((await see('overview')).vens[0].state).toBe('silent');
  });

  test('events are told once, with the VENs that have them', async () => {
    const { see, read, clock } = await serve({ feeds: () => feedOf([record]) });
    read(1, 1);
    const { events } = await see('events');
    expect(events).toEqual([schemas.EventSummary.parse(events[0])]);
    expect(events[0]).toMatchObject({
      program: 'savings',
      id: 'e1',
      label: 'shed 20 %',
      state: 'active',
      vens: 1,
      startAt: NOW,
      endAt: NOW + minutes(30),
    });
    expect((await see('overview')).vens[0]).toMatchObject({ state: 'in-event', events: ['e1'] });
    expect((await see('events/e1')).form).toMatchObject({ shed: '20%' });
    await clock.advance(minutes(30));
    expect((await see('events')).events[0].state).toBe('completed');
  });

  test('during an event the load is held against what was drawn before it', async () => {
    const feeds = () => feedOf([{ ...record, event: { ...shed(0.2, instant(NOW + seconds(60))).event } }]);
    const { see, read, clock } = await serve({ feeds });
    await see('overview');
    for (let i = 0; i < 9; i++) {
      read(i < 6 ? 6000 : 4500, 4000);
      await clock.advance(seconds(10));
    }
    const { vens, totals } = await see('overview');
    expect(vens[0]).toMatchObject({ loadW: 8500, baselineW: 10_000, requestedW: 2000, deliveredW: 1500 });
    expect(totals).toMatchObject({ baselineW: 10_000, requestedW: 2000, deliveredW: 1500 });
    const series = await see('vens/Aalborg/series');
    expect(series.loadW).toEqual([...Array(6).fill(10_000), ...Array(4).fill(8500)]);
    expect(series.baselineW).toEqual([...Array(6).fill(null), ...Array(4).fill(10_000)]);
    expect(await see('series')).toEqual(series);
  });

  test('an event says what is given now, what each VEN gave on average, and of how much of it that is known', async () => {
    const feeds = () => feedOf([{ ...record, event: { ...shed(0.2, instant(NOW + seconds(60))).event } }]);
    const { see, read, clock } = await serve({ feeds });
    await see('overview');
    for (let i = 0; i < 10; i++) {
      // A fifth is asked for: half of it in the event's first ten seconds, then all.
      read(i < 6 ? 6000 : i === 6 ? 5000 : 4000, 4000);
      await clock.advance(seconds(10));
    }
    expect((await see('overview')).events[0]).toMatchObject({ requestedW: 2000, deliveredW: 2000 });
    expect((await see('events')).events[0]).toMatchObject({ requestedW: 2000, deliveredW: 2000 });
    const detail = schemas.EventDetail.parse(await see('events/e1'));
    // Four steps of ten seconds.
    const mean = { requestedW: 2000, deliveredW: 1750, requestedWh: 22, deliveredWh: 19, known: 4, expected: 4, missing: 0 };
    expect(detail).toMatchObject({ requestedW: 2000, deliveredW: 2000, total: mean, performance: [{ ven: 'Aalborg', ...mean }] });
    await clock.advance(minutes(40));
    const over = await see('events/e1');
    expect(over).toMatchObject({ state: 'completed', requestedW: null, deliveredW: null });
    // The meters were silent since: what is not known is missing, and nothing is made up for it.
    expect(over.total).toMatchObject({ expected: 180, known: 180 - over.total.missing });
    expect(over.total.missing).toBeGreaterThan(160);
  });

  test('an event that began before anything was known says nothing of what was given', async () => {
    const { see, read, clock } = await serve({ feeds: () => feedOf([record]) });
    await see('overview');
    await clock.advance(seconds(30));
    read(4000, 4000);
    await clock.advance(seconds(30));
    expect(await see('events/e1')).toMatchObject({
      requestedW: null,
      deliveredW: null,
      total: { deliveredW: null, known: 0, expected: 6, missing: 6 },
      performance: [],
    });
  });

  test('alarms are those that fire, the critical ones first', async () => {
    const alert = { labels: {}, value: 1, summary: 'a', detail: 'b', action: 'c', runbook: 'd' };
    const alerts: AlertView[] = [
      { ...alert, alert: 'Late', severity: 'warning', state: 'firing', since: '2026-06-15T09:00:00.000Z' },
      { ...alert, alert: 'Not yet', severity: 'critical', state: 'pending', since: '2026-06-15T09:59:00.000Z' },
      { ...alert, alert: 'VenSilent', severity: 'critical', state: 'firing', since: '2026-06-15T09:30:00.000Z' },
    ];
    const { see } = await serve({ alerts: () => alerts });
    const { alarms } = schemas.Alarms.parse(await see('alarms'));
    expect(alarms.map(({ name, sinceAt }) => [name, sinceAt])).toEqual([
      ['VenSilent', NOW - minutes(30)],
      ['Late', NOW - minutes(60)],
    ]);
  });

  test('events cannot be written here, nor are there faults', async () => {
    const { ask } = await serve();
    expect((await ask('event-choices')).status).toBe(404);
    expect((await ask('faults')).status).toBe(404);
  });

  test('a resource is told with its load, what holds it and why', async () => {
    const limited = { resource: site(1), held: watts(3000), status: 'holding', problem: undefined } as unknown as ControlState;
    const refuses = {
      resource: site(2),
      held: null,
      status: 'free',
      problem: { code: 'X', message: 'it does not answer' },
    } as unknown as ControlState;
    const meter = {
      resource: site(1),
      where: 'modbus 10.0.0.5:502 unit 21 (schneider-iem3000)',
      problem: { code: 'METER_TIMEOUT', message: 'no answer within 1 s', hint: 'is it powered?' },
    } as unknown as MeterStatus;
    const { see, read, clock } = await serve({
      controllers: () => [limited, refuses],
      meters: () => [meter],
      explain: () => {
        throw new VenfleetError('NOT_CONTROLLED', 'it takes no part in events');
      },
    });
    read(4000, 2500);
    await clock.advance(seconds(10));
    read(3000, 2500);
    const detail = schemas.ResourceDetail.parse(await see('resources/r1'));
    expect(detail).toMatchObject({
      state: 'limited',
      powerW: 3000,
      description: 'Site 1',
      explanation: ['it takes no part in events'],
    });
    expect(detail.series.loadW).toEqual([4000, 3000]);
    expect(detail.problems).toEqual(['Meter: no answer within 1 s; is it powered?']);
    expect(detail.attributes).toEqual([
      { type: 'Meter', text: 'modbus 10.0.0.5:502 unit 21 (schneider-iem3000)' },
      { type: 'Read', text: 'every 10 s' },
      { type: 'Controller', text: 'holding' },
      { type: 'Least power', text: '0 kW' },
    ]);
    expect(await see('resources/r2')).toMatchObject({
      state: 'problem',
      problems: ['Controller: it does not answer'],
      attributes: expect.arrayContaining([{ type: 'Meter', text: 'none that is read' }]),
    });
  });

  test('what was read before anybody looked is drawn, too', async () => {
    const { see, read, clock } = await serve();
    for (let i = 0; i < 3; i++) {
      read(1000 * (i + 1), 500);
      await clock.advance(seconds(10));
    }
    await see('overview');
    let series: number[] = [];
    for (let i = 0; i < 1000 && series.length < 4; i++) {
      await clock.advance(seconds(1));
      series = (await see('vens/Aalborg/series')).loadW;
    }
    expect(series.slice(0, 4)).toEqual([1500, 2500, 3500, 3500]);
    expect((await see('series')).loadW.slice(0, 4)).toEqual(series.slice(0, 4));
  });

  test('readings cost nothing while nobody looks, and again five minutes after the last look', async () => {
    const { see, clock } = await serve();
    expect(clock.sleeping).toBe(0);
    await see('overview');
    await clock.advance(seconds(1));
    expect(clock.sleeping).toBe(1);
    await clock.advance(minutes(5));
    await clock.advance(seconds(2));
    expect(clock.sleeping).toBe(0);
  });

  test('without an outbox there are no reports yet', async () => {
    const { see, ask } = await serve();
    expect(await see('reports')).toEqual({ reports: [], next: null });
    expect(await see('audit')).toMatchObject({ expected: 0, missing: 0, rows: [], total: 0 });
    expect((await ask('reports?before=x')).status).toBe(400);
  });
});
