import { afterEach, describe, expect, it } from '@jest/globals';
import { Overview, ResourceDetail, VenDetail } from '@venfleet/console-api/schemas';
import { milliseconds, minutes, seconds } from '@venfleet/core';
import { ConsoleVtn, until } from '../support/console.js';

const SHED = [{ type: 'CONTROL_LEVEL_OFFSET_PERCENT', values: [0.2] }];

let vtn: ConsoleVtn;

async function start(): Promise<ConsoleVtn> {
  vtn = await new ConsoleVtn().start();
  return vtn;
}

/** A second in which the console reads what is new. */
async function aSecond(): Promise<void> {
  await vtn.clock.advance(seconds(1));
}

/** The summary of a VEN once it is as wanted. */
async function venOnce(name: string, isSo: (ven: Record<string, unknown>) => boolean) {
  let ven: Record<string, unknown> = {};
  await until(async () => {
    await aSecond();
    ven = (await vtn.see('overview')).vens.find((one: { name: string }) => one.name === name);
    return isSo(ven);
  });
  return ven;
}

afterEach(() => vtn.stop());

describe('the fleet', () => {
  it('has its VENs with place, size and state, as the schema says', async () => {
    await start();
    const id = await vtn.addVen('Aalborg', 3);
    const overview = await vtn.see('overview');
    expect(() => Overview.parse(overview)).not.toThrow();
    expect(overview.vens).toEqual([
      {
        id,
        name: 'Aalborg',
        position: { longitude: 9.9, latitude: 57 },
        resources: 3,
        maxPowerW: 500_000,
        state: 'registered',
        lastReportAt: null,
        loadW: null,
        baselineW: null,
        loadAt: null,
        requestedW: null,
        deliveredW: null,
        events: [],
      },
    ]);
    expect(overview.totals).toMatchObject({ vens: 1, resources: 3, loadW: null, loadVens: 0 });
  });

  it('sees VENs and resources that come, change and go while it looks', async () => {
    await start();
    const id = await vtn.addVen('Aalborg', 1);
    expect((await vtn.see('overview')).totals.resources).toBe(1);
    await vtn.addVen('Bogense', 2);
    expect((await vtn.see('overview')).totals).toMatchObject({ vens: 2, resources: 3 });
    const bl = vtn.api('3.1.0', 'bl');
    const [resource] = (await bl.get(`/resources?venID=${id}`)).body;
    await bl.ok(bl.delete(`/resources/${resource.id}`));
    await bl.ok(bl.delete(`/vens/${id}`));
    const { totals, vens } = await vtn.see('overview');
    expect([totals.vens, vens[0].name]).toEqual([1, 'Bogense']);
  });

  it('a VEN without a place of its own is in the middle of its resources', async () => {
    await start();
    const id = await vtn.addVen('Aalborg', 2);
    const bl = vtn.api('3.1.0', 'bl');
    const { clientID } = (await bl.get(`/vens/${id}`)).body;
    await bl.ok(bl.put(`/vens/${id}`, { objectType: 'BL_VEN_REQUEST', clientID, venName: 'Aalborg' }));
    expect((await vtn.see('overview')).vens[0].position).toEqual({ longitude: 10, latitude: 56 });
  });
});

