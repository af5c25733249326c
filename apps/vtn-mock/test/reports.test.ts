import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { seconds } from '@venfleet/core';
import { validator, wire301, wire310 } from '@venfleet/openadr';
import { type Api, TestVtn, VERSIONS } from './support/vtn.js';

const HOUR = { start: '2026-01-01T00:00:00Z', duration: 'PT1H' };
const USAGE = [{ type: 'USAGE', values: [1.25] }];
const RESOURCES = [{ resourceName: 'r-1', intervals: [{ id: 0, intervalPeriod: HOUR, payloads: USAGE }] }];

/** The numbers are those of the conformance checklist for OpenADR 3 VTNs. */
describe.each(VERSIONS)('reports over OpenADR %s', (version) => {
  let vtn: TestVtn;
  let bl: Api;
  let ven: Api;
  let programID: string;
  let eventID: string;
  const body = (more: object = {}) => ({
    ...(version === '3.0.1' ? { programID } : {}),
    eventID,
    clientName: 'A',
    resources: RESOURCES,
    ...more,
  });
  const post = async (more: object = {}) => await ven.ok(ven.post('/reports', body(more)));
  const makeEvent = async (program: string) =>
    (await bl.ok(bl.post('/events', { programID: program, intervals: [] }))).id as string;

  beforeAll(async () => {
    vtn = await new TestVtn().start();
    bl = vtn.api(version, 'bl');
    ven = vtn.api(version, 'ven-a');
    programID = (await bl.ok(bl.post('/programs', { programName: 'p' }))).id;
    eventID = await makeEvent(programID);
  });
  afterAll(async () => await vtn.stop());

  it('1, 2, 55: POST returns 201 with what the server sets, whatever the client says of it', async () => {
    const { status, body: made } = await ven.post(
      '/reports',
      body({ id: 'mine', objectType: 'EVENT', clientID: 'ven-b', more: 1 }),
    );
    expect(status).toBe(201);
    expect(made).toEqual({
      id: expect.stringMatching(/^[a-zA-Z0-9_-]{1,128}$/),
      createdDateTime: expect.stringMatching(/^2026-01-01T/),
      modificationDateTime: made.createdDateTime,
      objectType: 'REPORT',
      ...(version === '3.1.0' ? { clientID: 'ven-a' } : {}),
      ...body(),
    });
    expect(validator(version === '3.0.1' ? wire301.Report : wire310.Report).mistakes(made)).toEqual([]);
    expect(await ven.ok(ven.get(`/reports/${made.id}`))).toEqual(made);
    expect(await bl.ok(bl.get(`/reports/${made.id}`))).toEqual(made);
  });

  it('4, 7, 35: a missing or malformed member gives 400, names it and stores nothing', async () => {
    const before = await bl.ok(bl.get('/reports'));
    const whole = body();
    for (const key of Object.keys(whole)) {
      const { [key as keyof typeof whole]: _, ...rest } = whole;
      const answer = await ven.post('/reports', rest);
      expect([answer.status, answer.body.detail]).toEqual([400, expect.stringContaining(key)]);
    }
    for (const wrong of [
      { clientName: '' },
      { clientName: 'x'.repeat(129) },
      { clientName: 'a\ud800b' },
      { resources: [{ resourceName: 'r' }] },
      { resources: [{ resourceName: 'r', intervals: [{ id: 'a', payloads: [] }] }] },
    ]) {
      expect((await ven.post('/reports', body(wrong))).status).toBe(400);
    }
    expect(await bl.ok(bl.get('/reports'))).toEqual(before);
  });

  it('8, 9, 10: PUT replaces, DELETE returns the report, both give 404 afterwards', async () => {
    const made = await post({ reportName: 'before' });
    const put = await ven.ok(ven.put(`/reports/${made.id}`, body({ reportName: 'after', clientName: 'other' })));
    expect(put).toMatchObject({ id: made.id, reportName: 'after', clientName: 'other' });
    expect(put.modificationDateTime > made.modificationDateTime).toBe(true);
    expect((await ven.delete(`/reports/${made.id}`)).body).toEqual(put);
    const gone = [
      await ven.get(`/reports/${made.id}`),
      await ven.put(`/reports/${made.id}`, body()),
      await ven.delete(`/reports/${made.id}`),
    ];
    expect(gone.map(({ status }) => status)).toEqual([404, 404, 404]);
  });

  it('an event that does not exist is refused as its version has it, and one with reports is not deleted (409)', async () => {
    const refused = await ven.post('/reports', body({ eventID: 'nothing' }));
    expect([refused.status, refused.body.detail]).toEqual([version === '3.0.1' ? 404 : 409, expect.stringContaining('eventID')]);
    const event = await makeEvent(programID);
    const made = await post({ eventID: event });
    expect((await bl.delete(`/events/${event}`)).status).toBe(409);
    await ven.ok(ven.delete(`/reports/${made.id}`));
    expect((await bl.delete(`/events/${event}`)).status).toBe(200);
  });

  it('13, 14, 54: lists go newest first; programID, eventID and clientName narrow them together', async () => {
    const program = (await bl.ok(bl.post('/programs', { programName: 'q' }))).id;
    const [one, two] = [await makeEvent(program), await makeEvent(program)];
    const own = version === '3.0.1' ? { programID: program } : {};
    const made: string[] = [];
    for (const [event, clientName] of [
      [one, 'A'],
      [one, 'B'],
      [two, 'A'],
    ] as const) {
      await vtn.clock.advance(seconds(1));
      made.push((await post({ ...own, eventID: event, clientName })).id);
    }
    const ids = async (query: string) => (await bl.ok(bl.get(`/reports?${query}`))).map((r: { id: string }) => r.id);
    expect(await ids(`programID=${program}`)).toEqual([...made].reverse());
    expect(await ids(`eventID=${one}`)).toEqual([made[1], made[0]]);
    expect(await ids(`eventID=${one}&clientName=A`)).toEqual([made[0]]);
    expect(await ids(`programID=${program}&clientName=A`)).toEqual([made[2], made[0]]);
    expect(await ids(`programID=${program}&skip=1&limit=1`)).toEqual([made[1]]);
    expect(await ids(`programID=${programID}&eventID=${one}`)).toEqual([]);
  });

  it('18: two reports may share a name', async () => {
    expect((await post({ reportName: 'same' })).id).not.toBe((await post({ reportName: 'same' })).id);
  });

  it('19, 21: no token gives 401, business logic cannot write reports (403)', async () => {
    const { id } = await post();
    expect((await vtn.api(version).get('/reports')).status).toBe(401);
    const answers = [
      await bl.post('/reports', body()),
      await bl.put(`/reports/${id}`, body()),
      await bl.delete(`/reports/${id}`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
  });

  it('26, 27: values and private types round-trip unchanged', async () => {
    const payloads = [{ type: 'MY_TYPE', values: [1, -0.5, 1e21, 'æ', '', true, { x: 1.5, y: -2 }] }];
    const payloadDescriptors = [
      {
        objectType: 'REPORT_PAYLOAD_DESCRIPTOR',
        payloadType: 'MY_TYPE',
        readingType: 'MY_READING',
        units: 'MY_UNIT',
        accuracy: 0.5,
        confidence: 90,
      },
    ];
    const resources = [{ resourceName: 'AGGREGATED_REPORT', intervalPeriod: HOUR, intervals: [{ id: -1, payloads }] }];
    expect(await post({ resources, payloadDescriptors })).toMatchObject({ resources, payloadDescriptors });
  });

  it('a report of 627 resources over a day of quarter hours is taken, one beyond 16 MiB is not (413)', async () => {
    const intervals = Array.from({ length: 96 }, (_, id) => ({
      id,
      intervalPeriod: { start: '2026-01-01T00:00:00.000Z', duration: 'PT15M' },
      payloads: [...USAGE, { type: 'DATA_QUALITY', values: ['ESTIMATED'] }],
    }));
    const resources = Array.from({ length: 627 }, (_, i) => ({ resourceName: `resource-${i}`, intervals }));
    const { id } = await post({ resources });
    expect((await ven.ok(ven.get(`/reports/${id}`))).resources).toHaveLength(627);
    await ven.ok(ven.delete(`/reports/${id}`));
    const tooLarge = await ven.post('/reports', body({ reportName: 'x'.repeat(16 * 1024 * 1024) }));
    expect(tooLarge.status).toBe(413);
  });
});

describe('reports over OpenADR 3.0.1 alone', () => {
  it('a programID that is not the event’s gives 400', async () => {
    const vtn = await new TestVtn().start();
    try {
      const [bl, ven] = [vtn.api('3.0.1', 'bl'), vtn.api('3.0.1', 'ven-a')];
      const [one, two] = [
        await bl.ok(bl.post('/programs', { programName: '1' })),
        await bl.ok(bl.post('/programs', { programName: '2' })),
      ];
      const { id: eventID } = await bl.ok(bl.post('/events', { programID: one.id, intervals: [] }));
      const report = { programID: two.id, eventID, clientName: 'A', resources: [] };
      const { status, body } = await ven.post('/reports', report);
      expect([status, body.detail]).toEqual([400, expect.stringContaining('programID')]);
      expect((await ven.post('/reports', { ...report, programID: one.id })).status).toBe(201);
    } finally {
      await vtn.stop();
    }
  });
});

describe('reports over OpenADR 3.1 alone', () => {
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

  it('46, 47: a VEN sees and changes only its own reports; business logic sees all', async () => {
    const { id: eventID } = await bl.ok(bl.post('/events', { programID }));
    const body = { eventID, clientName: 'same', resources: RESOURCES };
    const [mine, theirs] = [await own.ok(own.post('/reports', body)), await other.ok(other.post('/reports', body))];
    expect(await own.ok(own.get(`/reports?eventID=${eventID}`))).toEqual([mine]);
    expect(await bl.ok(bl.get(`/reports?eventID=${eventID}`))).toEqual([theirs, mine]);
    const path = `/reports/${theirs.id}`;
    const answers = [await own.get(path), await own.put(path, body), await own.delete(path)];
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
  });

  it('there is no reporting on an event that the VEN does not see', async () => {
    const { id: eventID } = await bl.ok(bl.post('/events', { programID, targets: ['elsewhere'] }));
    expect((await own.post('/reports', { eventID, clientName: 'A', resources: RESOURCES })).status).toBe(409);
  });

  it('over 3.0.1 it has its event’s program and a start in each period', async () => {
    const { id: eventID } = await bl.ok(bl.post('/events', { programID }));
    const resources = [
      {
        resourceName: 'r',
        intervalPeriod: { duration: 'PT1H' },
        intervals: [
          { id: 0, payloads: USAGE },
          { id: 1, intervalPeriod: HOUR, payloads: [] },
        ],
      },
    ];
    const { id } = await own.ok(own.post('/reports', { eventID, clientName: 'A', resources }));
    const shown = await vtn.api('3.0.1', 'ven-b').get(`/reports/${id}`);
    expect(validator(wire301.Report).mistakes(shown.body)).toEqual([]);
    expect(shown.body).toMatchObject({
      programID,
      resources: [{ intervalPeriod: { start: '0001-01-01T00:00:00Z', duration: 'PT1H' } }],
    });
    expect(shown.body).not.toHaveProperty('clientID');
  });
});
