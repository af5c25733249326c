import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { minutes } from '@venfleet/core';
import { ConsoleVtn } from '../support/console.js';

const ISO = (time: number) => new Date(time).toISOString();

describe('events by the form', () => {
  let vtn: ConsoleVtn;

  beforeAll(async () => {
    vtn = await new ConsoleVtn().start();
    for (const name of ['Aalborg', 'Bogense']) await vtn.addVen(name);
  });
  afterAll(() => vtn.stop());

  const create = (form: object, query = '', client?: string) => vtn.look(`events${query}`, 'POST', form, client);
  const stored = async (id: string) => (await vtn.api('3.1.0', 'bl').get(`/events/${id}`)).body;

  it('one to shed is the event that the command line makes: in minutes, and settled by its reports', async () => {
    const { status, body } = await create({ name: 'Evening', shed: '20%', for: '10m', priority: '2' });
    expect(status).toBe(201);
    const now = vtn.clock.now();
    expect(body).toMatchObject({
      name: 'Evening',
      program: 'venfleet',
      priority: 2,
      state: 'active',
      changesLoad: true,
      label: 'shed 20 %',
      startAt: now,
      endAt: now + 600_000,
      periods: [{ startAt: now, endAt: now + 600_000, label: 'shed 20 %' }],
      vens: 2,
      targets: [],
    });
    const event = await stored(body.id);
    expect(event.intervals).toHaveLength(10);
    expect(event.intervals[0].payloads).toEqual([{ type: 'CONTROL_LEVEL_OFFSET_PERCENT', values: [0.2] }]);
    expect(event.reportDescriptors.map(({ payloadType }: { payloadType: string }) => payloadType)).toEqual([
      'DEMAND',
      'BASELINE',
    ]);
  });

  it.each<[string, Record<string, string>, object]>([
    ['a level', { level: '2' }, { type: 'SIMPLE', values: [2] }],
    ['a setpoint', { setpoint: '500kW' }, { type: 'DISPATCH_SETPOINT', values: [500] }],
    ['a change', { delta: '-0.2 MW' }, { type: 'DISPATCH_SETPOINT_RELATIVE', values: [-200] }],
    ['a limit', { limit: '800W' }, { type: 'IMPORT_CAPACITY_LIMIT', values: [0.8] }],
    ['an alert', { alert: 'flex:Save' }, { type: 'ALERT_FLEX_ALERT', values: ['Save'] }],
  ])('asks for %s', async (_what, form, payload) => {
    const { status, body } = await create({ ...form, for: '5m' });
    expect(status).toBe(201);
    expect((await stored(body.id)).intervals[0].payloads).toEqual([payload]);
  });

  it('reaches VENs by their names, and only these', async () => {
    const { body } = await create({ shed: '5%', for: '5m', ven: ['Bogense'], at: '+1m', program: 'tests' });
    expect(body).toMatchObject({ targets: ['Bogense'], vens: 1, state: 'pending', program: 'tests' });
    expect((await vtn.see('event-choices')).programs).toEqual(['tests', 'venfleet']);
    expect((await vtn.see('event-choices')).targets).toContain('Bogense');
  });

  it('every mistake is told with its field, and nothing is made', async () => {
    const before = (await vtn.see('events')).events.length;
    const { status, body } = await create({ shed: '20', for: 'soon', at: 'then', priority: '-1', ven: ['Aalborg'] });
    expect(status).toBe(400);
    expect(Object.keys(body.fields).sort()).toEqual(['at', 'for', 'priority', 'shed']);
    expect(body.fields.shed).toContain('percentage');
    expect((await vtn.see('events')).events).toHaveLength(before);
  });

  it.each<[string, object, string[]]>([
    ['two commands at a time', { shed: '20%', level: '1' }, ['shed', 'level']],
    ['lengths that do not fit', { shed: '20%', for: '10m', interval: '3m' }, ['for']],
    ['nothing to do', { for: '10m' }, ['shed', 'level', 'limit']],
    ['a VEN that is not there', { shed: '20%', ven: ['Nowhere'] }, ['ven']],
  ])('%s: told of the fields concerned', async (_what, form, fields) => {
    const { status, body } = await create(form);
    expect(status).toBe(400);
    expect(Object.keys(body.fields).sort()).toEqual([...fields].sort());
    expect(body.detail).not.toContain('--');
  });

  it('an unknown field is refused', async () => {
    expect((await create({ shred: '20%' })).body.fields).toEqual({ shred: 'unknown' });
  });

  it('a dry run only checks', async () => {
    const before = (await vtn.see('events')).events.length;
    expect((await create({ shed: '20%', for: '10m' }, '?dryRun=true')).body).toEqual({ ok: true });
    expect((await create({ shed: 'x' }, '?dryRun=true')).status).toBe(400);
    expect((await vtn.see('events')).events).toHaveLength(before);
  });

  it('no VEN makes one', async () => {
    expect((await create({ shed: '20%' }, '', 'ven-a')).status).toBe(403);
  });

  it('a change changes what it says, and leaves the rest', async () => {
    const { body: made } = await create({ name: 'To change', shed: '20%', for: '10m', ven: ['Aalborg'] });
    const { status, body } = await vtn.look(`events/${made.id}`, 'PATCH', { shed: '35%' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ name: 'To change', label: 'shed 35 %', targets: ['Aalborg'], endAt: made.endAt });
    expect((await vtn.look(`events/${made.id}`, 'PATCH', { shed: '200%' })).body.fields.shed).toContain('percentage');
    const checked = await vtn.look(`events/${made.id}?dryRun=true`, 'PATCH', { shed: '50%' });
    expect(checked.body).toEqual({ ok: true });
    expect((await vtn.see(`events/${made.id}`)).label).toBe('shed 35 %');
  });

  it('its form can be sent back as it is', async () => {
    const { body: made } = await create({
      name: 'Again',
      limit: '1MW',
      for: '10m',
      priority: '1',
      at: ISO(vtn.clock.now() + 60_000),
    });
    const { form } = await vtn.see(`events/${made.id}`);
    expect(form).toMatchObject({ name: 'Again', limit: '1000kW', for: 'PT10M', priority: '1' });
    const { body } = await vtn.look(`events/${made.id}`, 'PATCH', form);
    expect(body).toMatchObject({ label: made.label, startAt: made.startAt, endAt: made.endAt, priority: 1, name: 'Again' });
  });

  it('a cancelled one is over for all, and stays with its reports', async () => {
    const { body: made } = await create({ name: 'To cancel', shed: '20%', for: '10m' });
    await vtn.clock.advance(minutes(2));
    const { status, body } = await vtn.look(`events/${made.id}/cancel`, 'POST');
    expect(status).toBe(200);
    expect(body).toMatchObject({ state: 'cancelled', label: 'shed 20 %', name: 'To cancel' });
    expect((await vtn.see('overview')).vens[0].events).not.toContain(made.id);
    expect((await stored(made.id)).intervalPeriod.duration).toBe('PT0S');
  });

  it.each(['events/nothing/cancel', 'events/nothing'])('%s: there is no such event', async (path) => {
    expect((await vtn.look(path, path.endsWith('cancel') ? 'POST' : 'PATCH', {})).status).toBe(404);
  });

  it('one that nobody can understand is listed with what is wrong', async () => {
    const program = await vtn.addProgram('odd');
    const bl = vtn.api('3.1.0', 'bl');
    const { status, body } = await bl.post('/events', {
      programID: program,
      intervalPeriod: { start: 'PT1H' },
      intervals: [{ id: 0, payloads: [] }],
    });
    // A VTN that refuses it has none to show.
    if (status !== 201) return expect(body.status).toBe(400);
    expect((await vtn.see('events')).problems).toEqual([{ id: body.id, mistakes: expect.any(Array) }]);
  });
});

