import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { minutes, seconds } from '@venfleet/core';
import { canMakeCertificates, MemoryLogger, makeCertificate, sequenceRandom } from '@venfleet/core/testing';
import { validator, wire301, wire310 } from '@venfleet/openadr';
import type { VtnMockOptions } from '../src/index.js';
import { asking, Receiver, subscription } from './support/receiver.js';
import { type Api, makeVen, TestVtn, VERSIONS } from './support/vtn.js';

/** The numbers are those of the conformance checklist for OpenADR 3 VTNs. */
describe.each(VERSIONS)('webhooks of %s', (version) => {
  const in301 = version === '3.0.1';
  const schema = in301 ? wire301.Notification : wire310.Notification;
  const verbs = in301 ? ['POST', 'PUT', 'DELETE'] : ['CREATE', 'UPDATE', 'DELETE'];
  let vtn: TestVtn;
  let receiver: Receiver;
  let bl: Api;
  let ven: Api;
  let programId: string;
  const event = (more: object = {}) => ({
    programID: programId,
    intervals: [{ id: 0, payloads: [{ type: 'SIMPLE', values: [1] }] }],
    ...more,
  });
  const post = async (more: object = {}) => await bl.ok(bl.post('/events', event(more)));

  async function startVtn(options: VtnMockOptions = {}): Promise<void> {
    vtn = await new TestVtn({ random: sequenceRandom(0.5), ...options }).start();
    [bl, ven] = [vtn.api(version, 'bl'), vtn.api(version, 'ven-a')];
    const [known] = await bl.ok(bl.get('/programs'));
    programId = (known ?? (await bl.ok(bl.post('/programs', { programName: 'p' })))).id;
  }

  beforeEach(async () => {
    receiver = await new Receiver().start();
    await startVtn();
  });
  afterEach(async () => {
    await vtn.stop();
    await receiver.stop();
  });

  it('30, 38, 59: each change is told in the words of the version, with the subscription’s bearer token', async () => {
    await ven.ok(ven.post('/subscriptions', subscription(programId, `${receiver.url}/a`)));
    const made = await post({ eventName: 'one' });
    const changed = await bl.ok(bl.put(`/events/${made.id}`, event({ eventName: 'two' })));
    await bl.ok(bl.delete(`/events/${made.id}`));
    await receiver.until(3);
    expect(receiver.posted.map(({ body }) => body.operation)).toEqual(verbs);
    expect(receiver.posted.map(({ body }) => body.object)).toEqual([made, changed, changed]);
    for (const { authorization, path, body } of receiver.posted) {
      expect([authorization, path, body.objectType]).toEqual(['Bearer tell-me', '/a', 'EVENT']);
      expect(validator(schema).mistakes(body)).toEqual([]);
    }
  });

  it('30: without a bearer token there is no Authorization header', async () => {
    await ven.ok(ven.post('/subscriptions', asking(programId, receiver.url, ['EVENT'])));
    await post();
    await receiver.until(1);
    expect(receiver.posted[0]?.authorization).toBeUndefined();
  });

  it('31: only subscribed objects, operations and program are told', async () => {
    const elsewhere = (await bl.ok(bl.post('/programs', { programName: 'elsewhere' }))).id;
    await ven.ok(ven.post('/subscriptions', asking(programId, `${receiver.url}/a`, ['EVENT'], ['DELETE'])));
    const made = await post();
    await bl.ok(bl.put(`/events/${made.id}`, event()));
    const foreign = await bl.ok(bl.post('/events', { ...event(), programID: elsewhere }));
    await bl.ok(bl.delete(`/events/${foreign.id}`));
    await bl.ok(bl.put(`/programs/${programId}`, { programName: 'p2' }));
    await bl.ok(bl.delete(`/events/${made.id}`));
    await receiver.until(1);
    // A last one, which comes after anything that should not have come.
    const last = await post();
    await bl.ok(bl.delete(`/events/${last.id}`));
    await receiver.until(2);
    expect(receiver.posted.map(({ body }) => [body.operation, body.object.id])).toEqual([
      ['DELETE', made.id],
      ['DELETE', last.id],
    ]);
  });

  it('31: verbs of HTTP are taken for operations, and READ is never told', async () => {
    await ven.ok(ven.post('/subscriptions', asking(programId, receiver.url, ['EVENT'], ['GET', 'READ', 'POST', 'PUT'])));
    const made = await post();
    await bl.ok(bl.get(`/events/${made.id}`));
    await bl.ok(bl.put(`/events/${made.id}`, event()));
    await receiver.until(2);
    expect(receiver.posted.map(({ body }) => body.operation)).toEqual(verbs.slice(0, 2));
  });

  it('every kind of object is told, as its list shows it', async () => {
    const kinds = ['PROGRAM', 'EVENT', 'REPORT', 'VEN', 'RESOURCE'];
    await bl.ok(bl.post('/subscriptions', asking(programId, receiver.url, [...kinds, 'SUBSCRIPTION'], ['CREATE', 'UPDATE'])));
    const made = await post();
    const report = {
      clientName: 'A',
      eventID: made.id,
      ...(in301 ? { programID: programId } : {}),
      resources: [{ resourceName: 'r', intervals: [{ id: 0, payloads: [{ type: 'USAGE', values: [1] }] }] }],
    };
    const bodies = [made, await ven.ok(ven.post('/reports', report)), await makeVen(vtn, version, 'told')];
    const resources = in301 ? `/vens/${bodies[2].id}/resources` : '/resources';
    const resource = { resourceName: 'r', ...(in301 ? {} : { objectType: 'BL_RESOURCE_REQUEST', venID: bodies[2].id }) };
    bodies.push(await bl.ok(bl.post(resources, resource)));
    bodies.push(await bl.ok(bl.put(`/programs/${programId}`, { programName: 'renamed' })));
    await receiver.until(5);
    const told = receiver.posted.map(({ body }) => body);
    expect(told.map(({ objectType }) => objectType)).toEqual(['EVENT', 'REPORT', 'VEN', 'RESOURCE', 'PROGRAM']);
    expect(told.map(({ object }) => object)).toEqual(bodies);
    for (const body of told) expect(validator(schema).mistakes(body)).toEqual([]);
  });

  it('a subscription is told without its bearer token', async () => {
    await bl.ok(bl.post('/subscriptions', asking(programId, receiver.url, ['SUBSCRIPTION'])));
    const made = await bl.ok(bl.post('/subscriptions', subscription(programId, `${receiver.url}/b`)));
    await receiver.untilTrue(() => receiver.posted.some(({ body }) => body.object.id === made.id));
    expect(JSON.stringify(receiver.posted.map(({ body }) => body))).not.toContain('tell-me');
  });

  it('the targets of a subscription narrow what is told', async () => {
    const targets = (value: string) => (in301 ? [{ type: 'GROUP', values: [value] }] : [value]);
    await bl.ok(bl.post('/subscriptions', subscription(programId, receiver.url, { targets: targets('north') })));
    await post();
    await post({ targets: targets('south') });
    const north = await post({ targets: targets('north') });
    await receiver.until(1);
    expect(receiver.posted.map(({ body }) => body.object.id)).toEqual([north.id]);
  });

  it('a write that is refused is not told', async () => {
    await bl.ok(bl.post('/subscriptions', asking(programId, receiver.url, ['PROGRAM', 'VEN'])));
    await bl.ok(bl.post('/programs', { programName: 'taken' }));
    await bl.put(`/programs/${programId}`, { programName: 'taken' });
    await bl.ok(bl.put(`/programs/${programId}`, { programName: 'free' }));
    await receiver.until(1);
    expect(receiver.posted.map(({ body }) => body.object.programName)).toEqual(['free']);
  });

  it('the end of its program is told, and ends a subscription to it', async () => {
    const made = await ven.ok(ven.post('/subscriptions', asking(programId, receiver.url, ['PROGRAM'])));
    await bl.ok(bl.delete(`/programs/${programId}`));
    await receiver.until(1);
    expect(receiver.posted[0]?.body).toMatchObject({ operation: 'DELETE', object: { id: programId } });
    expect((await ven.get(`/subscriptions/${made.id}`)).status).toBe(404);
  });

  it('what was not accepted is sent again after a pause, in order', async () => {
    await ven.ok(ven.post('/subscriptions', subscription(programId, receiver.url)));
    receiver.onPost = () => 500;
    const first = await post();
    const second = await post();
    await receiver.until(1);
    receiver.onPost = () => 200;
    await idle();
    expect(receiver.posted.length).toBe(1);
    // Half of the ceiling of the second pause, as chance is 0.5 here: 4 s.
    await vtn.clock.advance(seconds(1.9));
    expect(receiver.posted.length).toBe(1);
    await vtn.clock.advance(seconds(0.1));
    await receiver.until(3);
    expect(receiver.posted.map(({ body }) => body.object.id)).toEqual([first.id, first.id, second.id]);
  });

  it('a callback that answers a challenge again is not waited for any longer', async () => {
    const made = await ven.ok(ven.post('/subscriptions', subscription(programId, receiver.url)));
    receiver.onPost = () => 500;
    const { id } = await post();
    await receiver.until(1);
    await idle();
    receiver.onPost = () => 200;
    await ven.ok(ven.put(`/subscriptions/${made.id}`, subscription(programId, receiver.url, { clientName: 'back' })));
    await receiver.until(2);
    expect(receiver.posted[1]?.body.object.id).toBe(id);
  });

  it('a longer pause that the callback asks for is kept', async () => {
    await ven.ok(ven.post('/subscriptions', subscription(programId, receiver.url)));
    receiver.onPost = (_, response) => {
      response.writeHead(503, { 'retry-after': '60' }).end();
      return undefined;
    };
    await post();
    await receiver.until(1);
    receiver.onPost = () => 200;
    await idle();
    await vtn.clock.advance(seconds(59));
    expect(receiver.posted.length).toBe(1);
    await vtn.clock.advance(seconds(3));
    await receiver.until(2);
  });

  it('a broken callback is dropped, tried with the newest once a minute, and works again', async () => {
    await vtn.stop();
    const logger = new MemoryLogger();
    await startVtn({ logger });
    await ven.ok(ven.post('/subscriptions', subscription(programId, receiver.url)));
    receiver.onPost = () => 500;
    await post();
    // Half of each pause's ceiling, as chance is 0.5 here.
    for (const [i, pause] of [2, 4, 8, 16, 32, 60, 60].entries()) {
      await receiver.until(i + 1);
      await idle();
      await vtn.clock.advance(seconds(pause));
    }
    await receiver.until(8);
    await idle();
    const lines = () => logger.lines.filter(({ fields }) => fields.component === 'webhooks').map(({ message }) => message);
    expect(lines()).toContain('callback is broken: its notifications are dropped until it answers');
    for (let i = 0; i < 5; i++) await post();
    const newest = await post();
    receiver.onPost = () => 200;
    await vtn.clock.advance(minutes(1));
    await receiver.until(9);
    expect(receiver.posted.at(-1)?.body.object.id).toBe(newest.id);
    const next = await post();
    await receiver.until(10);
    expect(receiver.posted.at(-1)?.body.object.id).toBe(next.id);
    expect(lines()).toContain('callback works again');
  });

  it('one who does not answer does not keep the others from being told, and is given up after ten seconds', async () => {
    await ven.ok(ven.post('/subscriptions', subscription(programId, `${receiver.url}/hangs`)));
    await ven.ok(ven.post('/subscriptions', subscription(programId, `${receiver.url}/works`)));
    receiver.onPost = ({ path }) => (path === '/hangs' ? undefined : 200);
    await post();
    await post();
    await receiver.until(3);
    await idle();
    expect(receiver.posted.map(({ path }) => path).sort()).toEqual(['/hangs', '/works', '/works']);
    await vtn.clock.advance(seconds(10));
    await idle();
    await vtn.clock.advance(minutes(2));
    await receiver.until(4);
    expect(receiver.posted[3]?.path).toBe('/hangs');
  });

  it('a deleted subscription is told nothing more, not even what is queued', async () => {
    const made = await ven.ok(ven.post('/subscriptions', subscription(programId, receiver.url)));
    receiver.onPost = () => 500;
    await post();
    await receiver.until(1);
    await idle();
    await ven.ok(ven.delete(`/subscriptions/${made.id}`));
    await vtn.clock.advance(minutes(5));
    expect(receiver.posted.length).toBe(1);
  });

  it('what is queued in a data file survives a restart, and comes once', async () => {
    await vtn.stop();
    const folder = mkdtempSync(join(tmpdir(), 'vtn-webhooks-'));
    const dataFile = join(folder, 'vtn.db');
    await startVtn({ dataFile });
    await ven.ok(ven.post('/subscriptions', subscription(programId, receiver.url)));
    receiver.onPost = () => undefined;
    const [first, second] = [await post(), await post()];
    await receiver.until(1);
    await vtn.stop();
    receiver.posted.length = 0;
    receiver.onPost = () => 200;
    await startVtn({ dataFile });
    await receiver.until(2);
    expect(receiver.posted.map(({ body }) => body.object.id)).toEqual([first.id, second.id]);
    await idle();
    await vtn.stop();
    await startVtn({ dataFile });
    const third = await post();
    await receiver.until(3);
    expect(receiver.posted.at(-1)?.body.object.id).toBe(third.id);
    rmSync(folder, { recursive: true });
  });

  it('an operator is told whom a change has reached, and nobody else is', async () => {
    await ven.ok(ven.post('/subscriptions', subscription(programId, receiver.url)));
    const { id } = await post();
    await receiver.until(1);
    await idle();
    const ask = async (client: string) => {
      const headers = { authorization: `Bearer ${await vtn.token(client, version)}` };
      return await vtn.send('GET', `/operator/notifications/${id}`, { headers });
    };
    expect((await ask('bl')).body).toEqual({ queued: 1, delivered: 1, dropped: 0, published: 0 });
    expect((await ask('ven-a')).status).toBe(403);
  });

  /** Lets the VTN take in what it was answered. */
  async function idle(): Promise<void> {
    for (let i = 0; i < 3; i++) await vtn.send('GET', '/healthz');
  }
});