describe('load', () => {
  it('is what the VEN last reported for all its resources, until it is too old', async () => {
    await start();
    await vtn.addVen('Aalborg', 2);
    const event = await vtn.addEvent(await vtn.addProgram(), [{ type: 'SIMPLE', values: [1] }]);
    await vtn.clock.advance(minutes(1));
    await vtn.see('overview');
    await vtn.report('Aalborg', event, 'DEMAND', { AGGREGATED_REPORT: 80 });
    const end = vtn.clock.now();
    const ven = await venOnce('Aalborg', ({ loadW }) => loadW !== null);
    expect(ven).toMatchObject({ loadW: 80_000, loadAt: end, baselineW: null, lastReportAt: end });
    await vtn.clock.advance(milliseconds(end + minutes(3) - vtn.clock.now()));
    expect((await vtn.see('overview')).vens[0].loadW).not.toBeNull();
    await vtn.clock.advance(seconds(1));
    expect((await vtn.see('overview')).vens[0]).toMatchObject({ loadW: null, loadAt: null });
  });

  it('is the sum of the resources where each is told by itself, and each has its own', async () => {
    await start();
    const id = await vtn.addVen('Aalborg', 2);
    const event = await vtn.addEvent(await vtn.addProgram(), []);
    await vtn.clock.advance(minutes(1));
    await vtn.see('overview');
    await vtn.report('Aalborg', event, 'DEMAND', { 'Aalborg-1': 30, 'Aalborg-2': 12 });
    expect(await venOnce('Aalborg', ({ loadW }) => loadW !== null)).toMatchObject({ loadW: 42_000, state: 'reporting' });
    const detail = VenDetail.parse(await vtn.see(`vens/${id}`));
    expect(detail.resourceList.map(({ name, description, powerW, state }) => [name, description, powerW, state])).toEqual([
      ['Aalborg-1', 'Bar 1', 30_000, 'reporting'],
      ['Aalborg-2', 'Bar 2', 12_000, 'reporting'],
    ]);
    const resource = ResourceDetail.parse(await vtn.see(`resources/${detail.resourceList[0]?.id}`));
    expect(resource).toMatchObject({ ven: 'Aalborg', venId: id, powerW: 30_000, subType: 'Bars' });
    expect(resource.series.loadW).toEqual(Array(6).fill(30_000));
  });

  it('of a part of a VEN is not taken for the whole', async () => {
    await start();
    await vtn.addVen('Aalborg', 2);
    const program = await vtn.addProgram();
    const part = await vtn.addEvent(program, SHED, { targets: ['Aalborg-1'] });
    await vtn.clock.advance(minutes(1));
    await vtn.see('overview');
    await vtn.report('Aalborg', part, 'DEMAND', { AGGREGATED_REPORT: 10 });
    const ven = await venOnce('Aalborg', ({ lastReportAt }) => lastReportAt !== null);
    expect(ven).toMatchObject({ loadW: null, state: 'in-event' });
  });

  it('is drawn from what came before anybody looked, too, the finest interval first', async () => {
    await start();
    const id = await vtn.addVen('Aalborg', 1);
    const event = await vtn.addEvent(await vtn.addProgram(), []);
    await vtn.clock.advance(minutes(2));
    await vtn.report('Aalborg', event, 'DEMAND', { AGGREGATED_REPORT: 70 }, 20);
    await vtn.report('Aalborg', event, 'DEMAND', { AGGREGATED_REPORT: 50 }, 60);
    const series = await vtn.see(`vens/${id}/series`);
    expect(series).toMatchObject({ stepMs: 10_000, startAt: vtn.clock.now() - 60_000 });
    expect(series.loadW).toEqual([50_000, 50_000, 50_000, 50_000, 70_000, 70_000]);
    expect(series.baselineW).toEqual(Array(6).fill(null));
    expect((await vtn.see('series')).loadW).toEqual(series.loadW);
  });

  it('of the fleet is the sum, each value standing until the next', async () => {
    await start();
    for (const name of ['Aalborg', 'Bogense']) await vtn.addVen(name);
    const event = await vtn.addEvent(await vtn.addProgram(), []);
    await vtn.clock.advance(minutes(1));
    await vtn.report('Aalborg', event, 'DEMAND', { AGGREGATED_REPORT: 10 });
    await vtn.report('Bogense', event, 'DEMAND', { AGGREGATED_REPORT: 5 });
    await vtn.clock.advance(minutes(1));
    await vtn.report('Bogense', event, 'DEMAND', { AGGREGATED_REPORT: 7 });
    const { totals } = await vtn.see('overview');
    expect(totals).toMatchObject({ loadW: 17_000, loadVens: 2, reports: 3, baselineW: null });
    const series = await vtn.see('series');
    expect(series.loadW).toEqual([...Array(6).fill(15_000), ...Array(6).fill(17_000)]);
    expect(series.baselineW).toEqual(Array(12).fill(null));
    await vtn.report('Bogense', event, 'BASELINE', { AGGREGATED_REPORT: 9 });
    await aSecond();
    expect((await vtn.see('series')).baselineW).toEqual([...Array(6).fill(null), ...Array(6).fill(19_000)]);
  });
});

