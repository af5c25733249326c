import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { hours, instant, milliseconds, minutes } from '@venfleet/core';
import fc from 'fast-check';
import {
  anonymous,
  createVtnClient,
  type NewEvent,
  type ReportDraft,
  type Role,
  type Target,
  type VtnClient,
  validator,
  type WireVersion,
  wire301,
  wire310,
} from '../src/index.js';
import { type Rig, rig, serve, type TestServer } from './support/server.js';

const START = instant(Date.parse('2026-06-15T10:00:00Z'));
const VERSIONS = ['3.0.1', '3.1.0'] as const;

let server: TestServer;
let tools: Rig;
beforeEach(async () => {
  server = await serve(() => ({ status: 500 }));
  tools = rig();
});
afterEach(async () => {
  await tools.transport.close();
  await server.close();
});

function client(version: WireVersion, role: Role = 'BL', own: Rig = tools): VtnClient {
  const vtn = { version, baseUrl: server.url, tokenUrl: `${server.url}/auth/token` };
  return createVtnClient({ ...own, vtn, tokens: anonymous, role });
}

const draft: ReportDraft = {
  programId: 'p',
  eventId: 'e',
  clientName: 'Aalborg',
  name: 'r-1',
  descriptors: [{ payloadType: 'USAGE', readingType: 'DIRECT_READ', units: 'KWH' }],
  resources: [
    {
      name: 'AGGREGATED_REPORT',
      intervals: [{ id: 7, start: START, duration: minutes(15), payloads: [{ type: 'USAGE', values: [1.5] }] }],
    },
  ],
};

