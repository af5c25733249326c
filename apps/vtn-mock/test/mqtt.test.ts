import { connect as connectTcp } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { hours, seconds } from '@venfleet/core';
import { validator, wire310 } from '@venfleet/openadr';
import mqtt, { type MqttClient } from 'mqtt';
import { type Api, TestVtn } from './support/vtn.js';

const TOPICS = '/notifiers/mqtt/topics';

/** The numbers are those of the conformance checklist for OpenADR 3 VTNs. */
describe('notifiers and MQTT (3.1)', () => {
  let vtn: TestVtn;
  let bl: Api;
  let ven: Api;
  let programId: string;
  let venIds: Record<'a' | 'b', string>;
  let clients: MqttClient[];

  beforeEach(async () => {
    clients = [];
    vtn = await new TestVtn({ mqtt: { port: 0 } }).start();
    [bl, ven] = [vtn.api('3.1.0', 'bl'), vtn.api('3.1.0', 'ven-a')];
    programId = (await bl.ok(bl.post('/programs', { programName: 'p' }))).id;
    const made: string[] = [];
    for (const name of ['a', 'b']) {
      const body = { objectType: 'BL_VEN_REQUEST', clientID: `ven-${name}`, venName: name, targets: [`g-${name}`, 'g-both'] };
      made.push((await bl.ok(bl.post('/vens', body))).id);
    }
    venIds = { a: made[0] as string, b: made[1] as string };
  });
  afterEach(async () => {
    for (const client of clients) await client.endAsync(true);
    await vtn.stop();
  });

  /** Logs in as one client, hearing these topic filters. */
  async function hear(clientId: string, filters: string[], login: { username?: string; password?: string } = {}) {
    const { MQTT } = await ven.ok(ven.get('/notifiers'));
    const password = login.password ?? (await vtn.token(clientId, '3.1.0'));
    const username = login.username ?? MQTT.authentication.username.replace('{clientID}', clientId);
    const client = await mqtt.connectAsync(MQTT.URIS[0], { username, password, reconnectPeriod: 0 }, false);
    clients.push(client);
    // biome-ignore lint/suspicious/noExplicitAny: notifications are examined member by member.
    const heard: { topic: string; body: any }[] = [];
    const waiting: (() => void)[] = [];
    client.on('message', (topic, payload) => {
      heard.push({ topic, body: JSON.parse(payload.toString()) });
      for (const look of waiting) look();
    });
    const granted = filters.length === 0 ? [] : await client.subscribeAsync(filters, { qos: 1 });
    const until = (enough: () => boolean) =>
      new Promise<void>((resolve) => {
        const look = () => enough() && resolve();
        waiting.push(look);
        look();
      });
    return { client, heard, granted, until: (count: number) => until(() => heard.length >= count) };
  }

  const event = (more: object = {}) => ({ programID: programId, ...more });
  const topics = async (api: Api, path: string) => (await api.ok(api.get(`${TOPICS}/${path}`))).topics;

  it('56: /notifiers contains WEBHOOK true, and how to log in at the broker', async () => {
    const body = await ven.ok(ven.get('/notifiers'));
    expect(validator(wire310.Notifiers).mistakes(body)).toEqual([]);
    expect(body).toEqual({
      WEBHOOK: true,
      MQTT: {
        URIS: [expect.stringMatching(/^mqtt:\/\/127\.0\.0\.1:\d+$/)],
        serialization: 'JSON',
        authentication: { method: 'OAUTH2_BEARER_TOKEN', username: '{clientID}' },
      },
    });
    expect((await vtn.api('3.1.0').get('/notifiers')).status).toBe(401);
  });

  it('56: without a broker there is no MQTT, and no topic', async () => {
    const plain = await new TestVtn().start();
    const api = plain.api('3.1.0', 'bl');
    expect(await api.ok(api.get('/notifiers'))).toEqual({ WEBHOOK: true });
    expect((await api.get(`${TOPICS}/events`)).status).toBe(404);
    await plain.stop();
  });

  it('57: topics of a single object lack CREATE, those of collections have it', async () => {
    for (const path of [`programs/${programId}`, `vens/${venIds.a}`]) {
      const body = await bl.ok(bl.get(`${TOPICS}/${path}`));
      expect(validator(wire310.NotifierTopics).mistakes(body)).toEqual([]);
      expect(Object.keys(body.topics).sort()).toEqual(['ALL', 'DELETE', 'UPDATE']);
    }
    const below = [
      `programs/${programId}/events`,
      ...['events', 'programs', 'resources'].map((kind) => `vens/${venIds.a}/${kind}`),
    ];
    for (const path of ['programs', 'events', 'reports', 'subscriptions', 'vens', 'resources', ...below]) {
      expect(Object.keys(await topics(bl, path)).sort()).toEqual(['ALL', 'CREATE', 'DELETE', 'UPDATE']);
    }
    for (const path of ['programs/none', 'programs/none/events', 'vens/none', 'vens/none/events', 'others']) {
      expect([path, (await bl.get(`${TOPICS}/${path}`)).status]).toEqual([path, 404]);
    }
  });

  it('58: a VEN asking for another ven’s topics gets 404, for business logic’s 403', async () => {
    for (const below of ['', '/events', '/programs', '/resources']) {
      expect((await ven.get(`${TOPICS}/vens/${venIds.a}${below}`)).status).toBe(200);
      expect((await ven.get(`${TOPICS}/vens/${venIds.b}${below}`)).status).toBe(404);
    }
    const business = [
      'programs',
      `programs/${programId}`,
      `programs/${programId}/events`,
      'events',
      'reports',
      'vens',
      'resources',
    ];
    for (const path of business) expect([path, (await ven.get(`${TOPICS}/${path}`)).status]).toEqual([path, 403]);
  });

  it('59: a VEN hears of the events that it may see, and of their targets that it holds alone', async () => {
    const { ALL } = await topics(ven, `vens/${venIds.a}/events`);
    const a = await hear('ven-a', [ALL]);
    await bl.ok(bl.post('/events', event({ targets: ['g-b'] })));
    const made = await bl.ok(bl.post('/events', event({ targets: ['g-both', 'g-elsewhere'] })));
    await bl.ok(bl.put(`/events/${made.id}`, event()));
    await bl.ok(bl.put(`/events/${made.id}`, event({ targets: ['g-b'] })));
    await bl.ok(bl.delete(`/events/${made.id}`));
    const last = await bl.ok(bl.post('/events', event({ targets: ['g-a'] })));
    await a.until(4);
    expect(a.heard.map(({ body }) => [body.operation, body.object.id, body.object.targets])).toEqual([
      ['CREATE', made.id, ['g-both']],
      ['UPDATE', made.id, undefined],
      ['DELETE', made.id, undefined],
      ['CREATE', last.id, ['g-a']],
    ]);
    for (const { body } of a.heard) expect(validator(wire310.Notification).mistakes(body)).toEqual([]);
  });

  it('59: one operation alone is heard by its own topic', async () => {
    const { DELETE } = await topics(ven, `vens/${venIds.a}/events`);
    const a = await hear('ven-a', [DELETE]);
    const made = await bl.ok(bl.post('/events', event()));
    await bl.ok(bl.put(`/events/${made.id}`, event({ eventName: 'n' })));
    await bl.ok(bl.delete(`/events/${made.id}`));
    await a.until(1);
    expect(a.heard.map(({ topic, body }) => [topic, body.operation])).toEqual([[DELETE, 'DELETE']]);
  });

  it('59: a ven, its resources and the programs that it sees are told on its topics', async () => {
    const filters = [];
    for (const below of ['', '/programs', '/resources']) filters.push((await topics(ven, `vens/${venIds.a}${below}`)).ALL);
    const a = await hear('ven-a', filters);
    await ven.ok(ven.put(`/vens/${venIds.a}`, { objectType: 'VEN_VEN_REQUEST', venName: 'a2' }));
    for (const id of [venIds.b, venIds.a]) {
      await bl.ok(bl.post('/resources', { objectType: 'BL_RESOURCE_REQUEST', venID: id, resourceName: 'r' }));
    }
    await bl.ok(bl.post('/programs', { programName: 'hidden', targets: ['g-b'] }));
    await bl.ok(bl.put(`/programs/${programId}`, { programName: 'p2' }));
    await a.until(3);
    expect(a.heard.map(({ body }) => [body.objectType, body.operation])).toEqual([
      ['VEN', 'UPDATE'],
      ['RESOURCE', 'CREATE'],
      ['PROGRAM', 'UPDATE'],
    ]);
  });

  it('business logic hears of everything by collections, by program and by ven', async () => {
    const paths = ['events', `programs/${programId}/events`, `vens/${venIds.a}/events`, 'subscriptions', 'reports'];
    const filters = [];
    for (const path of paths) filters.push((await topics(bl, path)).ALL);
    const all = await hear('bl', filters);
    const made = await bl.ok(bl.post('/events', event({ targets: ['g-a', 'g-b'] })));
    await all.until(3);
    expect(all.heard.map(({ topic }) => topic.split('/')[1]).sort()).toEqual(['events', 'programs', 'vens']);
    const whole = all.heard.filter(({ topic }) => !topic.includes('/vens/'));
    for (const { body } of whole) expect(body.object).toEqual(made);
    await ven.ok(ven.post('/reports', { clientName: 'a', eventID: made.id, resources: [] }));
    await all.until(4);
    expect(all.heard[3]?.body.objectType).toBe('REPORT');
  });

  it('a VEN is refused every topic filter but those of its own ven', async () => {
    const { client } = await hear('ven-a', []);
    const refused = [
      '#',
      '+/#',
      'openadr/#',
      'openadr/+/+',
      'openadr/events/create',
      'openadr/events/+',
      'openadr/programs/+',
      `openadr/programs/${programId}/events/+`,
      `openadr/vens/${venIds.b}/events/+`,
      `openadr/vens/${venIds.b}/update`,
      'openadr/vens/+/events/create',
      'openadr/vens/+',
      `openadr/vens/${venIds.a}/#`,
      '$SYS/#',
    ];
    for (const filter of refused) {
      const code = await client.subscribeAsync(filter).then(
        (granted) => granted[0]?.qos,
        () => 128,
      );
      expect([filter, code]).toEqual([filter, 128]);
    }
  });

  it('nobody but the VTN publishes, not even a will', async () => {
    const { ALL, CREATE } = await topics(ven, `vens/${venIds.a}/events`);
    const a = await hear('ven-a', [ALL]);
    const { client } = await hear('bl', []);
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
    client.publish(CREATE, '{"forged":true}', { qos: 0 });
    await closed;
    await bl.ok(bl.post('/events', event()));
    await a.until(1);
    expect(a.heard.map(({ body }) => body.forged)).toEqual([undefined]);
  });

  it('the password must be a valid token of the client that the user name tells', async () => {
    const token = await vtn.token('ven-a', '3.1.0');
    for (const login of [
      { username: 'ven-a', password: 'no token' },
      { username: 'ven-b', password: token },
      { username: '{clientID}', password: token },
      { username: '', password: token },
    ]) {
      await expect(hear('ven-a', [], login)).rejects.toThrow(/Connection refused/);
    }
    await vtn.clock.advance(hours(2));
    await expect(hear('ven-a', [], { username: 'ven-a', password: token })).rejects.toThrow(/401|Connection refused/);
  });

  it('a connection ends when its token expires', async () => {
    const { client } = await hear('ven-a', []);
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
    await vtn.clock.advance(hours(1));
    await closed;
  });

  it('a ven that is given to another client ends the connections of the former one', async () => {
    const { ALL } = await topics(ven, `vens/${venIds.a}/events`);
    const { client } = await hear('ven-a', [ALL]);
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
    await bl.ok(bl.put(`/vens/${venIds.a}`, { objectType: 'BL_VEN_REQUEST', clientID: 'ven-c', venName: 'a' }));
    await closed;
  });

  it('another client with the same MQTT client id takes nothing over', async () => {
    const { MQTT } = await ven.ok(ven.get('/notifiers'));
    const { ALL } = await topics(ven, `vens/${venIds.a}/events`);
    const open = async (clientId: string) => {
      const password = await vtn.token(clientId, '3.1.0');
      const client = await mqtt.connectAsync(MQTT.URIS[0], {
        username: clientId,
        password,
        clientId: 'same',
        reconnectPeriod: 0,
      });
      clients.push(client);
      return client;
    };
    const a = await open('ven-a');
    await a.subscribeAsync(ALL);
    await open('ven-b');
    const heard = new Promise((resolve) => a.once('message', resolve));
    await bl.ok(bl.post('/events', event()));
    await heard;
    expect(a.connected).toBe(true);
  });

  it('a first packet that is too long for a login is not collected', async () => {
    const { MQTT } = await ven.ok(ven.get('/notifiers'));
    const socket = connectTcp(Number(new URL(MQTT.URIS[0]).port), '127.0.0.1');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    // CONNECT with a remaining length of 256 MB (MQTT 3.1.1 section 2.2.3).
    socket.write(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]));
    await closed;
  });

  it('without tokens everybody hears everything, by the name anonymous', async () => {
    const open = await new TestVtn({ auth: false, mqtt: { port: 0 } }).start();
    const api = open.api('3.1.0');
    const { MQTT } = await api.ok(api.get('/notifiers'));
    expect(MQTT.authentication).toEqual({ method: 'ANONYMOUS' });
    const client = await mqtt.connectAsync(MQTT.URIS[0], { reconnectPeriod: 0 });
    await client.subscribeAsync((await topics(api, 'programs')).ALL);
    const heard = new Promise<Buffer>((resolve) => client.once('message', (_, payload) => resolve(payload)));
    await api.ok(api.post('/programs', { programName: 'p' }));
    expect(JSON.parse((await heard).toString())).toMatchObject({ objectType: 'PROGRAM', operation: 'CREATE' });
    await client.endAsync(true);
    await open.stop();
  });

  it('one who does not read is cut off, and delays nobody for longer than the drain time-out', async () => {
    // A second at most: that of the broker, which runs by real time.
    const { ALL } = await topics(ven, `vens/${venIds.a}/events`);
    const frozen = await hear('ven-a', [ALL]);
    const other = await hear('ven-a', [ALL]);
    (frozen.client.stream as unknown as { pause(): void }).pause();
    const long = Array.from({ length: 300 }, (_, id) => ({ id, payloads: [{ type: 'X', values: ['y'.repeat(10_000)] }] }));
    for (let i = 0; i < 6; i++) await bl.ok(bl.post('/events', event({ intervals: long })));
    await other.until(6);
    expect(other.heard.length).toBe(6);
  });

  it('the broker of another process is told of, and published on', async () => {
    const { MQTT } = await ven.ok(ven.get('/notifiers'));
    const password = await vtn.token('bl', '3.1.0');
    // The embedded broker takes nothing from clients: what counts here is that the VTN logs in and tries.
    const second = await new TestVtn({ mqtt: { url: MQTT.URIS[0], username: 'bl', password } }).start();
    const api = second.api('3.1.0', 'bl');
    expect((await api.ok(api.get('/notifiers'))).MQTT).toEqual({
      URIS: MQTT.URIS,
      serialization: 'JSON',
      authentication: { method: 'OAUTH2_BEARER_TOKEN', username: '{clientID}' },
    });
    await second.stop();
    await expect(new TestVtn({ mqtt: { url: 'mqtt://127.0.0.1:1' } }).start()).rejects.toMatchObject({
      code: 'MQTT_UNREACHABLE',
    });
  });

  it('a burst of changes is heard in order', async () => {
    const { ALL } = await topics(ven, `vens/${venIds.a}/events`);
    const a = await hear('ven-a', [ALL]);
    const made = await Promise.all(
      Array.from({ length: 200 }, (_, i) => bl.ok(bl.post('/events', event({ eventName: `${i}` })))),
    );
    await a.until(200);
    const listed: string[] = [];
    for (let skip = 0; skip < 200; skip += 50) {
      listed.push(...(await bl.ok(bl.get(`/events?skip=${skip}`))).map(({ id }: { id: string }) => id));
    }
    expect(a.heard.map(({ body }) => body.object.id)).toEqual(listed.reverse());
    expect(made.length).toBe(200);
    await vtn.clock.advance(seconds(1));
  });
});