describe("the simulator's faults", () => {
  const asked: string[] = [];
  const simulator = createServer((request: IncomingMessage, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? 'without a token'}`);
    const fault = { id: 1, spec: { kind: 'offline' }, since: '2026-01-01T00:00:00Z', until: null, devices: 3 };
    const answers: Record<string, [number, unknown]> = {
      'GET /v1/faults': [200, { faults: [fault] }],
      'GET /openapi.json': [
        200,
        {
          paths: {
            '/v1/faults': {
              post: {
                requestBody: { content: { 'application/json': { schema: { properties: { kind: { enum: ['offline'] } } } } } },
              },
            },
          },
        },
      ],
      'POST /v1/faults': [400, { code: 'FAULT_INVALID', message: 'the fault has a mistake', details: ['kind: unknown'] }],
      'DELETE /v1/faults/1': [200, fault],
      'DELETE /v1/faults': [200, { cleared: 2 }],
    };
    const [status, body] = answers[`${request.method} ${request.url}`] ?? [404, { code: 'NOT_FOUND', message: 'nothing' }];
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  let vtn: ConsoleVtn;

  beforeAll(async () => {
    await new Promise<void>((resolve) => simulator.listen(0, '127.0.0.1', resolve));
    const { port } = simulator.address() as AddressInfo;
    vtn = await new ConsoleVtn({ console: { simulator: `http://127.0.0.1:${port}/` } }).start();
  });
  afterAll(async () => {
    await vtn.stop();
    await new Promise((resolve) => {
      simulator.close(resolve);
      simulator.closeAllConnections();
    });
  });

  it('are listed with the kinds that there are', async () => {
    expect((await vtn.see('session')).abilities.faults).toBe(true);
    expect(await vtn.see('faults')).toMatchObject({ kinds: ['offline'], faults: [{ id: 1, devices: 3 }] });
  });

  it('are cleared, one or all', async () => {
    expect((await vtn.look('faults/1', 'DELETE')).body.id).toBe(1);
    expect((await vtn.look('faults', 'DELETE')).body).toEqual({ cleared: 2 });
    expect((await vtn.look('faults/x', 'DELETE')).status).toBe(404);
  });

  it('what the simulator refuses is told in its words', async () => {
    const { status, body } = await vtn.look('faults', 'POST', { kind: 'x' });
    expect([status, body.fields]).toEqual([400, { kind: 'unknown' }]);
  });

  it('the simulator is never shown a token, and no VEN gets to it', async () => {
    asked.length = 0;
    expect((await vtn.look('faults', 'GET', undefined, 'ven-a')).status).toBe(403);
    expect(asked).toEqual([]);
    await vtn.see('faults');
    expect(asked.every((line) => line.endsWith('without a token'))).toBe(true);
  });

  it('one that does not answer is told as such', async () => {
    const lost = await new ConsoleVtn({ console: { simulator: 'http://127.0.0.1:9' } }).start();
    const { status, body } = await lost.look('faults');
    expect(status).toBe(502);
    expect(body.detail).toContain('no device simulator answers at http://127.0.0.1:9');
    await lost.stop();
  });
});
