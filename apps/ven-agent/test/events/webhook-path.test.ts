import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { minutes, seconds } from '@venfleet/core';
import { VtnError, type WireVersion } from '@venfleet/openadr';
import type { PushedVen } from '../../src/events/push/path.js';
import { webhookPath } from '../../src/events/push/webhook-path.js';
import { WebhookReceiver } from '../../src/events/push/webhook-receiver.js';
import { MemoryNotifier, portsOf, pushedVen, untilSoon } from './push-support.js';
import { gridEvent, scene as makeScene, pass, program, type Scene, unreachable } from './support.js';

/** Where this agent listened in an earlier life. */
const FORMER = 'http://127.0.0.1:9/';

let receiver: WebhookReceiver;
let scene: Scene;
let stopping: AbortController;
let running: Promise<unknown> | undefined;
beforeEach(async () => {
  scene = makeScene();
  receiver = new WebhookReceiver({ host: '127.0.0.1', port: 0 }, scene.logger);
  await receiver.start();
  stopping = new AbortController();
  running = undefined;
});
afterEach(async () => {
  await stop();
  await receiver.stop();
  await scene.feed.stop();
  scene.store.close();
});

async function stop(): Promise<void> {
  stopping.abort(new DOMException('stop', 'AbortError'));
  await running;
}

/** Starts the path; the promise tells how it ends. */
function start(ven: PushedVen): void {
  running = webhookPath({ receiver, bases: [receiver.url, FORMER] }, portsOf(scene))(ven, stopping.signal).catch(
    (error: unknown) => error,
  );
}

async function subscribed(version: WireVersion, count: number): Promise<MemoryNotifier> {
  const notifier = new MemoryNotifier(version);
  scene.feed.start(scene.vtn);
  await pass(scene.clock, seconds(1));
  start(pushedVen(scene, notifier));
  await untilSoon(scene.clock, () => notifier.subscriptions.size === count);
  return notifier;
}

describe.each(['3.0.1', '3.1.0'] as const)('OpenADR %s', (version) => {
  test('a notification brings an event within the moment, by its id', async () => {
    const notifier = await subscribed(version, 1);
    await untilSoon(scene.clock, () => scene.vtn.count('list') >= 2);
    await pass(scene.clock, seconds(1));
    const before = scene.vtn.count('list');
    scene.vtn.put(gridEvent('e1'));
    const at = scene.clock.now();
    expect(await notifier.notify('EVENT', version === '3.0.1' ? 'POST' : 'CREATE', 'e1')).toEqual([200]);
    await scene.clock.advance(seconds(0));
    expect(scene.ids()).toEqual(['e1']);
    expect(scene.clock.now()).toBe(at);
    expect(scene.vtn.count('list')).toBe(before);
  });

  test('the subscription is made again where the VTN has lost it', async () => {
    const notifier = await subscribed(version, 1);
    const [first] = notifier.subscriptions.values();
    notifier.subscriptions.clear();
    await untilSoon(scene.clock, () => notifier.subscriptions.size === 1);
    const [second] = notifier.subscriptions.values();
    expect([second?.callbackUrl, second?.bearerToken]).toEqual([first?.callbackUrl, first?.bearerToken]);
  });

  test('it is looked at as soon as a poll finds what was not told of', async () => {
    const notifier = await subscribed(version, 1);
    await untilSoon(scene.clock, () => scene.vtn.count('list') >= 2);
    notifier.subscriptions.clear();
    scene.vtn.put(gridEvent('e1'));
    await untilSoon(scene.clock, () => scene.ids().includes('e1'));
    await pass(scene.clock, seconds(1));
    expect(notifier.subscriptions.size).toBe(1);
  });

  test('webhook down: when changes are missed twice without a word, the path ends and polling goes on alone', async () => {
    const notifier = await subscribed(version, 1);
    notifier.notify = async () => [];
    for (const id of ['e1', 'e2']) {
      scene.vtn.put(gridEvent(id));
      await untilSoon(scene.clock, () => scene.ids().includes(id));
      await pass(scene.clock, seconds(1));
    }
    expect(await running).toMatchObject({ code: 'PUSH_SILENT' });
  });

  test('what an earlier life left behind is removed, what belongs to others is not', async () => {
    const notifier = new MemoryNotifier(version);
    const old = { clientName: 'Aalborg', objects: ['EVENT'], bearerToken: 'x', programId: 'program-1' } as const;
    const add = (id: string, clientName: string, url: string) =>
      notifier.subscriptions.set(id, { ...old, id, clientName, callbackUrl: url, callbackUrls: [url] });
    add('old', 'Aalborg', `${receiver.url}old`);
    add('older', 'Aalborg', `${FORMER}older`);
    add('elsewhere', 'Aalborg', 'https://dashboard.example/hook');
    add('other', 'Aarhus', `${receiver.url}other`);
    scene.feed.start(scene.vtn);
    await pass(scene.clock, seconds(1));
    start(pushedVen(scene, notifier));
    await untilSoon(scene.clock, () => notifier.subscriptions.has('s1'));
    expect([...notifier.subscriptions.keys()].sort()).toEqual(['elsewhere', 'other', 's1']);
  });

  test('at the end it is deleted', async () => {
    const notifier = await subscribed(version, 1);
    await stop();
    expect(notifier.subscriptions.size).toBe(0);
  });

  test('a VTN that does not answer at the end holds nobody up for longer than two seconds', async () => {
    const notifier = await subscribed(version, 1);
    notifier.hangs = true;
    let ended = false;
    const at = scene.clock.now();
    void stop().then(() => {
      ended = true;
    });
    await untilSoon(scene.clock, () => ended);
    expect(scene.clock.now() - at).toBeLessThanOrEqual(seconds(2) + 100);
  });

  test('a VTN that refuses ends the path with its reason', async () => {
    const notifier = new MemoryNotifier(version);
    notifier.fault = new VtnError('VTN_PROBLEM', 'callbacks must be HTTPS', { status: 400 });
    scene.feed.start(scene.vtn);
    await pass(scene.clock, seconds(1));
    start(pushedVen(scene, notifier));
    expect(await running).toBe(notifier.fault);
  });
});

