import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { validator, wire301, wire310 } from '@venfleet/openadr';
import { asking, Receiver, subscription } from './support/receiver.js';
import { type Api, TestVtn, VERSIONS } from './support/vtn.js';

/** The numbers are those of the conformance checklist for OpenADR 3 VTNs. */
describe.each(VERSIONS)('subscriptions of %s', (version) => {
  const schema = version === '3.0.1' ? wire301.Subscription : wire310.Subscription;
  let vtn: TestVtn;
  let receiver: Receiver;
  let bl: Api;
  let ven: Api;
  let other: Api;
  let programId: string;
  let counter = 0;
  const fresh = () => `${receiver.url}/hook-${++counter}`;

  beforeAll(async () => {
    vtn = await new TestVtn().start();
    receiver = await new Receiver().start();
    [bl, ven, other] = [vtn.api(version, 'bl'), vtn.api(version, 'ven-a'), vtn.api(version, 'ven-b')];
    programId = (await bl.ok(bl.post('/programs', { programName: 'p' }))).id;
  });
  afterAll(async () => {
    await vtn.stop();
    await receiver.stop();
  });
  beforeEach(() => {
    receiver.onChallenge = (echo, response) => response.end(echo);
  });

  it('1, 2, 3: POST returns 201 with what the server set, and the subscription is read back', async () => {
    const { status, body } = await ven.post('/subscriptions', subscription(programId, fresh(), { id: 'mine' }));
    expect(status).toBe(201);
    expect(validator(schema).mistakes(body)).toEqual([]);
    expect(body).toMatchObject({ objectType: 'SUBSCRIPTION', clientName: 'A', programID: programId });
    expect(body.id).not.toBe('mine');
    expect(await ven.ok(ven.get(`/subscriptions/${body.id}`))).toEqual(body);
    expect((await ven.ok(ven.get('/subscriptions')))[0]).toEqual(body);
  });

  it('4: a missing required property gives 400 and stores nothing', async () => {
    const whole = subscription(programId, fresh());
    const before = (await ven.ok(ven.get('/subscriptions'))).length;
    for (const key of ['clientName', 'objectOperations', ...(version === '3.0.1' ? ['programID'] : [])]) {
      const { [key]: _, ...rest } = whole;
      expect([key, (await ven.post('/subscriptions', rest)).status]).toEqual([key, 400]);
    }
    expect((await ven.ok(ven.get('/subscriptions'))).length).toBe(before);
  });

  if (version === '3.0.1') {
    it('36: a subscription without programID gives 400', async () => {
      const { status, body } = await ven.post('/subscriptions', subscription(undefined, fresh()));
      expect(status).toBe(400);
      expect(body.detail).toContain('programID');
    });
  } else {
    it('a subscription without programID is for all programs', async () => {
      expect((await ven.post('/subscriptions', subscription(undefined, fresh()))).status).toBe(201);
    });

    it('55: a created subscription carries the clientID of its client', async () => {
      const made = await ven.ok(ven.post('/subscriptions', subscription(programId, fresh(), { clientID: 'ven-b' })));
      expect(made.clientID).toBe('ven-a');
    });

    it('46: a VEN sees, changes and deletes only its own subscriptions; business logic sees all', async () => {
      const url = fresh();
      const made = await ven.ok(ven.post('/subscriptions', subscription(programId, url)));
      const item = `/subscriptions/${made.id}`;
      expect((await other.ok(other.get('/subscriptions'))).map(({ id }: { id: string }) => id)).not.toContain(made.id);
      expect((await other.get(item)).status).toBe(404);
      expect((await other.put(item, subscription(programId, url))).status).toBe(404);
      expect((await other.delete(item)).status).toBe(404);
      expect((await bl.get(item)).status).toBe(200);
      expect((await ven.get(item)).status).toBe(200);
    });

    it('a program that the VEN does not see is answered like one that does not exist', async () => {
      const hidden = await bl.ok(bl.post('/programs', { programName: 'hidden', targets: ['elsewhere'] }));
      const { status, body } = await ven.post('/subscriptions', subscription(hidden.id, fresh()));
      expect([status, body.detail]).toEqual([409, `programID: there is no program ${hidden.id}`]);
    });
  }

  it('a programID that leads nowhere gives 409', async () => {
    expect((await ven.post('/subscriptions', subscription('none', fresh()))).status).toBe(409);
  });

  it('the same subscription twice gives 409, another client’s does not', async () => {
    const url = fresh();
    const made = await ven.ok(ven.post('/subscriptions', subscription(programId, url)));
    const again = await ven.post('/subscriptions', subscription(programId, url));
    expect([again.status, again.body.detail]).toEqual([409, `this is the same as the subscription ${made.id}`]);
    expect((await other.post('/subscriptions', subscription(programId, url))).status).toBe(201);
    expect((await ven.put(`/subscriptions/${made.id}`, subscription(programId, url))).status).toBe(200);
  });

  it('8, 9, 10: PUT replaces, DELETE returns the object, then it is gone', async () => {
    const made = await ven.ok(ven.post('/subscriptions', subscription(programId, fresh())));
    const item = `/subscriptions/${made.id}`;
    const url = fresh();
    const changed = await ven.ok(ven.put(item, subscription(programId, url, { clientName: 'new' })));
    expect(changed).toMatchObject({ id: made.id, clientName: 'new', createdDateTime: made.createdDateTime });
    expect(changed.objectOperations[0].callbackUrl).toBe(url);
    expect(changed.modificationDateTime > made.modificationDateTime).toBe(true);
    expect((await ven.delete(item)).body).toEqual(changed);
    for (const answer of [ven.get(item), ven.delete(item), ven.put(item, subscription(programId, url))]) {
      expect((await answer).status).toBe(404);
    }
  });

  it('19: it takes the scope write_subscriptions', async () => {
    const form = { grant_type: 'client_credentials', client_id: 'ven-a', client_secret: 'a-secret', scope: 'write_reports' };
    const { body } = await vtn.post(`${vtn.address.urls[version]}/auth/token`, form);
    const headers = { authorization: `Bearer ${body.access_token}` };
    const url = `${vtn.address.urls[version]}/subscriptions`;
    expect((await vtn.send('POST', url, { body: subscription(programId, fresh()), headers })).status).toBe(403);
    expect((await vtn.send('POST', url, { body: subscription(programId, fresh()) })).status).toBe(401);
  });

  it('12, 13, 14: lists are paged and filtered', async () => {
    const mine = await ven.ok(
      ven.post('/subscriptions', { ...asking(programId, fresh(), ['PROGRAM', 'VEN']), clientName: 'lister' }),
    );
    const list = async (query: string) => (await ven.ok(ven.get(`/subscriptions?${query}`))).map(({ id }: { id: string }) => id);
    expect(await list('clientName=lister')).toEqual([mine.id]);
    expect(await list(`clientName=lister&programID=${programId}&objects=VEN&objects=EVENT`)).toEqual([mine.id]);
    expect(await list('clientName=lister&objects=EVENT')).toEqual([]);
    expect(await list('programID=none')).toEqual([]);
    const all = await list('limit=50');
    expect([...(await list('limit=2')), ...(await list('skip=2'))]).toEqual(all);
    expect((await ven.get('/subscriptions?limit=51')).status).toBe(400);
  });

  it('the bearer token is shown to nobody but the client that gave it', async () => {
    const made = await ven.ok(ven.post('/subscriptions', subscription(programId, fresh())));
    expect(made.objectOperations[0].bearerToken).toBe('tell-me');
    expect((await ven.ok(ven.get(`/subscriptions/${made.id}`))).objectOperations[0].bearerToken).toBe('tell-me');
    expect(JSON.stringify(await bl.ok(bl.get(`/subscriptions/${made.id}`)))).not.toContain('tell-me');
    expect(JSON.stringify(await bl.ok(bl.get('/subscriptions')))).not.toContain('tell-me');
  });

  it('28: a callback failing the echo challenge is not subscribed', async () => {
    const before = await ven.ok(ven.get('/subscriptions'));
    for (const [answer, reason] of [
      [(_: string, r: { end(text: string): void }) => r.end('another'), 'did not answer the echo challenge with the value'],
      [(_: string, r: { writeHead(s: number): { end(): void } }) => r.writeHead(404).end(), 'status 404'],
      [
        (echo: string, r: { writeHead(s: number, h: object): { end(t: string): void } }) =>
          r.writeHead(302, { location: `${receiver.url}/other?echo=${echo}` }).end(''),
        'status 302',
      ],
    ] as const) {
      receiver.onChallenge = answer as never;
      const { status, body } = await ven.post('/subscriptions', subscription(programId, fresh()));
      expect(status).toBe(400);
      expect(body.detail).toContain(reason);
    }
    const { status, body } = await ven.post('/subscriptions', subscription(programId, 'http://127.0.0.1:1/closed'));
    expect([status, body.detail]).toEqual([400, expect.stringContaining('ECONNREFUSED')]);
    expect(await ven.ok(ven.get('/subscriptions'))).toEqual(before);
  });

  it('28: a callback that does not answer in ten seconds is not subscribed', async () => {
    const asked = new Promise<void>((resolve) => {
      receiver.onChallenge = () => resolve();
    });
    const answer = ven.post('/subscriptions', subscription(programId, fresh()));
    await asked;
    await vtn.clock.advance(10_000 as never);
    expect(await answer).toMatchObject({ status: 400, body: { detail: expect.stringContaining('no answer in time') } });
  });

  it('28: an endless answer to the challenge is not read to its end', async () => {
    receiver.onChallenge = (echo, response) => {
      response.write(echo);
      const more = () => {
        if (!response.destroyed) response.write('x'.repeat(10_000), more);
      };
      more();
    };
    expect((await ven.post('/subscriptions', subscription(programId, fresh()))).status).toBe(400);
  });

  it('28: an update is challenged, too, and leaves what was when it fails', async () => {
    const made = await ven.ok(ven.post('/subscriptions', subscription(programId, fresh())));
    receiver.onChallenge = (_, response) => response.end('wrong');
    expect((await ven.put(`/subscriptions/${made.id}`, subscription(programId, fresh()))).status).toBe(400);
    expect(await ven.ok(ven.get(`/subscriptions/${made.id}`))).toEqual(made);
  });

  it('28: the challenge keeps the callback’s own query and presents the bearer token', async () => {
    receiver.challenged.length = 0;
    await ven.ok(ven.post('/subscriptions', subscription(programId, `${fresh()}?key=1`)));
    expect(receiver.challenged[0]?.path).toMatch(/\/hook-\d+\?key=1&echo=[\w-]{32}$/);
    expect(receiver.challenged[0]?.authorization).toBe('Bearer tell-me');
  });

  it('29: a callback without TLS gives 400, and is not called', async () => {
    const { status, body } = await ven.post('/subscriptions', subscription(programId, 'http://ven.example.com/hook'));
    expect([status, body.detail]).toEqual([
      400,
      'callbackUrl http://ven.example.com/hook: it cannot be called: must be an https URL',
    ]);
  });

  it('what is refused anyhow calls nobody', async () => {
    receiver.challenged.length = 0;
    await ven.post('/subscriptions', subscription('none', fresh()));
    await ven.put('/subscriptions/none', subscription(programId, fresh()));
    expect(receiver.challenged).toEqual([]);
  });

  it('one request names ten callbacks at most, each with one token', async () => {
    const operation = (callbackUrl: string, bearerToken?: string) => ({
      objects: ['EVENT'],
      operations: ['CREATE'],
      callbackUrl,
      bearerToken,
    });
    const many = Array.from({ length: 11 }, () => operation(fresh()));
    const body = (objectOperations: unknown[]) => subscription(programId, '', { objectOperations });
    expect((await ven.post('/subscriptions', body(many))).status).toBe(400);
    const url = fresh();
    expect((await ven.post('/subscriptions', body([operation(url, 'a'), operation(url, 'b')]))).status).toBe(400);
    expect((await ven.post('/subscriptions', body([operation(url, 'a'), operation(url, 'a')]))).status).toBe(201);
  });
});

