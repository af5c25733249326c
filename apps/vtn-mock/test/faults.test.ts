import { afterEach, describe, expect, it } from '@jest/globals';
import { milliseconds, seconds } from '@venfleet/core';
import type { VtnMockOptions } from '../src/index.js';
import { asking, Receiver } from './support/receiver.js';
import { type Answer, type Api, TestVtn, VERSIONS } from './support/vtn.js';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function vtnWithFaults(options: VtnMockOptions = {}): Promise<TestVtn> {
  const vtn = await new TestVtn({ faults: { seed: 'test' }, ...options }).start();
  stops.push(() => vtn.stop());
  return vtn;
}

/** As business logic, at the operator's pages. */
async function operator(vtn: TestVtn, method: 'GET' | 'POST' | 'DELETE', path = '', body?: object): Promise<Answer> {
  const authorization = `Bearer ${await vtn.token('bl', '3.1.0')}`;
  const options = body === undefined ? { headers: { authorization } } : { headers: { authorization }, body };
  return await vtn.send(method, `/operator/faults${path}`, options);
}

async function add(vtn: TestVtn, spec: object): Promise<number> {
  const { status, body } = await operator(vtn, 'POST', '', spec);
  expect([status, body]).toEqual([201, expect.objectContaining({ spec })]);
  return body.id;
}

const statuses = async (api: Api, path: string, times: number) => {
  const seen: number[] = [];
  for (let i = 0; i < times; i++) seen.push((await api.get(path)).status);
  return seen;
};

describe('who may switch faults on', () => {
  it('nobody, at a VTN that was started without --allow-faults', async () => {
    const vtn = await new TestVtn().start();
    stops.push(() => vtn.stop());
    for (const answer of [
      await operator(vtn, 'POST', '', { kind: 'error' }),
      await operator(vtn, 'GET'),
      await operator(vtn, 'DELETE'),
      await operator(vtn, 'DELETE', '/1'),
    ]) {
      expect([answer.status, answer.body.detail]).toEqual([403, expect.stringContaining('--allow-faults')]);
    }
    expect((await vtn.api('3.1.0', 'bl').get('/events')).status).toBe(200);
  });

  it('business logic alone', async () => {
    const vtn = await vtnWithFaults();
    expect((await vtn.send('GET', '/operator/faults')).status).toBe(401);
    const authorization = `Bearer ${await vtn.token('ven-a', '3.1.0')}`;
    expect((await vtn.send('POST', '/operator/faults', { headers: { authorization }, body: { kind: 'error' } })).status).toBe(
      403,
    );
  });

  it('what is no fault is refused with every mistake, and changes nothing', async () => {
    const vtn = await vtnWithFaults();
    for (const [spec, mistakes] of [
      [{ kind: 'earthquake' }, ['kind: must be one of']],
      [{ kind: 'latency', delayMs: 0, colour: 'red' }, ['delayMs', 'colour']],
      [{ kind: 'latency', status: 503 }, ['status: a fault of kind latency has no such parameter']],
      [{ kind: 'error', status: 404, chance: 2 }, ['status', 'chance']],
      [{}, ['kind: is missing']],
    ] as const) {
      const { status, body } = await operator(vtn, 'POST', '', spec);
      expect(status).toBe(400);
      for (const mistake of mistakes) expect(body.detail).toContain(mistake);
    }
    expect((await operator(vtn, 'GET')).body).toEqual({ faults: [] });
  });
});

