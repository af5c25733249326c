import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { minutes, seconds, VenfleetError } from '@venfleet/core';
import { type MqttAuthentication, VtnError } from '@venfleet/openadr';
import { mqttPath } from '../../src/events/push/mqtt-path.js';
import { Reasons, VenPush } from '../../src/events/push/ven-push.js';
import { MemoryBroker, MemoryNotifier, portsOf, pushedVen, untilSoon } from './push-support.js';
import { gridEvent, scene as makeScene, pass, type Scene } from './support.js';

let scene: Scene;
let notifier: MemoryNotifier;
let broker: MemoryBroker;
let push: VenPush;
beforeEach(async () => {
  scene = makeScene();
  broker = new MemoryBroker();
  notifier = new MemoryNotifier('3.1.0');
  offer({ method: 'OAUTH2_BEARER_TOKEN', username: 'ven:{clientID}' });
  scene.feed.start(scene.vtn);
  await pass(scene.clock, seconds(1));
});
afterEach(async () => {
  await push.stop();
  await scene.feed.stop();
  scene.store.close();
});

function offer(authentication: MqttAuthentication, uris = ['mqtt://broker.example', 'mqtts://broker.example']): void {
  notifier.notifiers = { webhook: true, mqtt: { uris, authentication } };
}

function start(settings: Parameters<typeof mqttPath>[1] = { verifyTls: true }): void {
  const ports = portsOf(scene);
  const mqtt = mqttPath(broker.open, settings, ports);
  push = new VenPush({
    ...ports,
    ven: pushedVen(scene, notifier),
    mode: 'auto',
    mqtt,
    webhook: undefined,
    reasons: new Reasons(),
  });
  push.start();
}

async function connected(): Promise<void> {
  await untilSoon(scene.clock, () => broker.connected);
  await pass(scene.clock, seconds(1));
}

const told = (operation: string, id: string) => broker.publish({ object_type: 'EVENT', operation, object: { id } });

describe('login', () => {
  test('with the access token as password, its own client id in the user name, over TLS where the VTN has it', async () => {
    start();
    await connected();
    expect(broker.logins).toEqual([
      { url: 'mqtts://broker.example', username: 'ven:ven-aalborg', password: 'token-1', verifyTls: true },
    ]);
  });

  test('anonymous', async () => {
    offer({ method: 'ANONYMOUS' }, ['mqtt://broker.example']);
    start();
    await connected();
    expect(broker.logins).toEqual([{ url: 'mqtt://broker.example', verifyTls: true }]);
  });

  test('with a certificate, which the VTN gives, and the authorities that the operator trusts where it gives none', async () => {
    offer({ method: 'CERTIFICATE', caCert: '', clientCert: 'cert', clientKey: 'key' });
    start({ verifyTls: false, ca: 'own' });
    await connected();
    expect(broker.logins).toEqual([{ url: 'mqtts://broker.example', ca: 'own', cert: 'cert', key: 'key', verifyTls: false }]);
  });

  test('a token is never sent in the clear where the VTN itself speaks HTTPS', async () => {
    offer({ method: 'OAUTH2_BEARER_TOKEN', username: 'x' }, ['mqtt://broker.example']);
    start();
    await pass(scene.clock, seconds(5));
    expect(broker.logins).toEqual([]);
    expect(scene.logger.lines.at(-1)?.fields.reason).toContain('without TLS');
  });

  test.each([
    [{ method: 'UNKNOWN', name: 'KERBEROS' } as const, ['mqtts://b'], 'KERBEROS'],
    [{ method: 'ANONYMOUS' } as const, ['kafka://b'], 'kafka://b'],
    [{ method: 'ANONYMOUS' } as const, [], 'none at all'],
  ])('what it cannot do is told: %j at %j', async (authentication, uris, reason) => {
    offer(authentication, uris);
    start();
    await pass(scene.clock, minutes(1));
    expect(broker.logins).toEqual([]);
    expect(
      scene.logger.lines.filter(({ level, fields }) => level !== 'debug' && String(fields.reason).includes(reason)),
    ).toHaveLength(1);
  });
});

describe('topics', () => {
  test('of the VEN’s events, programs, resources and itself, and of its programs’ events', async () => {
    start();
    await connected();
    expect(broker.topics).toEqual(['vens/v1/events', 'vens/v1/programs', 'vens/v1/resources', 'vens/v1/self', 'program-1']);
  });

  test('those that the VTN keeps to others are left out', async () => {
    notifier.topics = (of) =>
      'ven' in of && of.objects === 'events' ? ['mine'] : new VtnError('VTN_FORBIDDEN', 'not yours', { status: 403 });
    start();
    await connected();
    expect(broker.topics).toEqual(['mine']);
  });

  test('a broker that refuses some does for the others; one that refuses all does not', async () => {
    broker.refused = ['program-1'];
    start();
    await connected();
    scene.vtn.put(gridEvent('e1'));
    told('CREATE', 'e1');
    await pass(scene.clock, seconds(1));
    expect(scene.ids()).toEqual(['e1']);
    broker.refused = broker.topics;
    broker.drop('test');
    await pass(scene.clock, seconds(30));
    expect(scene.logger.lines.some(({ fields }) => String(fields.reason).includes('refuses'))).toBe(true);
  });
});

