import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { seconds } from '@venfleet/core';
import { validator } from '@venfleet/openadr';
import { type Api, type Kind, kindsOf, makeVen, TestVtn, VERSIONS } from './support/vtn.js';

/** The numbers are those of the conformance checklist for OpenADR 3 VTNs, lines that hold for both versions. */
describe.each(VERSIONS)('OpenADR %s', (version) => {
  let vtn: TestVtn;
  let bl: Api;
  let kinds: Kind[];
  let counter = 0;
  const fresh = () => `name-${++counter}`;
  const each = async (check: (kind: Kind) => Promise<void>) => {
    for (const kind of kinds) await check(kind);
  };

  beforeAll(async () => {
    vtn = await new TestVtn().start();
    bl = vtn.api(version, 'bl');
    kinds = kindsOf(version, (await makeVen(vtn, version, 'parent')).id);
  });
  afterAll(async () => await vtn.stop());

  it('1: POST returns 201 with server-set id, both timestamps and objectType', () =>
    each(async (kind) => {
      const { status, body } = await bl.post(kind.path, kind.body(fresh()));
      expect(status).toBe(201);
      expect(body).toMatchObject({
        createdDateTime: '2026-01-01T00:00:00.000Z',
        modificationDateTime: '2026-01-01T00:00:00.000Z',
        objectType: kind.name.toUpperCase(),
      });
      expect(validator(kind.schema).mistakes(body)).toEqual([]);
      expect(await bl.ok(bl.get(`${kind.path}/${body.id}`))).toEqual(body);
    }));

  it('2: client-sent id, timestamps and objectType are ignored', () =>
    each(async (kind) => {
      const sent = { id: 'mine', createdDateTime: '1999-01-01T00:00:00Z', modificationDateTime: '1999-01-01T00:00:00Z' };
      const objectType = version === '3.1.0' && kind.name !== 'program' ? {} : { objectType: 'EVENT' };
      const { status, body } = await bl.post(kind.path, kind.body(fresh(), { ...sent, ...objectType }));
      expect(status).toBe(201);
      expect(body.id).not.toBe('mine');
      expect(body.createdDateTime).toBe('2026-01-01T00:00:00.000Z');
      expect(body.objectType).toBe(kind.name.toUpperCase());
    }));

  it('3: generated ids match the pattern and differ', () =>
    each(async (kind) => {
      const ids = new Set<string>();
      for (let i = 0; i < 5; i++) ids.add((await bl.ok(bl.post(kind.path, kind.body(fresh())))).id);
      expect(ids.size).toBe(5);
      for (const id of ids) expect(id).toMatch(/^[a-zA-Z0-9_-]{1,128}$/);
    }));

  it('4: a missing required property gives 400, names it and stores nothing', () =>
    each(async (kind) => {
      const before = await bl.ok(bl.get(kind.path));
      const whole = kind.body(fresh());
      for (const key of Object.keys(whole)) {
        const { [key]: _, ...rest } = whole;
        const optional = key === 'clientID' && kind.name === 'resource';
        if (optional) continue;
        const { status, body } = await bl.post(kind.path, rest);
        expect([key, status]).toEqual([key, 400]);
        expect(body.detail).toContain(key);
      }
      expect(await bl.ok(bl.get(kind.path))).toEqual(before);
    }));

  it('5: unknown properties never cause an error, and are dropped', () =>
    each(async (kind) => {
      const { status, body } = await bl.post(
        kind.path,
        kind.body(fresh(), { somethingElse: { a: [1] }, constructor: 1, ['__proto__']: 2 }),
      );
      expect(status).toBe(201);
      expect(body).not.toHaveProperty('somethingElse');
    }));

  it('6: optional nullable fields accept explicit null, which reads back as absent', () =>
    each(async (kind) => {
      const nulls = {
        targets: null,
        ...(kind.name === 'program' ? { programDescriptions: null, payloadDescriptors: null } : { attributes: null }),
      };
      const { status, body } = await bl.post(kind.path, kind.body(fresh(), nulls));
      expect(status).toBe(201);
      for (const key of Object.keys(nulls)) expect(body).not.toHaveProperty(key);
    }));

  it('6: an empty list reads back as an empty list', () =>
    each(async (kind) => {
      const body = await bl.ok(bl.post(kind.path, kind.body(fresh(), { targets: [] })));
      expect(body.targets).toEqual([]);
    }));

  it('7: names of 0 or 129 characters give 400, of 1 and 128 do not', () =>
    each(async (kind) => {
      const one = String.fromCodePoint(0x4e00 + ++counter);
      // Characters, not UTF-16 units: each of these is two.
      const long = '😀'.repeat(124) + String(1000 + ++counter);
      for (const [name, status] of [
        ['', 400],
        [`${long}x`, 400],
        [one, 201],
        [long, 201],
      ] as const) {
        const answer = await bl.post(kind.path, {
          ...kind.body('x'),
          ...(version === '3.1.0' && kind.name === 'ven' ? { clientID: fresh() } : {}),
          [kind.nameKey]: name,
        });
        expect([name.length, answer.status]).toEqual([name.length, status]);
        if (status === 201) expect(answer.body[kind.nameKey]).toBe(name);
        else expect(answer.body.detail).toContain(kind.nameKey);
      }
    }));

  it('7: a name that is not well-formed Unicode gives 400', () =>
    each(async (kind) => {
      const { status, body } = await bl.post(kind.path, { ...kind.body('x'), [kind.nameKey]: 'a\ud800b' });
      expect([status, body.detail]).toEqual([400, `${kind.nameKey}: must be well-formed Unicode`]);
    }));

  it('8: PUT replaces the object, keeps id and createdDateTime, advances modificationDateTime', () =>
    each(async (kind) => {
      const name = fresh();
      const targets = version === '3.0.1' ? [{ type: 'GROUP', values: ['g'] }] : ['g'];
      const made = await bl.ok(bl.post(kind.path, kind.body(name, { targets })));
      const first = await bl.ok(bl.put(`${kind.path}/${made.id}`, kind.body(name)));
      expect(first).toMatchObject({ id: made.id, createdDateTime: made.createdDateTime });
      expect(first).not.toHaveProperty('targets');
      const second = await bl.ok(bl.put(`${kind.path}/${made.id}`, kind.body(name)));
      // The clock stands still here; the times must differ all the same.
      expect(made.modificationDateTime < first.modificationDateTime).toBe(true);
      expect(first.modificationDateTime < second.modificationDateTime).toBe(true);
      expect(await bl.ok(bl.get(`${kind.path}/${made.id}`))).toEqual(second);
    }));

  it('9: DELETE returns 200 and the object; a second DELETE gives 404', () =>
    each(async (kind) => {
      const made = await bl.ok(bl.post(kind.path, kind.body(fresh())));
      const first = await bl.delete(`${kind.path}/${made.id}`);
      expect([first.status, first.body]).toEqual([200, made]);
      expect((await bl.delete(`${kind.path}/${made.id}`)).status).toBe(404);
    }));

  it('9: a ven with resources is not deleted (409)', async () => {
    const ven = await makeVen(vtn, version, fresh());
    const resource = kindsOf(version, ven.id)[2] as Kind;
    const made = await bl.ok(bl.post(resource.path, resource.body('r')));
    const refused = await bl.delete(`/vens/${ven.id}`);
    expect([refused.status, refused.body.title]).toEqual([409, 'Conflict']);
    await bl.ok(bl.delete(`${resource.path}/${made.id}`));
    expect((await bl.delete(`/vens/${ven.id}`)).status).toBe(200);
  });

  it('10: an unknown id on GET, PUT, DELETE gives 404', () =>
    each(async (kind) => {
      for (const id of ['nothing', 'a'.repeat(128), 'a%20b', '%C3%A6', "'; DROP TABLE vens"]) {
        const path = `${kind.path}/${id}`;
        const statuses = [await bl.get(path), await bl.put(path, kind.body(fresh())), await bl.delete(path)].map((a) => a.status);
        expect([id, ...statuses]).toEqual([id, 404, 404, 404]);
      }
    }));

  it('11: every 4xx body is a problem whose status equals the HTTP status', () =>
    each(async (kind) => {
      const answers = [
        await bl.post(kind.path, {}),
        await bl.get(`${kind.path}?limit=51`),
        await bl.get(`${kind.path}/x`),
        await bl.send('PATCH', kind.path),
        await bl.get('/nowhere'),
        await vtn.api(version).get(kind.path),
      ];
      expect(answers.map((a) => a.status)).toEqual([400, 400, 404, 405, 404, 401]);
      for (const { status, headers, body } of answers) {
        expect(headers['content-type']).toMatch(/^application\/json/);
        expect(body).toEqual({
          type: 'about:blank',
          title: expect.any(String),
          status,
          detail: expect.any(String),
          instance: expect.stringMatching(/^urn:uuid:/),
        });
      }
    }));

  it('12: limits and skips out of range or not numbers give 400', () =>
    each(async (kind) => {
      for (const query of [
        'limit=51',
        'limit=-1',
        'limit=abc',
        'limit=',
        'limit=1.5',
        'limit=1&limit=2',
        'skip=-1',
        'skip=99999999999',
        'skip=x',
        'skip=',
      ]) {
        const { status, body } = await bl.get(`${kind.path}?${query}`);
        expect([query, status]).toEqual([query, 400]);
        expect(body.detail).toContain(query.slice(0, 4) === 'skip' ? 'skip' : 'limit');
      }
    }));

  it('12: limit=0 is an empty page, and unknown query parameters are ignored', () =>
    each(async (kind) => {
      expect(await bl.ok(bl.get(`${kind.path}?limit=0`))).toEqual([]);
      expect((await bl.get(`${kind.path}?colour=blue&colour=red`)).status).toBe(200);
    }));

  it('13: pages neither overlap nor miss, newest first, fifty by default, and modification moves nothing', () =>
    each(async (kind) => {
      const own = await new TestVtn().start();
      try {
        const api = own.api(version, 'bl');
        const { path, nameKey, body } = kindsOf(version, (await makeVen(own, version, 'parent')).id).find(
          (k) => k.name === kind.name,
        ) as Kind;
        const made: string[] = [];
        for (let i = 0; i < 60; i++) {
          if (i % 10 === 0) await own.clock.advance(seconds(1));
          made.push((await api.ok(api.post(path, body(`n${i}`)))).id);
        }
        const newestFirst = [...made].reverse();
        const seen: string[] = [];
        for (let skip = 0; skip < 80; skip += 20) {
          const page = await api.ok(api.get(`${path}?skip=${skip}&limit=20`));
          seen.push(...page.map((o: { id: string }) => o.id));
          const middle = page.at(7);
          if (middle !== undefined && middle[nameKey] !== 'parent')
            await api.ok(api.put(`${path}/${middle.id}`, { ...body(middle[nameKey]) }));
        }
        expect(seen.slice(0, 60)).toEqual(newestFirst);
        expect(await api.ok(api.get(path))).toHaveLength(50);
        expect(await api.ok(api.get(`${path}?skip=1000`))).toEqual([]);
      } finally {
        await own.stop();
      }
    }));

  it('14: two filters together return the intersection', async () => {
    const group = fresh();
    const targets = version === '3.0.1' ? [{ type: 'GROUP', values: [group, 'x'] }] : [group, 'x'];
    const filter = version === '3.0.1' ? `targetType=GROUP&targetValues=${group}` : `targets=${group}`;
    for (const kind of kinds.filter((k) => k.name !== 'program')) {
      const [first, second] = [fresh(), fresh()];
      await bl.ok(bl.post(kind.path, kind.body(first, { targets })));
      await bl.ok(bl.post(kind.path, kind.body(second, { targets })));
      const names = async (query: string) =>
        (await bl.ok(bl.get(`${kind.path}?${query}`))).map((o: Record<string, string>) => o[kind.nameKey]);
      expect(await names(filter)).toEqual([second, first]);
      expect(await names(`${filter}&${kind.nameKey}=${first}`)).toEqual([first]);
      expect(await names(`${filter}&${kind.nameKey}=nobody`)).toEqual([]);
      expect(await names(`${kind.nameKey}=${second}`)).toEqual([second]);
    }
  });

  it('15, 16: a duplicate programName or venName gives 409 on POST and PUT, and changes nothing', async () => {
    for (const kind of kinds.slice(0, 2)) {
      const [taken, other] = [fresh(), fresh()];
      await bl.ok(bl.post(kind.path, kind.body(taken)));
      const made = await bl.ok(bl.post(kind.path, kind.body(other)));
      const clash = { ...kind.body(other), [kind.nameKey]: taken };
      const post = await bl.post(kind.path, { ...clash, ...(clash.clientID === undefined ? {} : { clientID: fresh() }) });
      expect([post.status, post.body.detail]).toEqual([409, expect.stringContaining(kind.nameKey)]);
      expect((await bl.put(`${kind.path}/${made.id}`, clash)).status).toBe(409);
      expect(await bl.ok(bl.get(`${kind.path}/${made.id}`))).toEqual(made);
      expect((await bl.put(`${kind.path}/${made.id}`, kind.body(other))).status).toBe(200);
    }
  });

  it('17: resourceName conflicts within one ven only', async () => {
    const [one, two] = [await makeVen(vtn, version, fresh()), await makeVen(vtn, version, fresh())];
    const at = (ven: { id: string }) => kindsOf(version, ven.id)[2] as Kind;
    const first = await bl.post(at(one).path, at(one).body('same'));
    const again = await bl.post(at(one).path, at(one).body('same'));
    const elsewhere = await bl.post(at(two).path, at(two).body('same'));
    expect([first.status, again.status, elsewhere.status]).toEqual([201, 409, 201]);
    const other = await bl.ok(bl.post(at(one).path, at(one).body('other')));
    expect((await bl.put(`${at(one).path}/${other.id}`, at(one).body('same'))).status).toBe(409);
  });

  it('19: no token gives 401 with a challenge, a wrong one too', () =>
    each(async (kind) => {
      for (const method of ['GET', 'POST'] as const) {
        const { status, headers } = await vtn
          .api(version)
          .send(method, kind.path, method === 'POST' ? kind.body('x') : undefined);
        expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer realm="openadr"']);
      }
      const url = vtn.address.urls[version] + kind.path;
      const real = await vtn.token('bl', version);
      for (const value of ['Bearer nonsense', `Bearer ${real}x`, `Bearer ${real.replace(/\.[^.]+$/, '.')}`, 'Bearer ']) {
        const { status, headers } = await vtn.send('GET', url, { headers: { authorization: value } });
        expect([status, headers['www-authenticate']]).toEqual([401, expect.stringMatching(/^Bearer realm="openadr"/)]);
      }
      for (const value of [real, `Basic ${real}`]) {
        expect((await vtn.send('GET', url, { headers: { authorization: value } })).status).toBe(401);
      }
      expect((await vtn.send('GET', url, { headers: { authorization: `bearer ${real}` } })).status).toBe(200);
    }));

  it('19: an expired token gives 401', async () => {
    const own = await new TestVtn({ tokenLifetime: seconds(60) }).start();
    try {
      const api = own.api(version, 'bl');
      expect((await api.get('/vens')).status).toBe(200);
      await own.clock.advance(seconds(59));
      expect((await api.get('/vens')).status).toBe(200);
      await own.clock.advance(seconds(1));
      const { status, headers } = await api.get('/vens');
      expect([status, headers['www-authenticate']]).toEqual([401, expect.stringContaining('invalid_token')]);
    } finally {
      await own.stop();
    }
  });

  it('20: a VEN token cannot write programs (403)', async () => {
    const { id } = await bl.ok(bl.post('/programs', { programName: fresh() }));
    const ven = vtn.api(version, 'ven-a');
    const answers = [
      await ven.post('/programs', { programName: fresh() }),
      await ven.put(`/programs/${id}`, { programName: fresh() }),
      await ven.delete(`/programs/${id}`),
    ];
    for (const { status, headers } of answers) {
      expect([status, headers['www-authenticate']]).toEqual([403, expect.stringContaining('scope="write_programs"')]);
    }
  });

  it('26, 27: attribute values and private types round-trip unchanged', async () => {
    const attributes = [
      { type: 'LOCATION', values: [{ x: 9.9217, y: 57.048 }] },
      { type: 'MY_PRIVATE_TYPE', values: [1, -0.5, 1e21, 'tekst æøå', '', true, false] },
      { type: 'NONE', values: [] },
    ];
    for (const kind of kinds.slice(1)) {
      const made = await bl.ok(bl.post(kind.path, kind.body(fresh(), { attributes })));
      expect(made.attributes).toEqual(attributes);
      expect((await bl.ok(bl.get(`${kind.path}/${made.id}`))).attributes).toEqual(attributes);
    }
  });
});
