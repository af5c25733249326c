import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  anonymous,
  createVtnClient,
  decodeNotification,
  isNotFound,
  type VtnClient,
  validator,
  type WireVersion,
  wire301,
  wire310,
} from '../src/index.js';
import { problem, type Rig, rig, serve, type TestServer } from './support/server.js';

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

function client(version: WireVersion): VtnClient {
  const vtn = { version, baseUrl: server.url, tokenUrl: `${server.url}/auth/token` };
  return createVtnClient({ ...tools, vtn, tokens: anonymous, role: 'VEN' });
}

const wish = {
  clientName: 'Aalborg',
  programId: 'p',
  objects: ['EVENT', 'PROGRAM'],
  callbackUrl: 'https://ven.example/hook/1',
  bearerToken: 'secret',
} as const;

describe.each(VERSIONS)('OpenADR %s', (version) => {
  const wire = version === '3.0.1' ? wire301 : wire310;

  it('reads one event, understood or not, and says when there is none', async () => {
    server.handle(({ path }) => {
      if (path === '/events/e1') return { body: { id: 'e1', programID: 'p', intervals: [] } };
      if (path === '/events/e2') return { body: { id: 'e2', programID: 7 } };
      return problem(404, 'Not Found');
    });
    expect(await client(version).readEvent('e1')).toMatchObject({ id: 'e1', event: { programId: 'p' } });
    expect(await client(version).readEvent('e2')).toMatchObject({ id: 'e2', problem: { id: 'e2' } });
    expect(await client(version).readEvent('e3').catch(isNotFound)).toBe(true);
  });

  it('writes subscriptions that their schema allows, lists its own, deletes them', async () => {
    server.handle(({ method, json }) =>
      method === 'POST'
        ? { status: 201, body: { id: 's1', ...json() } }
        : {
            body: [
              { id: 's1', clientName: 'Aalborg', programID: 'p', objectOperations: [{ callbackUrl: 'https://a' }] },
              { id: 's2', clientName: 'Aarhus', objectOperations: null },
            ],
          },
    );
    const created = await client(version).createSubscription(wish);
    expect(created).toEqual({ id: 's1', clientName: 'Aalborg', programId: 'p', callbackUrls: [wish.callbackUrl] });
    const body = server.requests[0]?.json();
    expect(validator(wire.SubscriptionRequest).mistakes(body)).toEqual([]);
    expect(await client(version).listSubscriptions({ clientName: 'Aalborg' })).toEqual([
      { id: 's1', clientName: 'Aalborg', programId: 'p', callbackUrls: ['https://a'] },
    ]);
    expect(server.requests[1]?.query.get('clientName')).toBe('Aalborg');
    await client(version).deleteSubscription('s1');
    expect(server.requests[2]).toMatchObject({ method: 'DELETE', path: '/subscriptions/s1' });
  });
});

it('3.0.1 has no place for a subscription to all programs', async () => {
  const { programId, ...all } = wish;
  await expect(client('3.0.1').createSubscription(all)).rejects.toMatchObject({ code: 'SUBSCRIPTION_NOT_EXPRESSIBLE' });
  expect(server.requests).toEqual([]);
});

it('3.0.1 knows webhooks alone, and is not asked', async () => {
  expect(await client('3.0.1').readNotifiers()).toEqual({ webhook: true });
  expect(server.requests).toEqual([]);
});