describe('states', () => {
  it('a VEN that is asked for reports and sends none is silent after a while', async () => {
    await start();
    await vtn.addVen('Aalborg');
    const event = await vtn.addEvent(await vtn.addProgram(), []);
    const state = async () => (await vtn.see('overview')).vens[0].state;
    expect(await state()).toBe('registered');
    await vtn.clock.advance(minutes(2.5));
    expect(await state()).toBe('registered');
    await vtn.clock.advance(seconds(1));
    expect(await state()).toBe('silent');
    await vtn.report('Aalborg', event, 'DEMAND', { AGGREGATED_REPORT: 1 });
    await venOnce('Aalborg', (ven) => ven.state === 'reporting');
  });

  it('a VEN that nobody asks any more is not silent', async () => {
    await start();
    await vtn.addVen('Aalborg');
    await vtn.addEvent(await vtn.addProgram(), [], {}, 2);
    await vtn.clock.advance(minutes(10));
    expect((await vtn.see('overview')).vens[0].state).toBe('registered');
  });

  it('only those that an event is for are in it', async () => {
    await start();
    for (const name of ['Aalborg', 'Bogense']) await vtn.addVen(name);
    const event = await vtn.addEvent(await vtn.addProgram(), SHED, { targets: ['Aalborg'] });
    const { vens, totals, events } = await vtn.see('overview');
    expect(vens.map((ven: { state: string; events: string[] }) => [ven.state, ven.events])).toEqual([
      ['in-event', [event]],
      ['registered', []],
    ]);
    expect(totals).toMatchObject({ activeEvents: 1, byState: { 'in-event': 1, registered: 1, silent: 0, reporting: 0 } });
    expect(events[0]).toMatchObject({ id: event, vens: 1, label: 'shed 20 %', state: 'active', targets: ['Aalborg'] });
  });
});

describe('requested and delivered', () => {
  it('are those of the VENs that reported load and baseline, for each VEN, each event and all', async () => {
    await start();
    for (const name of ['Aalborg', 'Bogense']) await vtn.addVen(name);
    const event = await vtn.addEvent(await vtn.addProgram(), SHED);
    await vtn.see('overview');
    await vtn.clock.advance(minutes(1));
    for (const [name, load] of [
      ['Aalborg', 85],
      ['Bogense', 40],
    ] as const) {
      await vtn.report(name, event, 'DEMAND', { AGGREGATED_REPORT: load });
      await vtn.report(name, event, 'BASELINE', { AGGREGATED_REPORT: name === 'Aalborg' ? 100 : 50 });
    }
    expect(await venOnce('Bogense', ({ deliveredW }) => deliveredW !== null)).toMatchObject({
      requestedW: 10_000,
      deliveredW: 10_000,
    });
    const { totals, events, vens } = await vtn.see('overview');
    expect(vens[0]).toMatchObject({ loadW: 85_000, baselineW: 100_000, requestedW: 20_000, deliveredW: 15_000 });
    expect(totals).toMatchObject({ requestedW: 30_000, deliveredW: 25_000, loadW: 125_000, baselineW: 150_000 });
    expect(events[0]).toMatchObject({ requestedW: 30_000, deliveredW: 25_000 });
    await vtn.clock.advance(minutes(1));
    const detail = await vtn.see(`events/${event}`);
    expect(detail.total).toMatchObject({ requestedW: 30_000, deliveredW: 25_000, known: 2 });
    expect(detail.performance.map(({ ven, deliveredW }: { ven: string; deliveredW: number }) => [ven, deliveredW])).toEqual([
      ['Aalborg', 15_000],
      ['Bogense', 10_000],
    ]);
  });

  it('of an event that was cancelled its periods end there', async () => {
    await start();
    await vtn.addVen('Aalborg');
    const event = await vtn.addEvent(await vtn.addProgram(), SHED);
    const startAt = vtn.clock.now();
    await vtn.see('overview');
    await vtn.clock.advance(minutes(2));
    expect((await vtn.look(`events/${event}/cancel`, 'POST')).body).toMatchObject({ state: 'cancelled', requestedW: null });
    const [cancelled] = (await vtn.see('overview')).events;
    expect(cancelled.periods).toEqual([{ startAt, endAt: startAt + 120_000, label: 'shed 20 %' }]);
  });
});

