import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Api, makeVen, TestVtn } from './support/vtn.js';

/** Checklist lines for OpenADR 3.1 alone. Each test has a VTN of its own. */
describe('OpenADR 3.1', () => {
  let vtn: TestVtn;
  let bl: Api;
  let a: Api;
  let b: Api;

  const start = async (options: ConstructorParameters<typeof TestVtn>[0] = {}) => {
    vtn = await new TestVtn(options).start();
    bl = vtn.api('3.1.0', 'bl');
    a = vtn.api('3.1.0', 'ven-a');
    b = vtn.api('3.1.0', 'ven-b');
  };
  beforeEach(async () => await start());
  afterEach(async () => await vtn.stop());

  const venRequest = (venName: string, more: object = {}) => ({ objectType: 'VEN_VEN_REQUEST', venName, ...more });
  const resourceRequest = (venID: string, resourceName: string, more: object = {}) => ({
    objectType: 'VEN_RESOURCE_REQUEST',
    venID,
    resourceName,
    ...more,
  });
  const names = async (api: Api, query = '') =>
    (await api.ok(api.get(`/programs${query}`))).map((p: { programName: string }) => p.programName);

  it('40: /auth/server answers without a token', async () => {
    const { status, body } = await vtn.api('3.1.0').get('/auth/server');
    expect([status, body]).toEqual([200, { tokenURL: `${vtn.address.urls['3.1.0']}/auth/token` }]);
  });

  it('40: the token URL is where the asker is, or at the public URL', async () => {
    const { body } = await vtn.send('GET', '/openadr3/3.1.0/auth/server', { headers: { host: 'vtn.example:81' } });
    expect(body.tokenURL).toBe('http://vtn.example:81/openadr3/3.1.0/auth/token');
    await vtn.stop();
    await start({ publicUrl: 'https://vtn.example' });
    expect(vtn.address.urls['3.1.0']).toBe('https://vtn.example/openadr3/3.1.0');
  });

  it('41: POST /vens without objectType gives 400, so does an unknown one', async () => {
    for (const body of [{ venName: 'v' }, { venName: 'v', objectType: 'VEN' }, { venName: 'v', objectType: 7 }]) {
      const answer = await a.post('/vens', body);
      expect([answer.status, answer.body.detail]).toEqual([400, expect.stringContaining('objectType')]);
    }
  });

  it('42: VEN_VEN_REQUEST stores the token’s clientID and no targets', async () => {
    const { status, body } = await a.post('/vens', venRequest('v', { clientID: 'other', targets: ['g'] }));
    expect([status, body.clientID, body.targets]).toEqual([201, 'ven-a', undefined]);
  });

  it('42: a second ven for one client gives 409, by either role', async () => {
    await a.ok(a.post('/vens', venRequest('v')));
    expect((await a.post('/vens', venRequest('w'))).status).toBe(409);
    const { status, body } = await bl.post('/vens', { objectType: 'BL_VEN_REQUEST', clientID: 'ven-a', venName: 'x' });
    expect([status, body.detail]).toEqual([409, expect.stringContaining('clientID')]);
  });

  it('43: a VEN sending a BL request is refused (403), and BL sending a VEN request too', async () => {
    const own = await a.ok(a.post('/vens', venRequest('v')));
    const blVen = { objectType: 'BL_VEN_REQUEST', clientID: 'ven-a', venName: 'v' };
    const blResource = { objectType: 'BL_RESOURCE_REQUEST', clientID: 'ven-a', venID: own.id, resourceName: 'r' };
    const resource = await a.ok(a.post('/resources', resourceRequest(own.id, 'r')));
    const answers = [
      await b.post('/vens', blVen),
      await a.put(`/vens/${own.id}`, blVen),
      await a.post('/resources', blResource),
      await a.put(`/resources/${resource.id}`, blResource),
      await bl.post('/vens', venRequest('w')),
      await bl.put(`/vens/${own.id}`, venRequest('w')),
      await bl.post('/resources', resourceRequest(own.id, 'q')),
      await bl.put(`/resources/${resource.id}`, resourceRequest(own.id, 'q')),
    ];
    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 403));
    expect(await a.ok(a.get('/vens'))).toEqual([own]);
  });

  it('44: BL_VEN_REQUEST without clientID gives 400; a BL_RESOURCE_REQUEST takes the ven’s', async () => {
    const { status, body } = await bl.post('/vens', { objectType: 'BL_VEN_REQUEST', venName: 'v' });
    expect([status, body.detail]).toEqual([400, 'clientID: is missing']);
    const ven = await makeVen(vtn, '3.1.0', 'w', { clientID: 'c' });
    const request = { objectType: 'BL_RESOURCE_REQUEST', venID: ven.id, resourceName: 'r' };
    const made = await bl.ok(bl.post('/resources', request));
    expect(made.clientID).toBe('c');
    const other = await bl.post('/resources', { ...request, resourceName: 'q', clientID: 'd' });
    expect([other.status, other.body.detail]).toEqual([400, expect.stringContaining('clientID')]);
  });

  it('45: a VEN’s PUT leaves targets and clientID unchanged, on ven and resource', async () => {
    const ven = await makeVen(vtn, '3.1.0', 'v', { clientID: 'ven-a', targets: ['g'] });
    const changed = await a.ok(a.put(`/vens/${ven.id}`, venRequest('v2', { clientID: 'x', targets: ['h'] })));
    expect(changed).toMatchObject({ venName: 'v2', clientID: 'ven-a', targets: ['g'] });
    const request = { objectType: 'BL_RESOURCE_REQUEST', venID: ven.id, resourceName: 'r', targets: ['rg'] };
    const resource = await bl.ok(bl.post('/resources', request));
    const renamed = await a.ok(a.put(`/resources/${resource.id}`, resourceRequest(ven.id, 'r2', { targets: [] })));
    expect(renamed).toMatchObject({ resourceName: 'r2', clientID: 'ven-a', targets: ['rg'] });
  });

  it('45: a new clientID by business logic hands the ven and its resources over', async () => {
    const ven = await a.ok(a.post('/vens', venRequest('v')));
    await a.ok(a.post('/resources', resourceRequest(ven.id, 'r')));
    await bl.ok(bl.put(`/vens/${ven.id}`, { objectType: 'BL_VEN_REQUEST', clientID: 'ven-b', venName: 'v' }));
    expect([await a.ok(a.get('/vens')), await a.ok(a.get('/resources'))]).toEqual([[], []]);
    expect(await b.ok(b.get('/resources'))).toMatchObject([{ resourceName: 'r', clientID: 'ven-b' }]);
  });

  it('46, 47: lists contain only the VEN’s own objects; business logic reads everything', async () => {
    const [mine, theirs] = [await a.ok(a.post('/vens', venRequest('va'))), await b.ok(b.post('/vens', venRequest('vb')))];
    const r1 = await a.ok(a.post('/resources', resourceRequest(mine.id, 'r')));
    const r2 = await b.ok(b.post('/resources', resourceRequest(theirs.id, 'r')));
    expect(await a.ok(a.get('/vens'))).toEqual([mine]);
    expect(await a.ok(a.get('/vens?venName=vb'))).toEqual([]);
    expect(await a.ok(a.get('/resources'))).toEqual([r1]);
    expect(await a.ok(a.get(`/resources?venID=${theirs.id}`))).toEqual([]);
    expect(await bl.ok(bl.get('/vens'))).toEqual([theirs, mine]);
    expect(await bl.ok(bl.get('/resources?resourceName=r'))).toEqual([r2, r1]);
    expect(await bl.ok(bl.get(`/resources?venID=${mine.id}`))).toEqual([r1]);
  });

  it('a resource for a foreign or unknown ven gives 404, and none moves to another ven (400)', async () => {
    const [mine, theirs] = [await a.ok(a.post('/vens', venRequest('va'))), await b.ok(b.post('/vens', venRequest('vb')))];
    for (const venID of [theirs.id, 'unknown'])
      expect((await a.post('/resources', resourceRequest(venID, 'r'))).status).toBe(404);
    const made = await a.ok(a.post('/resources', resourceRequest(mine.id, 'r')));
    for (const venID of [theirs.id, 'unknown']) {
      const { status, body } = await a.put(`/resources/${made.id}`, resourceRequest(venID, 'r'));
      expect([status, body.detail]).toEqual([400, expect.stringContaining('venID')]);
    }
  });

  /** For events and programs alike; events come later. */
  describe('programs with targets', () => {
    beforeEach(async () => {
      for (const [programName, targets] of [
        ['open', undefined],
        ['none', []],
        ['g', ['g', 'h']],
        ['rg', ['rg']],
        ['other', ['z']],
      ] as const) {
        await bl.ok(bl.post('/programs', { programName, ...(targets === undefined ? {} : { targets }) }));
      }
    });
    const grant = async () => {
      const ven = await makeVen(vtn, '3.1.0', 'v', { clientID: 'ven-a', targets: ['g'] });
      const request = { objectType: 'BL_RESOURCE_REQUEST', venID: ven.id, resourceName: 'r' };
      return { resource: await bl.ok(bl.post('/resources', request)), request };
    };
    const byId = async (name: string) => {
      const all = await bl.ok(bl.get('/programs'));
      return await a.get(`/programs/${all.find((p: { programName: string }) => p.programName === name).id}`);
    };

    it('48, 51: one with a target the VEN lacks is invisible, by list and by id; an untargeted one is visible to all', async () => {
      expect(await names(a)).toEqual(['none', 'open']);
      expect((await byId('g')).status).toBe(404);
      expect((await byId('open')).status).toBe(200);
    });

    it('49: granting the target through the ven or a resource reveals it', async () => {
      const { resource, request } = await grant();
      expect(await names(a)).toEqual(['g', 'none', 'open']);
      await bl.ok(bl.put(`/resources/${resource.id}`, { ...request, targets: ['rg'] }));
      expect(await names(a)).toEqual(['rg', 'g', 'none', 'open']);
      expect((await byId('rg')).status).toBe(200);
      expect(await names(b)).toEqual(['none', 'open']);
    });

    it('50: targets the VEN does not hold are hidden', async () => {
      await grant();
      expect((await byId('g')).body.targets).toEqual(['g']);
      expect((await a.ok(a.get('/programs')))[0].targets).toEqual(['g']);
      expect((await bl.ok(bl.get('/programs?targets=g')))[0].targets).toEqual(['g', 'h']);
    });

    it('a query narrows what the VEN holds, hides the untargeted, and grants nothing', async () => {
      await grant();
      expect(await names(a, '?targets=g')).toEqual(['g']);
      expect(await names(a, '?targets=g&targets=z')).toEqual(['g']);
      expect(await names(a, '?targets=h')).toEqual([]);
      expect(await names(a, '?targets=z')).toEqual([]);
    });

    it('47: business logic sees all; its query matches any target', async () => {
      expect(await names(bl)).toEqual(['other', 'rg', 'g', 'none', 'open']);
      expect(await names(bl, '?targets=h&targets=z')).toEqual(['other', 'g']);
    });
  });

  it('with strict targets a VEN must name a target to see what has targets', async () => {
    await vtn.stop();
    await start({ strictTargets: true });
    await makeVen(vtn, '3.1.0', 'v', { clientID: 'ven-a', targets: ['g'] });
    await bl.ok(bl.post('/programs', { programName: 'open' }));
    await bl.ok(bl.post('/programs', { programName: 'g', targets: ['g'] }));
    expect(await names(a)).toEqual(['open']);
    expect(await names(a, '?targets=g')).toEqual(['g']);
  });

  it('without authorisation everybody acts as business logic, and VEN requests make anonymous vens', async () => {
    await vtn.stop();
    await start({ auth: false });
    const anyone = vtn.api('3.1.0');
    const first = await anyone.ok(anyone.post('/vens', venRequest('one')));
    const second = await anyone.ok(anyone.post('/vens', venRequest('two')));
    expect([first.clientID, second.clientID]).toEqual(['anonymous', 'anonymous']);
    expect((await anyone.post('/vens', venRequest('one'))).status).toBe(409);
    const request = { objectType: 'BL_VEN_REQUEST', clientID: 'c', venName: 'three', targets: ['g'] };
    const third = await anyone.ok(anyone.post('/vens', request));
    expect(await anyone.ok(anyone.put(`/vens/${third.id}`, venRequest('3')))).toMatchObject({ clientID: 'c', targets: ['g'] });
    expect((await anyone.post('/programs', { programName: 'p' })).status).toBe(201);
    expect((await anyone.post('/resources', resourceRequest(first.id, 'r'))).status).toBe(201);
    expect(await anyone.ok(anyone.get('/vens'))).toHaveLength(3);
  });
});