describe('messages', () => {
  test.each([
    ['CREATE', 'UPDATE', 'DELETE'],
    ['POST', 'PUT', 'DELETE'],
  ])('line 83: %s, %s and %s are followed up at once', async (create, update, remove) => {
    start();
    await connected();
    const before = scene.vtn.count('list');
    const at = scene.clock.now();
    scene.vtn.put(gridEvent('e1'));
    told(create, 'e1');
    await scene.clock.advance(seconds(0));
    expect(scene.ids()).toEqual(['e1']);
    expect(scene.clock.now()).toBe(at);
    await pass(scene.clock, seconds(1));
    scene.vtn.put(gridEvent('e1', { priority: 3 }));
    told(update, 'e1');
    await pass(scene.clock, seconds(1));
    expect(scene.feed.held()[0]?.event.priority).toBe(3);
    scene.vtn.all.clear();
    told(remove, 'e1');
    await pass(scene.clock, seconds(1));
    expect(scene.ids()).toEqual([]);
    expect(scene.vtn.count('list')).toBe(before);
  });

  test('nonsense, reading and what a VEN has no use for are passed over', async () => {
    start();
    await connected();
    const calls = scene.vtn.calls.length;
    broker.publish('nonsense');
    broker.publish({ objectType: 'REPORT', operation: 'CREATE', object: { id: 'r1' } });
    told('READ', 'e1');
    await pass(scene.clock, seconds(2));
    expect(scene.vtn.calls).toHaveLength(calls);
  });
});

describe('line 84: after a reconnect everything is read over REST again', () => {
  test('with a token that is valid then, and what happened meanwhile is found', async () => {
    start();
    await connected();
    scene.vtn.put(gridEvent('while-away'));
    broker.drop('the broker restarts');
    await untilSoon(scene.clock, () => broker.connected);
    await pass(scene.clock, seconds(1));
    expect(scene.ids()).toEqual(['while-away']);
    expect(broker.logins.map(({ password }) => password)).toEqual(['token-1', 'token-2']);
  });

  test('while the broker is away, polling is as often as without', async () => {
    start();
    await connected();
    broker.fault = new VenfleetError('BROKER_UNREACHABLE', 'no broker');
    broker.drop('gone');
    await pass(scene.clock, seconds(2));
    const before = scene.vtn.count('list');
    await pass(scene.clock, minutes(5));
    expect(scene.vtn.count('list') - before).toBe(10);
    broker.fault = undefined;
    await untilSoon(scene.clock, () => broker.connected);
    await pass(scene.clock, seconds(2));
    const after = scene.vtn.count('list');
    await pass(scene.clock, minutes(4));
    expect(scene.vtn.count('list')).toBe(after);
  });

  test('a broker that does not take the token gets a new one next', async () => {
    broker.fault = new VenfleetError('BROKER_REFUSED', 'bad password');
    start();
    await pass(scene.clock, minutes(1));
    expect(notifier.withdrawn.slice(0, 2)).toEqual(['token-1', 'token-2']);
  });

  test('a connection over which changes are missed twice is given up', async () => {
    start();
    await connected();
    for (const id of ['e1', 'e2']) {
      scene.vtn.put(gridEvent(id));
      await untilSoon(scene.clock, () => scene.ids().includes(id));
    }
    await untilSoon(scene.clock, () => broker.logins.length === 2);
  });
});

describe('a VTN without a broker', () => {
  test('and without webhooks is polled; it is asked again now and then', async () => {
    notifier.notifiers = { webhook: false };
    start();
    await pass(scene.clock, minutes(30));
    expect(scene.vtn.count('list')).toBeGreaterThan(50);
    expect(scene.logger.lines.filter(({ level, fields }) => level !== 'debug' && fields.reason !== undefined)).toHaveLength(3);
    offer({ method: 'ANONYMOUS' });
    await untilSoon(scene.clock, () => broker.connected);
  });

  test.each([403, 404, 501])('a VTN that answers %i to how it notifies may do so by webhook', async (status) => {
    notifier.notifiers = new VtnError(status === 403 ? 'VTN_FORBIDDEN' : 'VTN_PROBLEM', 'no', { status });
    let asked = 0;
    const ports = portsOf(scene);
    const webhook = async () => {
      asked++;
      throw new VenfleetError('TEST', 'none');
    };
    push = new VenPush({
      ...ports,
      ven: pushedVen(scene, notifier),
      mode: 'auto',
      mqtt: webhook,
      webhook,
      reasons: new Reasons(),
    });
    push.start();
    await pass(scene.clock, seconds(1));
    expect(asked).toBe(1);
  });
});