describe('reports and their audit', () => {
  it('are told by pages, the newest first, and those of one VEN or event', async () => {
    await start();
    for (const name of ['Aalborg', 'Bogense']) await vtn.addVen(name);
    const event = await vtn.addEvent(await vtn.addProgram(), SHED);
    await vtn.clock.advance(minutes(1));
    for (let i = 0; i < 3; i++) await vtn.report('Aalborg', event, 'DEMAND', { AGGREGATED_REPORT: i });
    const other = await vtn.report('Bogense', event, 'DEMAND', { 'Bogense-1': 1 });
    const first = await vtn.see('reports?limit=2');
    expect(first.reports[0]).toEqual({
      id: other,
      createdAt: vtn.clock.now(),
      ven: 'Bogense',
      eventId: event,
      event: 'an event',
      payloadTypes: ['DEMAND'],
      resources: 1,
      intervals: 1,
      startAt: vtn.clock.now() - 60_000,
      endAt: vtn.clock.now(),
      quality: 'OK',
      state: 'received',
      dueAt: null,
      reason: null,
    });
    const second = await vtn.see(`reports?limit=2&before=${first.next}`);
    expect([second.reports.length, second.next]).toEqual([2, null]);
    expect(new Set([...first.reports, ...second.reports].map(({ id }) => id)).size).toBe(4);
    expect((await vtn.see('reports?ven=Aalborg')).reports).toHaveLength(3);
    expect((await vtn.see('reports?event=nothing')).reports).toHaveLength(0);
    expect((await vtn.look('reports?before=x')).status).toBe(400);
  });

  it('tell what is missing, the faulty rows first', async () => {
    await start();
    for (const name of ['Aalborg', 'Bogense']) await vtn.addVen(name);
    const event = await vtn.addEvent(await vtn.addProgram(), SHED);
    for (let i = 0; i < 3; i++) {
      await vtn.clock.advance(minutes(1));
      for (const type of ['DEMAND', 'BASELINE']) {
        await vtn.report('Aalborg', event, type, { AGGREGATED_REPORT: 1 });
        if (i !== 1) await vtn.report('Bogense', event, type, { AGGREGATED_REPORT: 1 });
      }
    }
    await vtn.clock.advance(minutes(2));
    const audit = await vtn.see('audit?minutes=60');
    expect(audit).toMatchObject({ expected: 12, received: 10, missing: 2, doubled: 0, total: 4 });
    expect(audit.rows[0]).toMatchObject({ ven: 'Bogense', missing: 1, expected: 3, received: 2 });
    expect((await vtn.see('audit?minutes=60&faulty=true')).total).toBe(2);
    const paged = await vtn.see('audit?minutes=60&offset=3&limit=2');
    expect([paged.rows.length, paged.total]).toEqual([1, 4]);
    expect((await vtn.see('audit?minutes=60&ven=Aalborg')).missing).toBe(0);
  });
});