describe.each(VERSIONS)('events and reports by the client, OpenADR %s', (version) => {
  const wire = version === '3.0.1' ? wire301 : wire310;

  it('lists events, and those that cannot be understood beside them', async () => {
    server.handle(() => ({
      body: [
        { id: 'good', programID: 'p', intervals: [] },
        { id: 'bad', programID: 'p', intervals: [{ id: 0, payloads: [] }] },
        { id: 'other', programID: 'q', intervals: [] },
        'nonsense',
      ],
    }));
    const { events, problems } = await client(version).listEvents({ programId: 'p', active: true });
    expect(events.map(({ id }) => id)).toEqual(['good']);
    expect(problems.map(({ id }) => id)).toEqual(['bad', '"nonsense"']);
    const { query } = server.requests[0] as (typeof server.requests)[0];
    expect([query.get('programID'), query.get('active')]).toEqual(['p', version === '3.1.0' ? 'true' : null]);
  });

  it('writes events that their schema allows, and reads back what it wrote', async () => {
    server.handle(({ json }) => ({ status: 201, body: { id: 'e1', ...json() } }));
    const target: fc.Arbitrary<Target> =
      version === '3.0.1'
        ? fc.record({ type: fc.constant('GROUP'), values: fc.array(fc.string({ minLength: 1 })) })
        : fc.string({ minLength: 1, maxLength: 128 });
    const length = fc.oneof(fc.constant('forever' as const), fc.integer({ min: 1, max: 1e10 }).map(milliseconds));
    const events = fc.record({
      programId: fc.constant('p'),
      name: fc.option(fc.string(), { nil: undefined }),
      priority: fc.option(fc.nat(), { nil: undefined }),
      targets: fc.array(target, { maxLength: 3 }),
      start: fc.oneof(fc.constant('now' as const), fc.constant(START)),
      length,
      intervals: fc.array(
        fc.record({
          id: fc.integer({ min: -100, max: 100 }),
          start: fc.oneof(
            fc.constant(undefined),
            fc.integer({ min: 0, max: 1e9 }).map((ms) => instant(START + ms)),
          ),
          duration: fc.option(length, { nil: undefined }),
          payloads: fc.array(fc.record({ type: fc.constantFrom('PRICE', 'MY_OWN'), values: fc.array(fc.integer()) }), {
            minLength: 1,
            maxLength: 2,
          }),
        }),
        { maxLength: 4 },
      ),
      reportRequests: fc.array(
        fc.record({
          payloadType: fc.constantFrom('USAGE', 'MY_OWN'),
          units: fc.option(fc.constant('KWH'), { nil: undefined }),
          targets: fc.array(target, { maxLength: 2 }),
          aggregate: fc.boolean(),
          startInterval: fc.integer({ min: -1, max: 9 }),
          numIntervals: fc.integer({ min: -1, max: 9 }),
          historical: fc.boolean(),
          frequency: fc.integer({ min: -1, max: 9 }),
          repeat: fc.integer({ min: -1, max: 9 }),
          reportIntervals:
            version === '3.0.1'
              ? fc.constant('INTERVALS' as const)
              : fc.constantFrom('INTERVALS' as const, 'SUB_INTERVALS' as const),
        }),
        { maxLength: 2 },
      ),
    });
    const vtn = client(version);
    await fc.assert(
      fc.asyncProperty(events, async (event) => {
        server.requests.length = 0;
        const created = await vtn.createEvent(event as NewEvent);
        expect(validator(wire.EventRequest).mistakes(server.requests[0]?.json())).toEqual([]);
        expect(created).toMatchObject({ programId: 'p', targets: event.targets, start: event.start, length: event.length });
        expect(created.reportRequests).toEqual(event.reportRequests);
        expect(created.intervals.map(({ id, payloads }) => ({ id, payloads }))).toEqual(
          event.intervals.map(({ id, payloads }) => ({ id, payloads })),
        );
        // Written once more as it was understood, it is understood the same.
        expect(await vtn.updateEvent(created, {})).toEqual(created);
      }),
      { numRuns: 40 },
    );
  });

  it('changes what is given of an event and keeps the rest', async () => {
    server.handle(({ method, json }) => ({ body: { id: 'e1', ...(method === 'DELETE' ? {} : json()) } }));
    const vtn = client(version);
    const created = await vtn.createEvent({
      programId: 'p',
      name: 'n',
      start: START,
      length: hours(1),
      intervals: [{ id: 0, payloads: [] }],
    });
    const changed = await vtn.updateEvent(created, { priority: 2 });
    expect(changed).toEqual({ ...created, priority: 2 });
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /events', 'PUT /events/e1']);
    await vtn.deleteEvent('e1');
    expect(server.requests[2]?.method).toBe('DELETE');
  });

  it('writes reports in the words of its version', async () => {
    server.handle(() => ({ status: 201, body: { id: 'r1' } }));
    const vtn = client(version, 'VEN');
    expect(await vtn.createReport(draft)).toEqual({ id: 'r1' });
    expect(await vtn.updateReport('r1', { ...draft, name: undefined, descriptors: [] })).toEqual({ id: 'r1' });
    await vtn.deleteReport('r1');
    const [post, put] = server.requests.map((request) => (request.body === '' ? undefined : request.json()));
    for (const body of [post, put]) expect(validator(wire.ReportRequest).mistakes(body)).toEqual([]);
    expect(post?.programID).toBe(version === '3.0.1' ? 'p' : undefined);
    expect(post).toMatchObject({
      eventID: 'e',
      clientName: 'Aalborg',
      reportName: 'r-1',
      resources: [{ intervals: [{ id: 7, intervalPeriod: { start: '2026-06-15T10:00:00.000Z', duration: 'PT15M' } }] }],
    });
    expect(Object.keys(put ?? {})).not.toContain('reportName');
  });

  it('reads reports as they were written, and by what was asked', async () => {
    const written: unknown[] = [];
    server.handle(({ method, json }) => {
      if (method === 'GET') return { body: written };
      written.push({ id: `r${written.length}`, clientID: 'c', ...json() });
      return { status: 201, body: written.at(-1) };
    });
    const vtn = client(version, 'VEN');
    await vtn.createReport(draft);
    await vtn.createReport({ ...draft, clientName: 'Aarhus' });
    const found = await vtn.listReports({ eventId: 'e', clientName: 'Aalborg', programId: 'p' });
    expect(found).toMatchObject([
      { id: 'r0', eventId: 'e', clientName: 'Aalborg', clientId: 'c', name: 'r-1', resources: draft.resources },
    ]);
    const { query } = server.requests.at(-1) as (typeof server.requests)[0];
    expect(Object.fromEntries(query)).toEqual({ skip: '0', limit: '50', programID: 'p', eventID: 'e', clientName: 'Aalborg' });
  });

  it('reads a list only until there is enough of it', async () => {
    server.handle(({ query }) => {
      const skip = Number(query.get('skip'));
      const reports = Array.from({ length: 50 }, (_, i) => ({
        id: `r${skip + i}`,
        eventID: 'e',
        clientName: 'c',
        resources: [],
      }));
      return { body: reports };
    });
    const found = await client(version, 'VEN').listReports({}, { enough: (page) => page.some(({ id }) => id === 'r120') });
    expect(found).toHaveLength(150);
    expect(server.requests).toHaveLength(3);
  });

  it('reads pages of fewer reports where they are too long', async () => {
    const reports = Array.from({ length: 60 }, (_, i) => ({
      id: `r${i}`,
      eventID: 'e',
      clientName: 'x'.repeat(1000),
      resources: [],
    }));
    server.handle(({ query }) => {
      const skip = Number(query.get('skip'));
      return { body: reports.slice(skip, skip + Number(query.get('limit'))) };
    });
    const narrow = rig({ maxBodyBytes: 20_000 });
    try {
      expect((await client(version, 'VEN', narrow).listReports()).map(({ id }) => id)).toEqual(reports.map(({ id }) => id));
      expect(server.requests.map(({ query }) => query.get('limit'))).toEqual(['50', '25', '12', '12', '12', '12', '12', '12']);
    } finally {
      await narrow.transport.close();
    }
  });
});

it('3.0.1 has no place for an event’s duration or its own report intervals', async () => {
  const vtn = client('3.0.1');
  await expect(vtn.createEvent({ programId: 'p', duration: hours(1) })).rejects.toMatchObject({ code: 'EVENT_NOT_EXPRESSIBLE' });
  expect(server.requests).toEqual([]);
});
