import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Api, CLIENTS, makeVen, TestVtn } from './support/vtn.js';

/** Checklist lines for OpenADR 3.0.1 alone. */
describe('OpenADR 3.0.1', () => {
  let vtn: TestVtn;
  let bl: Api;

  beforeAll(async () => {
    vtn = await new TestVtn().start();
    bl = vtn.api('3.0.1', 'bl');
  });
  afterAll(async () => await vtn.stop());

  it('32: /vens/{venID}/resources exists; /resources, /auth/server and /notifiers do not', async () => {
    const ven = await makeVen(vtn, '3.0.1', 'v32');
    expect((await bl.get(`/vens/${ven.id}/resources`)).status).toBe(200);
    for (const path of ['/resources', '/auth/server', '/notifiers']) expect((await bl.get(path)).status).toBe(404);
  });

  it('32: resources of an unknown ven give 404 for every method', async () => {
    const [one, two] = [await makeVen(vtn, '3.0.1', 'v32a'), await makeVen(vtn, '3.0.1', 'v32b')];
    const made = await bl.ok(bl.post(`/vens/${one.id}/resources`, { resourceName: 'r' }));
    expect(made.venID).toBe(one.id);
    expect((await bl.get('/vens/none/resources')).status).toBe(404);
    expect((await bl.post('/vens/none/resources', { resourceName: 'r' })).status).toBe(404);
    // The resource exists, but not below the other ven.
    for (const path of [`/vens/none/resources/${made.id}`, `/vens/${two.id}/resources/${made.id}`]) {
      const statuses = [await bl.get(path), await bl.put(path, { resourceName: 'q' }), await bl.delete(path)].map(
        (a) => a.status,
      );
      expect(statuses).toEqual([404, 404, 404]);
    }
    expect((await bl.get(`/vens/${one.id}/resources/${made.id}`)).body).toEqual(made);
  });

  it('34: a program whose intervalPeriod has no start gives 400', async () => {
    const { status, body } = await bl.post('/programs', { programName: 'p34', intervalPeriod: { duration: 'PT1H' } });
    expect([status, body.detail]).toEqual([400, 'intervalPeriod.start: is missing']);
  });

  it('37: targetType with targetValues filters by any value; one alone gives 400', async () => {
    const ven = await makeVen(vtn, '3.0.1', 'v37', { targets: [{ type: 'GROUP', values: ['g1', 7] }] });
    await makeVen(vtn, '3.0.1', 'v37b', { targets: [{ type: 'SERVICE_AREA', values: ['g1'] }] });
    const made = await bl.ok(
      bl.post(`/vens/${ven.id}/resources`, { resourceName: 'r', targets: [{ type: 'GROUP', values: ['g1'] }] }),
    );
    const program = await bl.ok(bl.post('/programs', { programName: 'p37', targets: [{ type: 'GROUP', values: ['g1'] }] }));
    const wanted = [
      ['/vens', ven],
      [`/vens/${ven.id}/resources`, made],
      ['/programs', program],
    ] as const;
    for (const [path, object] of wanted) {
      const ids = async (query: string) => (await bl.ok(bl.get(`${path}?${query}`))).map((o: { id: string }) => o.id);
      expect(await ids('targetType=GROUP&targetValues=zz&targetValues=g1')).toEqual([object.id]);
      expect(await ids('targetType=GROUP&targetValues=zz')).toEqual([]);
      expect(await ids('targetType=PRIVATE&targetValues=g1')).toEqual([]);
      for (const query of ['targetType=GROUP', 'targetValues=g1', 'targetType=GROUP&targetValues=']) {
        expect([query, (await bl.get(`${path}?${query}`)).status]).toEqual([query, 400]);
      }
    }
    expect((await bl.ok(bl.get('/vens?targetType=GROUP&targetValues=7'))).map((v: { id: string }) => v.id)).toEqual([ven.id]);
  });

  it('39: GET ven includes its resources, newest first; lists leave them out; none is no empty list', async () => {
    const ven = await makeVen(vtn, '3.0.1', 'v39');
    expect(await bl.ok(bl.get(`/vens/${ven.id}`))).not.toHaveProperty('resources');
    const first = await bl.ok(bl.post(`/vens/${ven.id}/resources`, { resourceName: 'r1' }));
    const second = await bl.ok(bl.post(`/vens/${ven.id}/resources`, { resourceName: 'r2' }));
    expect((await bl.ok(bl.get(`/vens/${ven.id}`))).resources).toEqual([second, first]);
    const [listed] = await bl.ok(bl.get('/vens?venName=v39'));
    expect(listed).not.toHaveProperty('resources');
    const changed = await bl.ok(bl.put(`/vens/${ven.id}`, { venName: 'v39', resources: [] }));
    expect(changed.resources).toEqual([second, first]);
  });

  it('39: a ven is made together with its resources, or not at all', async () => {
    const made = await bl.ok(bl.post('/vens', { venName: 'v39c', resources: [{ resourceName: 'r1' }, { resourceName: 'r2' }] }));
    expect(made.resources.map((r: { resourceName: string }) => r.resourceName)).toEqual(['r2', 'r1']);
    const twice = await bl.post('/vens', { venName: 'v39d', resources: [{ resourceName: 'r1' }, { resourceName: 'r1' }] });
    expect(twice.status).toBe(409);
    expect(await bl.ok(bl.get('/vens?venName=v39d'))).toEqual([]);
  });

  it('any client with the scopes reads and writes all vens and resources', async () => {
    const a = vtn.api('3.0.1', 'ven-a');
    const b = vtn.api('3.0.1', 'ven-b');
    const ven = await a.ok(a.post('/vens', { venName: 'open' }));
    const resource = await b.ok(b.post(`/vens/${ven.id}/resources`, { resourceName: 'r' }));
    expect((await b.get(`/vens/${ven.id}`)).status).toBe(200);
    expect((await b.put(`/vens/${ven.id}`, { venName: 'open2' })).status).toBe(200);
    expect((await a.delete(`/vens/${ven.id}/resources/${resource.id}`)).status).toBe(200);
    expect((await b.delete(`/vens/${ven.id}`)).status).toBe(200);
  });
});