test('3.0.1: each program is subscribed to, also one that comes later, and one that goes no longer', async () => {
  scene.vtn.knownPrograms = [program('program-1'), program('program-2')];
  const notifier = await subscribed('3.0.1', 2);
  const programs = () => [...notifier.subscriptions.values()].map(({ programId }) => programId).sort();
  expect(programs()).toEqual(['program-1', 'program-2']);
  scene.vtn.knownPrograms = [program('program-1'), program('program-3')];
  await untilSoon(scene.clock, () => programs().join() === 'program-1,program-3');
});

test('3.1: one subscription tells of grants, too', async () => {
  scene.vtn.put(gridEvent('e1', { targets: ['north'] }));
  const notifier = await subscribed('3.1.0', 1);
  const [subscription] = notifier.subscriptions.values();
  expect(subscription?.programId).toBeUndefined();
  expect(subscription?.objects).toEqual(['PROGRAM', 'EVENT', 'VEN', 'RESOURCE']);
  await pass(scene.clock, seconds(2));
  scene.vtn.venTargets = { ven: ['north'], resources: {} };
  await notifier.notify('VEN', 'UPDATE', 'v1');
  await pass(scene.clock, seconds(1));
  expect(scene.feed.targets?.ven).toEqual(['north']);
});

test('a notification of what the VTN does not have changes nothing', async () => {
  scene.vtn.put(gridEvent('e1'));
  const notifier = await subscribed('3.1.0', 1);
  await notifier.notify('EVENT', 'DELETE', 'e1');
  await notifier.notify('EVENT', 'CREATE', 'forged');
  await pass(scene.clock, seconds(2));
  expect(scene.ids()).toEqual(['e1']);
});

test('during an outage of the VTN the subscription is left as it is', async () => {
  const notifier = await subscribed('3.1.0', 1);
  notifier.fault = unreachable;
  await pass(scene.clock, minutes(6));
  expect(await running).toBe(unreachable);
  expect(notifier.subscriptions.size).toBe(1);
});