describe('a fault', () => {
  it('is listed with how often it has hit, until it is cleared', async () => {
    const vtn = await vtnWithFaults();
    const ven = vtn.api('3.1.0', 'ven-a');
    const id = await add(vtn, { kind: 'error', status: 503, objects: 'events' });
    expect(await statuses(ven, '/events', 2)).toEqual([503, 503]);
    expect((await operator(vtn, 'GET')).body.faults).toMatchObject([{ id, hits: 2, until: null }]);
    expect((await operator(vtn, 'DELETE', `/${id}`)).status).toBe(200);
    expect((await operator(vtn, 'DELETE', `/${id}`)).status).toBe(404);
    expect((await ven.get('/events')).status).toBe(200);
    await add(vtn, { kind: 'error' });
    await add(vtn, { kind: 'rate-limit' });
    expect((await operator(vtn, 'DELETE')).body).toEqual({ cleared: 2 });
    expect((await ven.get('/events')).status).toBe(200);
  });

  it('ends by itself, after its time or after so many hits', async () => {
    const vtn = await vtnWithFaults();
    const ven = vtn.api('3.1.0', 'ven-a');
    await vtn.token('ven-a', '3.1.0');
    await add(vtn, { kind: 'error', durationS: 60 });
    expect((await ven.get('/vens')).status).toBe(500);
    await vtn.clock.advance(seconds(60));
    expect((await ven.get('/vens')).status).toBe(200);
    await add(vtn, { kind: 'error', count: 2 });
    expect(await statuses(ven, '/vens', 3)).toEqual([500, 500, 200]);
    expect((await operator(vtn, 'GET')).body).toEqual({ faults: [] });
  });

  it.each(VERSIONS)('over %s it hits the objects, operation and client that it names, and no others', async (version) => {
    const vtn = await vtnWithFaults();
    const [a, b, bl] = [vtn.api(version, 'ven-a'), vtn.api(version, 'ven-b'), vtn.api(version, 'bl')];
    const program = await bl.ok(bl.post('/programs', { programName: 'p' }));
    await add(vtn, { kind: 'error', status: 502, objects: 'programs', operation: 'list', client: 'ven-a' });
    expect((await a.get('/programs')).status).toBe(502);
    expect((await a.get(`/programs/${program.id}`)).status).toBe(200);
    expect((await a.get('/events')).status).toBe(200);
    expect((await b.get('/programs')).status).toBe(200);
    expect((await bl.get('/programs')).status).toBe(200);
    await operator(vtn, 'DELETE');
    await add(vtn, { kind: 'error', operation: 'create' });
    expect((await bl.post('/programs', { programName: 'q' })).status).toBe(500);
    await add(vtn, { kind: 'error', operation: 'replace', objects: 'programs', status: 504 });
    expect((await bl.put(`/programs/${program.id}`, { programName: 'q' })).status).toBe(504);
    expect((await bl.delete(`/programs/${program.id}`)).status).toBe(200);
  });

  it('equal seeds give equal faults, other seeds others', async () => {
    const run = async (seed: string) => {
      const vtn = await vtnWithFaults({ faults: { seed } });
      await add(vtn, { kind: 'error', chance: 0.5, objects: 'events' });
      return await statuses(vtn.api('3.0.1', 'ven-a'), '/events', 40);
    };
    const first = await run('a');
    expect(new Set(first)).toEqual(new Set([200, 500]));
    expect(await run('a')).toEqual(first);
    expect(await run('b')).not.toEqual(first);
  });

  it('never keeps business logic from switching it off', async () => {
    const vtn = await vtnWithFaults();
    for (const kind of ['error', 'rate-limit', 'disconnect']) await add(vtn, { kind });
    await add(vtn, { kind: 'expire-tokens' }).catch(() => undefined);
    const form = { grant_type: 'client_credentials', client_id: 'bl', client_secret: 'bl-secret' };
    const { status, body } = await vtn.post('/operator/auth/token', form);
    expect(status).toBe(200);
    const headers = { authorization: `Bearer ${body.access_token}` };
    expect((await vtn.send('DELETE', '/operator/faults', { headers })).body).toEqual({ cleared: 3 });
    for (const path of ['/healthz', '/readyz', '/.well-known/jwks.json']) expect((await vtn.send('GET', path)).status).toBe(200);
  });
});