describe('without self-registration of VENs', () => {
  it('only business logic writes vens; a VEN writes resources of its own ven and of one that is nobody’s', async () => {
    const vtn = await new TestVtn({ venSelfRegistration: false, clients: CLIENTS }).start();
    try {
      const a = vtn.api('3.0.1', 'ven-a');
      expect((await a.post('/vens', { venName: 'A' })).status).toBe(403);
      // The credentials say that ven-a acts for the ven A.
      const [own, foreign, unclaimed] = [
        await makeVen(vtn, '3.0.1', 'A'),
        await makeVen(vtn, '3.0.1', 'B'),
        await makeVen(vtn, '3.0.1', 'C'),
      ];
      expect((await a.put(`/vens/${own.id}`, { venName: 'A' })).status).toBe(403);
      expect((await a.delete(`/vens/${own.id}`)).status).toBe(403);
      expect((await a.get(`/vens/${foreign.id}`)).status).toBe(200);
      const made = await a.ok(a.post(`/vens/${own.id}/resources`, { resourceName: 'r' }));
      expect((await a.put(`/vens/${own.id}/resources/${made.id}`, { resourceName: 'q' })).status).toBe(200);
      expect((await a.delete(`/vens/${own.id}/resources/${made.id}`)).status).toBe(200);
      expect((await a.post(`/vens/${unclaimed.id}/resources`, { resourceName: 'r' })).status).toBe(201);
      expect((await a.post(`/vens/${foreign.id}/resources`, { resourceName: 'r' })).status).toBe(403);
      const theirs = await vtn.api('3.0.1', 'bl').post(`/vens/${foreign.id}/resources`, { resourceName: 'r' });
      const path = `/vens/${foreign.id}/resources/${theirs.body.id}`;
      expect([(await a.put(path, { resourceName: 'q' })).status, (await a.delete(path)).status]).toEqual([403, 403]);
    } finally {
      await vtn.stop();
    }
  });

  it('over 3.1 a VEN finds the ven that business logic made for it and fills it', async () => {
    const vtn = await new TestVtn({ venSelfRegistration: false }).start();
    try {
      const a = vtn.api('3.1.0', 'ven-a');
      expect((await a.post('/vens', { objectType: 'VEN_VEN_REQUEST', venName: 'A' })).status).toBe(403);
      const ven = await makeVen(vtn, '3.1.0', 'A', { clientID: 'ven-a' });
      expect(await a.ok(a.get('/vens'))).toEqual([ven]);
      expect((await a.put(`/vens/${ven.id}`, { objectType: 'VEN_VEN_REQUEST', venName: 'A' })).status).toBe(403);
      const { status } = await a.post('/resources', { objectType: 'VEN_RESOURCE_REQUEST', venID: ven.id, resourceName: 'r' });
      expect(status).toBe(201);
    } finally {
      await vtn.stop();
    }
  });
});