describe('callbacks that a strict VTN refuses (29, server-side request forgery)', () => {
  it('a name that leads to this machine, an address of it, and another scheme; nobody is called', async () => {
    const receiver = await new Receiver().start();
    const port = new URL(receiver.url).port;
    const rules = [
      [{ loopback: false }, `https://localhost:${port}/`, 'its name leads to a private address'],
      [{ loopback: false }, `https://127.0.0.1:${port}/`, 'must not lead to a private address'],
      [{ loopback: false }, `http://localhost:${port}/`, 'must be an https URL'],
      [{ loopback: false, http: true }, `http://localhost:${port}/`, 'its name leads to a private address'],
      [{ loopback: false, http: true }, `http://[::ffff:127.0.0.1]:${port}/`, 'must not lead to a private address'],
    ] as const;
    for (const [callbacks, url, reason] of rules) {
      const vtn = await new TestVtn({ callbacks }).start();
      const bl = vtn.api('3.1.0', 'bl');
      const { status, body } = await bl.post('/subscriptions', subscription(undefined, url));
      expect([url, status, body.detail]).toEqual([url, 400, `callbackUrl ${url}: it cannot be called: ${reason}`]);
      await vtn.stop();
    }
    const open = await new TestVtn({ callbacks: { loopback: false, http: true, privateAddresses: true } }).start();
    expect(receiver.challenged).toEqual([]);
    const bl = open.api('3.1.0', 'bl');
    expect((await bl.post('/subscriptions', subscription(undefined, receiver.url))).status).toBe(201);
    await open.stop();
    await receiver.stop();
  });
});

describe('subscriptions over two versions', () => {
  it('a subscription is seen over the version over which it was made', async () => {
    const vtn = await new TestVtn().start();
    const receiver = await new Receiver().start();
    const [old, now] = [vtn.api('3.0.1', 'ven-a'), vtn.api('3.1.0', 'ven-a')];
    const bl = vtn.api('3.1.0', 'bl');
    const program = await bl.ok(bl.post('/programs', { programName: 'p' }));
    const one = await old.ok(old.post('/subscriptions', subscription(program.id, receiver.url)));
    const two = await now.ok(now.post('/subscriptions', subscription(program.id, receiver.url)));
    expect((await old.ok(old.get('/subscriptions'))).map((s: { id: string }) => s.id)).toEqual([one.id]);
    expect((await now.ok(now.get('/subscriptions'))).map((s: { id: string }) => s.id)).toEqual([two.id]);
    expect((await now.get(`/subscriptions/${one.id}`)).status).toBe(404);
    await vtn.stop();
    await receiver.stop();
  });
});
