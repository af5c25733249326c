import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { seconds } from '@venfleet/core';
import { type Hearer, hear } from './support/hearer.js';
import { asking, Receiver } from './support/receiver.js';
import { type Api, TestVtn } from './support/vtn.js';

describe('faults of notifications', () => {
  let vtn: TestVtn;
  let bl: Api;
  const stops: (() => Promise<void>)[] = [];
  beforeEach(async () => {
    vtn = await new TestVtn({ faults: { seed: 'test' }, mqtt: { port: 0 } }).start();
    stops.push(() => vtn.stop());
    bl = vtn.api('3.1.0', 'bl');
  });
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  const add = async (spec: object) => {
    const authorization = `Bearer ${await vtn.token('bl', '3.1.0')}`;
    const { status } = await vtn.send('POST', '/operator/faults', { headers: { authorization }, body: spec });
    expect(status).toBe(201);
  };
  const make = (...names: readonly string[]) =>
    names.reduce((before, programName) => before.then(() => bl.ok(bl.post('/programs', { programName }))), Promise.resolve());
  const names = (heard: readonly { body: { object: { programName: string } } }[]) =>
    heard.map(({ body }) => body.object.programName);

  describe('by MQTT', () => {
    let hearer: Hearer;
    beforeEach(async () => {
      hearer = await hear(vtn, 'bl', ['openadr/programs/create']);
      stops.push(() => hearer.end());
    });

    it('drop-notification: it never comes, the next ones do', async () => {
      await add({ kind: 'drop-notification', objects: 'programs', count: 1 });
      await make('dropped', 'kept', 'last');
      await hearer.until(2);
      expect(names(hearer.heard)).toEqual(['kept', 'last']);
    });

    it('duplicate-notification: it comes as often as it should', async () => {
      await add({ kind: 'duplicate-notification', objects: 'programs', copies: 3, count: 1 });
      await make('tripled', 'last');
      await hearer.until(4);
      expect(names(hearer.heard)).toEqual(['tripled', 'tripled', 'tripled', 'last']);
    });

    it('reorder-notification: it comes after the next one', async () => {
      await add({ kind: 'reorder-notification', objects: 'programs', count: 1 });
      await make('late', 'early', 'last');
      await hearer.until(3);
      expect(names(hearer.heard)).toEqual(['early', 'late', 'last']);
    });

    it('reorder-notification: where no other follows, it comes late', async () => {
      await add({ kind: 'reorder-notification', objects: 'programs', count: 1 });
      await make('late');
      // In the meantime something else is told, so that it could have come.
      const other = await hear(vtn, 'bl', ['openadr/vens/create']);
      stops.push(() => other.end());
      expect(hearer.heard).toEqual([]);
      await vtn.clock.advance(seconds(5));
      await hearer.until(1);
      expect(names(hearer.heard)).toEqual(['late']);
    });

    it('faults of other objects leave them alone', async () => {
      for (const kind of ['drop-notification', 'duplicate-notification', 'reorder-notification'])
        await add({ kind, objects: 'events' });
      await make('first', 'second');
      await hearer.until(2);
      expect(names(hearer.heard)).toEqual(['first', 'second']);
    });
  });

  it('reorder-notification by webhook: each callback has an order of its own', async () => {
    const hooks = await Promise.all([new Receiver().start(), new Receiver().start()]);
    for (const hook of hooks) {
      stops.push(() => hook.stop());
      await bl.ok(bl.post('/subscriptions', asking(undefined, hook.url, ['PROGRAM'])));
    }
    await add({ kind: 'reorder-notification', objects: 'programs', count: 2 });
    await make('late', 'early', 'last');
    for (const hook of hooks) {
      await hook.until(3);
      expect(names(hook.posted)).toEqual(['early', 'late', 'last']);
    }
  });
});