describe('what goes wrong', () => {
  it('latency: no answer that is late on purpose keeps the VTN from stopping', async () => {
    const vtn = await vtnWithFaults();
    const authorization = `Bearer ${await vtn.token('bl', '3.1.0')}`;
    await add(vtn, { kind: 'latency', delayMs: 600_000, objects: 'events' });
    const asked = fetch(`${vtn.address.urls['3.1.0']}/events`, { headers: { authorization } }).catch(
      (error: Error) => error.name,
    );
    while (vtn.clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve));
    await vtn.stop();
    expect(await asked).toMatch(/Error/);
    expect(vtn.clock.sleeping).toBe(0);
    stops.pop();
  });

  it('latency: the answer waits', async () => {
    const vtn = await vtnWithFaults();
    const ven = vtn.api('3.1.0', 'ven-a');
    await ven.get('/events');
    await add(vtn, { kind: 'latency', delayMs: 5_000, objects: 'events' });
    let answered = false;
    const answer = ven.get('/events').then(({ status }) => {
      answered = true;
      return status;
    });
    while (vtn.clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve));
    await vtn.clock.advance(milliseconds(4_999));
    expect((await ven.get('/vens')).status).toBe(200);
    expect(answered).toBe(false);
    await vtn.clock.advance(milliseconds(1));
    expect(await answer).toBe(200);
  });

  it('rate-limit: 429 with Retry-After; error: with it where it is asked for', async () => {
    const vtn = await vtnWithFaults();
    const ven = vtn.api('3.0.1', 'ven-a');
    await add(vtn, { kind: 'rate-limit', retryAfterS: 7, objects: 'events' });
    await add(vtn, { kind: 'error', status: 503, retryAfterS: 3, objects: 'vens' });
    await add(vtn, { kind: 'error', objects: 'programs' });
    const seen = await Promise.all(['/events', '/vens', '/programs'].map((path) => ven.get(path)));
    expect(seen.map(({ status, headers }) => [status, headers['retry-after']])).toEqual([
      [429, '7'],
      [503, '3'],
      [500, undefined],
    ]);
    expect(seen.every(({ status, body }) => body.status === status)).toBe(true);
  });

  it('disconnect: no byte of an answer, with the work done or not', async () => {
    const vtn = await vtnWithFaults();
    const bl = vtn.api('3.1.0', 'bl');
    await add(vtn, { kind: 'disconnect', operation: 'create', count: 1 });
    await expect(bl.post('/programs', { programName: 'before' })).rejects.toThrow();
    await add(vtn, { kind: 'disconnect', operation: 'create', afterWork: true, count: 1 });
    await expect(bl.post('/programs', { programName: 'after' })).rejects.toThrow();
    expect((await bl.get('/programs')).body.map((p: { programName: string }) => p.programName)).toEqual(['after']);
  });

  it('expire-tokens: those issued so far are refused at once, of one client or of all; new ones work', async () => {
    const vtn = await vtnWithFaults();
    const fresh = async (id: string, secret: string) => {
      const form = { grant_type: 'client_credentials', client_id: id, client_secret: secret };
      const { body } = await vtn.post('/openadr3/3.1.0/auth/token', form);
      return async () => {
        const headers = { authorization: `Bearer ${body.access_token}` };
        return (await vtn.send('GET', '/openadr3/3.1.0/vens', { headers })).status;
      };
    };
    const [a, b] = [await fresh('ven-a', 'a-secret'), await fresh('ven-b', 'b-secret')];
    await add(vtn, { kind: 'expire-tokens', client: 'ven-a' });
    expect([await a(), await b()]).toEqual([401, 200]);
    const again = await fresh('ven-a', 'a-secret');
    expect(await again()).toBe(200);
    await add(vtn, { kind: 'expire-tokens' });
    expect([await again(), await b(), await (await fresh('ven-b', 'b-secret'))()]).toEqual([401, 401, 200]);
  });

  it.each(VERSIONS)('reorder: over %s each page is of the same list in another order', async (version) => {
    const vtn = await vtnWithFaults();
    const bl = vtn.api(version, 'bl');
    for (let i = 0; i < 30; i++) await bl.ok(bl.post('/programs', { programName: `p${i}` }));
    const names = async (query: string) =>
      (await bl.ok(bl.get(`/programs?${query}`))).map((p: { programName: string }) => p.programName);
    const ordered = await names('');
    await add(vtn, { kind: 'reorder', objects: 'programs' });
    const [first, second] = [await names(''), await names('')];
    expect(first).not.toEqual(second);
    expect([...first].sort()).toEqual([...ordered].sort());
    const pages = [await names('limit=10'), await names('skip=10&limit=10'), await names('skip=20&limit=10')].flat();
    expect(pages).toHaveLength(30);
    expect(new Set(pages).size).toBeLessThan(30);
  });

  it('stale-list: lists stay as each client first saw them, single objects do not', async () => {
    const vtn = await vtnWithFaults();
    const [bl, ven] = [vtn.api('3.1.0', 'bl'), vtn.api('3.1.0', 'ven-a')];
    await add(vtn, { kind: 'stale-list', objects: 'programs', client: 'ven-a' });
    const first = await bl.ok(bl.post('/programs', { programName: 'first' }));
    expect((await ven.get('/programs')).body).toHaveLength(1);
    await bl.ok(bl.post('/programs', { programName: 'second' }));
    await bl.ok(bl.delete(`/programs/${first.id}`));
    expect((await ven.get('/programs')).body).toEqual([first]);
    expect((await ven.get(`/programs/${first.id}`)).status).toBe(404);
    expect((await bl.get('/programs')).body).toMatchObject([{ programName: 'second' }]);
    await operator(vtn, 'DELETE');
    expect((await ven.get('/programs')).body).toMatchObject([{ programName: 'second' }]);
  });

  it('drop-notification and duplicate-notification: some never come, some come more than once', async () => {
    const vtn = await vtnWithFaults();
    const hook = await new Receiver().start();
    stops.push(() => hook.stop());
    const bl = vtn.api('3.1.0', 'bl');
    await bl.ok(bl.post('/subscriptions', asking(undefined, hook.url, ['PROGRAM'])));
    const make = (programName: string) => bl.ok(bl.post('/programs', { programName }));
    await add(vtn, { kind: 'drop-notification', objects: 'programs', count: 1 });
    await make('dropped');
    await make('plain');
    await hook.until(1);
    await add(vtn, { kind: 'duplicate-notification', objects: 'programs', copies: 3, count: 1 });
    await make('tripled');
    await make('last');
    await hook.until(5);
    expect(hook.posted.map(({ body }) => body.object.programName)).toEqual(['plain', 'tripled', 'tripled', 'tripled', 'last']);
  });
});
