import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { minutes, seconds } from '@venfleet/core';
import { validator, wire301, wire310 } from '@venfleet/openadr';
import { type Api, makeVen, TestVtn, VERSIONS } from './support/vtn.js';

const HOUR = { start: '2026-01-01T00:00:00Z', duration: 'PT1H' };
const PRICE = [{ type: 'PRICE', values: [0.17] }];
const interval = (id: number, more: object = {}) => ({ id, payloads: PRICE, ...more });

/** The numbers are those of the conformance checklist for OpenADR 3 VTNs. */
describe.each(VERSIONS)('events over OpenADR %s', (version) => {
  let vtn: TestVtn;
  let bl: Api;
  let ven: Api;
  let programID: string;
  const body = (more: object = {}) => ({ programID, intervalPeriod: HOUR, intervals: [interval(0)], ...more });
  const post = async (more: object = {}) => await bl.ok(bl.post('/events', body(more)));
  const freshProgram = async () => (await bl.ok(bl.post('/programs', { programName: `p${++counter}` }))).id as string;
  let counter = 0;

  beforeAll(async () => {
    vtn = await new TestVtn().start();
    bl = vtn.api(version, 'bl');
    ven = vtn.api(version, 'ven-a');
    programID = await freshProgram();
  });
  afterAll(async () => await vtn.stop());

  it('1, 2, 3: POST returns 201 with what the server sets, whatever the client says of it', async () => {
    const { status, body: made } = await bl.post(
      '/events',
      body({ id: 'mine', createdDateTime: '1999-01-01T00:00:00Z', objectType: 'REPORT', more: 1 }),
    );
    expect(status).toBe(201);
    expect(made).toEqual({
      id: expect.stringMatching(/^[a-zA-Z0-9_-]{1,128}$/),
      createdDateTime: expect.stringMatching(/^2026-01-01T/),
      modificationDateTime: made.createdDateTime,
      objectType: 'EVENT',
      ...body(),
    });
    expect(validator(version === '3.0.1' ? wire301.Event : wire310.Event).mistakes(made)).toEqual([]);
    expect(await bl.ok(bl.get(`/events/${made.id}`))).toEqual(made);
    expect(await ven.ok(ven.get(`/events/${made.id}`))).toEqual(made);
  });

  it('4: a body without its program, or with a malformed member, gives 400 and stores nothing', async () => {
    const before = await bl.ok(bl.get('/events'));
    for (const wrong of [
      { intervals: [interval(0)] },
      body({ priority: -1 }),
      body({ priority: 1.5 }),
      body({ intervals: [{ payloads: PRICE }] }),
      body({ intervals: [{ id: 0 }] }),
      body({ intervalPeriod: { start: 'soon' } }),
      body({ intervalPeriod: null }),
      body({ reportDescriptors: [{}] }),
      body({ payloadDescriptors: [{ objectType: 'REPORT_PAYLOAD_DESCRIPTOR', payloadType: 'USAGE' }] }),
    ]) {
      expect((await bl.post('/events', wrong)).status).toBe(400);
    }
    expect(await bl.ok(bl.get('/events'))).toEqual(before);
  });

  it('6: nulls read back as absent, an empty list as an empty list', async () => {
    const nulls = { eventName: null, priority: null, targets: null, reportDescriptors: null, payloadDescriptors: null };
    const made = await post(nulls);
    for (const key of Object.keys(nulls)) expect(made).not.toHaveProperty(key);
    expect(await post({ targets: [], reportDescriptors: [] })).toMatchObject({ targets: [], reportDescriptors: [] });
  });

  it('8, 9, 10: PUT replaces, DELETE returns the event, both give 404 afterwards', async () => {
    const made = await post({ eventName: 'before', priority: 3 });
    const put = await bl.ok(bl.put(`/events/${made.id}`, body({ eventName: 'after' })));
    expect(put).toMatchObject({ id: made.id, eventName: 'after', createdDateTime: made.createdDateTime });
    expect(put).not.toHaveProperty('priority');
    expect(put.modificationDateTime > made.modificationDateTime).toBe(true);
    expect((await bl.delete(`/events/${made.id}`)).body).toEqual(put);
    const gone = [
      await bl.get(`/events/${made.id}`),
      await bl.put(`/events/${made.id}`, body()),
      await bl.delete(`/events/${made.id}`),
    ];
    expect(gone.map(({ status }) => status)).toEqual([404, 404, 404]);
  });

  it('an event of a program that does not exist gives 409, and a program with events is not deleted', async () => {
    const refused = await bl.post('/events', body({ programID: 'nothing' }));
    expect([refused.status, refused.body.detail]).toEqual([409, expect.stringContaining('programID')]);
    const own = await freshProgram();
    const made = await post({ programID: own });
    expect((await bl.delete(`/programs/${own}`)).status).toBe(409);
    expect((await bl.put(`/events/${made.id}`, body({ programID: 'nothing' }))).status).toBe(409);
    await bl.ok(bl.delete(`/events/${made.id}`));
    expect((await bl.delete(`/programs/${own}`)).status).toBe(200);
  });

  it('13: lists go by priority with null last, the newest first, and pages neither overlap nor miss', async () => {
    const own = await freshProgram();
    for (const priority of [5, null, 0, 5, null, 1e300, 0]) {
      await vtn.clock.advance(seconds(1));
      await post({ programID: own, priority, eventName: `${priority} at ${vtn.clock.now()}` });
    }
    const all = await bl.ok(bl.get(`/events?programID=${own}`));
    expect(all.map((e: { priority?: number }) => e.priority)).toEqual([0, 0, 5, 5, 1e300, undefined, undefined]);
    for (const i of [0, 2, 5]) expect(all[i].createdDateTime > all[i + 1].createdDateTime).toBe(true);
    const pages = [];
    for (let skip = 0; skip < 8; skip += 2) pages.push(...(await bl.ok(bl.get(`/events?programID=${own}&skip=${skip}&limit=2`))));
    expect(pages).toEqual(all);
  });

  it('14: programID and targets together return the intersection', async () => {
    const [one, two] = [await freshProgram(), await freshProgram()];
    const targets = version === '3.0.1' ? [{ type: 'GROUP', values: ['g14'] }] : ['g14'];
    const wanted = await post({ programID: one, targets });
    await post({ programID: one });
    await post({ programID: two, targets });
    const filter = version === '3.0.1' ? 'targetType=GROUP&targetValues=g14' : 'targets=g14';
    const ids = async (query: string) => (await bl.ok(bl.get(`/events?${query}`))).map((e: { id: string }) => e.id);
    expect(await ids(filter)).toHaveLength(2);
    expect(await ids(`${filter}&programID=${one}`)).toEqual([wanted.id]);
    expect(await ids('programID=nothing')).toEqual([]);
  });

  it('18: two events may share a name', async () => {
    expect((await post({ eventName: 'same' })).id).not.toBe((await post({ eventName: 'same' })).id);
  });

  it('19, 20: no token gives 401, a VEN cannot write events (403)', async () => {
    const { id } = await post();
    expect((await vtn.api(version).get('/events')).status).toBe(401);
    const answers = [
      await ven.post('/events', body()),
      await ven.put(`/events/${id}`, body()),
      await ven.delete(`/events/${id}`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
  });

  it('26, 27: payload values and private types round-trip unchanged', async () => {
    const payloads = [
      { type: 'MY_PRIVATE_TYPE', values: [1, -0.5, 1e21, 'tekst æøå', '', true, false, { x: 9.9217, y: 57.048 }] },
      { type: 'NONE', values: [] },
    ];
    const payloadDescriptors = [{ objectType: 'EVENT_PAYLOAD_DESCRIPTOR', payloadType: 'MY_PRIVATE_TYPE', units: 'MY_UNIT' }];
    const reportDescriptors = [{ payloadType: 'MY_REPORT', readingType: 'MY_READING', units: 'MY_UNIT', startInterval: 2 }];
    const made = await post({
      intervals: [
        { id: 7, payloads },
        { id: -3, payloads: [] },
      ],
      payloadDescriptors,
      reportDescriptors,
    });
    expect(made.intervals).toEqual([
      { id: 7, payloads },
      { id: -3, payloads: [] },
    ]);
    expect(made).toMatchObject({ payloadDescriptors, reportDescriptors });
  });

  it('now, endless and zero periods are kept as they are written', async () => {
    for (const period of [
      { start: '0001-01-01T00:00:00Z', duration: 'P9999Y' },
      { start: '0001-01-01', duration: 'PT0S', randomizeStart: 'PT5M' },
      { start: '2026-06-15T09:30:00.123+02:00', duration: 'P0Y0M0DT1H0M0S' },
    ]) {
      expect(
        (await post({ intervalPeriod: period, intervals: [interval(0, { intervalPeriod: period })] })).intervalPeriod,
      ).toEqual(period);
    }
  });

  it('an event of a year of hours is taken', async () => {
    const intervals = Array.from({ length: 8760 }, (_, id) => interval(id));
    const made = await post({ intervals });
    expect(made.intervals).toHaveLength(8760);
    await bl.ok(bl.delete(`/events/${made.id}`));
  });
});

describe('events over OpenADR 3.0.1 alone', () => {
  let vtn: TestVtn;
  let bl: Api;
  beforeAll(async () => {
    vtn = await new TestVtn().start();
    bl = vtn.api('3.0.1', 'bl');
  });
  afterAll(async () => await vtn.stop());

  it('33, 34: no intervals, or a period without start, give 400', async () => {
    const { id: programID } = await bl.ok(bl.post('/programs', { programName: 'p' }));
    expect((await bl.post('/events', { programID, intervalPeriod: HOUR })).status).toBe(400);
    expect((await bl.post('/events', { programID, intervals: [], intervalPeriod: { duration: 'PT1H' } })).status).toBe(400);
    expect((await bl.post('/events', { programID, intervals: [], intervalPeriod: HOUR })).status).toBe(201);
  });

  it('a VEN sees events whatever their targets are: it must look for itself', async () => {
    const { id: programID } = await bl.ok(bl.post('/programs', { programName: 'q' }));
    const targets = [{ type: 'VEN_NAME', values: ['somebody else'] }];
    const made = await bl.ok(bl.post('/events', { programID, intervals: [interval(0)], targets }));
    const ven = vtn.api('3.0.1', 'ven-a');
    expect(await ven.ok(ven.get(`/events?programID=${programID}`))).toEqual([made]);
  });
});

describe('events over OpenADR 3.1 alone', () => {
  let vtn: TestVtn;
  let bl: Api;
  let own: Api;
  let other: Api;
  let programID: string;
  beforeAll(async () => {
    vtn = await new TestVtn().start();
    [bl, own, other] = [vtn.api('3.1.0', 'bl'), vtn.api('3.1.0', 'ven-a'), vtn.api('3.1.0', 'ven-b')];
    programID = (await bl.ok(bl.post('/programs', { programName: 'p' }))).id;
  });
  afterAll(async () => await vtn.stop());
  const post = async (more: object) => await bl.ok(bl.post('/events', { programID, ...more }));
  const listed = async (api: Api, query = '') => (await api.ok(api.get(`/events?${query}`))).map((e: { id: string }) => e.id);

  it('52: an event with only programID is accepted, and has no intervals', async () => {
    expect(await post({})).not.toHaveProperty('intervals');
  });

  it('48-51: targets hide events until they are granted, and show only what is granted', async () => {
    const made = await post({ targets: ['t-own', 't-else'] });
    const open = await post({});
    expect(await listed(own)).not.toContain(made.id);
    expect((await own.get(`/events/${made.id}`)).status).toBe(404);
    expect(await listed(own)).toContain(open.id);
    const ven = await makeVen(vtn, '3.1.0', 'A', { clientID: 'ven-a' });
    const resource = { objectType: 'BL_RESOURCE_REQUEST', venID: ven.id, resourceName: 'r' };
    await bl.ok(bl.post('/resources', { ...resource, targets: ['t-own'] }));
    expect((await own.ok(own.get(`/events/${made.id}`))).targets).toEqual(['t-own']);
    expect(await listed(own)).toContain(made.id);
    expect(await listed(own, 'targets=t-own')).toEqual([made.id]);
    expect(await listed(own, 'targets=t-else')).toEqual([]);
    expect(await listed(other)).not.toContain(made.id);
    expect((await bl.ok(bl.get(`/events/${made.id}`))).targets).toEqual(['t-own', 't-else']);
  });

  it('53: active=true omits finished events and keeps future and endless ones', async () => {
    const { id } = await bl.ok(bl.post('/programs', { programName: 'active' }));
    const hour = (start: string, more: object = {}) => ({
      programID: id,
      intervalPeriod: { start, duration: 'PT1H' },
      intervals: [interval(0), interval(1)],
      ...more,
    });
    const over = await post(hour('2025-12-31T21:59:59Z'));
    const running = await post(hour('2025-12-31T23:00:00Z'));
    const future = await post(hour('2027-01-01T00:00:00Z'));
    const endless = await post(hour('2020-01-01T00:00:00Z', { duration: 'P9999Y' }));
    const cut = await post(hour('2025-12-31T23:30:00Z', { duration: 'PT15M' }));
    const now = await post({ programID: id, intervalPeriod: { duration: 'PT5M' }, intervals: [interval(0)] });
    const reports = await post({ programID: id, reportDescriptors: [{ payloadType: 'USAGE' }] });
    expect(await listed(bl, `programID=${id}`)).toHaveLength(7);
    expect(new Set(await listed(own, `programID=${id}&active=true`))).toEqual(
      new Set([running.id, future.id, endless.id, now.id, reports.id]),
    );
    expect(await listed(own, `programID=${id}&active=false`)).toHaveLength(7);
    await vtn.clock.advance(minutes(5));
    expect(await listed(own, `programID=${id}&active=true`)).not.toContain(now.id);
    expect((await own.get('/events?active=perhaps')).status).toBe(400);
    expect([over, cut].every(Boolean)).toBe(true);
  });
});

describe('events across versions', () => {
  let vtn: TestVtn;
  let old: Api;
  let now: Api;
  let programID: string;
  beforeAll(async () => {
    vtn = await new TestVtn().start();
    [old, now] = [vtn.api('3.0.1', 'bl'), vtn.api('3.1.0', 'bl')];
    programID = (await now.ok(now.post('/programs', { programName: 'p' }))).id;
  });
  afterAll(async () => await vtn.stop());

  it('what 3.0.1 requires is filled in, and what it does not know is left out', async () => {
    const { id } = await now.ok(
      now.post('/events', {
        programID,
        duration: 'P1D',
        targets: ['g'],
        intervalPeriod: { duration: 'PT1H' },
        intervals: [interval(0), interval(1, { intervalPeriod: { duration: 'PT2H' } })],
        reportDescriptors: [{ payloadType: 'USAGE', targets: ['r'], reportIntervals: 'SUB_INTERVALS' }],
      }),
    );
    const shown = await old.ok(old.get(`/events/${id}`));
    const start = '0001-01-01T00:00:00Z';
    expect(validator(wire301.Event).mistakes(shown)).toEqual([]);
    expect(shown).toMatchObject({
      targets: [{ type: 'GROUP', values: ['g'] }],
      intervalPeriod: { start, duration: 'PT1H' },
      intervals: [interval(0), interval(1, { intervalPeriod: { start, duration: 'PT2H' } })],
      reportDescriptors: [{ payloadType: 'USAGE', targets: [{ type: 'GROUP', values: ['r'] }] }],
    });
    expect(shown).not.toHaveProperty('duration');
    expect(shown.reportDescriptors[0]).not.toHaveProperty('reportIntervals');
    const bare = await now.ok(now.post('/events', { programID }));
    expect((await old.ok(old.get(`/events/${bare.id}`))).intervals).toEqual([]);
  });

  it('a PUT over 3.0.1 leaves the duration, which it cannot express', async () => {
    const { id } = await now.ok(now.post('/events', { programID, duration: 'P1D', eventName: 'a' }));
    await old.ok(old.put(`/events/${id}`, { programID, eventName: 'b', intervals: [] }));
    expect(await now.ok(now.get(`/events/${id}`))).toMatchObject({ eventName: 'b', duration: 'P1D', intervals: [] });
  });

  it('what 3.0.1 writes reads as 3.1', async () => {
    const { id } = await old.ok(
      old.post('/events', {
        programID,
        targets: [{ type: 'VEN_NAME', values: ['v'] }],
        payloadDescriptors: [{ payloadType: 'PRICE', currency: 'DKK' }],
        reportDescriptors: [{ payloadType: 'USAGE', targets: [{ type: 'RESOURCE_NAME', values: ['r'] }] }],
        intervals: [interval(0, { intervalPeriod: HOUR })],
      }),
    );
    const shown = await now.ok(now.get(`/events/${id}`));
    expect(validator(wire310.Event).mistakes(shown)).toEqual([]);
    expect(shown).toMatchObject({
      targets: ['v'],
      payloadDescriptors: [{ objectType: 'EVENT_PAYLOAD_DESCRIPTOR', payloadType: 'PRICE', currency: 'DKK' }],
      reportDescriptors: [{ payloadType: 'USAGE', targets: ['r'] }],
    });
  });
});