describe('privacy of notifications (3.1)', () => {
  let vtn: TestVtn;
  let receiver: Receiver;
  let bl: Api;
  let programId: string;
  const at = (path: string) => receiver.posted.filter((one) => one.path === path).map(({ body }) => body);

  beforeEach(async () => {
    vtn = await new TestVtn().start();
    receiver = await new Receiver().start();
    bl = vtn.api('3.1.0', 'bl');
    programId = (await bl.ok(bl.post('/programs', { programName: 'p' }))).id;
    for (const [name, targets] of [
      ['a', ['g-a', 'g-both']],
      ['b', ['g-b', 'g-both']],
    ] as const) {
      await bl.ok(bl.post('/vens', { objectType: 'BL_VEN_REQUEST', clientID: `ven-${name}`, venName: name, targets }));
      const ven = vtn.api('3.1.0', `ven-${name}`);
      const all = ['PROGRAM', 'EVENT', 'REPORT', 'SUBSCRIPTION', 'VEN', 'RESOURCE'];
      await ven.ok(ven.post('/subscriptions', asking(undefined, `${receiver.url}/${name}`, all)));
    }
    await bl.ok(bl.post('/subscriptions', asking(undefined, `${receiver.url}/bl`, ['EVENT', 'VEN'])));
    await receiver.until(1).then(() => settled());
    receiver.posted.length = 0;
  });
  afterEach(async () => {
    await vtn.stop();
    await receiver.stop();
  });

  const event = (targets: string[]) => ({ programID: programId, targets, intervals: [] });
  /** Waits for an untargeted event, which everybody is told of after all else. */
  async function settled(): Promise<void> {
    const { id } = await bl.ok(bl.post('/events', { programID: programId, eventName: 'mark' }));
    const marked = (path: string) => at(path).some(({ object }) => object.id === id);
    await receiver.untilTrue(() => marked('/a') && marked('/b') && marked('/bl'));
    receiver.posted.splice(0, receiver.posted.length, ...receiver.posted.filter(({ body }) => body.object.id !== id));
  }

  it('59: a VEN is told of an event only with a target that it holds, and of these targets alone', async () => {
    await bl.ok(bl.post('/events', event(['g-a', 'g-elsewhere'])));
    await bl.ok(bl.post('/events', event(['g-both', 'g-b'])));
    await settled();
    expect(at('/a').map(({ object }) => object.targets)).toEqual([['g-a'], ['g-both']]);
    expect(at('/b').map(({ object }) => object.targets)).toEqual([['g-both', 'g-b']]);
    expect(at('/bl').map(({ object }) => object.targets)).toEqual([
      ['g-a', 'g-elsewhere'],
      ['g-both', 'g-b'],
    ]);
  });

  it('59: a target held through a resource counts', async () => {
    const [ven] = await bl.ok(bl.get('/vens?venName=b'));
    const body = { objectType: 'BL_RESOURCE_REQUEST', venID: ven.id, resourceName: 'r', targets: ['g-r'] };
    await bl.ok(bl.post('/resources', body));
    await bl.ok(bl.post('/events', event(['g-r'])));
    await settled();
    expect(at('/b').map(({ objectType }) => objectType)).toEqual(['RESOURCE', 'EVENT']);
    expect(at('/a')).toEqual([]);
  });

  it('59: an event that is taken from a VEN by its targets is deleted for it, as it was', async () => {
    const made = await bl.ok(bl.post('/events', event(['g-a'])));
    await bl.ok(bl.put(`/events/${made.id}`, { ...event(['g-b']), eventName: 'not for a' }));
    await settled();
    expect(at('/a').map(({ operation }) => operation)).toEqual(['CREATE', 'DELETE']);
    expect(at('/a')[1].object).toEqual(made);
    expect(at('/b').map(({ operation, object }) => [operation, object.eventName])).toEqual([['UPDATE', 'not for a']]);
  });

  it('59: vens, resources, reports and subscriptions are told to their own client alone', async () => {
    const b = vtn.api('3.1.0', 'ven-b');
    const [ven] = await b.ok(b.get('/vens'));
    await b.ok(b.put(`/vens/${ven.id}`, { objectType: 'VEN_VEN_REQUEST', venName: 'b2' }));
    await b.ok(b.post('/resources', { objectType: 'VEN_RESOURCE_REQUEST', venID: ven.id, resourceName: 'r' }));
    const { id } = await bl.ok(bl.post('/events', event(['g-b'])));
    const resources = [{ resourceName: 'r', intervals: [] }];
    await b.ok(b.post('/reports', { clientName: 'b', eventID: id, resources }));
    await b.ok(b.post('/subscriptions', asking(programId, `${receiver.url}/c`, ['EVENT'], ['DELETE'])));
    await settled();
    expect(at('/a')).toEqual([]);
    expect(at('/b').map(({ objectType }) => objectType)).toEqual(['VEN', 'RESOURCE', 'EVENT', 'REPORT', 'SUBSCRIPTION']);
    expect(at('/bl').map(({ objectType }) => objectType)).toEqual(['VEN', 'EVENT']);
  });
});

(canMakeCertificates ? describe : describe.skip)('callbacks with TLS (needs openssl on the path)', () => {
  it('29: are called when their certificate is of a known authority, and refused otherwise', async () => {
    const { key, cert } = makeCertificate();
    const receiver = await new Receiver({ key, cert }).start();
    const strict = await new TestVtn().start();
    const refused = await strict.api('3.1.0', 'bl').post('/subscriptions', asking(undefined, receiver.url, ['PROGRAM']));
    expect([refused.status, refused.body.detail]).toEqual([400, expect.stringContaining('CERT')]);
    await strict.stop();
    const vtn = await new TestVtn({ callbackCa: cert }).start();
    const bl = vtn.api('3.1.0', 'bl');
    await bl.ok(bl.post('/subscriptions', asking(undefined, receiver.url, ['PROGRAM'])));
    await bl.ok(bl.post('/programs', { programName: 'p' }));
    await receiver.until(1);
    expect(receiver.posted[0]?.body.object.programName).toBe('p');
    await vtn.stop();
    await receiver.stop();
  });
});