describe('notifiers of 3.1', () => {
  it.each([
    [{ method: 'ANONYMOUS' }, { method: 'ANONYMOUS' }],
    [
      { method: 'OAUTH2_BEARER_TOKEN', username: 'ven-{clientID}' },
      { method: 'OAUTH2_BEARER_TOKEN', username: 'ven-{clientID}' },
    ],
    [
      { method: 'OAUTH2BEARERTOKEN', username: '{clientID}' },
      { method: 'OAUTH2_BEARER_TOKEN', username: '{clientID}' },
    ],
    [
      { method: 'CERTIFICATE', caCert: 'a', clientCert: 'b', clientKey: 'c' },
      { method: 'CERTIFICATE', caCert: 'a', clientCert: 'b', clientKey: 'c' },
    ],
    [{ method: 'KERBEROS' }, { method: 'UNKNOWN', name: 'KERBEROS' }],
    [null, { method: 'ANONYMOUS' }],
  ])('authentication %j', async (authentication, expected) => {
    server.handle(() => ({ body: { WEBHOOK: true, MQTT: { URIS: ['mqtts://b'], serialization: 'JSON', authentication } } }));
    expect(await client('3.1.0').readNotifiers()).toEqual({
      webhook: true,
      mqtt: { uris: ['mqtts://b'], authentication: expected },
    });
  });

  it('a VTN without a broker', async () => {
    server.handle(() => ({ body: { WEBSOCKET: true, 'PUSH-MQTT': true } }));
    expect(await client('3.1.0').readNotifiers()).toEqual({ webhook: false });
  });
});

describe('topics of 3.1', () => {
  it('one for all operations where there is one, else one each', async () => {
    server.handle(({ path }) => ({
      body: {
        topics: path.endsWith('/events')
          ? { CREATE: 'x/c', UPDATE: 'x/u', DELETE: 'x/d', ALL: 'x/#' }
          : { UPDATE: 'v/u', DELETE: 'v/d' },
      },
    }));
    expect(await client('3.1.0').readTopics({ ven: 'v1', objects: 'events' })).toEqual(['x/#']);
    expect(await client('3.1.0').readTopics({ ven: 'v1' })).toEqual(['v/u', 'v/d']);
    expect(await client('3.1.0').readTopics({ program: 'p 1', objects: 'events' })).toEqual(['x/#']);
    expect(server.requests.map(({ path }) => path)).toEqual([
      '/notifiers/mqtt/topics/vens/v1/events',
      '/notifiers/mqtt/topics/vens/v1',
      '/notifiers/mqtt/topics/programs/p%201/events',
    ]);
  });

  it('in both spellings where they are those of openleadr-rs 0.2', async () => {
    server.handle(() => ({ body: { topics: { ALL: 'openadr/events/vens/v1/#' } } }));
    expect(await client('3.1.0').readTopics({ ven: 'v1', objects: 'events' })).toEqual([
      'openadr/events/vens/v1/#',
      'openadr/vens/v1/events/#',
    ]);
  });
});

describe('line 83: both notification vocabularies mean the same', () => {
  it.each([
    ['POST', 'CREATE'],
    ['PUT', 'UPDATE'],
    ['DELETE', 'DELETE'],
    ['GET', 'READ'],
    ['CREATE', 'CREATE'],
    ['UPDATE', 'UPDATE'],
    ['READ', 'READ'],
  ])('%s', (operation, expected) => {
    const object = { id: 'e1', objectType: 'EVENT' };
    for (const spelling of ['objectType', 'object_type'] as const) {
      expect(decodeNotification({ [spelling]: 'EVENT', operation, object })).toEqual({
        objectType: 'EVENT',
        operation: expected,
        id: 'e1',
      });
    }
    expect(decodeNotification({ operation, object })).toMatchObject({ objectType: 'EVENT', operation: expected });
  });

  it('an object without an id, or none at all, is a notification still', () => {
    expect(decodeNotification({ objectType: 'EVENT', operation: 'PUT', object: {} })).toMatchObject({ id: undefined });
    expect(decodeNotification({ objectType: 'PROGRAM', operation: 'PUT' })).toMatchObject({ objectType: 'PROGRAM' });
    const object = { id: 'x'.repeat(129) };
    expect(decodeNotification({ objectType: 'EVENT', operation: 'PUT', object })).toMatchObject({ id: undefined });
  });

  it('whatever else is none', () => {
    for (const json of [null, 7, [], {}, { objectType: 'EVENT' }, { objectType: 'EVENT', operation: 'BURN' }]) {
      expect(decodeNotification(json)).toBeUndefined();
    }
    fc.assert(fc.property(fc.jsonValue(), (json) => expect(() => decodeNotification(json)).not.toThrow()));
  });
});
